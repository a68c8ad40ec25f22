import * as E from 'fp-ts/lib/Either.js';
import type { Json } from '../../machines/ports/json.js';
import { describeValue } from './describe.js';

/** As deep as authParams may be. */
const DEPTH_MAX = 32;

/** A profile's properties are a few facts about a user. Past this they are a mistake, such as a whole object graph of a database. */
const VALUES_MAX = 10_000;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/**
 * A copy of a value that is JSON, or a sentence about the first thing in it that is not. It is a copy because what comes from an app's
 * function may change later, or answer differently when it is read twice. Throws what the value's own getters throw.
 */
export const copyJson = (source: unknown, path: string): E.Either<string, Json> => {
  let values = 0;
  const copy = (value: unknown, at: string, depth: number): E.Either<string, Json> => {
    values += 1;
    if (values > VALUES_MAX) return E.left(`${path} holds more than ${VALUES_MAX} values`);
    if (depth > DEPTH_MAX) return E.left(`${path} is nested more than ${DEPTH_MAX} deep`);
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return E.right(value);
    if (typeof value === 'number' && Number.isFinite(value)) return E.right(value);
    if (typeof value !== 'object' || !(Array.isArray(value) || isPlain(value)))
      return E.left(`${at} is ${describeValue(value)}, which is not JSON`);
    const entries: [string, Json][] = [];
    for (const [key, inner] of Object.entries(value)) {
      const copied = copy(inner, `${at}.${key}`, depth + 1);
      if (E.isLeft(copied)) return copied;
      entries.push([key, copied.right]);
    }
    return E.right(Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries));
  };
  return copy(source, path, 0);
};
