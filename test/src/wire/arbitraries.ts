/** Frames for property tests: valid ones of either side, outbound and as they are decoded, and texts that are nearly valid. */
import fc from 'fast-check';
import type { JsonObject } from '../../../machines/ports/json.js';
import { type ReasonCode, reasonCodes, reasons } from '../../../machines/reasons.js';
import type { ClientFrame, DenyFields, HelloFields, OutboundFrame, ServerFrame, WelcomeFields } from '../../../src/wire/frames.js';
import { detailLengthMax, typeLengthMax, usernameReadLengthMax, waitMsMax } from '../../../src/wire/limits.js';

/** fast-check makes some records without prototype; what is decoded always has one. */
const plain = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A;

/** Any string of UTF-16 code units, unpaired surrogates and control characters included. */
export const anyText = (maxLength: number, minLength = 0) =>
  fc
    .oneof(
      fc.string({ minLength, maxLength, unit: 'binary' }),
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { minLength, maxLength: Math.min(maxLength, 12) })
        .map((units) => String.fromCharCode(...units)),
    )
    .filter((text) => text.length >= minLength && text.length <= maxLength);

const count = fc.oneof(fc.nat(), fc.maxSafeNat());
const positive = fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
const waitMs = fc.integer({ min: 0, max: waitMsMax });
const base64url = (minLength: number, maxLength: number) => fc.string({ unit: fc.constantFrom(...'AZaz09-_'), minLength, maxLength });
const token = base64url(43, 43);
const sessionId = base64url(1, 64);
const features = fc.array(fc.constantFrom('resume', 'renewal', 'signIn', 'volatile', 'x'), { maxLength: 5 });
const window = fc.record({ messages: positive, size: count });
/** `__proto__` is a key like any other in JSON. */
export const json = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant(JSON.parse('{"__proto__":{"retryAfterMs":"x"},"constructor":1}') as unknown),
);
const jsonObject = fc
  .dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);
const peerCode = fc.constantFrom(...reasonCodes.filter((code): code is ReasonCode => reasons[code].sayer !== 'local'));
const message = anyText(detailLengthMax);
const exceptions = fc.array(fc.record({ number: positive, outcome: fc.constantFrom('failed', 'unhandled', 'expired') }), { maxLength: 4 });
const positions = fc.record({ received: count, done: count, seen: count, last: count, exceptions });
const deny: fc.Arbitrary<DenyFields> = fc.record(
  { code: peerCode, message, retryAfterMs: waitMs, spreadMs: waitMs },
  { requiredKeys: ['code', 'message'] },
);
const user = fc.record({
  id: positive,
  name: anyText(20),
  displayName: anyText(20),
  displayPictureUrl: fc.option(fc.webUrl()),
  isGuest: fc.boolean(),
  presence: fc.record({ status: anyText(8), online: fc.boolean() }),
  properties: jsonObject,
});
const username = anyText(usernameReadLengthMax);
const start = fc.record({ username, token, authParams: jsonObject }, { requiredKeys: ['username', 'token'] });
const tokens = fc.array(token, { minLength: 1, maxLength: 2 });
const resume = fc.record(
  { session: sessionId, tokens, next: token, positions, incarnation: count, life: count },
  { requiredKeys: ['session', 'tokens', 'next', 'positions', 'incarnation'] },
);
const helloRest = {
  v: fc.constant(1),
  key: anyText(40),
  agent: anyText(40),
  features,
  window,
  pingEveryMs: waitMs,
  abandoned: fc.record({ session: sessionId, tokens }),
};
export const hello: fc.Arbitrary<HelloFields> = fc
  .oneof(
    fc.record({ ...helloRest, start }, { requiredKeys: ['v', 'features', 'window', 'start'] }),
    fc.record({ ...helloRest, resume }, { requiredKeys: ['v', 'features', 'window', 'resume'] }),
  )
  .map(plain);
const welcome: fc.Arbitrary<WelcomeFields> = fc.record(
  {
    session: sessionId,
    outcome: fc.constantFrom('started', 'resumed'),
    user,
    incarnation: count,
    expiresAt: fc.option(count),
    resumeWindowMs: waitMs,
    features,
    window,
    limits: fc.record({ messageSize: count, batchSize: count }),
    pingEveryMs: waitMs,
    ackDelayMs: waitMs,
    positions,
  },
  {
    requiredKeys: [
      'session',
      'outcome',
      'user',
      'incarnation',
      'expiresAt',
      'resumeWindowMs',
      'features',
      'window',
      'limits',
      'pingEveryMs',
      'ackDelayMs',
    ],
  },
);

const type = anyText(typeLengthMax, 1);
const payload = json.map((value) => JSON.stringify(value));
const options = fc.record({ ttlMs: waitMs, redelivered: fc.constant(true as const) }, { requiredKeys: [] });
const kind = <K extends string>(name: K) => fc.constant(name);

const common: readonly fc.Arbitrary<OutboundFrame>[] = [
  fc.record({ kind: kind('message'), type, payload, options }, { requiredKeys: ['kind', 'type', 'payload'] }),
  fc.record(
    { kind: kind('request'), type, payload, timeoutMs: waitMs, options },
    { requiredKeys: ['kind', 'type', 'payload', 'timeoutMs'] },
  ),
  fc.record({ kind: kind('reply'), to: positive, payload }),
  fc.record({ kind: kind('failure'), to: positive, code: peerCode, message }),
  fc.record({ kind: kind('cancel'), to: positive }),
  fc.record({ kind: kind('end') }),
  fc.record({ kind: kind('skip'), count: positive }),
  fc.record({ kind: kind('volatile'), type, payload }),
  fc.record({ kind: kind('ack'), received: count, done: count, last: count, seen: count, exceptions }),
  fc.record({ kind: fc.constantFrom('ping' as const, 'pong' as const), id: count }),
  fc.record({ kind: kind('bye'), bye: deny, positions }, { requiredKeys: ['kind', 'bye'] }),
];

const signIn: fc.Arbitrary<OutboundFrame> = fc
  .record({ username, authParams: jsonObject, token })
  .map(plain)
  .map((credential) => ({ kind: 'signIn', credential: () => credential }));

const clientFrameButSignIn: fc.Arbitrary<OutboundFrame> = fc
  .oneof(
    ...common,
    fc.record({ kind: kind('hello'), hello }),
    fc.record({ kind: kind('start'), start }),
    fc.record({ kind: kind('confirm') }),
    fc.record({ kind: kind('renewal'), authParams: jsonObject, token }),
  )
  .map(plain);

export const clientFrame: fc.Arbitrary<OutboundFrame> = fc.oneof(
  { weight: 15, arbitrary: clientFrameButSignIn },
  { weight: 1, arbitrary: signIn },
);

export const serverFrame: fc.Arbitrary<OutboundFrame> = fc
  .oneof(
    ...common,
    fc.record({ kind: kind('welcome'), welcome }),
    fc.record({ kind: kind('deny'), deny }),
    fc.record({ kind: kind('gone'), positions }, { requiredKeys: ['kind'] }),
    fc.record({ kind: kind('mismatch'), direction: fc.constantFrom('up' as const, 'down' as const), from: count, to: count }),
    fc.record({ kind: kind('renew'), withinMs: waitMs }),
    fc.record({ kind: kind('renewed'), user, expiresAt: fc.option(count) }),
    fc.record({ kind: kind('unrenewed'), why: deny }),
    fc.record({ kind: kind('identity'), user, to: positive, expiresAt: fc.option(count) }),
  )
  .map(plain);

/** What an outbound frame is for its receiver. */
export const asDecoded = (frame: OutboundFrame, size: number): ClientFrame | ServerFrame => {
  switch (frame.kind) {
    case 'message':
    case 'request':
    case 'reply':
      return { ...frame, payload: JSON.parse(frame.payload) as unknown, size };
    case 'volatile':
      return { ...frame, payload: JSON.parse(frame.payload) as unknown };
    case 'failure':
    case 'cancel':
    case 'end':
    case 'skip':
    case 'identity':
      return { ...frame, size };
    case 'signIn':
      return { kind: 'signIn', ...frame.credential(), size };
    default:
      return frame;
  }
};

/** A place in a JSON value and what to put there. */
const otherValues: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1,
  0.5,
  1e300,
  2 ** 53,
  '',
  'm',
  'x'.repeat(2000),
  [],
  {},
  [[]],
  [[1, 'failed']],
  ['m'],
  JSON.parse('{"__proto__":{"code":1,"kind":"x"}}'),
];
export const mutation = fc.record({
  path: fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
  how: fc.constantFrom('replace', 'remove', 'add'),
  other: fc.nat(otherValues.length - 1),
});
export type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never;

/** The value with one place of it replaced, removed, or with something unknown added. Same value where the path leads nowhere. */
export const mutate = (value: unknown, { path, how, other }: Mutation): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  const keys = Object.keys(copy);
  const [at = 0, ...rest] = path;
  const key = keys[at % Math.max(keys.length, 1)];
  const target = copy as Record<string, unknown>;
  const inner = key === undefined ? undefined : target[key];
  if (key !== undefined && rest.length > 0 && typeof inner === 'object' && inner !== null) {
    Object.defineProperty(copy, key, {
      value: mutate(inner, { path: rest, how, other }),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else if (how === 'add') {
    if (Array.isArray(copy)) copy.push(otherValues[other]);
    else
      Object.defineProperty(copy, rest.length % 2 ? '__proto__' : 'unknown', {
        value: otherValues[other],
        enumerable: true,
        configurable: true,
      });
  } else if (key !== undefined) {
    if (how === 'remove') Array.isArray(copy) ? copy.splice(Number(key), 1) : delete target[key];
    else Object.defineProperty(copy, key, { value: otherValues[other], enumerable: true, configurable: true, writable: true });
  }
  return copy;
};
