import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REDACTED, scrub } from '../../../adapters/auth/scrub.js';
import type { JsonObject } from '../../../machines/ports/json.js';

const scrubbing = suite('scrubbing of details');

scrubbing('a text without any of the values stays as it is', () => {
  assert.is(scrub('no such user', { password: 'hunter22' }), 'no such user');
  assert.is(scrub('no such user', {}), 'no such user');
  assert.is(scrub('', { password: 'hunter22' }), '');
});

scrubbing('every occurrence of a value is replaced, the rest stays', () => {
  assert.is(scrub('hunter22 is not hunter22!', { password: 'hunter22' }), '[redacted] is not [redacted]!');
});

scrubbing('values are found at any depth, in arrays too', () => {
  assert.is(scrub('a deepdeep b listed c', { a: { b: [{ c: 'deepdeep' }, ['listed']] } }), 'a [redacted] b [redacted] c');
});

scrubbing('a value of three characters stays, one of four goes', () => {
  assert.is(scrub('abc', { a: 'abc' }), 'abc');
  assert.is(scrub('abcd', { a: 'abcd' }), REDACTED);
});

scrubbing('a number of four digits is taken for a secret, as a PIN is', () => {
  assert.is(scrub('pin 4711 of 12', { pin: 4711, other: 12, yes: true, none: null }), 'pin [redacted] of 12');
});

scrubbing('of a long value nothing stays where a short one is part of it', () => {
  assert.is(scrub('secret-long', { a: 'secret', b: 'secret-long' }), REDACTED);
});

scrubbing('of two values that share characters nothing stays', () => {
  assert.is(scrub('x abcdefghi y', { a: 'abcdef', b: 'defghi' }), 'x [redacted] y');
  assert.is(scrub('x ababababa y', { a: 'ababa' }), 'x [redacted] y');
});

scrubbing('a value inside another hides no later part of it', () => {
  assert.is(scrub('abcdefghij!', { a: 'abcdefghij', b: 'cdef' }), '[redacted]!');
});

scrubbing('a value is found as JSON writes it', () => {
  const password = 'pa"ss\n\\word';
  assert.is(scrub(`bad ${JSON.stringify({ password })}`, { password }), 'bad {"password":"[redacted]"}');
});

scrubbing('a value is found as a URL writes it', () => {
  assert.is(scrub('GET /?p=p%C3%A4ss%20wort', { password: 'päss wort' }), 'GET /?p=[redacted]');
});

scrubbing('a value is found without the blanks around it', () => {
  assert.is(scrub('bad: hunter22', { password: ' hunter22 ' }), 'bad: [redacted]');
});

scrubbing('a value that no URL can hold is found as it is', () => {
  assert.is(scrub('bad: \ud800abc', { password: '\ud800abc' }), 'bad: [redacted]');
});

scrubbing('a property that is undefined does not end the search', () => {
  const authParams = { password: 'hunter22', otp: undefined } as unknown as JsonObject;
  assert.is(scrub('bad: hunter22', authParams), 'bad: [redacted]');
});

scrubbing('the text is withheld where it is too long to be searched', () => {
  assert.is(scrub('x'.repeat(8192), { a: 'hunter22' }).length, 8192);
  assert.is(scrub('x'.repeat(8193), { a: 'hunter22' }), REDACTED);
});

scrubbing('the text is withheld where there are too many secrets to look for', () => {
  const secrets = (count: number) => ({ all: Array.from({ length: count }, (_, index) => `secret-${index}`) });
  assert.is(scrub('fine', secrets(256)), 'fine');
  assert.is(scrub('fine', secrets(258)), REDACTED);
});

scrubbing('the text is withheld where there are too many values to look at', () => {
  assert.is(scrub('fine', { all: Array.from({ length: 9_000 }, () => 1) }), 'fine');
  assert.is(scrub('fine', { all: Array.from({ length: 10_001 }, () => 1) }), REDACTED);
});

scrubbing('the text is withheld where the authParams are cyclic or can not be read', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  assert.is(scrub('fine', cyclic as unknown as JsonObject), REDACTED);
  const hostile = {
    get password(): string {
      throw new Error('no');
    },
  };
  assert.is(scrub('fine', hostile), REDACTED);
});

scrubbing('repetitive values at the bounds are searched in bounded time', () => {
  const authParams = { all: Array.from({ length: 250 }, (_, index) => 'a'.repeat(index + 4)) };
  const began = performance.now();
  assert.is(scrub('a'.repeat(8192), authParams), REDACTED);
  assert.ok(performance.now() - began < 2000);
});

scrubbing('no value is ever left, wherever it stands', () => {
  const value = fc.string({ minLength: 4, maxLength: 12, unit: 'grapheme-ascii' });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), fc.array(fc.string({ maxLength: 6 })), (values, between) => {
      const text = values.map((each, index) => `${between[index] ?? ''}${each}`).join('');
      // Looked for between the holes: one that only the hole's own letters complete is none.
      const rest = scrub(text, { values }).split(REDACTED);
      for (const part of rest) for (const each of values) assert.not.ok(part.includes(each));
    }),
  );
});

scrubbing.run();
