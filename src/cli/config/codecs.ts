/** Codecs for single values of the configuration. Each takes what a file may hold as well as the text of a flag or a variable. */
import * as t from 'io-ts';
import type { Authenticator } from '../../../machines/ports/authenticator.js';
import type { AuthenticateFunction } from '../../server/index.js';

/** A codec from a function that gives back nothing for what it does not take. */
const reading = <A>(name: string, read: (value: unknown) => A | undefined): t.Type<A, A, unknown> =>
  new t.Type<A, A, unknown>(
    name,
    (value): value is A => read(value) !== undefined,
    (value, context) => {
      const found = read(value);
      return found === undefined ? t.failure(value, context) : t.success(found);
    },
    t.identity,
  );

const PORT_MAX = 65_535;

export const Port = reading('Port', (value) => {
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= PORT_MAX ? port : undefined;
});

/** A whole number from `least` to `most`. */
export const wholeNumber = (least: number, most: number) =>
  reading('WholeNumber', (value) => {
    const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
    return typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most ? number : undefined;
  });

export const Text = reading('Text', (value) => (typeof value === 'string' && value.trim() !== '' ? value : undefined));

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

export const Flag = reading('Flag', (value) =>
  typeof value === 'boolean' ? value : typeof value === 'string' && Object.hasOwn(truths, value) ? truths[value] : undefined,
);

/** A list, or its text with commas between. */
export const listOf = (isItem: (item: string) => boolean) =>
  reading<readonly string[]>('List', (value) => {
    const items: unknown = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
    if (!Array.isArray(items) || items.length === 0) return undefined;
    return items.every((item) => typeof item === 'string' && item.trim() !== '' && isItem(item)) ? (items as string[]) : undefined;
  });

export const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

/** An address of one of these schemes, without a name or a password in it: addresses are shown and logged. */
export const address = (...schemes: readonly string[]) =>
  reading('Address', (value) => {
    if (typeof value !== 'string' || !URL.canParse(value)) return undefined;
    const { protocol, username, password } = new URL(value);
    return schemes.includes(protocol) && username === '' && password === '' ? value : undefined;
  });

export const oneOf = <const A extends string>(...words: readonly A[]) =>
  reading<A>('Word', (value) => words.find((word) => typeof value === 'string' && value.toLowerCase() === word.toLowerCase()));

/** `{ name: password }`, or `name=password` for each. A name that comes twice is a mistake, as one of the two would be lost. */
export const Passwords = reading<ReadonlyMap<string, string>>('Passwords', (value) => {
  if (typeof value !== 'object' || value === null) return undefined;
  const pairs = Array.isArray(value)
    ? value.map((item: unknown) => /^(?<name>[^=]+)=(?<password>.+)$/su.exec(String(item))?.slice(1, 3) ?? [])
    : Object.entries(value);
  const isWhole = pairs.every(([name, password]) => typeof name === 'string' && typeof password === 'string' && password !== '');
  const map = new Map(pairs as [string, string][]);
  return isWhole && map.size > 0 && map.size === pairs.length ? map : undefined;
});

type Callback = (...given: never[]) => unknown;
const isFunction = (value: unknown): value is Callback => typeof value === 'function';

export const Callable = reading<Callback>('Callable', (value) => (isFunction(value) ? value : undefined));

const isAuthenticator = (value: unknown): value is Authenticator =>
  typeof value === 'object' && value !== null && 'authenticate' in value && isFunction(value.authenticate);

export const Authenticate = reading<AuthenticateFunction | Authenticator>('Authenticate', (value) =>
  isAuthenticator(value) ? value : isFunction(value) ? (value as AuthenticateFunction) : undefined,
);
