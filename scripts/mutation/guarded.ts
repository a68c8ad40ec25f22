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

/** A failure that XState finds is thrown in a timer: so long after it was set, in milliseconds, that timer has come. */
const LATE_MS = 2;

/** What a test left to a timer may still fail. Without a timer there is nothing to wait for. */
const lateFailures = async (): Promise<void> => {
  if (process.getActiveResourcesInfo().includes('Timeout')) await new Promise((resolve) => setTimeout(resolve, LATE_MS));
};

/**
 * Gives what `work` gives; rejects with what it throws, or with `OutOfTime` after `limitMs` milliseconds. A failure that nobody waits for, as in a
 * callback or a timer, counts too: left alone it would end the process, or be taken as the next mutant's.
 */
export const guarded = async <Value>(work: () => Value | PromiseLike<Value>, limitMs: number): Promise<Value> => {
  let give = (_: unknown): void => undefined;
  const stray = new Promise<never>((_, reject) => {
    give = reject;
  });
  const first = <Result>(promise: PromiseLike<Result>): Promise<Result> => Promise.race([promise, stray]);
  // Where the work has failed by itself, nobody asks for what fails after it.
  stray.catch(() => undefined);
  let limit: NodeJS.Timeout | undefined;
  process.on('uncaughtException', give);
  try {
    let given = inTime(work, limitMs);
    if (isPromise(given)) {
      limit = setTimeout(() => give(new OutOfTime('a wait without end')), limitMs * WAIT_FACTOR);
      given = await first(given);
      clearTimeout(limit);
    }
    await first(lateFailures());
    return given as Value;
  } finally {
    clearTimeout(limit);
    await lateFailures();
    process.off('uncaughtException', give);
  }
};
