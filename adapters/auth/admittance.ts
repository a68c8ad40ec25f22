import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Admittance, Attempt, Refusal } from '../../machines/ports/authenticator.js';
import type { JsonObject } from '../../machines/ports/json.js';
import type { Profile } from '../../machines/ports/user.js';
import { describeThrown, describeValue } from './describe.js';
import { copyJson } from './json-copy.js';
import { refusal } from './refuse.js';

/** The last moment that a Date can hold (ECMA-262, time values): anything later is a mistake in the unit. */
const INSTANT_MS_MAX = 8.64e15;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The named fields of an object, read once each; those that are undefined are left out, as the codecs' partial types mean it. */
const fieldsOf = (value: object, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.map((name): [string, unknown] => [name, Reflect.get(value, name)]).filter(([, field]) => field !== undefined));

/** A forgotten `await` gives a promise where a user was meant, which may yet turn out to be nobody. */
const isThenable = (value: object): boolean => typeof Reflect.get(value, 'then') === 'function';

/** A codec for an object of which only the fields that `shape` knows are looked at. */
const pickedFrom = <A>(names: readonly (keyof A & string)[], shape: t.Type<A, unknown, unknown>): t.Type<A, unknown, unknown> =>
  new t.Type<A, unknown, unknown>(
    shape.name,
    shape.is,
    (value, context) =>
      isObject(value) && !isThenable(value) ? shape.validate(fieldsOf(value, names), context) : t.failure(value, context),
    t.identity,
  );

/** A codec for what a predicate accepts as it is. Unlike io-ts' union it fails with one sentence, not with one for each member. */
const accepted = <A>(name: string, is: t.Is<A>): t.Type<A, unknown, unknown> =>
  new t.Type<A, unknown, unknown>(name, is, (value, context) => (is(value) ? t.success(value) : t.failure(value, context)), t.identity);

const pictureUrl = accepted('string or null', (value): value is string | null => value === null || typeof value === 'string');

const instant = accepted(
  'milliseconds since the epoch',
  (value): value is number => typeof value === 'number' && Math.abs(value) <= INSTANT_MS_MAX,
);

const properties = new t.Type<JsonObject, unknown, unknown>(
  'object of JSON values',
  (value): value is JsonObject => isObject(value) && E.isRight(copyJson(value, 'properties')),
  (value, context) => {
    if (!isObject(value)) return t.failure(value, context);
    const copied = copyJson(value, 'properties');
    return E.isLeft(copied) ? t.failure(value, context, copied.left) : t.success(copied.right as JsonObject);
  },
  t.identity,
);

/** What an app may say about a user. Fields that it does not know are left out: a row of a database may be given as it is. */
export const profileCodec: t.Type<Profile, unknown, unknown> = pickedFrom(
  ['displayName', 'displayPictureUrl', 'properties'],
  t.partial({ displayName: t.string, displayPictureUrl: pictureUrl, properties }, 'profile'),
);

/** `{ user?, expiresAt? }`. Whether it is the only thing in an object is for its reader to say. */
export const admittanceCodec: t.Type<Admittance, unknown, unknown> = pickedFrom(
  ['user', 'expiresAt'],
  t.partial({ user: profileCodec, expiresAt: instant }, 'admittance'),
);

const explain = ({ context, message, value }: t.ValidationError): string => {
  const path = context
    .map(({ key }) => key)
    .filter((key) => key !== '')
    .join('.');
  return message ?? `${path === '' ? 'it' : path} is ${describeValue(value)}, not ${context.at(-1)?.type.name}`;
};

/** Decode a value that may be hostile: what its getters throw is a decoding failure too. The left side says what is wrong, without any value. */
export const decode = <A>(codec: t.Type<A, unknown, unknown>, value: unknown): E.Either<string, A> => {
  try {
    return E.mapLeft((errors: t.Errors) => errors.map(explain).join('; '))(codec.decode(value));
  } catch (thrown) {
    return E.left(`reading it failed: ${describeThrown(thrown)}`);
  }
};

/** An admittance that is over already is none. */
export const refuseExpired =
  (attempt: Attempt, nowMs: number) =>
  (admittance: Admittance): E.Either<Refusal, Admittance> =>
    admittance.expiresAt !== undefined && admittance.expiresAt <= nowMs
      ? E.left(refusal('AccessDeniedError', attempt, `The admittance expired ${nowMs - admittance.expiresAt} ms ago.`))
      : E.right(admittance);
