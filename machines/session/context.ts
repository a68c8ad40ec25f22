import type { User } from '../ports/user.js';
import type { EndReason, Failure } from '../reasons.js';
import type { RetryPolicy } from './retry.js';

/** What a client may set about its lifecycle. All in milliseconds. */
export interface SessionPolicy {
  /** How long a start may take where `START` names no deadline. */
  readonly startDeadlineMs: number;
  /** How long a goodbye may take before the session is ended without the other side's word. */
  readonly endDeadlineMs: number;
  /** How long the client tries to come back before it gives up; null: for ever. */
  readonly giveUpAfterMs: number | null;
  /** How long the platform's word that there is no network is believed before a try is made all the same. */
  readonly offlineRetryMs: number;
  readonly retry: RetryPolicy;
}

/** The session as the server described it in its welcome. */
export interface SessionInfo {
  readonly id: string;
  readonly user: User;
  readonly resumeWindowMs: number;
  readonly expiresAt: number | null;
  readonly incarnation: number;
}

/** What the machine remembers. Plain data without a secret: inspectors show it, and a start of a session is not replayed from it. */
export interface Context {
  readonly policy: SessionPolicy;
  /** The generation of the current or latest link; counts up with each one opened. */
  readonly link: number;
  /** Tries since the last healthy link: 0 while the first one is under way. */
  readonly attempt: number;
  /** The wait before the next try, in milliseconds; read by the `retry` delay alone. */
  readonly retryInMs: number;
  /** When the next try is due, in monotonic milliseconds; null where none is waited for. */
  readonly retryAt: number | null;
  /** When the latest try failed or the link was lost, in monotonic milliseconds; null before. */
  readonly failedAt: number | null;
  /** The platform's latest word on the network, or the user's where that is later. */
  readonly online: boolean;
  /** The username of the latest start. */
  readonly username: string | null;
  /** The deadline of the latest start. */
  readonly deadlineMs: number;
  /** The session, from its first welcome until the next start. */
  readonly session: SessionInfo | null;
  /** When the current link was welcomed, in monotonic milliseconds. */
  readonly welcomedAt: number | null;
  /** What the latest try met, until a welcome. */
  readonly failure: Failure | null;
  /** Why the latest start failed, or the latest session ended by a failure. */
  readonly error: Failure | null;
  /** Why the latest session is over. */
  readonly endReason: EndReason | null;
}
