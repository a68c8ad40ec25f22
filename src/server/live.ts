import type { LiveSession } from './session.js';

/** The sessions that are active in this process, by id and by username. */
export class LiveSessions {
  readonly #byId = new Map<string, LiveSession>();
  readonly #byUser = new Map<string, Set<LiveSession>>();

  add(session: LiveSession): void {
    this.#byId.set(session.id, session);
    const { name } = session.user;
    const sessions = this.#byUser.get(name) ?? new Set();
    this.#byUser.set(name, sessions.add(session));
  }

  /** True where it was there. */
  remove(session: LiveSession): boolean {
    if (!this.#byId.delete(session.id)) return false;
    const { name } = session.user;
    const sessions = this.#byUser.get(name);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#byUser.delete(name);
    return true;
  }

  byId(id: string): LiveSession | undefined {
    return this.#byId.get(id);
  }

  byUser(name: string): readonly LiveSession[] {
    return [...(this.#byUser.get(name) ?? [])];
  }

  all(): IterableIterator<LiveSession> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }
}
