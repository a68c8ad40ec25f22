import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure } from '../../../../machines/reasons.js';
import { messageLine, readLine, statusLine } from '../../../../src/cli/chat/words.js';
import { clip, paletteOf, printable } from '../../../../src/cli/text.js';
import type { ClientSnapshot } from '../../../../src/client/index.node.js';

const words = suite('the words of a chat');

const user = {
  id: 1,
  name: 'joe',
  displayName: 'joe',
  displayPictureUrl: null,
  isGuest: true,
  presence: { status: 'available', online: true },
  properties: {},
};
const view = (over: Partial<ClientSnapshot>): ClientSnapshot => ({
  status: 'active',
  substate: 'healthy',
  sessionId: 's',
  user,
  attempt: 0,
  retryAt: null,
  roundTripMs: null,
  unconfirmed: 0,
  persisted: false,
  error: null,
  endReason: null,
  ...over,
});
const said = (over: Partial<ClientSnapshot>): string => statusLine(view(over), 'ws://a', 1_000, paletteOf(false));

for (const [over, line] of [
  [{ status: 'connecting', substate: 'connecting' }, 'connecting to ws://a'],
  [
    { status: 'connecting', substate: 'waiting', retryAt: 3_500, error: failure('ConnectionFailedError') },
    'connecting: no connection yet (The connection could not be opened.); next try in 2.5 s',
  ],
  [{ status: 'authenticating', substate: 'authenticating' }, 'authenticating'],
  [{}, 'active as joe, a guest'],
  [{ user: { ...user, isGuest: false } }, 'active as joe'],
  [{ substate: 'suspect' }, 'active, but nothing is heard: a probe is out'],
  [{ status: 'lost', substate: 'waiting', retryAt: 0 }, 'lost; next try in 0.0 s'],
  [{ status: 'lost', substate: 'connecting', attempt: 3 }, 'lost: connecting, try 3'],
  [{ status: 'lost', substate: 'offline' }, 'lost: this machine is offline'],
  [{ status: 'ending', substate: null, unconfirmed: 2 }, 'ending: 2 messages to be confirmed'],
  [{ status: 'ended', substate: null, endReason: 'ended' }, 'ended'],
  [{ status: 'ended', substate: null, endReason: 'superseded' }, 'ended: another session of this user took its place'],
] as const satisfies readonly (readonly [Partial<ClientSnapshot>, string])[])
  words(`a status is said as "${line}"`, () => {
    assert.is(said(over), line);
  });

words('lines that begin with a slash are commands, unless they begin with two', () => {
  assert.equal(readLine('hi'), { kind: 'say', text: 'hi' });
  assert.equal(readLine('//hi'), { kind: 'say', text: '/hi' });
  assert.equal(readLine('/quit '), { kind: 'quit' });
  assert.equal(readLine('/quite'), { kind: 'unknown', command: '/quite' });
  assert.equal(readLine('  '), { kind: 'nothing' });
});

words("a stranger's text can do nothing to the terminal", () => {
  const line = messageLine({ from: 'a\u001b[31mb', text: 'one\r\ntwo\u0007\u009b2J\u202egnol', at: 0 }, 'me', paletteOf(false));
  assert.match(line, /^\d\d:\d\d:\d\d a\ufffd\[31mb {2}one two\ufffd\ufffd2J\ufffdgnol$/);
  assert.is(printable('日本 🐈 é'), '日本 🐈 é');
});

words('a text is clipped between characters', () => {
  assert.is(clip('🐈🐈🐈', 2), '🐈…');
  assert.is(clip('abc', 3), 'abc');
});

words.run();
