/**
 * How many sessions a server admits in a second, starts and resumes: after a restart all clients come back at once, and each costs what a
 * hundred messages do. Who finds no room is told when their turn is, so that the excess comes back evenly and not all at the same time.
 *
 * The limit is exact: no second, wherever it begins, sees more welcomes than it says. A bucket that fills up would let twice as many
 * through in its first second.
 */
import { type Failure, failure } from '../reasons.js';
import { at, firstIndex, lengthOf, push, type Queue, queueOf, shift } from '../stream/queue.js';

export interface AdmissionRate {
  readonly perSecond: number;
  /** When those of the last second were welcomed, in monotonic milliseconds, ascending. */
  readonly welcomed: Queue<number>;
  /** Starts that are being decided: each may take a place in the second in which its verdict comes. */
  readonly deciding: number;
  /** When the next one who finds no room is to come, in monotonic milliseconds. */
  readonly nextTurnAt: number;
}

/** The new state, and why there is no room, or null. */
export type RateStep = readonly [AdmissionRate, Failure | null];

const secondMs = 1_000;
/** Turns are this much further apart than the limit asks: a tenth of the room is left to those who come unannounced. */
const turnSlack = 1.1;
/** The longest wait that is given out, in milliseconds: past it nobody knows what is true by then, and who keeps being turned away is not to lengthen the others' wait. */
const turnInMsMax = 30_000;

export const initialRate = (perSecond: number): AdmissionRate => ({ perSecond, welcomed: queueOf(), deciding: 0, nextTurnAt: 0 });

/** A start asks to be decided: what is busy with a second's worth of starts begins no more of them. */
export const beginStart = (rate: AdmissionRate, now: number): RateStep => {
  const next = after(rate, now);
  if (lengthOf(next.welcomed) + next.deciding >= next.perSecond) return turnAway(next, now);
  return [{ ...next, deciding: next.deciding + 1 }, null];
};

/** A start is decided, or nobody waits for it any more. */
export const startDecided = (rate: AdmissionRate): AdmissionRate => ({ ...rate, deciding: rate.deciding - 1 });

/** A session is about to be welcomed, after its start or its resume. */
export const welcomeOne = (rate: AdmissionRate, now: number): RateStep => {
  const next = after(rate, now);
  if (lengthOf(next.welcomed) >= next.perSecond) return turnAway(next, now);
  return [{ ...next, welcomed: push(next.welcomed, now) }, null];
};

/** Tell one who finds no room when to come again: behind all who were told before. */
export const turnAway = (former: AdmissionRate, now: number): readonly [AdmissionRate, Failure] => {
  const rate = after(former, now);
  const isFull = lengthOf(rate.welcomed) >= rate.perSecond;
  // Where it is not the last second that is full, a second is as good a guess as any.
  const roomAt = ((isFull ? at(rate.welcomed, 0) : undefined) ?? now) + secondMs;
  const turnAt = Math.max(rate.nextTurnAt, roomAt);
  const retryAfterMs = Math.round(turnAt - now);
  if (retryAfterMs > turnInMsMax) return [rate, busy({ retryAfterMs: turnInMsMax, spreadMs: turnInMsMax })];
  return [{ ...rate, nextTurnAt: turnAt + (secondMs / rate.perSecond) * turnSlack }, busy({ retryAfterMs })];
};

const busy = (when: Pick<Failure, 'retryAfterMs' | 'spreadMs'>): Failure => failure('ServerBusyError', undefined, when);

/** Without those that were welcomed more than a second ago. */
const after = (rate: AdmissionRate, now: number): AdmissionRate => {
  const over = firstIndex(rate.welcomed, (welcomedAt) => welcomedAt > now - secondMs);
  return over === 0 ? rate : { ...rate, welcomed: shift(rate.welcomed, over) };
};
