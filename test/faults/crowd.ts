/** Many clients at once: what a broken network or a restarted server makes of them, and of each other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '../../src/client/index.node.js';
import { startProxy } from '../support/proxy.js';
import { type Child, startChild } from './child.js';
import { now } from './journal.js';
import { quantile } from './ledger.js';
import { eventually } from './world.js';

export interface CrowdResult {
  readonly name: string;
  readonly what: string;
  /** Figures by name, for the table. */
  readonly figures: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
  readonly ok: boolean;
}

/** At most so many sessions are admitted in any second. */
const ADMITTED_MAX = 400;
/** It is seen from the clients, whose common process hears of some later than of others: so much more may seem to lie within a second. */
const SEEN_MAX = ADMITTED_MAX * 1.05;
/** The event loop's p99 while they come back, in milliseconds. */
const LOOP_P99_MAX_MS = 100;
/** How many clients start at a time, below what is admitted in a second. */
const START_AT_ONCE = 50;
const SECOND_MS = 1_000;
/** A crowd of 2,000 comes back in five seconds and what the waits add. */
const BACK_MAX_MS = 60_000;

/** The most of these times that lie within one second. */
export const mostInASecond = (times: readonly number[]): number => {
  const sorted = [...times].sort((one, other) => one - other);
  let from = 0;
  let most = 0;
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[from] as number) >= SECOND_MS) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
};

interface Crowd {
  readonly clients: readonly Client[];
  readonly proxyUrl: string;
  child: Child;
  cut(): void;
  /** The server is killed, or drained, and another process takes its place. */
  restart(how?: 'kill' | 'drain'): Promise<void>;
  close(): Promise<void>;
}

const startCrowd = async (size: number, options: { readonly store: 'memory' | 'sqlite' }): Promise<Crowd> => {
  const folder = await mkdtemp(join(tmpdir(), 'ninelives-crowd-'));
  const settings = { folder, ...(options.store === 'sqlite' ? { file: join(folder, 'store.db') } : {}) };
  let child = await startChild(settings);
  const proxy = await startProxy({ target: { host: '127.0.0.1', port: child.port } });
  const clients = Array.from({ length: size }, () => createClient({ url: proxy.url, startDeadlineMs: BACK_MAX_MS }));
  const close = async (): Promise<void> => {
    await child.kill();
    proxy.refuse();
    await Promise.all(clients.map((client) => client.endSession()));
    await proxy.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (let from = 0; from < size; from += START_AT_ONCE) {
      const some = clients.slice(from, from + START_AT_ONCE);
      const started = await Promise.all(some.map((client, index) => client.startSession({ username: `user-${from + index}` })));
      for (const { failed, error } of started) if (failed) throw error;
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    clients,
    proxyUrl: proxy.url,
    get child() {
      return child;
    },
    cut: () => proxy.cut('both'),
    restart: async (how = 'kill') => {
      await child[how]();
      child = await startChild(settings);
      proxy.leadTo({ host: '127.0.0.1', port: child.port });
    },
    close,
  };
};

interface Herd {
  readonly name: string;
  readonly what: string;
  readonly store: 'memory' | 'sqlite';
  how(crowd: Crowd): Promise<void>;
}

/** All clients lose their links at once; each comes back, and no more at a time than are admitted. */
const herd = async ({ name, what, store, how }: Herd, size: number): Promise<CrowdResult> => {
  const problems: string[] = [];
  const crowd = await startCrowd(size, { store });
  const backAt: number[] = [];
  let lost = 0;
  let loopP99Ms = Number.NaN;
  let tookMs = Number.NaN;
  try {
    for (const client of crowd.clients) {
      client.on('lost', () => {
        lost += 1;
      });
      // Where the server has forgotten it, a session begins anew: a gap, and it is active.
      for (const event of ['resumed', 'gap'] as const) client.on(event, () => void backAt.push(now()));
    }
    await crowd.child.usage();
    const at = now();
    await how(crowd);
    await eventually(() => backAt.length >= size, `all ${size} are back`, BACK_MAX_MS);
    tookMs = Math.max(...backAt) - at;
    ({ loopP99Ms } = await crowd.child.usage());
  } catch (error) {
    problems.push((error as Error).message);
  } finally {
    await crowd.close();
  }
  const most = mostInASecond(backAt);
  if (lost < size) problems.push(`only ${lost} lost their links`);
  if (most > SEEN_MAX) problems.push(`${most} were admitted in one second, ${ADMITTED_MAX} at most`);
  if (!(loopP99Ms < LOOP_P99_MAX_MS)) problems.push(`the event loop's p99 was ${loopP99Ms.toFixed(1)} ms, below ${LOOP_P99_MAX_MS}`);
  const figures = { clients: size, back: backAt.length, 'most in a second': most, 'loop p99, ms': loopP99Ms, 'all back after, ms': tookMs };
  return { name, what, figures, problems, ok: problems.length === 0 };
};

/** Echoes of the others, one at a time each, for so long: their times in milliseconds. */
const echoes = async (clients: readonly Client[], forMs: number): Promise<number[]> => {
  const times: number[] = [];
  const until = performance.now() + forMs;
  await Promise.all(
    clients.map(async (client) => {
      while (performance.now() < until) {
        const at = performance.now();
        const result = await client.session?.request('echo', 1);
        if (result?.succeeded) times.push(performance.now() - at);
        await new Promise((resolve) => setTimeout(resolve, ECHO_EVERY_MS));
      }
    }),
  );
  return times;
};
const ECHO_EVERY_MS = 20;
/** How many of the others ask, and for how long. */
const ASKING = 50;
const ASK_MS = 2_000;
/** What one client's return may make of the others' p99. */
const P99_RATIO_MAX = 2;

/** One of many comes back to much that it missed. */
const backlog = async (size: number, missed: number): Promise<CrowdResult> => {
  const problems: string[] = [];
  const crowd = await startCrowd(size, { store: 'memory' });
  const proxy = await startProxy({ target: { host: '127.0.0.1', port: crowd.child.port } });
  const late = createClient({ url: proxy.url });
  let got = 0;
  let quietP99 = Number.NaN;
  let busyP99 = Number.NaN;
  let tookMs = Number.NaN;
  try {
    const started = await late.startSession({ username: 'main' });
    if (started.failed) throw started.error;
    started.session.on('count', () => {
      got += 1;
    });
    const others = crowd.clients.slice(0, ASKING);
    await echoes(others, ASK_MS / 2);
    quietP99 = quantile(await echoes(others, ASK_MS), 0.99);
    proxy.refuse();
    proxy.cut('both');
    crowd.child.order({ burst: missed });
    await eventually(async () => (await crowd.child.last()) >= missed, 'all is sent');
    const during = echoes(others, ASK_MS);
    await proxy.accept();
    late.retryNow();
    const at = performance.now();
    await eventually(() => got >= missed, `all ${missed} came`);
    tookMs = performance.now() - at;
    busyP99 = quantile(await during, 0.99);
  } catch (error) {
    problems.push((error as Error).message);
  } finally {
    await late.endSession();
    await proxy.close();
    await crowd.close();
  }
  if (got !== missed) problems.push(`${got} of ${missed} came`);
  if (!(busyP99 <= quietP99 * P99_RATIO_MAX))
    problems.push(`the others' p99 went from ${quietP99.toFixed(1)} to ${busyP99.toFixed(1)} ms, ${P99_RATIO_MAX}x at most`);
  const figures = { clients: size, missed, "others' p99 before, ms": quietP99, 'meanwhile, ms': busyP99, 'all handled after, ms': tookMs };
  return { name: 'backlog', what: 'one client of many comes back to much that it missed', figures, problems, ok: problems.length === 0 };
};

export interface CrowdRow {
  readonly name: string;
  readonly what: string;
  run(size: number): Promise<CrowdResult>;
}

/** What a client's return may have missed; just below what a server holds for one. */
const MISSED = 9_999;
const crowdRow = (of: Herd): CrowdRow => ({ name: of.name, what: of.what, run: (size) => herd(of, size) });

export const crowdRows: readonly CrowdRow[] = [
  crowdRow({ name: 'herd-cut', what: 'all links are cut with the server alive', store: 'memory', how: async (crowd) => crowd.cut() }),
  crowdRow({ name: 'herd-restart', what: 'the server is killed and started again', store: 'memory', how: (crowd) => crowd.restart() }),
  crowdRow({
    name: 'herd-drain',
    what: 'the server is drained, and another on the same SQLite file takes its place',
    store: 'sqlite',
    how: (crowd) => crowd.restart('drain'),
  }),
  { name: 'backlog', what: 'one client of many comes back to much that it missed', run: (size) => backlog(Math.ceil(size / 2), MISSED) },
];
