/** The server of the run, in a process of its own: what it holds and uses is its own. It says back what is said to it, and news to everyone. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type * as Library from '../../src/server/index.js';
import { collect } from '../faults/usage.js';
import { answerOrders } from './orders.js';

/** What it is told at its start. */
export interface ServerSettings {
  /** The module `ninelives/server`. */
  readonly module: string;
  /** The SQLite file; null: in memory. */
  readonly file: string | null;
  readonly resumeWindowMs: number;
  readonly presenceGraceMs: number;
  readonly admissionsPerSecond: number;
  readonly sessionsMax: number;
  /** Users whom it knows before the first session: `user 0` and on, each with a session that is over. In memory only. */
  readonly knownUsers: number;
}

/** What it holds, and has used since its start. */
export interface ServerFigures {
  readonly heapBytes: number;
  readonly rssBytes: number;
  /** Processor time since its start, in milliseconds. */
  readonly cpuMs: number;
  /** Sockets and timers that keep its event loop busy. */
  readonly handles: number;
  /** Sessions that began and are not over, lost ones among them. */
  readonly sessions: number;
  readonly begun: number;
  readonly handled: number;
  /** Messages that did not follow on the one before. */
  readonly wrong: number;
  /** How long the event loop stood still at most while it was watched, since it was asked last, in milliseconds. */
  readonly loopMaxMs: number;
}

export type ServerOrders = {
  figures(given: { readonly collected: boolean }): ServerFigures;
  /** Watch the event loop, or do not: to look at it each millisecond takes more than a percent of a core, which is none of the server's. */
  watchLoop(given: { readonly isOn: boolean }): null;
  /** To everyone; how many sessions took it. */
  news(given: { readonly n: number }): { readonly sessions: number; readonly refused: number };
  drain(given: null): { readonly tookMs: number };
};

/** How often garbage is collected before it is counted: what one collection frees lets the next one free more. */
const COLLECTIONS = 3;
/** Some ticks of the monitor of the event loop, in milliseconds. */
const MONITOR_MS = 10;
const NANOSECONDS = 1e6;
const MICROSECONDS = 1_000;

let library: typeof Library;
let server: Library.Server;
let [sessions, begun, handled, wrong] = [0, 0, 0, 0];
const loop = monitorEventLoopDelay({ resolution: 1 });

const welcome = (session: Library.ServerSession): void => {
  let last = 0;
  session.on('say', (payload: { readonly n: number }) => {
    if (payload.n !== last + 1) wrong += 1;
    last = payload.n;
    handled += 1;
    if (!session.send('said', payload).accepted) wrong += 1;
  });
};

const know = async (store: Library.SessionStore, count: number): Promise<void> => {
  await store.open({ now: Date.now() })();
  for (let n = 0; n < count; n += 1) {
    const session = { id: `former-${n}`, tokenHash: '', userAgent: null, terms: null };
    await store.admit({ username: `user ${n}`, as: 'guest', profile: {}, session, now: Date.now() })();
    await store.endSession({ id: session.id, reason: 'ended', now: Date.now() })();
  }
};

answerOrders({
  begin: async ({ module, file, resumeWindowMs, presenceGraceMs, admissionsPerSecond, sessionsMax, knownUsers }: ServerSettings) => {
    library = (await import(module)) as typeof Library;
    const store = file === null ? library.memory() : library.sqlite(file);
    server = library.createServer({
      apiKeys: ['capacity'],
      guests: true,
      logger: false,
      store,
      resumeWindowMs,
      presenceGraceMs,
      limits: { admissionsPerSecond, sessions: sessionsMax },
    });
    server.on('session', (session) => {
      sessions += 1;
      begun += 1;
      welcome(session);
    });
    server.on('ended', () => {
      sessions -= 1;
    });
    const { port } = await server.listen(0, { host: '127.0.0.1' });
    if (file === null) await know(store, knownUsers);
    return { port };
  },
  figures: async ({ collected }: { readonly collected: boolean }): Promise<ServerFigures> => {
    if (collected) for (let times = 0; times < COLLECTIONS; times += 1) collect();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    const figures = {
      heapBytes: heapUsed + external,
      rssBytes: rss,
      cpuMs: (user + system) / MICROSECONDS,
      handles: process.getActiveResourcesInfo().length,
      sessions,
      begun,
      handled,
      wrong,
      loopMaxMs: loop.max / NANOSECONDS,
    };
    // What the collection took is none of the server's: it is seen by the next tick of the monitor.
    if (collected) await new Promise((resolve) => setTimeout(resolve, MONITOR_MS));
    loop.reset();
    return figures;
  },
  watchLoop: ({ isOn }: { readonly isOn: boolean }) => {
    if (isOn) loop.enable();
    else loop.disable();
    return null;
  },
  news: ({ n }: { readonly n: number }) => {
    const { sessions: took = 0, refused = 0 } = server.toEveryone().send('news', { n, text: 'x'.repeat(80) });
    return { sessions: took, refused };
  },
  drain: async () => {
    const at = performance.now();
    await server.drain();
    return { tookMs: performance.now() - at };
  },
});
