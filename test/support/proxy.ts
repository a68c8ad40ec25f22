/**
 * A TCP proxy with the faults of real networks: latency, jitter, narrow links, chunks in other pieces, stalls one way or both ways, resets,
 * refusals, peers that accept and say nothing; at once, or when a connection has carried so many bytes or WebSocket frames.
 *
 *     const proxy = await startProxy({ target: { host: '127.0.0.1', port } });
 *     proxy.delay(50);            // a round trip of 100 ms
 *     proxy.stall('both');        // half-open: nothing passes, nobody is told
 *     proxy.resume();             // ... and what was sent meanwhile arrives
 *     proxy.cut('both');          // RST to both ends
 *     proxy.after('down', 1, 'frames', () => proxy.cut('both'));  // the next connection's first frame never arrives
 *     proxy.refuse();             // ECONNREFUSED for new connections, until accept()
 *     await proxy.close();
 *
 * By hand: `npm run proxy -- --help`.
 *
 * What it can not do: a client's connect is over at once, so that its socket says open where a real one would still be
 * waiting (the round trip is made up for with its first bytes, see proxy/link.ts), a target that refuses is seen as a
 * reset, and sent bytes count as sent as soon as this machine's kernel has them.
 */
import { createServer, type Server } from 'node:net';
import type { Conditions, Direction, Target } from './proxy/conditions.js';
import { type CutSide, type Link, startLink } from './proxy/link.js';
import { listen, stop } from './tcp.js';

export type { Direction, Target } from './proxy/conditions.js';
export type { CutSide } from './proxy/link.js';

export interface ProxyOptions {
  readonly target: Target;
  /** Where it listens on the loopback interface; 0, the default: on a free port. */
  readonly port?: number;
  /** One-way latency at the start, in milliseconds. */
  readonly delayMs?: number;
  /** Where jitter comes from: uniform in [0, 1). */
  readonly random?: () => number;
}

export interface FaultProxy {
  readonly port: number;
  /** The proxy as the address of a WebSocket server. */
  readonly url: string;
  /** One-way latency in milliseconds, for what is sent from now on. Bytes keep their order. */
  delay(oneWayMs: number): void;
  /** Every chunk is late by a random part of so many milliseconds, besides the latency. Bytes keep their order. */
  jitter(uptoMs: number): void;
  /** At most so many bytes a second in each direction of each connection; Infinity: no limit. */
  throttle(bytesPerSecond: number): void;
  /** Hand on in pieces of so many bytes, one by one; Infinity: as they come. */
  split(bytes: number): void;
  /** Hand on as one what comes within such a span, in milliseconds; 0: as it comes. */
  merge(spanMs: number): void;
  /** Nothing passes in this direction any more, also nothing that is under way; nobody is told. New connections are not made. */
  stall(direction: 'both' | Direction): void;
  /** End every stall: what was held and what was sent meanwhile passes. */
  resume(): void;
  /** Break all connections off with an RST to this side. The other side hears nothing any more: half-open. */
  cut(side: CutSide): void;
  /** Reset the ends that a cut of one side left half-open, which would stay as long as their owners like. */
  dropHalfOpen(): void;
  /**
   * Do this once, when a connection has carried so many bytes, or is about to hand on the frame of this number, from now on; a connection that is
   * made later is counted from its beginning. `act` runs between two bytes: what it breaks off or holds does not pass. The returned function takes it back.
   */
  after(direction: Direction, count: number, unit: 'bytes' | 'frames', act: () => void): () => void;
  /** Refuse new connections (ECONNREFUSED). Those that are open go on. */
  refuse(): void;
  /** Accept new connections and say nothing to them, ever. Those that are open go on. */
  ignore(): void;
  /** Take connections again, at the same port. */
  accept(): Promise<void>;
  /** Lead new connections there from now on. */
  leadTo(target: Target): void;
  /** Connections that clients have open now. */
  readonly connections: number;
  /** Connections that clients have opened, ever. */
  readonly accepted: number;
  /** Bytes handed on, to the server and to the clients. */
  readonly bytes: { readonly up: number; readonly down: number };
  close(): Promise<void>;
}

/** Starts a proxy on the loopback interface. */
export const startProxy = async ({ target, port: wanted = 0, delayMs = 0, random = Math.random }: ProxyOptions): Promise<FaultProxy> => {
  const conditions: Conditions = {
    target,
    delayMs,
    jitterMs: 0,
    bytesPerSecond: Infinity,
    splitBytes: Infinity,
    mergeMs: 0,
    stalled: { up: false, down: false },
    ignoring: false,
    bytes: { up: 0, down: 0 },
    triggers: new Set(),
    random,
  };
  const links = new Set<Link>();
  const stops: Promise<void>[] = [];
  let accepted = 0;
  let server: Server | undefined;

  const start = async (port: number) => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      accepted += 1;
      const link = startLink(client, conditions, () => links.delete(link));
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

  const port = await start(wanted);
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    delay: (oneWayMs) => {
      conditions.delayMs = oneWayMs;
    },
    jitter: (uptoMs) => {
      conditions.jitterMs = uptoMs;
    },
    throttle: (bytesPerSecond) => {
      conditions.bytesPerSecond = bytesPerSecond;
    },
    split: (bytes) => {
      conditions.splitBytes = bytes;
    },
    merge: (spanMs) => {
      conditions.mergeMs = spanMs;
    },
    stall: (direction) => {
      conditions.stalled.up ||= direction !== 'down';
      conditions.stalled.down ||= direction !== 'up';
      kickAll();
    },
    resume: () => {
      conditions.stalled = { up: false, down: false };
      kickAll();
    },
    cut: (side) => {
      for (const link of links) link.cut(side);
    },
    dropHalfOpen: () => {
      for (const link of links) if (link.isCut) link.destroy();
    },
    after: (direction, count, unit, act) => {
      const from = new WeakMap([...links].map(({ ways }) => [ways[direction], ways[direction].carried[unit]]));
      const trigger = { direction, count, unit, from, act };
      conditions.triggers.add(trigger);
      return () => void conditions.triggers.delete(trigger);
    },
    refuse,
    ignore: () => {
      conditions.ignoring = true;
    },
    accept: async () => {
      conditions.ignoring = false;
      if (!server) await start(port);
    },
    leadTo: (to) => {
      conditions.target = to;
    },
    get connections() {
      return [...links].filter(({ isOpen }) => isOpen).length;
    },
    get accepted() {
      return accepted;
    },
    get bytes() {
      return { ...conditions.bytes };
    },
    close: async () => {
      refuse();
      for (const link of links) link.destroy();
      await Promise.all(stops);
    },
  };
};
