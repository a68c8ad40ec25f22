import { type Failure, reasons } from '../reasons.js';

/** How a client spreads its tries. */
export interface RetryPolicy {
  /** The upper end of the first random wait, in milliseconds. */
  readonly baseMs: number;
  /** The upper end that no wait exceeds, in milliseconds, unless the server names a longer one. */
  readonly capMs: number;
  /** A link that carried a session for this long was healthy, in milliseconds: its loss is followed by a prompt try, and the count starts again. */
  readonly healthyAfterMs: number;
}

/**
 * 500 ms doubles to 30 s in six tries: short enough that a person waits for it, long enough that a server that is down for minutes
 * sees each client twice a minute. Five seconds of health is longer than any handshake and shorter than any server's life worth having.
 */
export const defaultRetryPolicy: RetryPolicy = { baseMs: 500, capMs: 30_000, healthyAfterMs: 5_000 };

/** Waits past this many doublings are at the cap for any sensible policy; it keeps the power of two finite. */
const doublingsMax = 30;

export interface RetryQuestion {
  /** Which try this wait precedes, counted from 1 since the last healthy link. */
  readonly attempt: number;
  readonly failure: Failure;
  /** Was the link that was lost a healthy one? */
  readonly wasHealthy: boolean;
  /** Uniform in [0, 1). */
  readonly random: number;
  readonly policy: RetryPolicy;
}

/** Did the server say when to come back? Then that time is kept, whatever the platform says about the network. */
export const namesTime = ({ retryAfterMs, spreadMs }: Failure): boolean => retryAfterMs !== undefined || spreadMs !== undefined;

/**
 * How long to wait before the next try, in milliseconds. Pure.
 *
 * The server's word comes first: its `retryAfterMs`, and a random part of its `spreadMs`. Without one, the first try after a healthy
 * link is prompt, and every other wait is drawn from the whole of a doubling range ("full jitter": of the usual schemes the one
 * that spreads returning clients best; AWS Architecture Blog, "Exponential Backoff And Jitter", 2015).
 */
export const retryInMs = ({ attempt, failure, wasHealthy, random, policy }: RetryQuestion): number => {
  if (namesTime(failure)) return (failure.retryAfterMs ?? 0) + random * (failure.spreadMs ?? 0);
  if (wasHealthy && reasons[failure.code].next === 'now') return 0;
  const doublings = Math.min(Math.max(attempt - 1, 0), doublingsMax);
  return random * Math.min(policy.capMs, policy.baseMs * 2 ** doublings);
};

/** Tries that are brought forward again and again keep at least this far from each other, in milliseconds: a network that comes and goes must not become a flood. */
const hurryMsMax = 5_000;

/**
 * How long a try that is brought forward (by a hint, or by the user) still waits, in milliseconds. Pure. The first one does not; then the least
 * time since the try before grows as the waits do, without chance, and to five seconds at most.
 */
export const hurriedInMs = (attempt: number, sinceMs: number, { baseMs, capMs }: RetryPolicy): number => {
  const apartMs = attempt <= 1 ? 0 : Math.min(hurryMsMax, capMs, baseMs * 2 ** Math.min(attempt - 2, doublingsMax));
  return Math.max(apartMs - sinceMs, 0);
};
