import type { Attempt } from '../../machines/ports/authenticator.js';
import type { Clock } from '../../machines/ports/host.js';
import { describeThrown, describeValue } from './describe.js';
import { refusal, type Verdict } from './refuse.js';

/** The time an authenticator lives in: timers for its limit, and the date for `expiresAt`. */
export type LimitClock = Pick<Clock, 'setTimeout' | 'clearTimeout'> & Partial<Pick<Clock, 'wall'>>;

export interface LimitOptions {
  /** How long a verdict may take, in milliseconds. Default: 5000. */
  readonly timeoutMs?: number;
  /** Default: the platform's timers and date. */
  readonly clock?: LimitClock;
}

/** The options with their defaults filled in. */
export interface Limit {
  readonly timeoutMs: number;
  readonly clock: Required<LimitClock>;
}

/** Half of the 10 s that a start takes at most by default: one verdict that never comes still leaves time for a second try. */
export const AUTHENTICATE_TIMEOUT_MS = 5000;

/** A timer of the platform counts in 32 bits, and fires at once for anything longer. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

const platformClock: Required<LimitClock> = {
  wall: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout>),
};

/** The limit of an authenticator, from its options. Throws a TypeError where `timeoutMs` is no span of time: that is for start-up to find out. */
export const limitOf = (who: string, { timeoutMs = AUTHENTICATE_TIMEOUT_MS, clock = platformClock }: LimitOptions): Limit => {
  if (!(Number.isFinite(timeoutMs) && timeoutMs > 0 && timeoutMs <= TIMEOUT_MS_MAX))
    throw new TypeError(
      `${who}: timeoutMs is ${describeValue(timeoutMs)}, but has to be above 0 and at most ${TIMEOUT_MS_MAX} milliseconds.`,
    );
  return {
    timeoutMs,
    clock: {
      wall: () => (clock.wall ?? platformClock.wall)(),
      setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    },
  };
};

/**
 * Wait for a verdict no longer than the limit, and no longer than someone waits for it. The work is given a signal of its own, aborted
 * in both cases; what it still answers after that is dropped, its rejection included. Never rejects.
 */
export const within = ({ timeoutMs, clock }: Limit, attempt: Attempt, work: (signal: AbortSignal) => Promise<Verdict>): Promise<Verdict> =>
  new Promise((resolve) => {
    const refuse = (code: 'AuthenticationTimeoutError' | 'AuthenticationUnavailableError', detail: string) =>
      settle({ _tag: 'Left', left: refusal(code, attempt, detail) });
    if (attempt.signal.aborted) {
      resolve({ _tag: 'Left', left: refusal('AuthenticationTimeoutError', attempt, 'The attempt was given up before it was looked at.') });
      return;
    }
    const controller = new AbortController();
    const timer = clock.setTimeout(() => {
      refuse('AuthenticationTimeoutError', `No verdict came within ${timeoutMs} ms.`);
      controller.abort(new DOMException(`No verdict came within ${timeoutMs} ms.`, 'TimeoutError'));
    }, timeoutMs);
    const abandon = () => {
      refuse('AuthenticationTimeoutError', 'The attempt was given up before a verdict came.');
      controller.abort(attempt.signal.reason);
    };
    const settle = (verdict: Verdict) => {
      clock.clearTimeout(timer);
      attempt.signal.removeEventListener('abort', abandon);
      resolve(verdict);
    };
    attempt.signal.addEventListener('abort', abandon, { once: true });
    const failed = (thrown: unknown) =>
      refuse('AuthenticationUnavailableError', `The authenticator itself failed: ${describeThrown(thrown)}`);
    Promise.resolve(controller.signal).then(work).then(settle, failed);
  });
