// uvu's own comparison is led astray by a key named `constructor` or `__proto__`.
import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import type * as t from 'io-ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clientBatch, serverBatch } from '../../../src/wire/codecs.js';
import { decodeClientBatch, decodeServerBatch } from '../../../src/wire/decode.js';
import { encodeBatch } from '../../../src/wire/encode.js';
import type { Decoded, OutboundFrame } from '../../../src/wire/frames.js';
import { itemOverheadMax } from '../../../src/wire/limits.js';
import { asDecoded, clientFrame, mutate, mutation, serverFrame } from './arbitraries.js';

interface Side {
  readonly name: string;
  readonly frame: fc.Arbitrary<OutboundFrame>;
  readonly codec: t.Type<readonly object[], unknown, unknown>;
  readonly decode: (text: string) => Decoded<object>;
}
const sides: readonly Side[] = [
  { name: 'client', frame: clientFrame, codec: clientBatch as unknown as Side['codec'], decode: decodeClientBatch },
  { name: 'server', frame: serverFrame, codec: serverBatch as unknown as Side['codec'], decode: decodeServerBatch },
];

/** Which kinds of frame count as received text. */
const sized = ['message', 'request', 'reply', 'failure', 'cancel', 'end', 'skip', 'signIn', 'identity'];

/** What the definition makes of a text, or null where it refuses it. */
const byDefinition = (codec: Side['codec'], text: string): readonly object[] | null => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const result = codec.decode(value);
  if (result._tag === 'Left') return null;
  return result.right.map((frame) => {
    const { kind } = frame as { readonly kind: string };
    return sized.includes(kind) ? { ...frame, size: sizeOf(kind, text) } : frame;
  });
};

/** An item's size in a batch whose text has no white space. */
const sizeOf = (kind: string, text: string): number => {
  const batch = JSON.parse(text) as readonly (readonly unknown[])[];
  const equal = Math.ceil(text.length / batch.length);
  const apart = batch.filter(([tag]) => tag === 'r' || tag === 'v');
  if (equal <= itemOverheadMax || apart.length === 0 || apart.length === batch.length) return equal;
  const length = apart.reduce((sum, frame) => sum + JSON.stringify(frame).length, 0);
  return kind === 'reply' ? Math.ceil(length / apart.length) : Math.ceil((text.length - length) / (batch.length - apart.length));
};

const isSame = ({ codec, decode }: Side, text: string): boolean => {
  const decoded = decode(text);
  deepStrictEqual(decoded.ok ? decoded.frames : null, byDefinition(codec, text));
  return decoded.ok;
};

const decoding = suite('decoding');

for (const side of sides) {
  decoding(`a ${side.name}'s batch is for its receiver what its sender said`, () => {
    fc.assert(
      fc.property(fc.array(side.frame, { minLength: 1, maxLength: 6 }), (frames) => {
        const text = encodeBatch(frames);
        const decoded = side.decode(text);
        deepStrictEqual(decoded, { ok: true, frames: frames.map((frame) => asDecoded(frame, sizeOf(frame.kind, text))) });
        isSame(side, text);
      }),
      { numRuns: 500 },
    );
  });

  decoding(`a ${side.name}'s batch with faults in it is taken or refused as the definition says`, () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(side.frame, { minLength: 1, maxLength: 2 }),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (frames, mutations) => {
          const value = mutations.reduce(mutate, JSON.parse(encodeBatch(frames)) as unknown);
          if (isSame(side, JSON.stringify(value))) taken++;
          else refused++;
        },
      ),
      { numRuns: 4000 },
    );
    // Both outcomes must be common, or the property says little.
    assert.ok(taken > 400 && refused > 400, `taken ${taken}, refused ${refused}`);
  });

  decoding(`arbitrary JSON as a ${side.name}'s batch is taken or refused as the definition says`, () => {
    fc.assert(
      fc.property(fc.json(), (text) => void isSame(side, text)),
      { numRuns: 500 },
    );
    const tag = fc.constantFrom('m', 'q', 'r', 'x', 'c', 'e', 's', 'v', 'a', 'ping', 'pong', 'bye', 'hello', 'welcome', 'deny', 'gone');
    const frame = fc
      .tuple(tag, fc.array(fc.oneof(fc.nat(3), fc.jsonValue(), fc.constant('chat')), { maxLength: 6 }))
      .map(([first, rest]) => [first, ...rest]);
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 3 }), (batch) => void isSame(side, JSON.stringify(batch))),
      { numRuns: 1000 },
    );
  });

  decoding(`arbitrary text as a ${side.name}'s batch never throws, and what is refused says why without repeating it`, () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const decoded = side.decode(text);
        deepStrictEqual(decoded.ok ? decoded.frames : null, byDefinition(side.codec, text));
        if (!decoded.ok) assert.is(decoded.code, 'ProtocolError');
      }),
      { numRuns: 1000 },
    );
  });

  decoding(`a ${side.name}'s text of a million characters, however nested, is answered within a second`, () => {
    const long = 1_000_000;
    const texts = [
      '['.repeat(long),
      '['.repeat(long / 2) + ']'.repeat(long / 2),
      '{"a":'.repeat(long / 5),
      `[["m","t",${'['.repeat(long / 2)}${']'.repeat(long / 2)}]]`,
      `[["ping",${'9'.repeat(long)}]]`,
      `[["ping",1e${'9'.repeat(long)}]]`,
      `[${'["e"],'.repeat(long / 6)}["e"]]`,
      `[["a",0,0,0,0,[${'[1,"failed"],'.repeat(long / 13)}[1,"failed"]]]]`,
      `[["m","t",1],["r",1,${'['.repeat(long / 2)}${']'.repeat(long / 2)}]]`,
      `[["m","${'\\ud800'.repeat(long / 6)}",1]]`,
      `"${'\\u0000'.repeat(long / 6)}"`,
    ];
    for (const text of texts) {
      const begun = performance.now();
      side.decode(text);
      assert.ok(performance.now() - begun < 1000, text.slice(0, 20));
    }
  });
}

decoding('a payload that is nested deeply, in a batch that is short, is handed on as it is, without a walk over it', () => {
  const decoded = decodeClientBatch(`[["m","t",${'['.repeat(30_000)}${']'.repeat(30_000)}]]`);
  assert.is(decoded.ok, true);
});

decoding('a field named __proto__ changes no prototype, and gives no field', () => {
  const text = '[["bye",{"code":"ServerError","message":"m","retryAfterMs":99999999999,"__proto__":{"spreadMs":5}}]]';
  const decoded = decodeServerBatch(text);
  const [frame] = decoded.ok ? decoded.frames : [];
  assert.ok(frame?.kind === 'bye');
  assert.is(frame.bye.spreadMs, undefined);
  assert.is(Object.getPrototypeOf(frame.bye), Object.prototype);
  const defined = serverBatch.decode(JSON.parse(text));
  const [other] = defined._tag === 'Right' ? defined.right : [];
  assert.ok(other?.kind === 'bye');
  assert.is(other.bye.spreadMs, undefined);
});

decoding('a refusal names the frame, its tag and what was expected, never what was sent', () => {
  const secret = 'hunter2-hunter2';
  const texts: readonly (readonly [string, string])[] = [
    [`{"${secret}":1}`, 'expected an array of 1 to 128 frames'],
    [`[["e"],"${secret}"]`, 'frame 1: expected an array with a tag'],
    [`[["e"],["${secret}"]]`, 'frame 1: expected a known tag'],
    [`[["e"],["m","${secret}"]]`, 'frame 1 "m" at 2: expected a payload'],
    [`[["start",{"username":"jane","token":"${secret}"}]]`, 'frame 0 "start" at 1.token: expected 43 to 43 of base64url'],
    [
      `[["hello",{"v":1,"features":[],"window":{"messages":1,"size":1},"key":"${secret}"}]]`,
      'frame 0 "hello" at 1: expected either start or resume',
    ],
    [`${secret}`, 'expected JSON'],
  ];
  for (const [text, detail] of texts) {
    assert.equal(decodeClientBatch(text), { ok: false, code: 'ProtocolError', detail });
  }
});

decoding('a batch with a hello or a start has at most 16,384 characters, wherever in it that is', () => {
  const token = 'T'.repeat(43);
  const window = { messages: 1, size: 1 };
  const start = { username: 'jane', token };
  for (const first of [
    ['start', start],
    ['hello', { v: 1, features: [], window, start }],
  ]) {
    for (const batch of [[first], [['e'], first], [first, ['e']]]) {
      const text = JSON.stringify(batch);
      assert.is(decodeClientBatch(text.padEnd(16_384)).ok, true);
      assert.equal(decodeClientBatch(text.padEnd(16_385)), {
        ok: false,
        code: 'MessageTooLargeError',
        detail: 'expected a batch with a hello or start to have at most 16384 characters',
      });
    }
  }
  assert.is(decodeClientBatch('[["e"]]'.padEnd(16_385)).ok, true);
});

decoding('an item gets an equal share of its batch as its size, rounded up', () => {
  const text = '[["m","t",1],["a",0,0,0,0],["e"]]';
  const decoded = decodeServerBatch(text);
  assert.is(text.length, 33);
  assert.equal(decoded.ok && decoded.frames.map((frame) => ('size' in frame ? frame.size : null)), [11, null, 11]);
});

decoding('a large reply is not counted as the text of the messages beside it, whatever is in its strings', () => {
  const reply = `["r",1,{"a":"${'x'.repeat(10_000)}\\"]}[{","b":[[]]}]`;
  const message = '[ "m", "t\\\\", {"n":"]"} ]';
  const text = `[ ${message},\n${reply} ,${message},["v","t","${'y'.repeat(5_000)}"]]`;
  const apart = reply.length + 5_012;
  const decoded = decodeClientBatch(text);
  assert.equal(decoded.ok && decoded.frames.map((frame) => ('size' in frame ? frame.size : null)), [
    Math.ceil((text.length - apart) / 2),
    Math.ceil(apart / 2),
    Math.ceil((text.length - apart) / 2),
    null,
  ]);
  assert.ok(text.length - apart < 100);
});

decoding.run();
