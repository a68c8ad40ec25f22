const KEYS_SHOWN_MAX = 8;
const KEY_CHARS_MAX = 40;

/** Reads from values that may be hostile: a proxy, a getter or a `toString` that throws. */
const reading = <A>(read: () => A, otherwise: A): A => {
  try {
    return read();
  } catch {
    // The value itself threw, and what it threw is just as hostile: that it did so is all there is to tell.
    return otherwise;
  }
};

const describeObject = (value: object): string => {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' && name !== '' ? `an instance of ${name.slice(0, KEY_CHARS_MAX)}` : 'an object of an unnamed class';
  }
  const keys = Reflect.ownKeys(value).map((key) => String(key).slice(0, KEY_CHARS_MAX));
  if (keys.length === 0) return 'an object without keys';
  const more = keys.length > KEYS_SHOWN_MAX ? ` and ${keys.length - KEYS_SHOWN_MAX} more` : '';
  return `an object with ${keys.slice(0, KEYS_SHOWN_MAX).join(', ')}${more}`;
};

/**
 * What a value is, for a sentence in a log. Strings are told by their length and objects by their keys: what an app's function gives
 * back may be a token or a row of its database. Never throws.
 *
 *     describeValue({ ok: false })   // 'an object with ok'
 */
export const describeValue = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return `a string of ${value.length} characters`;
    case 'number':
      return `the number ${value}`;
    case 'undefined':
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? 'null' : reading(() => describeObject(value), 'an object that can not be read');
    default:
      return `a ${typeof value}`;
  }
};

const textAt = (value: object, key: 'name' | 'message' | 'code'): string => {
  const text: unknown = Reflect.get(value, key);
  return typeof text === 'string' ? text : '';
};

const describeError = (error: object): string => {
  const message = textAt(error, 'message');
  const code = textAt(error, 'code');
  const said = message === '' ? code : message;
  const name = textAt(error, 'name');
  return [name, said].filter((part) => part !== '').join(': ');
};

/** The platform's fetch says no more than "fetch failed"; what a person needs stands in its cause. */
const describeCause = (error: object): string => {
  const cause: unknown = Reflect.get(error, 'cause');
  const said = typeof cause === 'object' && cause !== null ? describeError(cause) : '';
  return said === '' ? '' : ` (${said})`;
};

/**
 * What was thrown, for a sentence in a log: an error's name, its message or code, and the same of its cause. Not scrubbed: a message
 * may hold anything. Never throws, whatever it is given.
 *
 *     describeThrown(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }))   // 'TypeError: fetch failed (ECONNREFUSED)'
 */
export const describeThrown = (thrown: unknown): string => {
  if (typeof thrown === 'string') return thrown;
  if (typeof thrown !== 'object' || thrown === null) return describeValue(thrown);
  const said = reading(() => describeError(thrown) + describeCause(thrown), '');
  return said === '' ? describeValue(thrown) : said;
};
