/**
 * A TCP proxy with the faults of real networks: latency, silence one way or both ways, resets, refusals.
 *
 *     const proxy = await startProxy({ target: { host: '127.0.0.1', port } });
 *     proxy.delay(50);            // a round trip of 100 ms
 *     proxy.silence('both');      // half-open: nothing passes, nobody is told
 *     proxy.resume();             // ... and what was sent meanwhile arrives
 *     proxy.cut('both');          // RST to both ends
 *     proxy.refuse();             // ECONNREFUSED for new connections, until accept()
 *     await proxy.close();
 *
 * What it can not do: a client's connect is over at once, so that its socket says open where a real one would still be
 * waiting (the round trip is made up for with its first bytes, see proxy-link.ts), a target that refuses is seen as a
 * reset, and sent bytes count as sent as soon as this machine's kernel has them.
 */
import { createServer, type Server } from 'node:net';
import { type Conditions, type CutSide, type Link, startLink } from './proxy-link.js';
import { listen, stop } from './tcp.js';

export interface ProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** One-way latency at the start, in milliseconds. */
  readonly delayMs?: number;
}

export interface FaultProxy {
  readonly port: number;
  /** The proxy as the address of a WebSocket server. */
  readonly url: string;
  /** One-way latency in milliseconds, for what is sent from now on. Bytes keep their order. */
  delay(oneWayMs: number): void;
  /** Nothing passes in this direction any more (`up`: to the server), also nothing that is under way; nobody is told. New connections are not made. */
  silence(direction: 'both' | 'up' | 'down'): void;
  /** End every silence: what was held and what was sent meanwhile passes. */
  resume(): void;
  /** Break all connections off with an RST to this side. The other side hears nothing any more: half-open. */
  cut(side: CutSide): void;
  /** Refuse new connections (ECONNREFUSED). Those that are open go on. */
  refuse(): void;
  /** Take connections again, at the same port. */
  accept(): Promise<void>;
  /** Connections that clients have open now. */
  readonly connections: number;
  /** Connections that clients have opened, ever. */
  readonly accepted: number;
  /** Bytes handed on, to the server and to the clients. */
  readonly bytes: { readonly up: number; readonly down: number };
  close(): Promise<void>;
}

/** Starts a proxy on a free port of the loopback interface. */
export const startProxy = async ({ target, delayMs = 0 }: ProxyOptions): Promise<FaultProxy> => {
  const conditions: Conditions = { delayMs, silentUp: false, silentDown: false, bytesUp: 0, bytesDown: 0 };
  const links = new Set<Link>();
  const stops: Promise<void>[] = [];
  let accepted = 0;
  let server: Server | undefined;

  const start = async (port?: number) => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      accepted += 1;
      const link = startLink(client, target, conditions, () => links.delete(link));
      links.add(link);
    });
    return listen(server, port);
  };
  const refuse = () => {
    if (server) stops.push(stop(server));
    server = undefined;
  };
  const kickAll = () => {
    for (const link of links) link.kick();
  };

  const port = await start();
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    delay: (oneWayMs) => {
      conditions.delayMs = oneWayMs;
    },
    silence: (direction) => {
      conditions.silentUp ||= direction !== 'down';
      conditions.silentDown ||= direction !== 'up';
      kickAll();
    },
    resume: () => {
      conditions.silentUp = false;
      conditions.silentDown = false;
      kickAll();
    },
    cut: (side) => {
      for (const link of links) link.cut(side);
    },
    refuse,
    accept: async () => {
      if (!server) await start(port);
    },
    get connections() {
      return [...links].filter(({ isOpen }) => isOpen).length;
    },
    get accepted() {
      return accepted;
    },
    get bytes() {
      return { up: conditions.bytesUp, down: conditions.bytesDown };
    },
    close: async () => {
      refuse();
      for (const link of links) link.destroy();
      await Promise.all(stops);
    },
  };
};
