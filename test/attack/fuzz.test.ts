/** A short cut of `npm run attack -- --fuzz`: frames that are nearly right, in any order, on a server in this process. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { foundText, fuzz } from './fuzz/fuzz.js';
import { mutated } from './fuzz/mutate.js';

/** As many as take some seconds. */
const RUNS = 150;
const SEED = 1;
/** What the attackers are to be told at least once: each is behind something that was right. */
const deep = [
  ...['started', 'resumed', 'gone', 'mismatch', 'm', 'q', 'r', 'x', 'a', 'v', 'e', 'identity', 'ping', 'pong'],
  ...['ProtocolError', 'AccessDeniedError', 'HelloTimeoutError', 'SessionEndedError', 'SessionRevokedError'],
];

const fuzzing = suite('a server that is told nearly what is right');

fuzzing('throws nothing, says nothing that is wrong, keeps nothing, and lets its other session go on', async () => {
  const { found, told } = await fuzz({ runs: RUNS, seed: SEED });
  assert.ok(found === null, found === null ? '' : foundText(found, SEED));
  for (const what of deep) assert.ok((told[what] ?? 0) > 0, `${what} is among ${JSON.stringify(told)}`);
});

fuzzing.run();

const mutating = suite('a batch that would be right');

const batch = [
  ['m', 'say', { n: 1 }],
  ['ping', 7],
] as const;

mutating('has a value somewhere that is another one, is left out, or is there twice', () => {
  assert.is(mutated(batch, { kind: 'none' }), JSON.stringify(batch));
  assert.is(mutated(batch, { kind: 'replace', at: 4, by: null }), '[["m","say",{"n":null}],["ping",7]]');
  assert.is(mutated(batch, { kind: 'remove', at: 4 }), '[["m","say",{}],["ping",7]]');
  assert.is(mutated(batch, { kind: 'remove', at: 0 }), '[["ping",7]]');
  assert.is(mutated(batch, { kind: 'double', at: 2 }), '[["m","say","say",{"n":1}],["ping",7]]');
  assert.is(mutated([], { kind: 'remove', at: 3 }), '[]');
});

mutating('is there again and again, cut, nested, or no text at all', () => {
  assert.is(mutated([['ping', 7]], { kind: 'repeat', times: 3 }), '[["ping",7],["ping",7],["ping",7]]');
  assert.is(mutated([['ping', 7]], { kind: 'splice', at: 3, drop: 2, put: '9' }), '[["9ng",7]]');
  assert.is(mutated(batch, { kind: 'nest', depth: 2 }), '[["m","say",[[]]]]');
  assert.instance(mutated(batch, { kind: 'binary' }), ArrayBuffer);
});

mutating.run();
