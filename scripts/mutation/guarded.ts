/** Runs what a mutant may have broken: a loop without end is broken off, and so is a wait for what never comes. */
import { Script } from 'node:vm';

export class OutOfTime extends Error {}

const place = Symbol.for('ninelives.mutation.guarded');
/** V8 breaks off what runs within a script, whatever it is; only a script can be given a limit. */
const script = new Script(`globalThis[Symbol.for('ninelives.mutation.guarded')]()`);

const inTime = (work: () => unknown, limitMs: number): unknown => {
  Object.defineProperty(globalThis, place, { value: work, configurable: true });
  try {
    return script.runInThisContext({ timeout: limitMs });
  } catch (error) {
    if ((error as NodeJS.ErrnoException | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new OutOfTime('a loop without end');
    throw error;
  }
};

const isPromise = (value: unknown): value is PromiseLike<unknown> => typeof (value as PromiseLike<unknown> | null)?.then === 'function';

/** Gives what `work` gives; rejects with what it throws, or with `OutOfTime`. A failure that nobody waits for, as in a callback, counts too. */
export const guarded = async <Value>(work: () => Value | PromiseLike<Value>, limitMs: number): Promise<Value> => {
  const given = inTime(work, limitMs);
  if (!isPromise(given)) return given as Value;
  let give = (_: unknown): void => undefined;
  const stray = new Promise<never>((_, reject) => {
    give = reject;
  });
  const limit = setTimeout(() => give(new OutOfTime('a wait without end')), limitMs);
  process.on('uncaughtException', give);
  try {
    return (await Promise.race([given, stray])) as Value;
  } finally {
    clearTimeout(limit);
    process.off('uncaughtException', give);
  }
};
