/** Where in a payload is what JSON can't carry? Asked only after a payload was refused, so it may take its time. */
import { payloadDepthMax } from './limits.js';
import { isPlainObject } from './username.js';

/** The longest path that is told: keys are the app's and may be long. */
const PATH_LENGTH_MAX = 200;

const step = (path: string, key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`);

const shorten = (path: string): string => (path.length > PATH_LENGTH_MAX ? `${path.slice(0, PATH_LENGTH_MAX)}...` : path);

const withArticle = (name: string): string => `${/^[AEIOU]/i.test(name) ? 'an' : 'a'} ${name}`;

const nameOfClass = (value: object): string => {
  const made: unknown = value.constructor;
  const name: unknown = typeof made === 'function' ? made.name : '';
  return typeof name === 'string' && name !== '' ? withArticle(name) : 'an instance of a class';
};

/** What is wrong with this value itself, whatever is in it. */
const fault = (value: unknown): string | null => {
  if (value === undefined) return 'undefined';
  if (typeof value === 'number') return Number.isFinite(value) ? null : String(value);
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return withArticle(typeof value);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isPlainObject(value)) return null;
  return nameOfClass(value);
};

/** The objects between the payload and the value looked at, with their paths, and those that are known to be free of offenders. */
interface Search {
  readonly above: Map<object, string>;
  readonly clean: Set<object>;
}

const findBelow = (parent: object, path: string, search: Search): string | null => {
  if (Array.isArray(parent)) {
    for (let i = 0; i < parent.length; i++) {
      const found = find(parent[i], `${path}[${i}]`, search);
      if (found !== null) return found;
    }
    return null;
  }
  for (const key in parent) {
    const found = find((parent as Record<string, unknown>)[key], step(path, key), search);
    if (found !== null) return found;
  }
  return null;
};

const find = (value: unknown, path: string, search: Search): string | null => {
  const wrong = fault(value);
  if (wrong !== null) return `${shorten(path)} is ${wrong}`;
  // Each object is searched once, or shared parts would be searched once for every way that leads to them.
  if (typeof value !== 'object' || value === null || search.clean.has(value)) return null;
  const former = search.above.get(value);
  if (former !== undefined) return `${shorten(path)} is ${shorten(former)} again: a cycle`;
  if (search.above.size >= payloadDepthMax) return `${shorten(path)} is nested deeper than ${payloadDepthMax}`;
  search.above.set(value, path);
  const found = findBelow(value, path, search);
  search.above.delete(value);
  search.clean.add(value);
  return found;
};

/** The first offender, with its path (`payload.items[3].when is a Date`), or null. */
export const describeOffender = (payload: unknown): string | null => find(payload, 'payload', { above: new Map(), clean: new Set() });
