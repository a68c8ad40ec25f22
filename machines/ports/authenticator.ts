import type { Failure } from '../reasons.js';
import type { Either } from './either.js';
import type { JsonObject } from './json.js';
import type { Profile } from './user.js';

/** What is known of the request that brought a hello. Credentials that it carries (cookies, authorization) are the app's to read; they are never logged. */
export interface RequestInfo {
  readonly remoteAddress: string | null;
  readonly origin: string | null;
  readonly userAgent: string | null;
  /** The path and query of the upgrade request. */
  readonly url: string;
  /** Lower-case names. Those of the WebSocket handshake itself, one of which may carry a hello, are left out. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One user's attempt to start a session with credentials. */
export interface Attempt {
  readonly username: string;
  readonly authParams: JsonObject;
  readonly request: RequestInfo;
  /** Aborted when the answer would come too late, or when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** Yes: as whom, and until when (milliseconds since the epoch; absent: without limit). */
export interface Admittance {
  readonly user?: Profile;
  readonly expiresAt?: number;
}

/** No, and why. The code goes to the client, the detail to the server's log only. */
export interface Refusal {
  /** `AccessDeniedError`: a verdict. The two others: no verdict was to be had. */
  readonly code: 'AccessDeniedError' | 'AuthenticationTimeoutError' | 'AuthenticationUnavailableError';
  /** For the server's log. Holds no credential. */
  readonly detail: string;
  readonly cause?: Failure;
}

/** Decides on one attempt, in bounded time. Never throws or rejects. */
export interface Authenticator {
  /** For logs: `function`, `webhook`, `jwt`. */
  readonly name: string;
  authenticate(attempt: Attempt): Promise<Either<Refusal, Admittance>>;
}
