/** A server and its clients in one process, on one clock that moves when a test says so. */
import { virtualHost } from '../../adapters/hosts/virtual.js';
import { memorySockets } from '../../adapters/sockets/memory.js';
import { ninelivesTransport } from '../../adapters/transports/ninelives.js';
import { SessionClient } from '../../src/client/client.js';
import type { ServerOptions } from '../../src/server/index.js';
import { SessionServer } from '../../src/server/server.js';
import { keptLog } from './server.js';

export const virtualWorld = (options: ServerOptions = {}) => {
  const host = virtualHost({ seed: 7 });
  const log = keptLog();
  const server = new SessionServer({ guests: true, resumeWindowMs: 0, logger: log.logger, host, ...options });
  const ended: { readonly user: string; readonly reason: string }[] = [];
  server.on('ended', ({ user }, { reason }) => void ended.push({ user: user.name, reason }));
  const clients: SessionClient[] = [];
  return {
    host,
    log,
    server,
    ended,
    /** A client, with the sockets that it goes over: they can be cut, or taken away from the server. */
    client: () => {
      const sockets = memorySockets({ clock: host.clock });
      sockets.accept((socket, request) => server.accept(socket, request));
      const client = new SessionClient({}, host, ninelivesTransport({ openSocket: sockets.open, host }));
      clients.push(client);
      return { client, sockets };
    },
    /** A bare socket to the server, whose texts are kept and which says only what it is told to. */
    socket: () => {
      const sockets = memorySockets({ clock: host.clock });
      sockets.accept((socket, request) => server.accept(socket, request));
      const texts: { readonly at: number; readonly text: string }[] = [];
      const closes: number[] = [];
      const socket = sockets.open(
        { protocols: ['ninelives.v1'], openTimeoutMs: 1_000 },
        {
          opened: () => undefined,
          received: (data) => void texts.push({ at: host.clock.now(), text: String(data) }),
          closed: ({ code }) => void closes.push(code),
        },
      );
      return { socket, texts, closes };
    },
    close: async () => {
      for (const client of clients) void client.endSession();
      await host.advance(10_000);
      const closed = server.close();
      await host.advance(10_000);
      await closed;
    },
  };
};

export type VirtualWorld = ReturnType<typeof virtualWorld>;

/** A test with a world of its own. */
export const withVirtualWorld =
  (options: ServerOptions, run: (world: VirtualWorld) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const world = virtualWorld(options);
    try {
      await run(world);
    } finally {
      await world.close();
    }
  };
