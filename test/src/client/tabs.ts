/** Pages that are loaded again, in one virtual time: a server, tabs, and in each load of a page a client that keeps its session there. */
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { type VirtualTab, virtualTabs } from '../../../adapters/hosts/virtual-tab.js';
import { memorySockets } from '../../../adapters/sockets/memory.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import type { Host, NetworkHint } from '../../../machines/ports/host.js';
import type { OpenSocket } from '../../../machines/ports/socket.js';
import type { Client } from '../../../src/client/api.js';
import { createClientOn } from '../../../src/client/create.js';
import type { ClientEvent } from '../../../src/client/events.js';
import type { ClientOptions, StartOptions } from '../../../src/client/options.js';
import { websocketOn } from '../../../src/client/transports.js';
import { createServer, type ServerOptions, type ServerSession } from '../../../src/server/index.js';
import type { AnyContract } from '../../../src/stream/contract.js';
import { namesOf } from './support.js';

/** Longer than a page waits for the one before it, in milliseconds. */
export const CLAIMED_MS = 1_500;

export interface PageOptions extends ClientOptions {
  /** There is no tab, or it can not be had. */
  readonly withoutTab?: 'none' | 'fails';
  /** Sees what the page says, at the moment when it leaves. */
  readonly leaves?: (texts: readonly string[]) => void;
}

export const browserWorld = (options: ServerOptions = {}) => {
  const host = virtualHost({ seed: 5 });
  const server = createServer({ logger: false, guests: true, host, resumeWindowMs: 60_000, ...options });
  const onServer: ServerSession[] = [];
  const ended: string[] = [];
  const heard: { readonly payload: unknown; readonly redelivered: boolean }[] = [];
  server.on('session', (session) => {
    onServer.push(session);
    session.on('up', (payload, { redelivered }) => void heard.push({ payload, redelivered }));
  });
  server.on('ended', ({ user }, { reason }) => void ended.push(`${user.name} ${reason}`));
  let target = server;

  const load = (tab: VirtualTab, { withoutTab, leaves = () => undefined, ...more }: PageOptions = {}) => {
    const page = tab.load();
    const sockets = memorySockets({ clock: host.clock });
    sockets.accept((socket, request) => target.accept(socket, request));
    let isHere = true;
    let looks = 0;
    let seen = 0;
    /** What keeps sessions is loaded in real time: until it has looked at what is there. */
    const looked = async (): Promise<void> => {
      while (withoutTab === undefined && looks === seen) await new Promise((resolve) => setImmediate(resolve));
      seen = looks;
    };
    const hints = new Set<(hint: NetworkHint) => void>();
    const whileHere = (callback: () => void) => () => {
      if (isHere) callback();
    };
    const own: Host = {
      ...host,
      clock: {
        ...host.clock,
        setTimeout: (callback, delayMs) => host.clock.setTimeout(whileHere(callback), delayMs),
        macrotask: (callback) => host.clock.macrotask(whileHere(callback)),
      },
      onHint: (listener) => {
        hints.add(listener);
        return () => void hints.delete(listener);
      },
      tab: async () => {
        if (withoutTab === 'fails') throw new Error('What has it can not be loaded.');
        if (withoutTab === 'none') return null;
        const { storage } = page;
        return {
          ...page,
          storage: {
            ...storage,
            keys: () => {
              looks += 1;
              return storage.keys();
            },
            set: (key, text) => isHere && storage.set(key, text),
            remove: (key) => isHere && storage.remove(key),
          },
        };
      },
    };
    const openSocket: OpenSocket = (request, events) => {
      leaves(request.protocols);
      const socket = sockets.open(request, events);
      return {
        send: (text) => {
          leaves([text]);
          socket.send(text);
        },
        close: (code, reason) => socket.close(code, reason),
        get bufferedAmount() {
          return socket.bufferedAmount;
        },
      };
    };
    const transport = ninelivesTransport({ openSocket, host: own });
    const kitty: Client = createClientOn<AnyContract>(() => own, websocketOn(undefined), { transport, persist: 'tab', ...more });
    const gaps: ClientEvent<'gap'>[] = [];
    kitty.on('gap', (gap) => void gaps.push(gap));
    return {
      kitty,
      names: namesOf(kitty),
      gaps,
      cut: sockets.cut,
      looked,
      hint: (hint: NetworkHint) => {
        for (const listener of [...hints]) listener(hint);
      },
      /** Start, and let what follows settle. */
      start: async (start: Partial<StartOptions> = {}, afterMs = 0) => {
        const starting = kitty.startSession({ username: 'jane', ...start });
        await looked();
        await host.advance(afterMs);
        await host.settle();
        const result = await starting;
        await host.settle();
        return result;
      },
      /** The page goes, with all that runs in it. `lingersMs`: for so long the browser lets it keep what it has claimed. */
      unload: async (lingersMs = 0) => {
        // Whatever the page's last task had left for its end is done.
        for (let turn = 0; turn < 20; turn += 1) await null;
        for (const listener of [...hints]) listener('leaving');
        isHere = false;
        sockets.cut();
        if (lingersMs === 0) page.unload();
        else host.clock.setTimeout(() => page.unload(), lingersMs);
        await host.settle();
      },
    };
  };

  const tab = virtualTabs(host.clock);
  return {
    host,
    server,
    onServer,
    ended,
    heard,
    tab,
    load,
    /** A page in a tab of its own, with its session. */
    opened: async () => {
      const here = tab();
      const page = load(here);
      return { here, page, session: await sessionOf(page.start()) };
    },
    /** From now on, connections lead to this server. */
    serve: (other: typeof server) => {
      target = other;
    },
    close: async () => {
      const closed = server.close();
      await host.advance(5_000);
      await closed;
    },
  };
};

export type BrowserWorld = ReturnType<typeof browserWorld>;
export type LoadedPage = ReturnType<BrowserWorld['load']>;

/** A test with a world of its own. */
export const withBrowser =
  (run: (world: BrowserWorld) => Promise<void>, options: ServerOptions = {}): (() => Promise<void>) =>
  async () => {
    const world = browserWorld(options);
    try {
      await run(world);
    } finally {
      await world.close();
    }
  };

/** What a start gives, where it is to succeed. */
export const sessionOf = async (starting: ReturnType<LoadedPage['start']>) => {
  const result = await starting;
  if (result.failed) throw result.error;
  return result.session;
};
