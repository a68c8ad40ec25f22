import OneShot from 'partysocket/ws';
import type { OpenSocket, SocketClose } from '../../machines/ports/socket.js';

/** The part of a WebSocket that is used past partysocket. */
export interface WebSocketLike {
  readonly readyState: number;
  close(): void;
}

/** The part that messages come by. */
interface MessageSource {
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null;
  addEventListener(type: string, listener: unknown): void;
}

/** The platform's `WebSocket`, or that of the package `ws`. Platforms pass over the third argument, `ws` reads it. */
export type WebSocketConstructor = new (url: string, protocols: string[], options: typeof wsOptions) => WebSocketLike;

export interface WebsocketOptions {
  /** Where the server is: `ws://` or `wss://`. It goes into logs and errors, so nothing secret belongs into it. */
  readonly url: string;
  /** The constructor to use where the platform has none (Node 20); the global `WebSocket` otherwise. */
  readonly WebSocket?: WebSocketConstructor;
}

const wsOptions = {
  /** The wire does without compression. */
  perMessageDeflate: false,
  /** Milliseconds that a closing handshake may take: on a dead path nobody answers, and a process that has ended its session wants to exit. */
  closeTimeout: 1000,
};

/** `WebSocket.CLOSING`: from here on a socket needs no closing. */
const CLOSING = 2;

/** Browsers name a subprotocol that they refuse, and ours carries a hello: what they say about subprotocols is not passed on. */
const withoutSecrets = (cause: unknown) =>
  /protocol/i.test(`${cause}`) ? new Error('The platform refused the list of subprotocols.') : cause;

const create = (WebSocket: WebSocketConstructor | undefined, url: string, protocols: string[]): WebSocketLike => {
  if (!/^wss?:/i.test(url)) throw new Error('The URL of a server begins with ws:// or wss://.');
  if (!WebSocket) throw new Error('This platform has no WebSocket: pass one, such as that of the package ws.');
  try {
    return new WebSocket(url, protocols, wsOptions);
  } catch (cause) {
    throw withoutSecrets(cause);
  }
};

/** Messages come from the platform itself: partysocket makes a copy of each, which costs more than all that is done with it here. */
const direct = (inner: MessageSource, received: MessageSource['onmessage']) => {
  inner.onmessage = received;
  const listen = inner.addEventListener.bind(inner);
  inner.addEventListener = (type, listener) => {
    if (type !== 'message') listen(type, listener);
  };
};

/** What a platform tells with an error: a sentence in Node, nothing in browsers, and one error per address tried in an `AggregateError`. */
interface Told {
  readonly message?: string;
  readonly error?: Error & { readonly errors?: readonly Error[] };
}

const sentence = ({ message, error }: Told): string =>
  message === 'TIMEOUT' ? 'timedOut' : message || error?.errors?.[0]?.message || 'The connection failed; the platform does not say why.';

/**
 * Opens WebSockets, each once: partysocket without its retries and its queue, which are the session's business.
 * A failure is told by `closed`, with the close code 1006 and a sentence in `error`; a peer's close with the peer's code and reason.
 *
 * @example
 * const open = websocketSocket({ url: 'wss://example.com/session' });
 * const socket = open({ protocols: ['ninelives.v1'], openTimeoutMs: 5_000 }, { opened, received, closed });
 */
export const websocketSocket =
  ({ url, WebSocket }: WebsocketOptions): OpenSocket =>
  ({ protocols, openTimeoutMs }, events) => {
    let inner: WebSocketLike | undefined;
    let listening = true;
    let end: SocketClose | undefined;

    // partysocket says close (with 1000, whatever happened) before it says error, in one call: by the microtask both are known.
    const finish = (close: SocketClose) => {
      if (!end)
        queueMicrotask(() => {
          if (listening) {
            listening = false;
            events.closed(end as SocketClose);
          }
        });
      if (!end || close.error) end = close;
    };

    function construct(address: string, offered: string[]) {
      inner = create(WebSocket ?? globalThis.WebSocket, address, offered);
      direct(inner as WebSocketLike & MessageSource, received);
      return inner;
    }
    function received({ data }: { readonly data: string | ArrayBuffer }) {
      if (listening) events.received(data);
    }

    const socket = new OneShot(url, [...protocols], {
      WebSocket: construct,
      maxRetries: 0,
      startClosed: true,
      maxEnqueuedMessages: 0,
      connectionTimeout: openTimeoutMs,
    });
    socket.binaryType = 'arraybuffer';
    // The `on` properties are given the platform's own events; listeners would get copies, which lose what an error says in browsers.
    socket.onopen = () => listening && events.opened();
    socket.onerror = (told: Told) => finish({ code: 1006, reason: '', error: sentence(told) });
    socket.onclose = ({ code, reason }) => finish({ code, reason });
    socket.reconnect();

    return {
      send: (text) => {
        if (listening) socket.send(text);
      },
      close: (code, reason) => {
        listening = false;
        socket.close(code, reason);
        // A code or reason that the platform refuses would leave it open: partysocket keeps that to itself.
        if (inner && inner.readyState < CLOSING) inner.close();
      },
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
    };
  };
