import type { either as E } from 'fp-ts';
import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { Clock } from '../../machines/ports/host.js';
import type { EndReason, Failure } from '../../machines/reasons.js';
import type { Mismatch } from '../../machines/stream/stream.js';
import type { HelloFields, PositionFields, ResumeFields } from '../wire/frames.js';
import type { AdmittedSession } from './admission.js';
import type { StartAttempt } from './attempt.js';
import type { ServerConnection } from './connection.js';
import type { Identities } from './identity.js';
import type { Settings } from './options.js';
import type { LiveSession } from './session.js';

/** What becomes of the sessions that connections make. */
export interface SessionKeeping {
  /** The session that the same start made on another connection and that is not confirmed, taken over from it. */
  takeOver(attempt: StartAttempt, by: ServerConnection): LiveSession | null;
  /** A session for what was admitted; or why there is none, and then what was admitted is forgotten. */
  open(admitted: AdmittedSession, attempt: StartAttempt, connection: ServerConnection): E.Either<Failure, LiveSession>;
  /** The session that a hello asks to go on, moved to this connection; or why not. */
  resume(hello: HelloFields & { readonly resume: ResumeFields }, by: ServerConnection): Resumption;
  /** What is decided for it is durable; null: it is not to be. */
  written(session: LiveSession): Promise<E.Either<Failure, void>> | null;
  /** It is active on its connection: for the first time, or again. */
  announce(session: LiveSession): void;
  /** Its link is gone. */
  detach(session: LiveSession): void;
  /** Its client never learnt of it. */
  forget(session: LiveSession): void;
  /** What was admitted for nobody. */
  discard(admitted: AdmittedSession): void;
  end(session: LiveSession, reason: EndReason, what: Failure | null): void;
  /** A session that its client can not go on with, and begins anew instead. */
  giveUp(session: LiveSession): void;
  /** A session that its user gave up while it was lost. */
  abandon(abandoned: NonNullable<HelloFields['abandoned']>, key: string | undefined): void;
}

/** What comes of a resume. */
export type Resumption =
  | {
      readonly kind: 'resumed';
      readonly session: LiveSession;
      readonly positions: PositionFields;
      /** It is not to be after all: what proves whose session it is is as before. */
      takeBack(): void;
      /** `isEnding`: its goodbye is under way. */
      goOn(): { readonly isEnding: boolean };
    }
  /** `positions`: what had become of it, where it is known. */
  | { readonly kind: 'gone'; readonly positions: PositionFields | null }
  | { readonly kind: 'ended'; readonly failure: Failure; readonly positions: PositionFields | null }
  | { readonly kind: 'mismatched'; readonly session: LiveSession; readonly mismatch: Mismatch }
  | { readonly kind: 'refused'; readonly failure: Failure };

/** What a connection needs of its server. */
export interface ConnectionServer {
  readonly settings: Settings;
  readonly incarnation: number;
  readonly clock: Pick<Clock, 'now' | 'wall' | 'setTimeout' | 'clearTimeout'>;
  readonly keeper: SessionKeeping;
  /** The store is there, or why not. Never rejects. */
  opened(): Promise<E.Either<Failure, void>>;
  readonly identities: Pick<Identities, 'renew'>;
  /** Decide on a start. Never rejects. */
  admit(attempt: StartAttempt, connection: ServerConnection): Promise<E.Either<Failure, AdmittedSession>>;
  /** For the log. */
  refused(what: Failure, request: RequestInfo): void;
  /** It is welcomed, or over: it no longer counts among those that say nothing. */
  settled(connection: ServerConnection): void;
  /** Something waits for its client's word: is it to be looked at more often? */
  watch(connection: ServerConnection, isWatched: boolean): void;
  closed(connection: ServerConnection): void;
}
