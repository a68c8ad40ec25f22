import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeThrown, describeValue } from '../../../adapters/auth/describe.js';

const describing = suite('descriptions of values and errors');

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};

const throwing = new Proxy(
  {},
  {
    get: () => {
      throw new Error('trap');
    },
    getPrototypeOf: () => {
      throw new Error('trap');
    },
  },
);

class Account {}

const values: readonly (readonly [unknown, string])[] = [
  [undefined, 'undefined'],
  [null, 'null'],
  [false, 'false'],
  [7, 'the number 7'],
  [Number.NaN, 'the number NaN'],
  ['hunter22', 'a string of 8 characters'],
  [10n, 'a bigint'],
  [Symbol('s'), 'a symbol'],
  [() => 1, 'a function'],
  [[1, 2], 'an array of 2'],
  [{}, 'an object without keys'],
  [Object.create(null), 'an object without keys'],
  [{ ok: 1, [Symbol('s')]: 2 }, 'an object with ok, Symbol(s)'],
  [{ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1 }, 'an object with a, b, c, d, e, f, g, h and 1 more'],
  [{ ['k'.repeat(50)]: 1 }, `an object with ${'k'.repeat(40)}`],
  [new Account(), 'an instance of Account'],
  [new (class {})(), 'an object of an unnamed class'],
  [Object.create({ constructor: undefined }), 'an object of an unnamed class'],
  [revoked(), 'an object that can not be read'],
  [throwing, 'an object that can not be read'],
];

for (const [value, expected] of values) describing(`a value is described as ${expected}`, () => assert.is(describeValue(value), expected));

const thrown: readonly (readonly [unknown, string])[] = [
  [new TypeError('bad'), 'TypeError: bad'],
  [new Error(''), 'Error'],
  ['plain text', 'plain text'],
  [null, 'null'],
  [undefined, 'undefined'],
  [3, 'the number 3'],
  [{}, 'an object without keys'],
  [{ message: 'like an error' }, 'like an error'],
  [{ code: 'ECONNREFUSED' }, 'ECONNREFUSED'],
  [{ message: { toString: () => 'x' } }, 'an object with message'],
  [new Error('out', { cause: new Error('in') }), 'Error: out (Error: in)'],
  [new Error('out', { cause: { code: 'E1', message: '' } }), 'Error: out (E1)'],
  [new Error('out', { cause: {} }), 'Error: out'],
  [new Error('out', { cause: 'text' }), 'Error: out'],
  [new Error('out', { cause: null }), 'Error: out'],
  [revoked(), 'an object that can not be read'],
  [throwing, 'an object that can not be read'],
];

for (const [value, expected] of thrown)
  describing(`what was thrown is told as ${expected}`, () => assert.is(describeThrown(value), expected));

describing.run();
