import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer, type Socket as TcpSocket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { SocketBench } from '../../adapters/contracts/socket.js';
import { websocketSocket } from '../../adapters/sockets/websocket.js';
import { acceptedFromWs } from '../../adapters/sockets/ws-accept.js';
import type { AcceptedSocket } from '../../machines/ports/socket.js';

/** Where something listens on the loopback interface. */
export const listen = (server: TcpServer): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });

/** A TCP server that takes connections and never says a word. */
export const startSilentServer = async () => {
  const sockets = new Set<TcpSocket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.resume();
  });
  const port = await listen(server);
  return {
    port,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
};

/** A port where nobody listens. */
export const freePort = async (): Promise<number> => {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
};

export interface WsBench extends SocketBench {
  readonly url: string;
  /** The socket of the package ws behind an accepted one. */
  wsOf(socket: AcceptedSocket): WebSocket;
}

const close = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));

/** A real WebSocket server and real sockets to it, on the loopback interface. */
export const startWsBench = async ({ maxPayload = 1024 * 1024 } = {}): Promise<WsBench> => {
  const http = createHttpServer();
  const sockets = new Set<TcpSocket>();
  http.on('connection', (socket) => sockets.add(socket));
  const wss = new WebSocketServer({ server: http, maxPayload, perMessageDeflate: false });
  const wsOf = new WeakMap<AcceptedSocket, WebSocket>();
  const [port, nowhere, silent] = await Promise.all([listen(http), freePort(), startSilentServer()]);
  const openTo = (target: number) => websocketSocket({ url: `ws://127.0.0.1:${target}`, WebSocket });
  const resetAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
    sockets.clear();
  };
  const knownWs = (socket: AcceptedSocket): WebSocket => {
    const ws = wsOf.get(socket);
    if (!ws) throw new Error('This socket was accepted by another bench.');
    return ws;
  };
  return {
    url: `ws://127.0.0.1:${port}`,
    open: openTo(port),
    openRefused: openTo(nowhere),
    openSilent: openTo(silent.port),
    accept: (listener) => {
      wss.removeAllListeners('connection');
      wss.on('connection', (ws, { headers }) => {
        const socket = acceptedFromWs(ws);
        wsOf.set(socket, ws);
        listener(socket, { protocols: headers['sec-websocket-protocol']?.split(/, ?/) ?? [] });
      });
    },
    cut: resetAll,
    sendBinary: (socket, data) => knownWs(socket).send(data),
    wsOf: knownWs,
    close: async () => {
      resetAll();
      wss.close();
      await Promise.all([close(http), silent.close()]);
    },
  };
};
