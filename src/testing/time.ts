import { inspect } from 'node:util';
import type { VirtualHost } from '../../adapters/hosts/virtual.js';
import { demandMs } from './misuse.js';

/** Time in a world: it passes when it is told to, and all that falls due in it happens at its moment. */
export interface WorldTime {
  /** Let so many milliseconds pass: timers fire, messages arrive, handlers run. Ten minutes take some milliseconds. */
  advance(ms: number): Promise<void>;
  /** Let everything happen that needs no time. */
  settle(): Promise<void>;
  /**
   * Let as much time pass as a promise needs to settle, at most `withinMs` (default: 60,000), and give what it gives. Rejects with an Error where it
   * needs more. What it waits for outside of the world (a database, a hash in a thread) takes no time here: use `until` for that.
   */
  result<T>(promise: Promise<T>, options?: { readonly withinMs?: number }): Promise<T>;
  /**
   * Wait until a condition holds, or a promise settles, without time passing in the world: for what happens outside of it, as in a real database. Gives what
   * the promise gives. Rejects with an Error after `realMs` (default: 5,000) of real time.
   */
  until<T>(awaited: Promise<T> | (() => unknown), options?: { readonly realMs?: number }): Promise<T>;
  /** The date, in milliseconds since the epoch. */
  now(): number;
}

/** In virtual milliseconds: longer than every default of a client and a server but the resume window. */
const resultWithinMs = 60_000;
/** In real milliseconds: a test that waits longer waits for what does not come. */
const untilRealMs = 5_000;

/** Asks whether a promise has settled. */
const settlingOf = (promise: unknown): (() => boolean) => {
  if (typeof (promise as Partial<Promise<unknown>> | null)?.then !== 'function')
    throw new TypeError(
      `A promise is awaited here, not ${inspect(promise)}: begin what gives it, as in world.result(kitty.startSession(options)).`,
    );
  let isSettled = false;
  const note = (): void => {
    isSettled = true;
  };
  (promise as Promise<unknown>).then(note, note);
  return () => isSettled;
};

/** `loading`: what is being loaded in real time, and to be there before time passes. */
export const timeOf = (host: VirtualHost, loading: () => Promise<unknown>): WorldTime => {
  const settle = async (): Promise<void> => {
    for (let loaded: Promise<unknown> | null = null; loaded !== loading(); ) {
      loaded = loading();
      await loaded;
      // Something more may be asked for.
      await host.settle();
    }
  };
  const advance = async (ms: number): Promise<void> => {
    demandMs('advance', 'its time', ms);
    await settle();
    await host.advance(ms);
    await settle();
  };
  return {
    advance,
    settle,
    result: async (promise, { withinMs = resultWithinMs } = {}) => {
      const isSettled = settlingOf(promise);
      const endsAt = host.clock.now() + withinMs;
      for (await settle(); !isSettled(); ) {
        const at = host.nextTimerAt;
        if (at === undefined || at > endsAt) {
          const why = at === undefined ? 'nothing is left that could happen in this world' : `its ${withinMs} ms are over`;
          throw new Error(
            `The promise did not settle: ${why}. Where it waits for something real (a database, a hash in a thread): await world.until(promise).`,
          );
        }
        await host.advance(Math.max(0, at - host.clock.now()));
      }
      return promise;
    },
    until: async (awaited, { realMs = untilRealMs } = {}) => {
      const condition = typeof awaited === 'function' ? awaited : settlingOf(awaited);
      const givenUpAt = performance.now() + realMs;
      for (await settle(); !condition(); await settle())
        if (performance.now() > givenUpAt) {
          const what = typeof awaited === 'function' ? `until ${String(awaited)}` : 'for a promise';
          throw new Error(`Waited ${realMs} ms of real time in vain ${what}. Where it needs time in the world: advance(), or result().`);
        }
      // Where nothing but a condition was given, nothing is given.
      return (typeof awaited === 'function' ? undefined : awaited) as never;
    },
    now: () => host.clock.wall(),
  };
};
