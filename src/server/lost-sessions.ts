import type { Addresses } from './addresses.js';
import type { LiveSession } from './session.js';

/** How many lost sessions there may be. */
export interface LostMax {
  readonly all: number;
  /** Of those that were started from one address, or one /64 network of IPv6. */
  readonly ofAddress: number;
}

/** What is one too many, and why. */
export interface Surplus {
  readonly session: LiveSession;
  readonly limit: 'lostSessions' | 'connectionsPerAddress';
}

/**
 * Sessions whose link is lost, in the order in which it was. One address that leaves many behind pushes out its own, and not those of others.
 */
export class LostSessions {
  readonly #addresses: Pick<Addresses, 'keyOf'>;
  readonly #max: LostMax;
  readonly #all = new Set<LiveSession>();
  readonly #byAddress = new Map<string, Set<LiveSession>>();

  constructor(addresses: Pick<Addresses, 'keyOf'>, max: LostMax) {
    this.#addresses = addresses;
    this.#max = max;
  }

  get size(): number {
    return this.#all.size;
  }

  /** One that is one too many now; null: there is none. */
  add(session: LiveSession): Surplus | null {
    this.#all.add(session);
    const key = this.#keyOf(session);
    if (key !== null) {
      const sessions = this.#byAddress.get(key) ?? new Set();
      sessions.add(session);
      this.#byAddress.set(key, sessions);
      if (sessions.size > this.#max.ofAddress) return surplusOf(sessions, 'connectionsPerAddress');
    }
    return this.#all.size > this.#max.all ? surplusOf(this.#all, 'lostSessions') : null;
  }

  delete(session: LiveSession): void {
    if (!this.#all.delete(session)) return;
    const key = this.#keyOf(session);
    const sessions = key === null ? undefined : this.#byAddress.get(key);
    sessions?.delete(session);
    if (key !== null && sessions?.size === 0) this.#byAddress.delete(key);
  }

  /** Where it was started: what a store has of it does not say. */
  #keyOf({ origin }: LiveSession): string | null {
    return this.#addresses.keyOf(origin.remoteAddress);
  }
}

/** The one that was lost first. */
const surplusOf = (sessions: ReadonlySet<LiveSession>, limit: Surplus['limit']): Surplus | null => {
  for (const session of sessions) return { session, limit };
  return null;
};
