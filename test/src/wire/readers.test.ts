import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeClientBatch, decodeServerBatch } from '../../../src/wire/decode.js';

const token = 'T'.repeat(43);
const hello = { v: 1, features: [], window: { messages: 1, size: 1 } };
const user = { id: 1, name: '', displayName: '', displayPictureUrl: null, isGuest: false, presence: {}, properties: {} };

const refusalOf = (side: 'client' | 'server', frame: readonly unknown[]): string => {
  const decoded = (side === 'client' ? decodeClientBatch : decodeServerBatch)(JSON.stringify([frame]));
  return decoded.ok ? 'taken' : decoded.detail;
};

const reading = suite('a broken value in a frame');

reading('is refused with its place, the frame and the way down to it, and what was expected there', () => {
  const cases: readonly (readonly ['client' | 'server', readonly unknown[], string])[] = [
    ['client', ['m', 7, 1], '"m" at 1: expected a string of 1 to 128'],
    ['client', ['m', '', 1], '"m" at 1: expected a string of 1 to 128'],
    ['client', ['m', 'x'.repeat(129), 1], '"m" at 1: expected a string of 1 to 128'],
    ['client', ['m', 't', 1, []], '"m" at 3: expected an object'],
    ['client', ['m', 't', 1, { ttlMs: -1 }], '"m" at 3.ttlMs: expected milliseconds'],
    ['client', ['m', 't', 1, { re: false }], '"m" at 3.re: expected true'],
    ['client', ['q', 't', 'soon', 1], '"q" at 2: expected milliseconds'],
    ['client', ['q', 't', 5], '"q" at 3: expected a payload'],
    ['client', ['r', 0, 1], '"r" at 1: expected a number from 1'],
    ['client', ['x', 0, 7, 7], '"x" at 1: expected a number from 1'],
    ['client', ['x', 1, 7, 7], '"x" at 2: expected a string of 0 to 64'],
    ['client', ['x', 1, 'ServerError', 7], '"x" at 3: expected a string'],
    ['client', ['a', 0, 0, 0, 0.5], '"a" at 4: expected a count'],
    ['client', ['a', 0, 0, 0, 0, {}], '"a" at 5: expected a list of 0 to Infinity'],
    ['client', ['a', 0, 0, 0, 0, [[1, 'failed'], {}]], '"a" at 5.1.0: expected a number from 1'],
    ['client', ['a', 0, 0, 0, 0, [[1, 'lost']]], '"a" at 5.0.1: expected failed or unhandled or expired'],
    ['client', ['hello', { ...hello, features: [''] }], '"hello" at 1.features.0: expected a string of 1 to 64'],
    ['client', ['start', { username: '', token: `${token}A` }], '"start" at 1.token: expected 43 to 43 of base64url'],
    ['server', ['renewed', { user: { ...user, isGuest: 1 }, expiresAt: null }], '"renewed" at 1.user.isGuest: expected true or false'],
    ['server', ['renewed', { user, expiresAt: null }], '"renewed" at 1.user.presence.status: expected a string'],
    ['server', ['mismatch', { direction: 'left', from: 1, to: 1 }], '"mismatch" at 1.direction: expected up or down'],
  ];
  for (const [side, frame, detail] of cases) assert.is(refusalOf(side, frame), `frame 0 ${detail}`);
});

reading('is base64url in every character of it, or no token', () => {
  for (const [at, character] of [
    [0, '+'],
    [20, '='],
    [42, '/'],
    [42, '\n'],
    [42, '\u00e9'],
  ] as const) {
    const broken = token.slice(0, at) + character + token.slice(at + 1);
    assert.is(
      refusalOf('client', ['start', { username: '', token: broken }]),
      'frame 0 "start" at 1.token: expected 43 to 43 of base64url',
    );
  }
});

reading.run();
