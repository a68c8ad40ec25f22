import { memorySockets } from '../../adapters/sockets/memory.js';
import { type WebSocketConstructor, websocketSocket } from '../../adapters/sockets/websocket.js';
import { ninelivesTransport } from '../../adapters/transports/ninelives.js';
import type { AcceptedSocket } from '../../machines/ports/socket.js';
import type { Transport } from '../../machines/ports/transport.js';
import type { ClientOptions, TransportFactory } from './options.js';

export interface WebsocketTransportOptions {
  /** `ws://` or `wss://`. No credential belongs in it. */
  readonly url: string;
  /** Where the hello travels. Default: `upgrade`, which saves a round trip; `frame` where something between dislikes long headers. */
  readonly helloIn?: 'upgrade' | 'frame';
  /** The constructor to use instead of the platform's. */
  readonly WebSocket?: WebSocketConstructor;
}

/** `ninelives.v1` over a WebSocket of this platform. */
export const websocketOn =
  (platformWebSocket: WebSocketConstructor | undefined) =>
  ({ url, helloIn, WebSocket = platformWebSocket }: WebsocketTransportOptions): TransportFactory =>
  (host) =>
    ninelivesTransport({ openSocket: websocketSocket({ url, WebSocket }), host, helloIn });

/** A server in the same process: what `createServer` gives has this method. */
export interface MemoryServer {
  accept(socket: AcceptedSocket, request: { readonly protocols: readonly string[] }): void;
}

/**
 * `ninelives.v1` to a server in the same process, without a network.
 *
 * @example
 * const kitty = createClient({ transport: memory(server) });
 */
export const memory =
  (server: MemoryServer): TransportFactory =>
  (host) => {
    const sockets = memorySockets({ clock: host.clock });
    sockets.accept((socket, request) => server.accept(socket, request));
    return ninelivesTransport({ openSocket: sockets.open, host });
  };

/** The transport that an app's options name. @throws TypeError where they name none: a mistake to be seen when the app is written. */
export const transportOf = (
  options: ClientOptions | undefined,
  websocket: (options: WebsocketTransportOptions) => TransportFactory,
): Transport | TransportFactory => {
  if (options?.transport !== undefined) return options.transport;
  const url = options?.url;
  if (typeof url !== 'string' || !/^wss?:\/\//i.test(url))
    throw new TypeError('createClient needs to know where the server is: give it `url` (ws://... or wss://...) or `transport`.');
  return websocket({ url });
};
