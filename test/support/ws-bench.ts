import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { SocketBench } from '../../adapters/contracts/socket.js';
import { websocketSocket } from '../../adapters/sockets/websocket.js';
import { acceptedFromWs } from '../../adapters/sockets/ws-accept.js';
import type { AcceptedSocket } from '../../machines/ports/socket.js';
import { freePort, listen, reset, startSilentServer, stop } from './tcp.js';

export interface WsBench extends SocketBench {
  readonly url: string;
  /** The socket of the package ws behind an accepted one. */
  wsOf(socket: AcceptedSocket): WebSocket;
}

/** A real WebSocket server and real sockets to it, on the loopback interface. `isBare`: accepted sockets are not told what is below the WebSocket. */
export const startWsBench = async ({ maxPayload = 1024 * 1024, isBare = false, perMessageDeflate = false } = {}): Promise<WsBench> => {
  const http = createServer();
  const sockets = new Set<Socket>();
  http.on('connection', (socket) => sockets.add(socket));
  const wss = new WebSocketServer({ server: http, maxPayload, perMessageDeflate });
  const wsOf = new WeakMap<AcceptedSocket, WebSocket>();
  const [port, nowhere, silent] = await Promise.all([listen(http), freePort(), startSilentServer()]);
  const openTo = (target: number) => websocketSocket({ url: `ws://127.0.0.1:${target}`, WebSocket });
  const resetAll = () => {
    for (const socket of sockets) reset(socket);
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
      wss.on('connection', (ws, { headers, socket: network }) => {
        const socket = isBare ? acceptedFromWs(ws) : acceptedFromWs(ws, network);
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
      await Promise.all([stop(http), silent.close()]);
    },
  };
};
