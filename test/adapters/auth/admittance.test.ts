import * as E from 'fp-ts/lib/Either.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { admittanceCodec, decode, profileCodec, refuseExpired } from '../../../adapters/auth/admittance.js';
import { copyJson } from '../../../adapters/auth/json-copy.js';
import { attemptOf, codeOf, detailOf } from './support.js';

const decoding = suite('decoding of admittances');

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

const good: readonly unknown[] = [
  {},
  { user: {} },
  { expiresAt: 1 },
  { user: { displayName: 'Jane', displayPictureUrl: null, properties: { a: [1, 'b', true, null, { c: 0 }] } }, expiresAt: 8.64e15 },
  { user: { displayPictureUrl: 'https://example/jane.png' } },
  { user: { properties: nested(32) } },
];

good.forEach((value, index) => {
  decoding(`admittance ${index} is taken as it is`, () => assert.equal(decode(admittanceCodec, value), E.right(value)));
});

const bad: readonly (readonly [value: unknown, why: RegExp])[] = [
  ['text', /^it is a string of 4 characters, not admittance$/],
  [[], /^it is an array of 0, not admittance$/],
  [{ user: null }, /^user is null, not profile$/],
  [{ user: 'jane' }, /^user is a string of 4 characters, not profile$/],
  [{ user: Promise.resolve({}) }, /^user is an instance of Promise, not profile$/],
  [{ user: { displayName: 7 } }, /^user\.displayName is the number 7, not string$/],
  [{ user: { displayPictureUrl: 7 } }, /^user\.displayPictureUrl is the number 7, not string or null$/],
  [{ user: { properties: [] } }, /^user\.properties is an array of 0, not object of JSON values$/],
  [{ user: { properties: { a: { b: [0, undefined] } } } }, /^properties\.a\.b\.1 is undefined, which is not JSON$/],
  [{ user: { properties: { when: new Date(0) } } }, /^properties\.when is an instance of Date, which is not JSON$/],
  [{ user: { properties: { n: Number.NaN } } }, /^properties\.n is the number NaN, which is not JSON$/],
  [{ user: { properties: nested(33) } }, /^properties is nested more than 32 deep$/],
  [{ user: { properties: { many: Array.from({ length: 10_001 }, () => 0) } } }, /^properties holds more than 10000 values$/],
  [{ expiresAt: '2030' }, /^expiresAt is a string of 4 characters, not milliseconds since the epoch$/],
  [{ expiresAt: Number.NaN }, /^expiresAt is the number NaN/],
  [{ expiresAt: Number.POSITIVE_INFINITY }, /^expiresAt is the number Infinity/],
  [{ expiresAt: 8.65e15 }, /^expiresAt is the number 8650000000000000/],
  [{ expiresAt: null, user: { displayName: 1 } }, /^user\.displayName is the number 1, not string; expiresAt is null/],
];

bad.forEach(([value, why], index) => {
  decoding(`nonsense ${index} is refused with the reason: ${why.source}`, () => {
    const decoded = decode(admittanceCodec, value);
    assert.ok(E.isLeft(decoded));
    assert.match(decoded.left, why);
  });
});

decoding('a cyclic value is refused, however it branches', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.left = cyclic;
  cyclic.right = cyclic;
  assert.ok(E.isLeft(decode(profileCodec, { properties: cyclic })));
});

decoding('a getter that throws is a decoding failure', () => {
  const hostile = {
    get displayName(): string {
      throw new Error('trap');
    },
  };
  assert.equal(decode(profileCodec, hostile), E.left('reading it failed: Error: trap'));
});

decoding('of a row of a database only what a profile has is taken', () => {
  class Row {
    readonly id = 7;
    readonly displayName = 'Jane';
    readonly passwordHash = 'x';
    get displayPictureUrl(): null {
      return null;
    }
  }
  assert.equal(decode(profileCodec, new Row()), E.right({ displayName: 'Jane', displayPictureUrl: null }));
});

decoding('fields that are undefined are left out, so that they overwrite nothing', () => {
  const decoded = decode(profileCodec, { displayName: undefined, properties: { a: 1 } });
  assert.ok(E.isRight(decoded));
  assert.equal(Object.keys(decoded.right), ['properties']);
});

decoding('properties are a copy, also of what has no prototype', () => {
  const properties = Object.assign(Object.create(null), { inner: { a: 1 } }) as { inner: { a: number } };
  const decoded = decode(profileCodec, { properties });
  properties.inner.a = 2;
  assert.equal(decoded, E.right({ properties: { inner: { a: 1 } } }));
});

decoding('a key named __proto__ stays a key', () => {
  const copied = copyJson(JSON.parse('{"__proto__":{"polluted":true}}'), 'x');
  assert.ok(E.isRight(copied));
  assert.is(Object.getPrototypeOf(copied.right), Object.prototype);
  assert.is(({} as Record<string, unknown>).polluted, undefined);
});

decoding('the codecs recognise what they give', () => {
  assert.is(profileCodec.is({ displayName: 'Jane', displayPictureUrl: null, properties: {} }), true);
  assert.is(profileCodec.is({ displayPictureUrl: 'x' }), true);
  assert.is(profileCodec.is({ properties: { a: undefined } }), false);
  assert.is(profileCodec.is({ properties: 1 }), false);
  assert.is(admittanceCodec.is({ expiresAt: 'x' }), false);
  assert.equal(profileCodec.encode({ displayName: 'Jane' }), { displayName: 'Jane' });
});

decoding('an admittance until now is over, one until the next millisecond is not', () => {
  const until = (expiresAt: number) => refuseExpired(attemptOf(), 1000)({ expiresAt });
  assert.is(codeOf(until(1000)), 'AccessDeniedError');
  assert.match(detailOf(until(400)), /expired 600 ms ago/);
  assert.equal(until(1001), E.right({ expiresAt: 1001 }));
  assert.equal(refuseExpired(attemptOf(), 1000)({}), E.right({}));
});

decoding.run();
