/** Runs one row of the matrix and judges it. */
import { isWhole, median, type Verdict } from './ledger.js';
import type { Promised, Row, TimeGoal } from './rows.js';
import { startWorld, type World } from './world.js';

export interface Cell extends Verdict {
  readonly promised: Promised;
  readonly kept: boolean;
}

export interface Times {
  readonly of: TimeGoal['of'];
  readonly medianMs: number;
  readonly worstMs: number;
  readonly count: number;
  readonly goal: TimeGoal;
  readonly kept: boolean;
}

export interface RowResult {
  readonly name: string;
  readonly what: string;
  readonly faults: number;
  readonly up: Cell;
  readonly down: Cell;
  readonly times: readonly Times[];
  /** What went wrong besides, as sentences. */
  readonly problems: readonly string[];
  readonly ok: boolean;
}

const RATE = 1_000;
const DELAY_MS = 25;
/** Messages each way behind a fault that met a silent session. */
const LAST_WORDS = 50;
/** Milliseconds of work before the first fault. */
const WARM_UP_MS = 500;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const isKept = (promised: Promised, verdict: Verdict): boolean => {
  switch (promised) {
    case 'once':
      return isWhole(verdict) && verdict.repeated === 0 && verdict.handedBack === 0;
    case 'marked':
      return isWhole(verdict) && verdict.handedBack === 0;
    case 'told':
      return isWhole(verdict);
    case 'gone':
      return verdict.doubled === 0 && verdict.reordered === 0;
  }
};

const nothing: Verdict = { sent: 0, handled: 0, lost: 0, doubled: 0, reordered: 0, repeated: 0, handedBack: 0, uncommitted: 0 };

export interface RunOptions {
  readonly seed: number;
  /** How often the fault happens; default: as the row says. */
  readonly times?: number;
  readonly rate?: number;
  /** Are times judged? On a machine that does other work they say little. */
  readonly timed?: boolean;
}

export const runRow = async (row: Row, { seed, times = row.times, rate = RATE, timed = true }: RunOptions): Promise<RowResult> => {
  const problems: string[] = [];
  const begun: number[] = [];
  const measured = { 'outage up': [] as number[], 'outage down': [] as number[], noticed: [] as number[] };
  let verdicts = { up: nothing, down: nothing };
  let faults = 0;
  let world: World | null = null;
  try {
    world = await startWorld({
      store: row.store ?? 'memory',
      delayMs: row.delayMs ?? DELAY_MS,
      seed,
      server: row.server,
      client: row.client,
    });
    world.rate(row.rate ?? rate);
    if (row.rate !== 0) await pause(WARM_UP_MS);
    for (; faults < times; faults += 1) {
      if (timed && row.healthyMs !== undefined) await pause(row.healthyMs);
      const { at, noticedMs } = await row.fault(world);
      if (at !== undefined) begun.push(at);
      if (noticedMs !== undefined) measured.noticed.push(noticedMs);
    }
    // Where nothing was said, something is said now: the session works.
    if (row.rate === 0) world.burst(LAST_WORDS);
    verdicts = await world.settle();
    const problem = row.check?.(world);
    if (problem) problems.push(problem);
    for (const at of begun) {
      const { up, down } = world.outage(at);
      measured['outage up'].push(up);
      measured['outage down'].push(down);
    }
  } catch (error) {
    problems.push(`after ${faults} faults: ${(error as Error).message}`);
  } finally {
    await world?.close();
  }
  const cell = (direction: 'up' | 'down'): Cell => {
    const verdict = verdicts[direction];
    return { ...verdict, promised: row[direction], kept: isKept(row[direction], verdict) };
  };
  const judged = timed
    ? (row.goals ?? []).map((goal): Times => {
        const list = measured[goal.of];
        const [medianMs, worstMs] = [median(list), Math.max(...list)];
        return {
          of: goal.of,
          medianMs,
          worstMs,
          count: list.length,
          goal,
          kept: list.length > 0 && worstMs <= goal.worstMs && medianMs <= (goal.medianMs ?? Infinity),
        };
      })
    : [];
  const [up, down] = [cell('up'), cell('down')];
  return {
    name: row.name,
    what: row.what,
    faults,
    up,
    down,
    times: judged,
    problems,
    ok: problems.length === 0 && up.kept && down.kept && judged.every(({ kept }) => kept),
  };
};
