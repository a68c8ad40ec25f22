/** The servers of bench/throughput, in a process of their own: a bare `ws` and ninelives. Told what to do over IPC. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { createServer, type ServerSession, sqlite } from '../../src/server/index.js';

export type Order = { readonly flood: number; readonly perTurn: number; readonly to: 'ws' | 'ninelives' } | { readonly cpu: true };
export type Told =
  | { readonly ports: { readonly ws: number; readonly ninelives: number } }
  | { readonly got: number }
  | { readonly cpuMs: number };

const payload = { text: 'x'.repeat(80) };
const tell = (told: Told): void => void process.send?.(told);

const bare = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
await once(bare, 'listening');
let socket: WebSocket | null = null;
let expected = 0;
let got = 0;
/** Count what a flood brings, and say when it is whole. */
const count = (): void => {
  got += 1;
  if (got === expected) tell({ got });
};
bare.on('connection', (ws) => {
  socket = ws;
  ws.on('message', (data) => {
    const [type, value] = JSON.parse(String(data)) as [string, unknown];
    if (type === 'echo') ws.send(JSON.stringify(['echo', value]));
    else if (type === 'expect') {
      expected = value as number;
      got = 0;
    } else count();
  });
});

const folder = process.argv[2] === 'sqlite' ? mkdtempSync(join(tmpdir(), 'ninelives-bench-')) : null;
const server = createServer({
  ...(folder === null ? {} : { store: sqlite(join(folder, 'store.db')) }),
  guests: true,
  logger: false,
  limits: { admissionsPerSecond: 100_000 },
});
let session: ServerSession | null = null;
server.on('session', (started) => {
  session = started;
  started.on('echo', (value) => void started.send('echo', value));
  started.on('expect', (messages: number) => {
    expected = messages;
    got = 0;
  });
  started.on('flood', count);
});
const { port } = await server.listen(0, { host: '127.0.0.1' });
tell({ ports: { ws: (bare.address() as AddressInfo).port, ninelives: port } });

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Send so many in a turn of the event loop, as fast as the other side takes them. */
const flood = async (messages: number, perTurn: number, send: () => boolean, room: () => Promise<unknown>): Promise<void> => {
  let left = messages;
  while (left > 0) {
    let sent = 0;
    while (sent < perTurn && left > 0 && send()) {
      sent += 1;
      left -= 1;
    }
    await (sent < perTurn && left > 0 ? room() : turn());
  }
};

const floods = {
  ninelives: [() => session?.send('flood', payload).accepted === true, () => session?.ready() ?? turn()],
  ws: [
    () => {
      if (socket === null || socket.bufferedAmount > 1_048_576) return false;
      socket.send(JSON.stringify(['flood', payload]));
      return true;
    },
    turn,
  ],
} satisfies Record<string, readonly [send: () => boolean, room: () => Promise<unknown>]>;

process.on('message', (order: Order) => {
  if ('cpu' in order) {
    const { user, system } = process.cpuUsage();
    tell({ cpuMs: (user + system) / 1_000 });
  } else {
    const [send, room] = floods[order.to];
    void flood(order.flood, order.perTurn, send, room);
  }
});
process.on('disconnect', () => {
  if (folder !== null) rmSync(folder, { recursive: true, force: true });
  process.exit();
});
