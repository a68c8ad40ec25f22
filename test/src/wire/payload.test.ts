import { deepStrictEqual } from 'node:assert';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toJsonText } from '../../../src/wire/payload.js';
import { json } from './arbitraries.js';

const SIZE_MAX = 65_536;
const detailOf = (value: unknown, sizeMax = SIZE_MAX): string => {
  const text = toJsonText(value, sizeMax);
  return text.ok ? `passed: ${text.json}` : `${text.code}: ${text.detail}`;
};
const nested = (depth: number): unknown => Array.from({ length: depth }).reduce((inner) => [inner], 1 as unknown);

const payload = suite('a payload as JSON text');

payload('that is a JSON value comes back as it was', () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = toJsonText(value, SIZE_MAX);
      assert.is(text.ok && text.json, JSON.stringify(value));
      deepStrictEqual(text.ok && JSON.parse(text.json), JSON.parse(JSON.stringify(value)));
    }),
    { numRuns: 1000 },
  );
});

/** Equal but for prototypes, and for -0, which is 0 for everyone who does not look twice. */
const isCarried = (sent: unknown, got: unknown): boolean => {
  if (typeof sent !== 'object' || typeof got !== 'object' || sent === null || got === null) return sent === got;
  const keys = Object.keys(sent);
  return (
    Array.isArray(sent) === Array.isArray(got) &&
    keys.length === Object.keys(got).length &&
    keys.every((key) => Object.hasOwn(got, key) && isCarried(sent[key as never], got[key as never]))
  );
};

payload('that passes is carried unchanged, whatever it is', () => {
  let passed = 0;
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withSparseArray: true,
    withNullPrototype: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      const text = toJsonText(value, SIZE_MAX);
      if (!text.ok) return;
      passed++;
      assert.ok(isCarried(value, JSON.parse(text.json)), text.json);
    }),
    { numRuns: 3000 },
  );
  assert.ok(passed > 300, String(passed));
});

payload('names the place of what JSON can not carry, and what it is', () => {
  class Point {
    x = 1;
  }
  const cycle: { a: Record<string, unknown> } = { a: {} };
  cycle.a.b = cycle;
  const cases: readonly (readonly [unknown, string])[] = [
    [undefined, 'payload is undefined'],
    [{ items: [0, 1, 2, { when: new Date() }] }, 'payload.items[3].when is a Date'],
    // biome-ignore lint/suspicious/noSparseArray: an empty place in an array is the case
    [[1, , 2], 'payload[1] is undefined'],
    [{ a: undefined }, 'payload.a is undefined'],
    [{ 'two words': [() => 1] }, 'payload["two words"][0] is a function'],
    [{ a: Symbol('s') }, 'payload.a is a symbol'],
    [[1n], 'payload[0] is a bigint'],
    [{ a: { b: Number.NaN } }, 'payload.a.b is NaN'],
    [-Infinity, 'payload is -Infinity'],
    [{ a: new Map() }, 'payload.a is a Map'],
    [new Point(), 'payload is a Point'],
    [[new Error('x')], 'payload[0] is an Error'],
    [new (class {})(), 'payload is an instance of a class'],
    [new Number(1), 'payload is a Number'],
    [{ toJSON: () => 1 }, 'payload.toJSON is a function'],
    [cycle, 'payload.a.b is payload again: a cycle'],
    [{ ['k'.repeat(500)]: undefined }, `payload.${'k'.repeat(192)}... is undefined`],
    [{ ['k'.repeat(192)]: undefined }, `payload.${'k'.repeat(192)} is undefined`],
    [{ a: 1, b: { c: null, d: undefined } }, 'payload.b.d is undefined'],
    [
      {
        get a() {
          throw new Error('hunter2');
        },
      },
      'payload could not be read: one of its properties throws',
    ],
  ];
  for (const [value, detail] of cases) assert.is(detailOf(value), `InvalidPayloadError: ${detail}`);
});

payload('may be nested 512 deep, not deeper', () => {
  assert.is(toJsonText(nested(512), SIZE_MAX).ok, true);
  assert.match(detailOf(nested(513)), /^InvalidPayloadError: payload(\[0\])+.{0,2}\.\.\. is nested deeper than 512$/);
  assert.match(detailOf(nested(100_000)), /nested deeper than 512$/);
});

payload('may be as long as its limit, in UTF-16 code units of its text, not longer', () => {
  assert.is(detailOf('12345678', 10), 'passed: "12345678"');
  assert.match(detailOf('123456789', 10), /^MessageTooLargeError: .* more than 10 /);
  // Characters that JSON escapes are found by their text only.
  assert.match(detailOf('\n\n\n\n\n', 10), /^MessageTooLargeError: .* 12 UTF-16 code units; at most 10 /);
  assert.is(detailOf([[], {}, null, true, 1], 24), 'passed: [[],{},null,true,1]');
});

payload('that is too long is refused before its text is made, whatever it consists of', () => {
  const cases: readonly (readonly [unknown, number])[] = [
    [[true, false], 9],
    [[null, null], 9],
    [[1, 2, 3], 4],
    [['abc', 'def'], 11],
    [{ a: 1, b: 2 }, 11],
    [{ ['k'.repeat(50)]: 1 }, 55],
    [[[], {}], 5],
  ];
  for (const [value, sizeMax] of cases) {
    assert.match(detailOf(value, sizeMax), `has more than ${sizeMax} UTF-16`);
    assert.match(detailOf(value, JSON.stringify(value).length), /^passed/);
  }
});

payload('that has no room left is refused all the same for what JSON can not carry', () => {
  assert.is(detailOf({ a: 1, b: undefined }, '{"a":1}'.length), 'InvalidPayloadError: payload.b is undefined');
  assert.is(detailOf([1, undefined], '[1]'.length), 'InvalidPayloadError: payload[1] is undefined');
});

payload('is too deep by a part that it shares, where one way to that part is', () => {
  const part = nested(300);
  const deep = Array.from({ length: 300 }).reduce((inner: unknown) => [inner], part);
  assert.is(detailOf([part, deep]), 'InvalidPayloadError: payload is nested deeper than 512');
});

payload('has nothing nested in a null', () => {
  const deepest = Array.from({ length: 511 }).reduce((inner: unknown) => [inner], [null, undefined] as unknown);
  assert.match(detailOf(deepest), /^InvalidPayloadError: payload(\[0\])+.{0,2}\.\.\. is undefined$/);
});

payload('that shares its parts is refused before it unfolds', () => {
  let shares: unknown = [1];
  for (let i = 0; i < 60; i++) shares = { a: shares, b: shares };
  assert.match(detailOf(shares), /^MessageTooLargeError/);
  let shared: unknown = [1];
  for (let i = 0; i < 60; i++) shared = [shared, shared];
  assert.match(detailOf(shared), /^MessageTooLargeError/);
});

payload('that is a cycle is called one, even where it uses up the room first', () => {
  const cycle: Record<string, unknown> = {};
  cycle['k'.repeat(100)] = cycle;
  assert.match(detailOf(cycle), /^InvalidPayloadError: .* a cycle$/);
});

payload('may come from another realm, and without a prototype', () => {
  assert.is(detailOf(runInNewContext('({ a: [1, { b: 2 }] })')), 'passed: {"a":[1,{"b":2}]}');
  assert.is(detailOf(runInNewContext('new Date(0)')), 'InvalidPayloadError: payload is a Date');
  assert.is(detailOf(Object.assign(Object.create(null), { a: 1 })), 'passed: {"a":1}');
});

payload('may hold unpaired surrogates and -0', () => {
  assert.is(detailOf('\ud800'), 'passed: "\\ud800"');
  assert.is(detailOf([-0]), 'passed: [0]');
});

payload('never makes it throw, whatever it is', () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  assert.is(detailOf(revoked.proxy), 'InvalidPayloadError: payload could not be read: one of its properties throws');
  const turning = {
    get a() {
      return Math.random() < 2 ? 1n : 1;
    },
  };
  assert.is(detailOf(turning), 'InvalidPayloadError: payload.a is a bigint');
});

payload(
  'that hides what it is is told apart all the same: a class without a name, a toJSON that gives nothing, a getter that changes its mind',
  () => {
    assert.match(detailOf(new (class {})()), /payload is an instance of a class/);
    for (const proto of [{ constructor: 5 }, { constructor: { name: 'Fake' } }, Object.create(null)]) {
      assert.is(detailOf(Object.create(proto)), 'InvalidPayloadError: payload is an instance of a class');
    }
    const Named = Object.defineProperty(class {}, 'name', { value: 5 });
    assert.is(detailOf(new Named()), 'InvalidPayloadError: payload is an instance of a class');
    assert.match(
      detailOf(Object.create({ constructor: Object.assign(() => undefined, { a: 1 }) })),
      /payload is an instance of a class|payload is a /,
    );
    const Apple = class Apple {};
    assert.match(detailOf(new Apple()), /payload is an Apple/);
    assert.match(
      detailOf(
        'x'
          .repeat(600)
          .split('')
          .reduce((inner: unknown) => ({ ['k'.repeat(9)]: inner }), new Apple()),
      ),
      /Apple|deeper/,
    );
    assert.match(detailOf(Object.defineProperty({}, 'toJSON', { value: () => undefined })), /payload has a toJSON method/);
    let looks = 0;
    const fickle = {
      get a(): number | undefined {
        looks += 1;
        return looks === 1 ? undefined : 1;
      },
    };
    assert.match(detailOf(fickle), /InvalidPayloadError/);
  },
);

payload('that is too large and nothing else is said to be too large', () => {
  assert.match(detailOf('x'.repeat(20), 10), /MessageTooLargeError/);
  assert.match(detailOf(['x'.repeat(20), 1], 10), /MessageTooLargeError/);
});

payload.run();
