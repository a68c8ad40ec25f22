import type { Clock, TimerHandle } from '../../machines/ports/host.js';

/** How long after one look the next one may come, in milliseconds: a thousand messages that each expire a little later are no thousand looks. */
const pauseMs = 50;

/** One timer for all messages of a stream that wait with a time: shipping looks at each one's time itself, and this at those that can not be shipped. */
export class Expiry {
  readonly #clock: Clock;
  readonly #look: () => void;
  #timer: TimerHandle | null = null;
  #at = 0;

  constructor(clock: Clock, look: () => void) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Look when this time has come, in milliseconds of the clock; null: there is nothing to look for. */
  set(at: number | null): void {
    if (this.#timer !== null) {
      // What rings too early looks again later.
      if (at !== null && at >= this.#at) return;
      this.#clock.clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (at === null) return;
    this.#at = at;
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#timer = null;
        this.#look();
      },
      Math.max(at - this.#clock.now(), pauseMs),
    );
  }
}
