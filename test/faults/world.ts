/**
 * A real client, a real server in a process of its own, and a network that fails between them. Numbered messages flow both ways, and all that
 * is sent and handled is known in the end.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../adapters/hosts/seeded.js';
import { type Client, createClient } from '../../src/client/index.node.js';
import type { ClientOptions } from '../../src/client/options.js';
import { type FaultProxy, startProxy } from '../support/proxy.js';
import { type Child, startChild } from './child.js';
import { type Flow, startFlow } from './flow.js';
import { openJournal, type Record, readJournal } from './journal.js';
import { type Account, judge, type Verdict } from './ledger.js';
import type { ChildSettings } from './server-child.js';

export interface WorldOptions {
  /** Keep the server's sessions in a file. */
  readonly store: 'memory' | 'sqlite';
  /** One-way latency, in milliseconds. */
  readonly delayMs: number;
  readonly seed: number;
  readonly server?: ChildSettings['options'];
  readonly client?: Partial<ClientOptions>;
}

export interface World {
  readonly proxy: FaultProxy;
  readonly kitty: Client;
  readonly random: () => number;
  /** Where the SQLite file is. */
  readonly file: string;
  readonly child: Child;
  /** Lifecycle events so far. */
  readonly seen: { readonly lost: number; readonly resumed: number; readonly gaps: number; readonly ended: number };
  /** So many messages a second each way from now on. */
  rate(perSecond: number): void;
  /** So many at once, each way. */
  burst(count: number): void;
  /** Do this, and wait until the session was lost and is active again. */
  broken(act: () => unknown, limitMs?: number): Promise<void>;
  /** Wait until the session was active again so often. */
  active(limitMs?: number): Promise<void>;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Another process takes the server's place. */
  restart(): Promise<void>;
  /** How many were accepted so far. */
  sent(): Promise<{ readonly up: number; readonly down: number }>;
  /** Stop the flow and wait until all that was sent is handled, or told of; then judge. */
  settle(limitMs?: number): Promise<{ readonly up: Verdict; readonly down: Verdict }>;
  /** When what was sent last before `at` or later was handled first, for each direction, in milliseconds after `at`. Call it when all is settled. */
  outage(at: number): { readonly up: number; readonly down: number };
  close(): Promise<void>;
}

/** Nothing of what a fault run waits for takes this long, in milliseconds. */
const WAIT_MAX_MS = 45_000;
const LOOK_EVERY_MS = 5;
const SETTLE_EVERY_MS = 50;
const SETTLE_PAUSES = 5;
/** What has not come for so long does not come: longer than any wait of the protocol on a link that works, in milliseconds. */
const QUIET_MS = 5_000;

/** Asks every few milliseconds, so that the waiting takes no time from what is measured. */
export const eventually = async (ask: () => boolean | Promise<boolean>, what: string, limitMs = WAIT_MAX_MS): Promise<void> => {
  const givenUpAt = performance.now() + limitMs;
  while (!(await ask())) {
    if (performance.now() > givenUpAt) throw new Error(`Waited ${limitMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
};

export const startWorld = async ({ store, delayMs, seed, server, client }: WorldOptions): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), 'ninelives-faults-'));
  const file = join(folder, 'store.db');
  const random = seededRandom(seed);
  let rate = 0;
  const start = (): Promise<Child> => startChild({ folder, rate, options: server, ...(store === 'sqlite' ? { file } : {}) });
  let child = await start();
  const proxy = await startProxy({ target: { host: '127.0.0.1', port: child.port }, delayMs, random });
  const kitty = createClient({ url: proxy.url, ...client });
  // In files as the server's, so that a soak sees the client's memory and not its own.
  const sent = openJournal(join(folder, 'client-sent'));
  const handled = openJournal(join(folder, 'client-handled'));
  const handedBack = new Set<number>();
  const seen = { lost: 0, resumed: 0, gaps: 0, ended: 0 };
  kitty.on('lost', () => {
    seen.lost += 1;
  });
  kitty.on('resumed', () => {
    seen.resumed += 1;
  });
  const hand = (unconfirmed: readonly { readonly type: string; readonly payload: unknown }[]): void => {
    for (const { type, payload } of unconfirmed) if (type === 'count') handedBack.add((payload as { n: number }).n);
  };
  kitty.on('gap', ({ unconfirmed }) => {
    seen.gaps += 1;
    hand(unconfirmed);
  });
  kitty.on('ended', ({ unconfirmed }) => {
    seen.ended += 1;
    hand(unconfirmed);
  });
  const result = await kitty.startSession({ username: 'main' });
  if (result.failed) throw result.error;
  const { session } = result;
  session.on('count', ({ n }: { n: number }, { redelivered }) => handled.write(n, redelivered ? 1 : 0));
  const flow: Flow = startFlow((number, turn) => {
    if (!session.send('count', { n: number, pad: 'x'.repeat(40) }).accepted) return false;
    sent.write(number, turn);
    return true;
  });
  const active = (limitMs?: number): Promise<void> =>
    eventually(() => kitty.getSnapshot().status === 'active', `the session is active; it is ${kitty.getSnapshot().status}`, limitMs);
  const journal = (name: string): readonly Record[] => readJournal(join(folder, name));
  const toHandled = (records: readonly Record[]) => records.map(({ number, mark }) => ({ number, redelivered: mark === 1 }));

  /** The last turn of each life of the server that was killed, and the numbers that were sent in it. */
  const uncommitted = new Set<number>();
  const noteUncommitted = (): void => {
    const records = journal('down');
    const last = records.at(-1)?.mark;
    for (let index = records.length - 1; index >= 0 && records[index]?.mark === last; index -= 1)
      uncommitted.add(records[index]?.number as number);
  };

  const accounts = (): { readonly up: Account; readonly down: Account } => ({
    up: { sent: journal('client-sent').map(({ number }) => number), handled: toHandled(journal('up')), handedBack },
    down: {
      sent: journal('down').map(({ number }) => number),
      handled: toHandled(journal('client-handled')),
      handedBack: new Set(journal('handed-back').map(({ number }) => number)),
      uncommitted,
    },
  });

  return {
    proxy,
    kitty,
    random,
    file,
    get child() {
      return child;
    },
    seen,
    rate: (perSecond) => {
      rate = perSecond;
      flow.rate(perSecond);
      child.order({ rate: perSecond });
    },
    burst: (count) => {
      flow.burst(count);
      child.order({ burst: count });
    },
    broken: async (act, limitMs) => {
      const { lost } = seen;
      await act();
      await eventually(() => seen.lost > lost && kitty.getSnapshot().status === 'active', 'the session was lost and is back', limitMs);
    },
    active,
    kill: async () => {
      await child.kill();
      noteUncommitted();
    },
    restart: async () => {
      child = await start();
      proxy.leadTo({ host: '127.0.0.1', port: child.port });
    },
    sent: async () => ({ up: flow.last, down: await child.last() }),
    settle: async (limitMs = WAIT_MAX_MS) => {
      rate = 0;
      flow.rate(0);
      child.order({ rate: 0 });
      await child.last();
      // All is there, or nothing has come for so long that nothing will.
      let before = '';
      let quietSince = performance.now();
      const isSettled = (): boolean => {
        const { up, down } = accounts();
        const verdicts = [judge(up), judge(down)];
        const text = JSON.stringify(verdicts);
        if (text !== before) quietSince = performance.now();
        before = text;
        return verdicts.every(({ lost }) => lost === 0) || performance.now() - quietSince > QUIET_MS;
      };
      await active(limitMs);
      for (;;) {
        const lookedAt = performance.now();
        if (isSettled()) break;
        // A look at a long run's journals takes time itself: most of it is left to who is looked at.
        const pauseMs = Math.max(SETTLE_EVERY_MS, (performance.now() - lookedAt) * SETTLE_PAUSES);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      const { up, down } = accounts();
      return { up: judge(up), down: judge(down) };
    },
    outage: (at) => {
      const first = (from: readonly Record[], to: readonly Record[]): number => {
        const fresh = from.find((record) => record.at >= at)?.number ?? Infinity;
        return (to.find(({ number }) => number >= fresh)?.at ?? Infinity) - at;
      };
      return { up: first(journal('client-sent'), journal('up')), down: first(journal('down'), journal('client-handled')) };
    },
    close: async () => {
      proxy.resume();
      flow.rate(0);
      await proxy.accept();
      await Promise.all([kitty.endSession(), child.kill()]);
      await proxy.close();
      sent.close();
      handled.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
