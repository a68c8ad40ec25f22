import type { Failure } from '../../machines/reasons.js';
import type { PositionFields } from '../wire/frames.js';

/** What is remembered of a session that is over. */
export interface EndedSession {
  /** What proves that a client was its owner. */
  readonly tokenHash: string;
  /** What its client is to be told; null: that the session is gone, so that it begins anew. */
  readonly failure: Failure | null;
  /** What had become of its stream. */
  readonly positions: PositionFields;
}

/**
 * How many are remembered, the last ones: some megabytes. Past it, a client that comes back for an older one is told that it is gone, which
 * is always true.
 */
const endedSessionsMax = 10_000;

/**
 * Sessions that ended, for as long as their clients could have resumed them: one whose goodbye was lost, or that ended while its client was away,
 * learns why when it asks, and what became of what it had sent. [R67]
 */
export class EndedSessions {
  readonly #keptMs: number;
  /** In the order of their ends, which is that of their times. */
  readonly #byId = new Map<string, { readonly session: EndedSession; readonly until: number }>();

  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** `now`: monotonic milliseconds. */
  add(id: string, session: EndedSession, now: number): void {
    this.#byId.delete(id);
    this.#byId.set(id, { session, until: now + this.#keptMs });
    for (const [oldest, { until }] of this.#byId) {
      if (until > now && this.#byId.size <= endedSessionsMax) return;
      this.#byId.delete(oldest);
    }
  }

  clear(): void {
    this.#byId.clear();
  }

  find(id: string, now: number): EndedSession | null {
    const found = this.#byId.get(id);
    return found !== undefined && found.until > now ? found.session : null;
  }
}
