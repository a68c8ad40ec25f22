import type { Clock, TimerHandle } from '../../machines/ports/host.js';

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

  entered(userId: number): void {
    const count = this.#counts.get(userId) ?? 0;
    this.#counts.set(userId, count + 1);
    if (count > 0) return;
    const leaving = this.#leaving.get(userId);
    if (leaving === undefined) return this.#tell(userId, true);
    this.#clock.clearTimeout(leaving);
    this.#leaving.delete(userId);
  }

  left(userId: number): void {
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
