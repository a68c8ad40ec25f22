/** The values of the definition, where an example of a frame shows too little. */
import { deepStrictEqual } from 'node:assert';
import type * as t from 'io-ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { code, cutText, deny, detail, exceptions, features, options, payload, positions, waitMs } from '../../../src/wire/codec-values.js';

const taken = (codec: t.Mixed, json: unknown): unknown => {
  const decoded = codec.decode(json);
  return decoded._tag === 'Right' ? decoded.right : 'refused';
};
const refusal = { code: 'ServerError', message: 'Later.' } as const;

const values = suite('the definition of the values');

values('an object is its own fields that have a value: what is inherited or undefined is none', () => {
  deepStrictEqual(taken(deny, { ...refusal, retryAfterMs: undefined, colour: 'blue' }), refusal);
  deepStrictEqual(taken(deny, Object.assign(Object.create({ retryAfterMs: 5 }), refusal)), refusal);
  assert.is(taken(deny, Object.create(refusal)), 'refused');
  const said = { ...refusal, retryAfterMs: undefined, colour: 'blue' };
  deepStrictEqual(deny.encode(said as unknown as typeof refusal), refusal);
});

values('an object is known by its fields', () => {
  assert.ok(deny.is(refusal));
  assert.not(deny.is({ ...refusal, retryAfterMs: -1 }));
  assert.not(deny.is({ code: 'ServerError' }));
  assert.not(deny.is(null));
});

values('what is made of another value is an object', () => {
  assert.ok(options.is({}));
  assert.ok(exceptions.is([]));
  for (const strange of [null, undefined, 'x', 1]) assert.not(options.is(strange));
});

values('options that say nothing are none', () => {
  deepStrictEqual(options.encode({}), {});
  deepStrictEqual(options.encode({ ttlMs: 0, redelivered: false }), { ttlMs: 0 });
  deepStrictEqual(options.encode({ redelivered: true }), { re: true });
  deepStrictEqual(taken(options, { re: true, ttlMs: 0 }), { redelivered: true, ttlMs: 0 });
  assert.is(taken(options, { re: false }), 'refused');
});

values('positions have a list of exceptions, whether it was said or not', () => {
  const counts = { received: 4, done: 3, seen: 2, last: 1 };
  deepStrictEqual(taken(positions, counts), { ...counts, exceptions: [] });
  deepStrictEqual(positions.encode({ ...counts, exceptions: [] }), counts);
  assert.ok(positions.is({ ...counts, exceptions: [] }));
  assert.not(positions.is(counts));
});

values('a text for people is cut where it is too long, when it is read and when it is said', () => {
  const short = cutText('Short', 3);
  assert.is(taken(short, 'abcd'), 'abc');
  assert.is(short.encode('abcd'), 'abc');
  assert.is(detail.encode('x'.repeat(513)).length, 512);
});

values('a code is a text of at most 64 characters, and one that is not known is a broken protocol', () => {
  assert.is(taken(code, 'ServerError'), 'ServerError');
  assert.is(taken(code, 'x'.repeat(64)), 'ProtocolError');
  assert.is(taken(code, 'x'.repeat(65)), 'refused');
  assert.is(taken(code, 7), 'refused');
  assert.ok(code.is('ServerError'));
  assert.not(code.is(7));
});

values('a wait is at most a day', () => {
  assert.is(taken(waitMs, 86_400_001), 86_400_000);
  assert.is(taken(waitMs, 86_399_999), 86_399_999);
  assert.is(taken(waitMs, -1), 'refused');
});

values('there are at most 64 features, with names of 1 to 64 characters', () => {
  const named = (count: number) => Array.from({ length: count }, (_, i) => `feature ${i}`);
  deepStrictEqual(taken(features, named(64)), named(64));
  assert.is(taken(features, named(65)), 'refused');
  deepStrictEqual(taken(features, ['x'.repeat(64)]), ['x'.repeat(64)]);
  for (const name of ['', 'x'.repeat(65), 7]) assert.is(taken(features, ['resume', name]), 'refused');
});

values('a payload is whatever is there', () => {
  for (const there of [null, false, 0, '', []]) assert.is(taken(payload, there), there);
  assert.is(taken(payload, undefined), 'refused');
});

values.run();
