/**
 * The server of the fault runs, in a process of its own: it numbers what it sends, notes what it handles, and takes orders over IPC. What it
 * notes is in files, so that it outlives a `kill -9`.
 */
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createServer, type ServerOptions, type ServerSession, sqlite } from '../../src/server/index.js';
import { type Flow, startFlow } from './flow.js';
import { openJournal, readJournal } from './journal.js';
import { usageNow } from './usage.js';

/** What a child is told at its start, as JSON. */
export interface ChildSettings {
  /** A folder for its journals. */
  readonly folder: string;
  /** The SQLite file; without one everything is in memory. */
  readonly file?: string;
  readonly port?: number;
  /** Messages a second that it begins with. */
  readonly rate?: number;
  /** Plain options of the server. */
  readonly options?: Pick<ServerOptions, 'resumeWindowMs' | 'pingEveryMs' | 'limits' | 'confirmWithinMs'>;
}

export type Order =
  | { readonly rate: number }
  | { readonly burst: number }
  | { readonly ask: number; readonly what: 'last' | 'usage' }
  | { readonly drain: true }
  | { readonly close: true }
  | { readonly drain: true };

export interface Usage {
  readonly heapBytes: number;
  readonly handles: number;
  readonly sessions: number;
  readonly loopP99Ms: number;
}

export type Told =
  | { readonly port: number }
  | { readonly failed: string }
  | { readonly answer: number; readonly value: number | Usage }
  | { readonly session: string; readonly recovered: boolean };

const tell = (told: Told): void => void process.send?.(told);
const settings = JSON.parse(process.argv[2] ?? '{}') as ChildSettings;
const path = (name: string): string => join(settings.folder, name);

const lastSent = readJournal(path('down')).at(-1)?.number ?? 0;
const down = openJournal(path('down'));
const up = openJournal(path('up'));
const handedBack = openJournal(path('handed-back'));

const server = createServer({
  guests: true,
  logger: false,
  ...settings.options,
  ...(settings.file === undefined ? {} : { store: sqlite(settings.file) }),
});
const sessions = new Map<string, ServerSession>();
/** The one that the flow goes to: the first that came, and who takes its place. */
let main: ServerSession | null = null;
let life = 0;

const flow: Flow = startFlow((number, turn) => {
  if (main === null || !main.send('count', { n: number, pad: 'x'.repeat(40) }).accepted) return false;
  // Turns of different lives are different.
  down.write(number, life + turn);
  return true;
}, lastSent);
life = process.pid * 2 ** 24;

server.on('session', (session, { recovered }) => {
  sessions.set(session.id, session);
  if (session.user.name === 'main') main = session;
  session.on('count', ({ n }: { n: number }, { redelivered }) => up.write(n, redelivered ? 1 : 0));
  session.onRequest('echo', (value: unknown) => value);
  tell({ session: session.id, recovered });
});
server.on('ended', (session, { unconfirmed }) => {
  sessions.delete(session.id);
  if (session === main) main = null;
  for (const { type, payload } of unconfirmed) if (type === 'count') handedBack.write((payload as { n: number }).n, 0);
});

const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();

const usage = (): Usage => {
  const value = {
    ...usageNow(),
    sessions: sessions.size,
    loopP99Ms: loop.percentile(99) / 1e6,
  };
  loop.reset();
  return value;
};

process.on('message', (order: Order) => {
  if ('rate' in order) flow.rate(order.rate);
  else if ('burst' in order) flow.burst(order.burst);
  else if ('ask' in order) tell({ answer: order.ask, value: order.what === 'last' ? flow.last : usage() });
  else if ('drain' in order) void server.drain().then(() => process.disconnect());
  else if ('close' in order) void server.close().then(() => process.disconnect());
});
process.on('disconnect', () => process.exit());

server.listen(settings.port ?? 0, { host: '127.0.0.1' }).then(
  ({ port }) => {
    flow.rate(settings.rate ?? 0);
    tell({ port });
  },
  (error: Error) => tell({ failed: error.message }),
);
