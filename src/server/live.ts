import type { LiveSession } from './session.js';

/** The sessions that are active in this process, by id and by username. */
export class LiveSessions {
  readonly #byId = new Map<string, LiveSession>();
  /** A user with one session, as most have, needs no set. */
  readonly #byUser = new Map<string, LiveSession | Set<LiveSession>>();

  add(session: LiveSession): void {
    this.#byId.set(session.id, session);
    const { name } = session.user;
    const others = this.#byUser.get(name);
    if (others instanceof Set) others.add(session);
    else this.#byUser.set(name, others === undefined ? session : new Set([others, session]));
  }

  /** True where it was there. */
  remove(session: LiveSession): boolean {
    if (!this.#byId.delete(session.id)) return false;
    const { name } = session.user;
    const sessions = this.#byUser.get(name);
    if (sessions instanceof Set) sessions.delete(session);
    if (sessions === session || (sessions instanceof Set && sessions.size === 0)) this.#byUser.delete(name);
    return true;
  }

  byId(id: string): LiveSession | undefined {
    return this.#byId.get(id);
  }

  byUser(name: string): readonly LiveSession[] {
    const sessions = this.#byUser.get(name);
    if (sessions === undefined) return [];
    return sessions instanceof Set ? [...sessions] : [sessions];
  }

  all(): IterableIterator<LiveSession> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }
}
