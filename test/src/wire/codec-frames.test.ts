/** The definition by examples, for who reads frames with io-ts: each frame both ways, and what a codec says of a value. */
import { deepStrictEqual } from 'node:assert';
import type * as t from 'io-ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as codecs from '../../../src/wire/codecs.js';

const token = 'T'.repeat(43);
const counts = { received: 4, done: 3, seen: 2, last: 1 };
const user = {
  id: 1,
  name: 'jane',
  displayName: 'Jane',
  displayPictureUrl: null,
  isGuest: false,
  presence: { status: 'busy', online: true },
  properties: { a: [1] },
};
const hello = { v: 1, features: ['resume'], window: { messages: 8, size: 512 }, start: { username: 'jane', token } };
const denied = { code: 'ServerError', message: 'Later.', retryAfterMs: 5, spreadMs: 0 };
const welcome = {
  session: 's',
  outcome: 'started',
  user,
  incarnation: 1,
  expiresAt: null,
  resumeWindowMs: 60,
  features: [],
  window: { messages: 8, size: 512 },
  limits: { messageSize: 100, batchSize: 1_000 },
  pingEveryMs: 25,
  ackDelayMs: 10,
};

interface Example {
  readonly codec: t.Mixed;
  readonly json: readonly unknown[];
  readonly frame: { readonly kind: string };
}
const example = (
  codec: t.Mixed,
  json: readonly unknown[],
  frame: { readonly kind: string } & Readonly<Record<string, unknown>>,
): Example => ({
  codec,
  json,
  frame,
});

const common: readonly Example[] = [
  example(codecs.message, ['m', 'chat', { a: 1 }], { kind: 'message', type: 'chat', payload: { a: 1 } }),
  example(codecs.message, ['m', 'chat', null, {}], { kind: 'message', type: 'chat', payload: null, options: {} }),
  example(codecs.message, ['m', 'chat', 0, { ttlMs: 5, re: true }], {
    kind: 'message',
    type: 'chat',
    payload: 0,
    options: { ttlMs: 5, redelivered: true },
  }),
  example(codecs.request, ['q', 'sum', 50, [1]], { kind: 'request', type: 'sum', timeoutMs: 50, payload: [1] }),
  example(codecs.request, ['q', 'sum', 50, [1], { ttlMs: 0 }], {
    kind: 'request',
    type: 'sum',
    timeoutMs: 50,
    payload: [1],
    options: { ttlMs: 0 },
  }),
  example(codecs.reply, ['r', 7, 'x'], { kind: 'reply', to: 7, payload: 'x' }),
  example(codecs.failureReply, ['x', 7, 'ServerError', 'No.'], { kind: 'failure', to: 7, code: 'ServerError', message: 'No.' }),
  example(codecs.cancel, ['c', 7], { kind: 'cancel', to: 7 }),
  example(codecs.end, ['e'], { kind: 'end' }),
  example(codecs.skip, ['s', 3], { kind: 'skip', count: 3 }),
  example(codecs.volatile, ['v', 'cursor', [1, 2]], { kind: 'volatile', type: 'cursor', payload: [1, 2] }),
  example(codecs.ack, ['a', 4, 3, 1, 2], { kind: 'ack', received: 4, done: 3, last: 1, seen: 2, exceptions: [] }),
  example(codecs.ack, ['a', 4, 3, 1, 2, [[2, 'expired']]], {
    kind: 'ack',
    received: 4,
    done: 3,
    last: 1,
    seen: 2,
    exceptions: [{ number: 2, outcome: 'expired' }],
  }),
  example(codecs.ping, ['ping', 9], { kind: 'ping', id: 9 }),
  example(codecs.pong, ['pong', 9], { kind: 'pong', id: 9 }),
  example(codecs.bye, ['bye', denied], { kind: 'bye', bye: denied }),
  example(codecs.bye, ['bye', { ...denied, positions: counts }], {
    kind: 'bye',
    bye: denied,
    positions: { ...counts, exceptions: [] },
  }),
];

const ofClient: readonly Example[] = [
  example(codecs.hello, ['hello', hello], { kind: 'hello', hello }),
  example(codecs.start, ['start', hello.start], { kind: 'start', start: hello.start }),
  example(codecs.confirm, ['confirm'], { kind: 'confirm' }),
  example(codecs.renewal, ['renewal', { authParams: { a: 1 }, token }], { kind: 'renewal', authParams: { a: 1 }, token }),
  example(codecs.signIn, ['signin', { username: 'jane', authParams: {}, token }], {
    kind: 'signIn',
    username: 'jane',
    authParams: {},
    token,
  }),
];

const ofServer: readonly Example[] = [
  example(codecs.welcome, ['welcome', welcome], { kind: 'welcome', welcome }),
  example(codecs.denial, ['deny', denied], { kind: 'deny', deny: denied }),
  example(codecs.gone, ['gone'], { kind: 'gone' }),
  example(codecs.gone, ['gone', { ...counts, exceptions: [[1, 'failed']] }], {
    kind: 'gone',
    positions: { ...counts, exceptions: [{ number: 1, outcome: 'failed' }] },
  }),
  example(codecs.mismatch, ['mismatch', { direction: 'up', from: 1, to: 2 }], { kind: 'mismatch', direction: 'up', from: 1, to: 2 }),
  example(codecs.renew, ['renew', { withinMs: 60 }], { kind: 'renew', withinMs: 60 }),
  example(codecs.identity, ['identity', user, { to: 5, expiresAt: 10 }], { kind: 'identity', user, to: 5, expiresAt: 10 }),
  example(codecs.renewed, ['renewed', { user, expiresAt: null }], { kind: 'renewed', user, expiresAt: null }),
  example(codecs.unrenewed, ['unrenewed', denied], { kind: 'unrenewed', why: denied }),
];
const all = [...common, ...ofClient, ...ofServer];

const taken = (codec: t.Mixed, json: unknown): unknown => {
  const decoded = codec.decode(json);
  return decoded._tag === 'Right' ? decoded.right : 'refused';
};

const frames = suite('the definition of the frames');

for (const { codec, json, frame } of all) {
  frames(`${JSON.stringify(json)} is what it says, and is said so`, () => {
    deepStrictEqual(taken(codec, json), frame);
    deepStrictEqual(codec.encode(frame), json);
  });
}

frames('a frame may have more in it than is known, and lacks nothing', () => {
  for (const { codec, json, frame } of all) {
    const padded = [...json, ...Array.from({ length: 8 - json.length }, () => undefined), 'later'];
    deepStrictEqual(taken(codec, padded), frame);
    if (json.length > 1) assert.is(taken(codec, [json[0], {}]), 'refused', String(json[0]));
    assert.is(taken(codec, ['later', ...json.slice(1)]), 'refused');
  }
});

frames('a codec knows the frames of its kind, and nothing else', () => {
  for (const { codec, frame } of all) {
    for (const other of all) assert.is(codec.is(other.frame), other.frame.kind === frame.kind);
    for (const strange of [null, undefined, frame.kind, () => frame, []]) assert.is(codec.is(strange), false);
  }
});

frames('a batch is the frames of one side, 1 to 128 of them', () => {
  for (const [codec, examples, others] of [
    [codecs.clientBatch, [...common, ...ofClient], ofServer],
    [codecs.serverBatch, [...common, ...ofServer], ofClient],
  ] as const) {
    const batch = examples.map(({ frame }) => frame);
    assert.ok(codec.is(batch));
    deepStrictEqual(
      codec.encode(batch as never),
      examples.map(({ json }) => json),
    );
    deepStrictEqual(
      taken(
        codec,
        examples.map(({ json }) => json),
      ),
      batch,
    );
    for (const { json, frame } of others) {
      assert.is(taken(codec, [json]), 'refused');
      assert.not(codec.is([frame]));
    }
    const times = <A>(count: number, value: A): readonly A[] => Array.from({ length: count }, () => value);
    for (const [count, fits] of [
      [0, false],
      [1, true],
      [128, true],
      [129, false],
    ] as const) {
      assert.is(codec.is(times(count, { kind: 'end' })), fits, String(count));
      assert.is(taken(codec, times(count, ['e'])) !== 'refused', fits, String(count));
    }
    assert.not(codec.is({ kind: 'end' }));
  }
});

frames('a hello is one of this version, with a start or a resume, or one of another version', () => {
  assert.ok(codecs.helloFields.is(hello));
  assert.ok(codecs.helloFields.is({ v: 2 }));
  assert.not(codecs.helloFields.is({ v: 1 }));
  assert.not(codecs.helloFields.is({ ...hello, v: -1 }));
  assert.not(codecs.helloFields.is(null));
});

frames('a resume offers one token or two, all of them tokens', () => {
  const { start: _, ...rest } = hello;
  const resumed = (tokens: readonly string[]) => ({
    ...rest,
    resume: { session: 's', tokens, next: token, positions: { ...counts, exceptions: [] }, incarnation: 1 },
  });
  for (const tokens of [[token], [token, token]]) assert.ok(codecs.helloFields.is(resumed(tokens)));
  for (const tokens of [[], ['x'], [token, 'x'], ['x', token], [token, token, token]]) {
    assert.is(taken(codecs.helloFields, resumed(tokens)), 'refused', String(tokens.length));
  }
});

frames.run();
