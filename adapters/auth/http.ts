/** The platform's `fetch`, or one like it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Looked up at each call: whoever replaces the global one (a test's interceptor, a tracer) is heard. */
export const platformFetch: Fetch = (url, init) => fetch(url, init);

/** An answer to an authenticator is a few lines, or a set of some dozen keys: what is longer is not one. */
export const ANSWER_BYTES_MAX = 64 * 1024;

/** Nothing of the body is of use any more, and so nothing of how it ends: a failure to cancel has no one left to concern. */
const letGo = (cancelled: Promise<void> | undefined): void => {
  cancelled?.catch(() => undefined);
};

/** Give up the body of a response that is not going to be read, so that its connection is freed. */
export const discard = (response: Response): void => letGo(response.body?.cancel());

/**
 * The body of a response as text, of which no more than `ANSWER_BYTES_MAX` bytes are ever read. Rejects where it is longer, is not
 * UTF-8, breaks off, or where the signal is aborted meanwhile.
 */
export const readText = async (response: Response, signal: AbortSignal): Promise<string> => {
  if (response.body === null) return '';
  const reader = response.body.getReader();
  const stop = () => letGo(reader.cancel());
  signal.addEventListener('abort', stop, { once: true });
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let text = '';
    let bytes = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.byteLength;
      if (bytes > ANSWER_BYTES_MAX) throw new RangeError(`the answer is longer than ${ANSWER_BYTES_MAX} bytes`);
      text += decoder.decode(part.value, { stream: true });
    }
    // A body that was cancelled ends like one that is complete.
    signal.throwIfAborted();
    return text + decoder.decode();
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
};

/**
 * The address of a service, from an option. Throws a TypeError for what is no http or https URL or carries a password (headers are for
 * that); the error does not repeat the URL.
 */
export const endpoint = (option: string, url: string | URL): string => {
  if (!URL.canParse(url)) throw new TypeError(`${option} is not a URL.`);
  const { protocol, username, password, href } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new TypeError(`${option} begins with ${protocol}, but has to be an http or https URL.`);
  if (username !== '' || password !== '')
    throw new TypeError(`${option} holds a username or password. Give an authorization header instead.`);
  return href;
};
