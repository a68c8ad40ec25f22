import type { EndReason } from '../../machines/reasons.js';
import type { NineLivesError } from '../errors.js';
import type { Unconfirmed } from '../stream/sent.js';

/** What a start answers: `succeeded` with the session, or `failed` with the error. Never a rejection. */
export type StartResult<Session> =
  | { readonly succeeded: true; readonly failed: false; readonly session: Session; readonly error?: undefined }
  | { readonly succeeded: false; readonly failed: true; readonly error: NineLivesError; readonly session?: undefined };

export const startSucceeded = <Session>(session: Session): StartResult<Session> => ({ succeeded: true, failed: false, session });

export const startFailed = (error: NineLivesError): StartResult<never> => ({ succeeded: false, failed: true, error });

/** What an end answers. */
export interface EndResult {
  /** Why the session is over; null where there was none. */
  readonly reason: EndReason | null;
  /** What was accepted and is not known as handled, oldest first. */
  readonly unconfirmed: readonly Unconfirmed[];
}
