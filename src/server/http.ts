import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { acceptedFromWs } from '../../adapters/sockets/ws-accept.js';
import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { AcceptedSocket } from '../../machines/ports/socket.js';
import { subprotocol } from '../wire/limits.js';

/** Anything that has Node's `upgrade` event: what Express, Fastify and Hono stand on. */
export type AttachableServer = HttpServer | HttpsServer;

export interface AttachOptions {
  /** The path that clients connect to. Default: `/`. */
  readonly path?: string;
}

type Accept = (socket: AcceptedSocket, request: RequestInfo, protocols: readonly string[]) => void;

/** The header may carry a hello, which is nobody's business but the wire's. */
const secretHeader = 'sec-websocket-protocol';
/** What every such request says, and says nothing by. */
const handshakeHeaders: ReadonlySet<string> = new Set([
  secretHeader,
  'connection',
  'upgrade',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
]);

const requestInfoOf = (request: IncomingMessage): RequestInfo => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (!handshakeHeaders.has(name) && value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return {
    remoteAddress: request.socket.remoteAddress ?? null,
    origin: headers.origin ?? null,
    userAgent: headers['user-agent'] ?? null,
    url: request.url ?? '/',
    headers,
  };
};

const offeredProtocols = (request: IncomingMessage): readonly string[] =>
  (request.headers[secretHeader] ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');

/** The path of a request's target, which may be anything that a stranger sends: `//`, `*`, `http://`. */
const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0] as string;

const refuseUpgrade = (socket: Duplex, status: string, text: string): void => {
  // Node listens to an upgraded socket no more: an error without a listener would be thrown, and nobody else closes it.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
};

/** Take the upgrades of one path of an HTTP server. The returned function gives them back. */
export const attachTo = (http: AttachableServer, { path = '/' }: AttachOptions, batchSizeMax: number, accept: Accept): (() => void) => {
  const sockets = new WebSocketServer({
    noServer: true,
    // What the server tracks is sessions; ws need not track sockets a second time.
    clientTracking: false,
    maxPayload: batchSizeMax,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (pathOf(request) !== path) {
      // Somebody else may serve it; where nobody does, the client is told instead of left waiting.
      if (http.listenerCount('upgrade') === 1) refuseUpgrade(socket, '404 Not Found', `Sessions are served at ${path}.`);
      return;
    }
    // The answer to the upgrade and a welcome that is ready in the same turn leave in one write. It is let go of whatever happens in between.
    socket.cork();
    setImmediate(() => socket.uncork());
    sockets.handleUpgrade(request, socket, head, (ws) =>
      accept(acceptedFromWs(ws, request.socket), requestInfoOf(request), offeredProtocols(request)),
    );
  };
  http.on('upgrade', upgrade);
  return () => void http.off('upgrade', upgrade);
};

export interface ListenOptions extends AttachOptions {
  /** The address to listen on. Default: all of this machine's. */
  readonly host?: string;
}

export interface Listening {
  readonly port: number;
  /** What clients connect to, on this machine. */
  readonly url: string;
}

/** How often Node looks for requests whose headers are late, in milliseconds: its default of 30 s would be the limit itself. */
const lateEveryMsMax = 1_000;

/** An HTTP server for sessions alone. A request that does not bring its headers within `headersTimeoutMs` is answered with 408: a slow handshake holds nothing for long. */
export const listenOn = async (
  port: number,
  { host, path = '/' }: ListenOptions,
  headersTimeoutMs: number,
): Promise<{ http: HttpServer; listening: Listening }> => {
  // To Node 0 is no limit.
  const headersTimeout = Math.max(Math.ceil(headersTimeoutMs), 1);
  const limits = { headersTimeout, requestTimeout: headersTimeout, connectionsCheckingInterval: Math.min(headersTimeout, lateEveryMsMax) };
  const http = createHttpServer(limits, (_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain', upgrade: 'websocket' });
    response.end('This is a ninelives server: connect to it with a WebSocket.\n');
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve();
    });
  });
  const address = http.address() as AddressInfo;
  const name = host === undefined || host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return { http, listening: { port: address.port, url: `ws://${name}:${address.port}${path === '/' ? '' : path}` } };
};
