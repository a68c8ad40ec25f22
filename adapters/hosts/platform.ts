import type { Clock, Host } from '../../machines/ports/host.js';

/** The version that goes into every hello; a test holds it to package.json. */
export const version = '0.1.0';

/** Milliseconds; the longest wait that platforms know (2^31 - 1, about 24.8 days). A longer one would be over at once. */
const TIMER_MAX_MS = 2_147_483_647;

/**
 * What Node and browsers have in common: clocks, timers and randomness. A wait of more than 24.8 days ends after 24.8 days.
 *
 * @example
 * const { clock, random } = platform((callback) => setImmediate(callback));
 */
export const platform = (macrotask: Clock['macrotask']): Pick<Host, 'clock' | 'random' | 'randomBytes'> => {
  // Node looks the global up by a getter, which costs more than the clock's reading: it is read for each batch. Not before it is needed: where pages
  // are rendered there may be none.
  let monotonic: Performance | undefined;
  return {
    clock: {
      now: () => {
        monotonic ??= performance;
        return monotonic.now();
      },
      wall: () => Date.now(),
      setTimeout: (callback, delayMs) => setTimeout(callback, Math.min(delayMs, TIMER_MAX_MS)),
      clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout> | undefined),
      macrotask,
    },
    random: () => Math.random(),
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
  };
};
