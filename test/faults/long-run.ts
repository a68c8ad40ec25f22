/** Many messages over many faults of mixed kinds at random moments, a seed a run. */
import { isWhole, type Verdict } from './ledger.js';
import { eventually, startWorld, type World } from './world.js';

export interface LongRunOptions {
  readonly seed: number;
  /** Both directions together. */
  readonly messages: number;
  readonly faults: number;
  /** How many of the faults are a `kill -9` of the server, with its sessions in SQLite; 0: they are in memory. */
  readonly kills: number;
  /** How many are noticed by silence alone, which takes seconds. */
  readonly silent: number;
  progress?(done: { readonly faults: number; readonly sent: number }): void;
}

export interface LongRunResult {
  readonly name: 'long-run';
  readonly seed: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly resumed: number;
  readonly up: Verdict;
  readonly down: Verdict;
  readonly problems: readonly string[];
  readonly ok: boolean;
}

/** One way, in milliseconds: a run of a thousand faults has no time for long round trips. */
const DELAY_MS = 2;
/** A run of a thousand faults has no time for long waits, either. */
const retry = { baseMs: 20, capMs: 100 };
/** A round's messages leave in so many bursts, a fault before one of them. */
const BURSTS = 5;
const BURST_GAP_MS = 12;
/** How many faults lie between two words about the progress. */
const PROGRESS_EVERY = 20;
/** Bytes within which a cut in the middle of a frame comes: less than a round sends. */
const CUT_WITHIN_BYTES = 4_000;
const REFUSED_MS = 50;
const CHANGED_MS = 30;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

type Fault = (world: World) => Promise<void>;

const lost =
  (act: (world: World) => unknown): Fault =>
  (world) =>
    world.broken(() => act(world));

const changed =
  (change: (world: World) => void, undo: (world: World) => void): Fault =>
  async (world) => {
    change(world);
    await pause(CHANGED_MS);
    undo(world);
  };

/** A cut that waits for the direction to carry something: a round's next bursts see to it. */
const midFrame =
  (direction: 'up' | 'down'): Fault =>
  async (world) => {
    const { lost: before } = world.seen;
    world.proxy.after(direction, 1 + Math.floor(world.random() * CUT_WITHIN_BYTES), 'bytes', () => world.proxy.cut('both'));
    world.burst(CUT_WITHIN_BYTES / 40);
    await eventually(() => world.seen.lost > before && world.kitty.getSnapshot().status === 'active', 'it was cut and is back');
  };

const answerLost =
  (side: 'both' | 'client'): Fault =>
  async (world) => {
    let met = false;
    await world.broken(() => {
      world.proxy.cut('both');
      world.proxy.after('down', 1, 'frames', () => {
        met = true;
        world.proxy.cut(side);
      });
    });
    await eventually(() => met && world.kitty.getSnapshot().status === 'active', 'the answer was lost, and it is back');
  };

const stalled = (direction: 'both' | 'up' | 'down'): Fault =>
  lost((world) => {
    const off = world.kitty.on('lost', () => {
      off();
      world.proxy.resume();
    });
    world.proxy.stall(direction);
  });

/** Kinds with their share of the faults that are neither kills nor silent. */
const quick: Readonly<Record<string, { readonly share: number; readonly run: Fault }>> = {
  'cut both': { share: 6, run: lost(({ proxy }) => proxy.cut('both')) },
  'cut client': { share: 5, run: lost(({ proxy }) => proxy.cut('client')) },
  'cut mid-frame up': { share: 3, run: midFrame('up') },
  'cut mid-frame down': { share: 3, run: midFrame('down') },
  'answer lost': { share: 1, run: answerLost('both') },
  'rotation lost': { share: 1, run: answerLost('client') },
  refused: {
    share: 1,
    run: lost(({ proxy }) => {
      proxy.refuse();
      proxy.cut('both');
      setTimeout(() => void proxy.accept(), REFUSED_MS);
    }),
  },
  jitter: {
    share: 1,
    run: changed(
      ({ proxy }) => proxy.jitter(CHANGED_MS),
      ({ proxy }) => proxy.jitter(0),
    ),
  },
  split: {
    share: 1,
    run: changed(
      ({ proxy }) => proxy.split(200),
      ({ proxy }) => proxy.split(Infinity),
    ),
  },
  merged: {
    share: 1,
    run: changed(
      ({ proxy }) => proxy.merge(10),
      ({ proxy }) => proxy.merge(0),
    ),
  },
};
const silentKinds: Readonly<Record<string, Fault>> = {
  'cut server': lost(({ proxy }) => proxy.cut('server')),
  'stall both': stalled('both'),
  'stall up': stalled('up'),
  'stall down': stalled('down'),
};
const killed: Fault = (world) =>
  world.broken(async () => {
    await world.kill();
    await world.restart();
  });

/** Every fault of the run, in the order that the seed decides. */
const planOf = ({ faults, kills, silent }: LongRunOptions, random: () => number): { readonly kind: string; readonly run: Fault }[] => {
  const quickKinds = Object.entries(quick).flatMap(([kind, { share, run }]) => Array.from({ length: share }, () => ({ kind, run })));
  const slowKinds = Object.entries(silentKinds).map(([kind, run]) => ({ kind, run }));
  const all = [
    ...Array.from({ length: kills }, () => ({ kind: 'server killed', run: killed })),
    ...Array.from({ length: silent }, (_, index) => slowKinds[index % slowKinds.length] as { kind: string; run: Fault }),
    ...Array.from(
      { length: Math.max(0, faults - kills - silent) },
      (_, index) => quickKinds[index % quickKinds.length] as { kind: string; run: Fault },
    ),
  ];
  for (let index = all.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [all[index], all[other]] = [all[other] as (typeof all)[number], all[index] as (typeof all)[number]];
  }
  return all;
};

const nothing: Verdict = { sent: 0, handled: 0, lost: 0, doubled: 0, reordered: 0, repeated: 0, handedBack: 0, uncommitted: 0 };

export const longRun = async (options: LongRunOptions): Promise<LongRunResult> => {
  const { seed, messages, faults, kills, progress } = options;
  const world = await startWorld({ store: kills > 0 ? 'sqlite' : 'memory', delayMs: DELAY_MS, seed, client: { retry } });
  const counts: Record<string, number> = {};
  const problems: string[] = [];
  let verdicts = { up: nothing, down: nothing };
  let done = 0;
  let resumed = 0;
  const each = messages / 2;
  try {
    for (const { kind, run } of planOf(options, world.random)) {
      const { up } = await world.sent();
      const share = Math.max(0, Math.round((each * (done + 1)) / faults) - up);
      const faultAt = Math.floor(world.random() * BURSTS);
      let back: Promise<void> = Promise.resolve();
      for (let burst = 0; burst < BURSTS; burst += 1) {
        if (burst === faultAt) back = run(world);
        world.burst(Math.ceil(share / BURSTS));
        await pause(world.random() * BURST_GAP_MS);
      }
      await back;
      await world.active();
      world.proxy.dropHalfOpen();
      counts[kind] = (counts[kind] ?? 0) + 1;
      done += 1;
      if (progress && done % PROGRESS_EVERY === 0) progress({ faults: done, sent: up * 2 });
      if (world.seen.gaps + world.seen.ended > 0) throw new Error(`the session was not resumed after: ${kind}`);
    }
    // What a dead server was told to send was not sent.
    const { up, down } = await world.sent();
    world.child.order({ burst: Math.max(0, up - down) });
    verdicts = await world.settle();
    resumed = world.seen.resumed;
  } catch (error) {
    problems.push(`after ${done} faults: ${(error as Error).message}`);
  } finally {
    await world.close();
  }
  const { up, down } = verdicts;
  const isRight = (verdict: Verdict): boolean => isWhole(verdict) && verdict.handedBack === 0 && (kills > 0 || verdict.repeated === 0);
  if (up.sent + down.sent < messages && problems.length === 0) problems.push(`only ${up.sent + down.sent} messages were sent`);
  return { name: 'long-run', seed, faults: counts, resumed, up, down, problems, ok: problems.length === 0 && isRight(up) && isRight(down) };
};
