import type { Clock, TimerHandle } from '../../machines/ports/host.js';

/** The most time between two ticks, in milliseconds: finer would cost idle sessions more and tell nobody anything. */
const tickMsMax = 1_000;
/** Ticks in a rhythm: what is due before the next tick is done at this one, so that a quarter is what a ping may be early. */
const ticksPerRhythm = 4;
/** The least time between two ticks, in milliseconds: a timer of the platform is not finer. */
const tickMsMin = 5;
/** A tick that comes this much late says that this process stood still, in milliseconds: what it did not hear meanwhile may wait in its sockets. */
const lateMs = 1_000;

export interface Ticked {
  /** `nextAt`: when the next tick comes. `lostMs`: how long this process stood still before this one. */
  tick(now: number, nextAt: number, lostMs: number): void;
}

/** One timer for all connections, running only while there are any: a timer each would cost more than all the rest of an idle session. */
export class Ticker<Member extends Ticked> {
  readonly #clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>;
  readonly #everyMs: number;
  readonly #members = new Set<Member>();
  #timer: TimerHandle | null = null;

  constructor(clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>, rhythmMs: number) {
    this.#clock = clock;
    this.#everyMs = Math.min(Math.max(rhythmMs / ticksPerRhythm, tickMsMin), tickMsMax);
  }

  add(member: Member): void {
    this.#members.add(member);
    this.#timer ??= this.#plan();
  }

  remove(member: Member): void {
    this.#members.delete(member);
    if (this.#members.size > 0 || this.#timer === null) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  members(): readonly Member[] {
    return [...this.#members];
  }

  #plan(): TimerHandle {
    const dueAt = this.#clock.now() + this.#everyMs;
    return this.#clock.setTimeout(() => {
      this.#timer = null;
      const now = this.#clock.now();
      const overdueMs = now - dueAt;
      const lostMs = overdueMs > lateMs ? overdueMs : 0;
      for (const member of this.#members) member.tick(now, now + this.#everyMs, lostMs);
      // One that was added meanwhile has planned the next one already.
      if (this.#members.size > 0) this.#timer ??= this.#plan();
    }, this.#everyMs);
  }
}
