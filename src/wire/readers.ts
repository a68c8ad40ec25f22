/**
 * The values that frames consist of, read from JSON. Written by hand, without io-ts, because it runs in the client's bundle: a few small readers,
 * put together. Property tests hold them equal to `codec-values.ts`.
 */
import type { JsonObject } from '../../machines/ports/json.js';
import type { User } from '../../machines/ports/user.js';
import { reasonFromPeer } from '../../machines/reasons.js';
import type { Exception, ItemOptions, StreamWindow } from '../../machines/stream/packets.js';
import type { DenyFields, PositionFields } from './frames.js';
import { codeLengthMax, detailLengthMax, featureLengthMax, featuresMax, waitMsMax } from './limits.js';

/** What is wrong, from the inside out: what was expected, then where. Never what was found. */
export type Trouble = string[];
/** Gives the value, or undefined (which JSON does not have) and says why in `trouble`. */
export type Read<A> = (value: unknown, trouble: Trouble) => A | undefined;
type Readers = Readonly<Record<string, Read<unknown>>>;
type Values<R extends Readers> = { readonly [K in keyof R]: Exclude<ReturnType<R[K]>, undefined> };

export const leaf =
  <A>(expected: string, take: (value: unknown) => A | undefined): Read<A> =>
  (value, trouble) => {
    const taken = take(value);
    if (taken === undefined) trouble.push(expected);
    return taken;
  };

/** Read one part of a whole. */
export const at = <A>(where: string | number, read: Read<A>, value: unknown, trouble: Trouble): A | undefined => {
  const taken = read(value, trouble);
  if (taken === undefined) trouble.push(String(where));
  return taken;
};

/** Read one element of a frame. */
export const part = <A>(index: number, read: Read<A>, fields: readonly unknown[], trouble: Trouble): A | undefined =>
  at(index, read, fields[index], trouble);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

export const jsonObject = leaf('an object', (value) => (isObject(value) ? (value as JsonObject) : undefined));

/** An object with these fields. Others are left out ([R8]), a field named `__proto__` too. */
export const object = <R extends Readers, O extends Readers>(required: R, optional: O): Read<Values<R> & Partial<Values<O>>> => {
  const known = { ...required, ...optional };
  return (value, trouble) => {
    const from = jsonObject(value, trouble);
    if (from === undefined) return undefined;
    const to: Record<string, unknown> = {};
    for (const key in known) {
      if (from[key] === undefined && key in optional) continue;
      const taken = at(key, known[key] as Read<unknown>, from[key], trouble);
      if (taken === undefined) return undefined;
      to[key] = taken;
    }
    return to as Values<R> & Partial<Values<O>>;
  };
};

export const list =
  <A>(read: Read<A>, lengthMin: number, lengthMax: number): Read<readonly A[]> =>
  (value, trouble) => {
    if (!Array.isArray(value) || value.length < lengthMin || value.length > lengthMax) {
      trouble.push(`a list of ${lengthMin} to ${lengthMax}`);
      return undefined;
    }
    const to: A[] = [];
    for (let i = 0; i < value.length; i++) {
      const taken = at(i, read, value[i], trouble);
      if (taken === undefined) return undefined;
      to.push(taken);
    }
    return to;
  };

export const count = leaf('a count', (value) => (isCount(value) ? value : undefined));
export const itemNumber = leaf('a number from 1', (value) => (isCount(value) && value > 0 ? value : undefined));
/** [R9] */
export const waitMs = leaf('milliseconds', (value) => (isCount(value) ? Math.min(value, waitMsMax) : undefined));
export const text = (lengthMin: number, lengthMax: number): Read<string> =>
  leaf(`a string of ${lengthMin} to ${lengthMax}`, (value) =>
    typeof value === 'string' && value.length >= lengthMin && value.length <= lengthMax ? value : undefined,
  );
/** [R10] Text for people: what is too long is cut. */
export const cutText = (lengthMax: number): Read<string> =>
  leaf('a string', (value) => (typeof value === 'string' ? value.slice(0, lengthMax) : undefined));
export const oneOf = <const A extends string>(...words: readonly A[]): Read<A> =>
  leaf(words.join(' or '), (value) => words.find((word) => word === value));
export const base64url = (lengthMin: number, lengthMax: number): Read<string> =>
  leaf(`${lengthMin} to ${lengthMax} of base64url`, (value) =>
    typeof value === 'string' && value.length >= lengthMin && value.length <= lengthMax && /^[\w-]+$/.test(value) ? value : undefined,
  );

const flag = leaf('true or false', (value) => (typeof value === 'boolean' ? value : undefined));
const string = cutText(Number.POSITIVE_INFINITY);
export const orNull =
  <A>(read: Read<A>): Read<A | null> =>
  (value, trouble) =>
    value === null ? null : read(value, trouble);

export const features = list(text(1, featureLengthMax), 0, featuresMax);
/** [R36] One message may always go where none is in flight, whatever its size: so there is room for one at least. */
export const streamWindow: Read<StreamWindow> = object({ messages: itemNumber, size: count }, {});

const outcome = oneOf('failed', 'unhandled', 'expired');
const exception: Read<Exception> = (value, trouble) => {
  const [first, second] = Array.isArray(value) ? value : [];
  const number = at(0, itemNumber, first, trouble);
  const what = number && at(1, outcome, second, trouble);
  return number && what ? { number, outcome: what } : undefined;
};
/** As many as fit a batch: they are told until the peer is known to have them. */
export const exceptions = list(exception, 0, Number.POSITIVE_INFINITY);

const positionFields = object({ received: count, done: count, seen: count, last: count }, { exceptions });
export const positions: Read<PositionFields> = (value, trouble) => {
  const fields = positionFields(value, trouble);
  return fields && { ...fields, exceptions: fields.exceptions ?? [] };
};

const codeText = text(0, codeLengthMax);
export const code = (value: unknown, trouble: Trouble) => {
  const said = codeText(value, trouble);
  return said === undefined ? said : reasonFromPeer(said);
};
export const detail = cutText(detailLengthMax);
export const deny: Read<DenyFields> = object({ code, message: detail }, { retryAfterMs: waitMs, spreadMs: waitMs });

export const user: Read<User> = object(
  {
    id: itemNumber,
    name: string,
    displayName: string,
    displayPictureUrl: orNull(string),
    isGuest: flag,
    presence: object({ status: string, online: flag }, {}),
    properties: jsonObject,
  },
  {},
);

const optionFields = object({}, { ttlMs: waitMs, re: leaf('true', (value) => (value === true ? value : undefined)) });
export const options: Read<ItemOptions> = (value, trouble) => {
  const fields = optionFields(value, trouble);
  if (!fields) return undefined;
  const { re, ...rest } = fields;
  return re ? { ...rest, redelivered: true } : rest;
};
