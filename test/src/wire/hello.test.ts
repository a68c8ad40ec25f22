import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { HelloFields } from '../../../src/wire/frames.js';
import { helloFromProtocols, helloToEntry } from '../../../src/wire/hello.js';
import { helloEntryLengthMax } from '../../../src/wire/limits.js';
import { hello } from './arbitraries.js';

const token = 'A'.repeat(43);
const helloOf = (username: string): HelloFields => ({
  v: 1,
  features: [],
  window: { messages: 64, size: 65_536 },
  start: { username, token },
});
const entryOf = (text: string) => `ninelives.hello.${Buffer.from(text).toString('base64url')}`;
const detailOf = (...protocols: string[]): string => {
  const offered = helloFromProtocols(protocols);
  return offered.kind === 'invalid' ? offered.detail : offered.kind;
};

const entry = suite('a hello in the subprotocols');

entry('comes back as it was, whatever characters are in it', () => {
  fc.assert(
    fc.property(hello, (fields) => {
      const text = helloToEntry(fields);
      fc.pre(text !== null);
      assert.match(text, /^ninelives\.hello\.[A-Za-z0-9_-]+$/);
      deepStrictEqual(helloFromProtocols(['ninelives.v1', text]), { kind: 'hello', frame: { kind: 'hello', hello: fields } });
    }),
    { numRuns: 500 },
  );
});

entry('carries all of unicode, at every length of the last group', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (username) => {
      const text = helloToEntry(helloOf(username));
      deepStrictEqual(helloFromProtocols([text ?? '']), { kind: 'hello', frame: { kind: 'hello', hello: helloOf(username) } });
      assert.is(text, entryOf(JSON.stringify(helloOf(username))));
    }),
    { numRuns: 1000 },
  );
});

entry('is not made where it would be longer than an entry may be, however little', () => {
  const empty = helloToEntry(helloOf(''))?.length ?? 0;
  let longest = '';
  for (let n = 0; n < helloEntryLengthMax - empty; n++) {
    const made = helloToEntry(helloOf('x'.repeat(n)));
    if (made === null) break;
    longest = made;
  }
  // As long as it may be, it is one on either side.
  assert.is(longest.length, helloEntryLengthMax);
  assert.is(detailOf(longest), 'hello in the subprotocols at start.username: expected a string of 0 to 1024');
  assert.is(helloToEntry(helloOf('x'.repeat(helloEntryLengthMax))), null);
  // More characters than a function takes arguments.
  assert.is(helloToEntry(helloOf('x'.repeat(1_000_000))), null);
  // Three bytes each in UTF-8: the text's length alone says too little.
  assert.is(helloToEntry(helloOf('\u20ac'.repeat(1_000))), null);
});

entry('is found beside other subprotocols, and missed without complaint', () => {
  const text = helloToEntry(helloOf('jane')) ?? '';
  assert.is(detailOf('ninelives.v1', 'other', text), 'hello');
  assert.is(detailOf('ninelives.v1'), 'none');
  assert.is(detailOf(), 'none');
});

entry('is refused where there are two', () => {
  const text = helloToEntry(helloOf('jane')) ?? '';
  assert.is(detailOf(text, text), 'hello in the subprotocols: expected one');
});

entry('is refused where it is no unpadded base64url of JSON in UTF-8, and not repeated', () => {
  const base64 = 'hello in the subprotocols: expected base64url without padding';
  const json = 'hello in the subprotocols: expected base64url of JSON in UTF-8';
  assert.is(detailOf('ninelives.hello.'), base64);
  assert.is(detailOf('ninelives.hello.eyJ2IjoxfQ=='), base64);
  assert.is(detailOf('ninelives.hello.eyJ2 joxfQ'), base64);
  assert.is(detailOf('ninelives.hello.a+/b'), base64);
  assert.is(detailOf('ninelives.hello.abcde'), json);
  assert.is(detailOf(`ninelives.hello.${Buffer.from([0x22, 0xff, 0x22]).toString('base64url')}`), json);
  assert.is(detailOf(entryOf('hunter2')), json);
  assert.is(detailOf(`ninelives.hello.${'A'.repeat(helloEntryLengthMax)}`), 'hello in the subprotocols: expected at most 4096 characters');
});

entry('is refused where it is no hello, with what was expected and where', () => {
  const { start: _, ...neither } = helloOf('jane');
  assert.is(detailOf(entryOf('[]')), 'hello in the subprotocols: expected an object');
  assert.is(detailOf(entryOf(JSON.stringify(neither))), 'hello in the subprotocols: expected either start or resume');
  const short = { ...neither, start: { username: 'jane', token: 'hunter2' } };
  assert.is(detailOf(entryOf(JSON.stringify(short))), 'hello in the subprotocols at start.token: expected 43 to 43 of base64url');
});

entry('of another version is told as such, whatever else is in it', () => {
  const other = helloFromProtocols([entryOf('{"v":2,"features":"all","start":7}')]);
  assert.equal(other, { kind: 'hello', frame: { kind: 'hello', hello: { v: 2, features: [], window: { messages: 0, size: 0 } } } });
});

entry('never throws, whatever a stranger offers', () => {
  const strange = fc.oneof(fc.string({ unit: 'binary' }), fc.base64String()).map((text) => `ninelives.hello.${text}`);
  fc.assert(
    fc.property(fc.array(strange, { maxLength: 2 }), (protocols) => void helloFromProtocols(protocols)),
    { numRuns: 1000 },
  );
});

entry.run();
