/** Runs what a mutant may have broken: a loop without end is broken off, and so is a wait for what never comes. */
import { Script } from 'node:vm';

export class OutOfTime extends Error {
  /** False where the process had the processor for less than the limit: others may have had it, and the work may only be slow. */
  readonly isSure: boolean;

  constructor(message: string, isSure = true) {
    super(message);
    this.isSure = isSure;
  }
}

/** A wait that costs nothing is given more time than a loop: how often the limit. */
const WAIT_FACTOR = 4;
/** V8 looks at the clock a little late or early, and so does the system: from this share of the limit on it is taken as used up. */
const SURE_SHARE = 0.9;
const US_PER_MS = 1_000;

/** What a process used of the processor, in milliseconds. */
export const usedMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / US_PER_MS;

const place = Symbol.for('ninelives.mutation.guarded');
/** V8 breaks off what runs within a script, whatever it is; only a script can be given a limit. */
const script = new Script(`globalThis[Symbol.for('ninelives.mutation.guarded')]()`);

const inTime = (work: () => unknown, limitMs: number): unknown => {
  Object.defineProperty(globalThis, place, { value: work, configurable: true });
  const before = process.cpuUsage();
  try {
    return script.runInThisContext({ timeout: limitMs });
  } catch (error) {
    if ((error as NodeJS.ErrnoException | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw new OutOfTime('a loop without end', usedMs(process.cpuUsage(before)) >= limitMs * SURE_SHARE);
    throw error;
  }
};

const isPromise = (value: unknown): value is PromiseLike<unknown> => typeof (value as PromiseLike<unknown> | null)?.then === 'function';

/** Gives what `work` gives; rejects with what it throws, or with `OutOfTime` after `limitMs` milliseconds. A failure that nobody waits for, as in a callback, counts too. */
export const guarded = async <Value>(work: () => Value | PromiseLike<Value>, limitMs: number): Promise<Value> => {
  const given = inTime(work, limitMs);
  if (!isPromise(given)) return given as Value;
  let give = (_: unknown): void => undefined;
  const stray = new Promise<never>((_, reject) => {
    give = reject;
  });
  const limit = setTimeout(() => give(new OutOfTime('a wait without end')), limitMs * WAIT_FACTOR);
  process.on('uncaughtException', give);
  try {
    return (await Promise.race([given, stray])) as Value;
  } finally {
    clearTimeout(limit);
    process.off('uncaughtException', give);
  }
};
