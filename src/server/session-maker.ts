import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { Host } from '../../machines/ports/host.js';
import type { KeptSession, SessionRecord, StreamTermsKept } from '../../machines/ports/store.js';
import { TurnEnd } from '../stream/turn-end.js';
import { conversationFor } from './conversation.js';
import { DurableSession } from './durable.js';
import type { Settings } from './options.js';
import { authenticationUntil, LiveSession, type SessionConnection } from './session.js';
import type { SessionSideParts } from './session-side.js';
import { Shared } from './shared.js';
import type { Turns } from './turns.js';

/** What makes a session, new or restored. */
interface MadeOf {
  readonly record: SessionRecord;
  readonly terms: StreamTermsKept;
  readonly tokenHash: string;
  readonly origin: RequestInfo;
  readonly connection: SessionConnection;
}

/** A session that was restored has no request of this process. */
export const nowhere: RequestInfo = { remoteAddress: null, origin: null, userAgent: null, url: '/', headers: {} };
/** ... and no link. */
export const nobody: SessionConnection = { write: () => undefined, input: () => undefined, release: () => undefined, hasLink: false };

export interface SessionMakerParts extends SessionSideParts {
  readonly settings: Settings;
  readonly clock: Host['clock'];
  /** Null where sessions do not outlive this process. */
  readonly turns: Turns | null;
}

/** Puts a session together from what was admitted, or from what an earlier process left. */
export class SessionMaker {
  readonly #parts: SessionMakerParts;
  readonly #shared: Shared;

  constructor(parts: SessionMakerParts) {
    this.#parts = parts;
    this.#shared = new Shared(parts.settings, parts.clock, new TurnEnd(parts.clock));
  }

  make({ record, terms, tokenHash, origin, connection }: MadeOf, kept?: KeptSession): LiveSession {
    const { settings, clock, turns } = this.#parts;
    const durableOf = (session: LiveSession): DurableSession | null =>
      turns === null || terms.keptMs === 0 ? null : new DurableSession({ turns, clock, session: () => session }, kept);
    return new LiveSession(
      record,
      {
        origin,
        durable: durableOf,
        conversation: (session) => conversationFor(session, this.#parts, this.#shared.terms(terms), kept),
        connection,
        tokenHash,
        keptMs: terms.keptMs,
        features: this.#shared.features(terms),
        requestTimeoutMs: settings.requestTimeoutMs,
        whenFull: settings.whenFull,
      },
      authenticationUntil(terms.expiresAt, clock.wall(), settings.renewBeforeMs),
    );
  }
}
