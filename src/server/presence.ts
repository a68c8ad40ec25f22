import type { Clock, TimerHandle } from '../../machines/ports/host.js';

/** A session, as far as presence goes. */
interface Present {
  readonly user: { readonly id: number };
  /** Is it counted? */
  isPresent: boolean;
}

/**
 * Who is online: users with an active session, and for a grace time those whose last one just went, so that a reload of a page is no news.
 */
export class Presence {
  readonly #clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  readonly #graceMs: number;
  readonly #tell: (userId: number, online: boolean) => void;
  readonly #counts = new Map<number, number>();
  readonly #leaving = new Map<number, TimerHandle>();

  constructor(clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>, graceMs: number, tell: (userId: number, online: boolean) => void) {
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.#tell = tell;
  }

  // A link that is taken over was not lost, and one that was lost is left once: sessions count, not links.

  /** It has a link. */
  entered(session: Present): void {
    if (session.isPresent) return;
    session.isPresent = true;
    this.#add(session.user.id);
  }

  /** It has none any more. */
  left(session: Present): void {
    if (!session.isPresent) return;
    session.isPresent = false;
    this.#remove(session.user.id);
  }

  /** It speaks for its user now, and no longer for the former one. */
  moved({ isPresent, user }: Present, former: Present['user']): void {
    if (!isPresent) return;
    this.#add(user.id);
    this.#remove(former.id);
  }

  /** Do others see this user as online? */
  isOnline(userId: number): boolean {
    return this.#counts.has(userId) || this.#leaving.has(userId);
  }

  #add(userId: number): void {
    const count = this.#counts.get(userId) ?? 0;
    this.#counts.set(userId, count + 1);
    if (count > 0) return;
    const leaving = this.#leaving.get(userId);
    if (leaving === undefined) return this.#tell(userId, true);
    this.#clock.clearTimeout(leaving);
    this.#leaving.delete(userId);
  }

  #remove(userId: number): void {
    const count = (this.#counts.get(userId) ?? 0) - 1;
    if (count > 0) {
      this.#counts.set(userId, count);
      return;
    }
    this.#counts.delete(userId);
    const timer = this.#clock.setTimeout(() => {
      this.#leaving.delete(userId);
      this.#tell(userId, false);
    }, this.#graceMs);
    this.#leaving.set(userId, timer);
  }

  /** The server goes: nobody is online any more, and no timer is left. */
  close(): void {
    for (const [userId, timer] of this.#leaving) {
      this.#clock.clearTimeout(timer);
      this.#tell(userId, false);
    }
    this.#leaving.clear();
    this.#counts.clear();
  }
}
