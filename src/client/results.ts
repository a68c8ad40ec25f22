import type { EndReason } from '../../machines/reasons.js';
import type { NineLivesError } from '../errors.js';
import { type Result, toResult } from '../result.js';
import type { Unconfirmed } from '../stream/sent.js';

/** What a start answers: `succeeded` with the session, or `failed` with the error. Never a rejection. */
export type StartResult<Session> = Result<{
  readonly session: Session;
  /** Is it the one that the page had before it was loaded again? Only with `persist`. */
  readonly resumed: boolean;
}>;

export const startSucceeded = <Session>(session: Session, resumed: boolean): StartResult<Session> =>
  toResult({ _tag: 'Right', right: session }, (found) => ({ session: found, resumed }));

export const startFailed = (error: NineLivesError): StartResult<never> =>
  toResult({ _tag: 'Left', left: error }, (found: never) => ({ session: found, resumed: false }));

/** What an end answers. */
export interface EndResult {
  /** Why the session is over; null where there was none. */
  readonly reason: EndReason | null;
  /** What was accepted and is not known as handled, oldest first. */
  readonly unconfirmed: readonly Unconfirmed[];
}
