/**
 * A hello as a subprotocol entry: `ninelives.hello.<base64url of its JSON in UTF-8>`, offered beside `ninelives.v1` in the upgrade
 * request, so that a start takes two round trips. Runs where there is no Buffer.
 */
import { readHello } from './decode-client.js';
import { helloToJson } from './encode.js';
import type { HelloFields } from './frames.js';
import { helloEntryLengthMax, helloPrefix } from './limits.js';

/**
 * [R13] The entry for a hello, or null where it is too long for one and must go as first frame ([R14]).
 *
 *     const entry = helloToEntry(hello);
 *     new WebSocket(url, entry === null ? ['ninelives.v1'] : ['ninelives.v1', entry]);
 */
export const helloToEntry = (hello: HelloFields): string | null => {
  const json = JSON.stringify(helloToJson(hello));
  // UTF-8 and base64 only add: most of what is too long is found before it is encoded.
  if (helloPrefix.length + json.length > helloEntryLengthMax) return null;
  const bytes = String.fromCharCode(...new TextEncoder().encode(json));
  const entry = helloPrefix + btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return entry.length > helloEntryLengthMax ? null : entry;
};

/** What the subprotocols of an upgrade request say. */
export type OfferedHello =
  /** No hello: it will come as first frame. */
  | { readonly kind: 'none' }
  | { readonly kind: 'hello'; readonly frame: { readonly kind: 'hello'; readonly hello: HelloFields } }
  /** A ProtocolError; `detail` repeats nothing of the entry. */
  | { readonly kind: 'invalid'; readonly detail: string };

const invalid = (detail: string): OfferedHello => ({ kind: 'invalid', detail: `hello in the subprotocols${detail}` });

const utf8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true });

const jsonIn = (base64url: string): unknown => {
  const chars = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  // By index: an iterator over the characters takes a tenth of a whole handshake.
  const bytes = new Uint8Array(chars.length);
  for (let i = 0; i < chars.length; i++) bytes[i] = chars.charCodeAt(i);
  return JSON.parse(utf8.decode(bytes));
};

/** Find and decode the hello among the subprotocols that a client offers. Never throws. */
export const helloFromProtocols = (protocols: readonly string[]): OfferedHello => {
  const entries = protocols.filter((protocol) => protocol.startsWith(helloPrefix));
  const [entry] = entries;
  if (entry === undefined) return { kind: 'none' };
  // [R13]
  if (entries.length > 1) return invalid(': expected one');
  if (entry.length > helloEntryLengthMax) return invalid(`: expected at most ${helloEntryLengthMax} characters`);
  const base64url = entry.slice(helloPrefix.length);
  // `atob` would pass over white space and padding.
  if (!/^[\w-]+$/.test(base64url)) return invalid(': expected base64url without padding');
  let value: unknown;
  try {
    value = jsonIn(base64url);
  } catch {
    return invalid(': expected base64url of JSON in UTF-8');
  }
  const trouble: string[] = [];
  const hello = readHello(value, trouble);
  const [expected, ...where] = trouble;
  return hello
    ? { kind: 'hello', frame: { kind: 'hello', hello } }
    : invalid(`${where.length ? ` at ${where.reverse().join('.')}` : ''}: expected ${expected}`);
};
