import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  failure,
  isReasonCode,
  type ReasonCode,
  reasonCodes,
  reasonFromCloseCode,
  reasonFromPeer,
  reasons,
} from '../../machines/reasons.js';
import { remedyOf as remedyInBrowsers } from '../../machines/remedies.browser.js';
import { remedyOf } from '../../machines/remedies.js';

const table = suite('the table of reasons');

/** Codes of 4000 to 4999 are ours; of the registered ones a WebSocket library may send these three (RFC 6455 §7.4.1). */
const registered = [1000, 1007, 1009];
const codesWhere = (is: (code: ReasonCode) => boolean) => reasonCodes.filter(is);

table('every code is the name of an error, and has a sentence for what happened and one for what to do', () => {
  for (const code of reasonCodes) {
    const { what } = reasons[code];
    const remedy = remedyOf(code);
    assert.match(code, /^[A-Z][A-Za-z]+Error$/);
    assert.match(what, /^[A-Z].{10,}\.$/, code);
    assert.match(remedy, /^[A-Z].{10,}\.$/, code);
  }
});

table('in a browser the remedy is where to read it', () => {
  for (const code of reasonCodes) assert.is(remedyInBrowsers(code), `See ${code} in docs/errors.md.`);
});

table('no two codes have the same sentence for what happened', () => {
  assert.is(new Set(reasonCodes.map((code) => reasons[code].what)).size, reasonCodes.length);
});

table('close codes are unique, and from the range that is ours or registered', () => {
  const closeCodes = reasonCodes.flatMap((code) => reasons[code].closeCode ?? []);
  assert.is(new Set(closeCodes).size, closeCodes.length);
  for (const code of closeCodes) assert.ok((code >= 4000 && code <= 4999) || registered.includes(code), String(code));
});

table('a close code leads back to its reason, and an unknown one to a lost connection', () => {
  for (const code of reasonCodes) {
    const { closeCode } = reasons[code];
    if (closeCode !== null) assert.is(reasonFromCloseCode(closeCode), code);
  }
  for (const unknown of [1001, 1006, 1011, 3000, 4000, 4999]) assert.is(reasonFromCloseCode(unknown), 'ConnectionLostError');
});

table('what only this process can know never travels, and has no close code', () => {
  for (const code of codesWhere((each) => reasons[each].sayer === 'local')) {
    assert.is(reasons[code].closeCode, null, code);
    assert.is(reasonFromPeer(code), 'ProtocolError', code);
  }
});

table('a peer is taken at its word where it may say it, and breaks the protocol where it may not', () => {
  for (const code of codesWhere((each) => reasons[each].sayer !== 'local')) assert.is(reasonFromPeer(code), code);
  for (const unknown of ['', 'NoSuchError', 'toString', '__proto__', 'constructor', 'accessdeniederror'])
    assert.is(reasonFromPeer(unknown), 'ProtocolError', unknown);
});

table('a code is one of the table and nothing that objects have by nature', () => {
  for (const code of reasonCodes) assert.is(isReasonCode(code), true);
  for (const other of ['toString', 'hasOwnProperty', '__proto__', '', 'Error']) assert.is(isReasonCode(other), false);
});

table('what ends a session also settles a start, and is never retried', () => {
  for (const code of codesWhere((each) => reasons[each].ends !== null)) {
    assert.is(reasons[code].start, 'fails', code);
    assert.is(reasons[code].next, 'stop', code);
  }
});

table('a start is retried only for what may pass by itself', () => {
  for (const code of codesWhere((each) => reasons[each].start === 'retries')) {
    assert.is(reasons[code].retryable, true, code);
    assert.is.not(reasons[code].next, 'stop', code);
  }
});

/** Answers to one request: they concern that request alone, so that they stop it and end nothing. */
const answersToRequests = ['RequestFailedError', 'RequestUnhandledError'];

table('where a peer says stop, the session is over', () => {
  for (const code of codesWhere((each) => reasons[each].next === 'stop' && reasons[each].sayer !== 'local'))
    assert.is(reasons[code].ends !== null, !answersToRequests.includes(code), code);
});

table('every end of a session but a denial has a reason of its own', () => {
  const ends = reasonCodes.flatMap((code) => reasons[code].ends ?? []).filter((end) => end !== 'denied');
  assert.equal([...new Set(ends)].sort(), ['ended', 'expired', 'gaveUp', 'revoked', 'superseded', 'tooSlow']);
});

table('a failure says what the table says, then the detail, and carries what it is given', () => {
  assert.equal(failure('ServerError'), { code: 'ServerError', message: 'The server failed.' });
  const cause = failure('ServerError');
  assert.equal(failure('ServerBusyError', '80 wait.', { retryAfterMs: 5, spreadMs: 6, cause }), {
    code: 'ServerBusyError',
    message: 'The server takes no more sessions right now. 80 wait.',
    retryAfterMs: 5,
    spreadMs: 6,
    cause,
  });
});

table('a detail that does not end as a sentence does is ended', () => {
  assert.is(failure('ServerError', 'Nobody knows why').message, 'The server failed. Nobody knows why.');
  assert.is(failure('ServerError', 'Version 1.2 is meant. Or 1.3').message, 'The server failed. Version 1.2 is meant. Or 1.3.');
  for (const ended of ['Why?', 'So!', 'Thus.']) assert.is(failure('ServerError', ended).message, `The server failed. ${ended}`);
});

table.run();
