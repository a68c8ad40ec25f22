import type { Clock } from '../../machines/ports/host.js';
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
  readonly #deciding = new Map<string, Connection>();
  readonly #verdicts = new Set<Promise<unknown>>();
  readonly #unconfirmed = new Map<string, LiveSession>();

  get unconfirmedCount(): number {
    return this.#unconfirmed.size;
  }

  /** Decide on a start. Whoever waits for a verdict on the same one no longer does. `decide` must not reject. */
  async decide<Verdict>(hash: string, connection: Connection, decide: () => Promise<Verdict>): Promise<Verdict> {
    const former = this.#deciding.get(hash);
    this.#deciding.set(hash, connection);
    former?.release();
    const verdict = decide();
    this.#verdicts.add(verdict);
    const decided = await verdict;
    this.#verdicts.delete(verdict);
    if (this.#deciding.get(hash) === connection) this.#deciding.delete(hash);
    return decided;
  }

  /** Wait until all verdicts are there, but no longer than the limit: an authenticator may not listen to its signal. */
  decided(limitMs: number, clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, limitMs);
      void Promise.all(this.#verdicts).then(() => {
        clock.clearTimeout(timer);
        resolve();
      });
    });
  }

  add(session: LiveSession): void {
    this.#unconfirmed.set(session.tokenHash, session);
  }

  /** The session that this user's start has made already. */
  find(hash: string, username: string): LiveSession | null {
    const session = this.#unconfirmed.get(hash);
    return session?.user.name === username ? session : null;
  }

  byId(id: string): LiveSession | undefined {
    return [...this.#unconfirmed.values()].find((session) => session.id === id);
  }

  all(): readonly LiveSession[] {
    return [...this.#unconfirmed.values()];
  }

  byUser(name: string): readonly LiveSession[] {
    return [...this.#unconfirmed.values()].filter(({ user }) => user.name === name);
  }

  /** The token has changed that proves whose session it is. */
  rename(session: LiveSession, hash: string): void {
    const isUnconfirmed = this.remove(session);
    session.tokenHash = hash;
    if (isUnconfirmed) this.add(session);
  }

  /** It is confirmed, or over. True where it was there. */
  remove(session: LiveSession): boolean {
    return this.#unconfirmed.get(session.tokenHash) === session && this.#unconfirmed.delete(session.tokenHash);
  }
}
