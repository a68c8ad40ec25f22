/** One of the servers of bench/capacity, in a process of its own: `ws` or `ninelives`, by its argument. Told what to do over IPC. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { createServer, type ServerSession } from '../../src/server/index.js';

export type Order =
  /** What does this process hold, all garbage collected, and what has it used? */
  | { readonly ask: 'usage'; readonly collected: boolean }
  /** One message to everyone. */
  | { readonly ask: 'fanOut' }
  /** How long did the event loop stand still at most since the last `fanOut`, in milliseconds? */
  | { readonly ask: 'pause' }
  /** So many messages to one session, by its id; to the latest connection of the bare server. */
  | { readonly ask: 'send'; readonly to: string; readonly messages: number };

export interface Told {
  readonly port?: number;
  readonly rssBytes?: number;
  readonly heapBytes?: number;
  readonly cpuMs?: number;
  readonly pauseMs?: number;
}

export const payload = { text: 'x'.repeat(80) };

/** What the two servers do, each in its own way. */
interface Subject {
  readonly port: number;
  toAll(): void;
  toOne(id: string, messages: number): void;
}

const bareServer = async (): Promise<Subject> => {
  const sockets = new Set<WebSocket>();
  let latest: WebSocket | null = null;
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(server, 'listening');
  server.on('connection', (ws) => {
    sockets.add(ws);
    latest = ws;
    ws.on('message', (data) => ws.send(data.toString()));
    ws.on('close', () => sockets.delete(ws));
  });
  return {
    port: (server.address() as AddressInfo).port,
    toAll: () => {
      const text = JSON.stringify(['news', payload]);
      for (const ws of sockets) ws.send(text);
    },
    toOne: (_, messages) => {
      for (let index = 0; index < messages; index += 1) latest?.send(JSON.stringify(['news', payload]));
    },
  };
};

const ourServer = async (): Promise<Subject> => {
  const server = createServer({ guests: true, logger: false, presenceGraceMs: 0, limits: { admissionsPerSecond: 100_000 } });
  const sessions = new Map<string, ServerSession>();
  server.on('session', (session) => {
    sessions.set(session.id, session);
    session.on('echo', (value) => void session.send('echo', value));
  });
  const { port } = await server.listen(0, { host: '127.0.0.1' });
  return {
    port,
    toAll: () => void server.toEveryone().send('news', payload),
    toOne: (id, messages) => {
      const session = sessions.get(id);
      for (let index = 0; index < messages; index += 1) session?.send('news', payload);
    },
  };
};

const subject = process.argv[2] === 'ws' ? await bareServer() : await ourServer();

let pauseMs = 0;
let ticks: NodeJS.Immediate | null = null;
/** From now on, measure how long the event loop stands still. */
const watch = (): void => {
  if (ticks !== null) clearImmediate(ticks);
  pauseMs = 0;
  let before = performance.now();
  const tick = (): void => {
    const now = performance.now();
    pauseMs = Math.max(pauseMs, now - before);
    before = now;
    ticks = setImmediate(tick);
  };
  ticks = setImmediate(tick);
};

const answer = (order: Order): Told => {
  switch (order.ask) {
    case 'usage': {
      if (order.collected) for (let times = 0; times < 3; times += 1) globalThis.gc?.();
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed, external } = process.memoryUsage();
      return { cpuMs: (user + system) / 1_000, rssBytes: rss, heapBytes: heapUsed + external };
    }
    case 'fanOut':
      watch();
      subject.toAll();
      return {};
    case 'pause':
      if (ticks !== null) clearImmediate(ticks);
      ticks = null;
      return { pauseMs };
    case 'send':
      subject.toOne(order.to, order.messages);
      return {};
  }
};
process.on('message', (order: Order) => void process.send?.(answer(order)));
process.on('disconnect', () => process.exit());
process.send?.({ port: subject.port } satisfies Told);
