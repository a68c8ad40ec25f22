/** The values that frames consist of, as io-ts codecs: from and to JSON. */
import { chain } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { JsonObject } from '../../machines/ports/json.js';
import type { User } from '../../machines/ports/user.js';
import { type ReasonCode, reasonFromPeer } from '../../machines/reasons.js';
import type { Exception, ItemOptions, StreamWindow } from '../../machines/stream/packets.js';
import type { DenyFields, PositionFields } from './frames.js';
import { codeLengthMax, detailLengthMax, featureLengthMax, featuresMax, typeLengthMax, waitMsMax } from './limits.js';

/** A codec that takes a value as it is, or not at all. */
export const check = <A>(name: string, is: (value: unknown) => boolean): t.Type<A, A, unknown> =>
  new t.Type<A, A, unknown>(
    name,
    (value): value is A => is(value),
    (value, context) => (is(value) ? t.success(value as A) : t.failure(value, context)),
    t.identity,
  );

/** A codec that changes what another one took, and back. */
export const mapped = <A, B>(
  name: string,
  from: t.Type<A, unknown, unknown>,
  to: (a: A) => B,
  back: (b: B) => A,
): t.Type<B, unknown, unknown> =>
  new t.Type<B, unknown, unknown>(
    name,
    (value): value is B => typeof value === 'object' && value !== null,
    (value, context) => chain<t.Errors, A, B>((a) => t.success(to(a)))(from.validate(value, context)),
    (b) => from.encode(back(b)),
  );

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An object with these fields; unknown ones are left out. It picks the known fields before io-ts sees the object: `t.intersection` would
 * copy a field named `__proto__` into the prototype of what it gives.
 */
export const record = <R extends t.Props, O extends t.Props>(name: string, required: R, optional: O) => {
  const known = [...Object.keys(required), ...Object.keys(optional)];
  const inner = t.intersection([t.type(required), t.partial(optional)], name);
  type Value = t.TypeOf<typeof inner>;
  const picked = (value: Record<string, unknown>) =>
    Object.fromEntries(known.filter((key) => Object.hasOwn(value, key) && value[key] !== undefined).map((key) => [key, value[key]]));
  return new t.Type<Value, unknown, unknown>(
    name,
    (value): value is Value => inner.is(value),
    (value, context) => (isRecord(value) ? inner.validate(picked(value), context) : t.failure(value, context)),
    (value) => picked(inner.encode(value) as Record<string, unknown>),
  );
};

const isSafe = (value: unknown, min: number): boolean => Number.isSafeInteger(value) && (value as number) >= min;

export const count = check<number>('Count', (value) => isSafe(value, 0));
export const itemNumber = check<number>('ItemNumber', (value) => isSafe(value, 1));

/** [R9] */
export const waitMs = new t.Type<number, number, unknown>(
  'WaitMs',
  count.is,
  (value, context) => chain<t.Errors, number, number>((ms) => t.success(Math.min(ms, waitMsMax)))(count.validate(value, context)),
  t.identity,
);

export const text = (name: string, lengthMin: number, lengthMax: number) =>
  check<string>(name, (value) => typeof value === 'string' && value.length >= lengthMin && value.length <= lengthMax);

/** [R10] Text for people: what is too long is cut. */
export const cutText = (name: string, lengthMax: number) =>
  new t.Type<string, string, unknown>(
    name,
    t.string.is,
    (value, context) => chain<t.Errors, string, string>((whole) => t.success(whole.slice(0, lengthMax)))(t.string.validate(value, context)),
    (whole) => whole.slice(0, lengthMax),
  );

export const base64url = (name: string, lengthMin: number, lengthMax: number) =>
  check<string>(name, (value) => typeof value === 'string' && new RegExp(`^[A-Za-z0-9_-]{${lengthMin},${lengthMax}}$`).test(value));

/** Any JSON value. Only that it is there is asked: what JSON.parse gave is one. */
export const payload = check<unknown>('Payload', (value) => value !== undefined);
export const jsonObject = check<JsonObject>('JsonObject', isRecord);

export const messageType = text('MessageType', 1, typeLengthMax);
export const detail = cutText('Detail', detailLengthMax);

export const code = new t.Type<ReasonCode, string, unknown>(
  'Code',
  (value): value is ReasonCode => typeof value === 'string',
  (value, context) =>
    chain<t.Errors, string, ReasonCode>((said) => t.success(reasonFromPeer(said)))(
      text('CodeText', 0, codeLengthMax).validate(value, context),
    ),
  t.identity,
);

export const features = check<readonly string[]>(
  'Features',
  (value) => Array.isArray(value) && value.length <= featuresMax && value.every(text('Feature', 1, featureLengthMax).is),
);

export const streamWindow: t.Type<StreamWindow, unknown, unknown> = record('Window', { messages: itemNumber, size: count }, {});

const exceptionPair = t.tuple([itemNumber, t.keyof({ failed: null, unhandled: null, expired: null })], 'Exception');
const pairs = t.array(exceptionPair);
export const exceptions = mapped<t.TypeOf<typeof pairs> | undefined, readonly Exception[]>(
  'Exceptions',
  t.union([pairs, t.undefined]),
  (list) => (list ?? []).map(([number, outcome]) => ({ number, outcome })),
  (list) => (list.length === 0 ? undefined : list.map(({ number, outcome }): t.TypeOf<typeof exceptionPair> => [number, outcome])),
);

export const positions: t.Type<PositionFields, unknown, unknown> = record(
  'Positions',
  { received: count, done: count, seen: count, last: count, exceptions },
  {},
);

export const deny: t.Type<DenyFields, unknown, unknown> = record(
  'Deny',
  { code, message: detail },
  { retryAfterMs: waitMs, spreadMs: waitMs },
);

export const user: t.Type<User, unknown, unknown> = record(
  'User',
  {
    id: itemNumber,
    name: t.string,
    displayName: t.string,
    displayPictureUrl: t.union([t.string, t.null]),
    isGuest: t.boolean,
    presence: record('Presence', { status: t.string, online: t.boolean }, {}),
    properties: jsonObject,
  },
  {},
);

export const options = mapped<{ ttlMs?: number | undefined; re?: true | undefined }, ItemOptions>(
  'Options',
  record('OptionFields', {}, { ttlMs: waitMs, re: t.literal(true) }),
  ({ ttlMs, re }) => ({ ...(ttlMs !== undefined && { ttlMs }), ...(re && { redelivered: true }) }),
  ({ ttlMs, redelivered }) => ({ ttlMs, re: redelivered || undefined }),
);
