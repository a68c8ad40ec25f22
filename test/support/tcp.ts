import { createServer as createTcpServer, type Server, type Socket } from 'node:net';

/** Starts listening on a free port of the loopback interface, or on the one given, and tells which. */
export const listen = (server: Server, port = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });

/** Resolves once the server has stopped and the last of its connections is gone. */
export const stop = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

/** A port where nobody listens. */
export const freePort = async (): Promise<number> => {
  const server = createTcpServer();
  const port = await listen(server);
  await stop(server);
  return port;
};

/**
 * Ends a connection with an RST. With a FIN still on its way out libuv refuses to, and Node 20 then loses the handle:
 * the process spins in its own exit for ever. Such a socket is destroyed instead.
 */
export const reset = (socket: Socket): void => {
  if (socket.destroyed) return;
  if (socket.writableEnded && !socket.writableFinished) socket.destroy();
  else socket.resetAndDestroy();
};

/** A TCP server that takes connections and never says a word. */
export const startSilentServer = async () => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.resume();
  });
  const port = await listen(server);
  return {
    port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return stop(server);
    },
  };
};
