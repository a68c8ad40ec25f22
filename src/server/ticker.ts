import type { Clock, TimerHandle } from '../../machines/ports/host.js';

/** How finely rhythms are kept, in milliseconds: a ping may be this much late. */
const tickMs = 1_000;

/** One timer for all connections, running only while there are any: a timer each would cost more than all the rest of an idle session. */
export class Ticker<Ticked extends { tick(now: number): void }> {
  readonly #clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>;
  readonly #members = new Set<Ticked>();
  #timer: TimerHandle | null = null;

  constructor(clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>) {
    this.#clock = clock;
  }

  add(member: Ticked): void {
    this.#members.add(member);
    this.#timer ??= this.#plan();
  }

  remove(member: Ticked): void {
    this.#members.delete(member);
    if (this.#members.size > 0 || this.#timer === null) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  members(): readonly Ticked[] {
    return [...this.#members];
  }

  #plan(): TimerHandle {
    return this.#clock.setTimeout(() => {
      this.#timer = null;
      const now = this.#clock.now();
      for (const member of this.#members) member.tick(now);
      if (this.#members.size > 0) this.#timer = this.#plan();
    }, tickMs);
  }
}
