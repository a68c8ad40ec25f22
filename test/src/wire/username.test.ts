import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { authParamsProblem, usernameProblem } from '../../../src/wire/username.js';

const username = suite('a username');

username('is any text that a person may read', () => {
  for (const name of [
    'jane',
    'x',
    'Jane Doe',
    '\u00e9\u4e2d\u{1f408}',
    'a'.repeat(256),
    'toString',
    '__proto',
    '0',
    '\u{1f468}\u200d\u{1f469}',
    // The first and the last pairs of surrogates, and what stands after them.
    '\ud800\udc00\ud800\udfff\udbff\udc00\udbff\udfff',
    '\ue000\uffff',
  ]) {
    assert.is(usernameProblem(name), null, name);
  }
});

username('is refused with its problem, and never repeated', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    ['', 'is empty'],
    ['a'.repeat(257), 'is longer than 256 characters'],
    ['a\u0000b', 'has a control character'],
    ['a\u001f', 'has a control character'],
    ['\u007f', 'has a control character'],
    ['\u0080', 'has a control character'],
    ['\u009f', 'has a control character'],
    ['a\nb', 'has a control character'],
    ['a\u2028b', 'has a line or paragraph separator'],
    ['a\u2029b', 'has a line or paragraph separator'],
    ['\ud800', 'has an unpaired surrogate'],
    ['\ud800a', 'has an unpaired surrogate'],
    ['\udc00\ud800', 'has an unpaired surrogate'],
    ['\udc00\udc00', 'has an unpaired surrogate'],
    ['\udbff\udbff', 'has an unpaired surrogate'],
    ['\udfff', 'has an unpaired surrogate'],
    ['\ud800\ue000', 'has an unpaired surrogate'],
    ['__proto__', 'is a name that JavaScript objects reserve'],
    ['constructor', 'is a name that JavaScript objects reserve'],
    ['prototype', 'is a name that JavaScript objects reserve'],
    [' jane', 'begins or ends with white space'],
    ['jane\u00a0', 'begins or ends with white space'],
    [' ', 'begins or ends with white space'],
    [7, 'is not a string'],
    [null, 'is not a string'],
    [undefined, 'is not a string'],
    [['jane'], 'is not a string'],
  ];
  for (const [name, problem] of cases) assert.is(usernameProblem(name), problem);
});

username('that is taken survives UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 8 }), (name) => {
      if (usernameProblem(name) === null) assert.is(Buffer.from(name).toString(), name);
    }),
    { numRuns: 1000 },
  );
});

username.run();

const deep = (depth: number): object => {
  let value: object = {};
  for (let i = 1; i < depth; i++) value = { in: value };
  return value;
};

const authParams = suite('authParams');

authParams('are a plain object', () => {
  for (const value of [{}, { password: 'x', more: [1, { deep: null }] }, Object.create(null), JSON.parse('{"__proto__":1}')]) {
    assert.is(authParamsProblem(value), null);
  }
  for (const value of [null, undefined, 'x', 1, [], new Map(), new Date(), () => 1]) {
    assert.is(authParamsProblem(value), 'is not a plain object');
  }
});

authParams('may be nested 32 deep, not deeper', () => {
  assert.is(authParamsProblem(deep(32)), null);
  assert.is(authParamsProblem(deep(33)), 'is nested deeper than 32');
  assert.is(authParamsProblem(deep(1_000)), 'is nested deeper than 32');
});

authParams('nested a hundred thousand deep overflow no stack', () => {
  assert.is(authParamsProblem(JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)), 'is nested deeper than 32');
});

authParams('that hold themselves are refused soon, however often they do', () => {
  const self: Record<string, unknown> = {};
  for (let i = 0; i < 10; i++) self[`k${i}`] = self;
  assert.is(authParamsProblem(self), 'is nested deeper than 32');
});

authParams.run();
