import type { LiveSession } from './session.js';

/** What a start can be moved away from: the connection that it came on. */
export interface StartingConnection {
  /** Another connection has its start now: it closes, and keeps nothing. */
  release(): void;
}

/**
 * Starts that are not confirmed, by the hash of their token: the same token is the same start [R24], so that a client whose welcome was lost,
 * or is late, comes to the session that it has already.
 */
export class Starts<Connection extends StartingConnection> {
  readonly #admitting = new Map<string, Connection>();
  readonly #unconfirmed = new Map<string, LiveSession>();

  get unconfirmedCount(): number {
    return this.#unconfirmed.size;
  }

  /** A start is to be decided on. Whoever was being asked about the same one is no longer waited for. */
  begin(hash: string, connection: Connection): void {
    const former = this.#admitting.get(hash);
    this.#admitting.set(hash, connection);
    if (former !== connection) former?.release();
  }

  /** It is decided. */
  settle(hash: string, connection: Connection): void {
    if (this.#admitting.get(hash) === connection) this.#admitting.delete(hash);
  }

  add(session: LiveSession): void {
    this.#unconfirmed.set(session.tokenHash, session);
  }

  /** The session that this user's start has made already. */
  find(hash: string, username: string): LiveSession | null {
    const session = this.#unconfirmed.get(hash);
    return session?.user.name === username ? session : null;
  }

  /** It is confirmed, or over. True where it was there. */
  remove(session: LiveSession): boolean {
    return this.#unconfirmed.get(session.tokenHash) === session && this.#unconfirmed.delete(session.tokenHash);
  }

  all(): IterableIterator<LiveSession> {
    return this.#unconfirmed.values();
  }
}
