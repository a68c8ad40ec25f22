import type { Clock } from '../../machines/ports/host.js';

/** How long the ends of turns may hold up the event loop at a time, in milliseconds: half of what a fan-out may, as its messages are accepted before. */
const sliceMs = 8;
/** How many are done between two looks at the clock. */
const perLook = 16;

/**
 * What is to be done when the turn is over, for all sessions of a server: in one microtask, and where that takes long, as when everyone is told
 * something, the rest in slices between which the event loop goes on. In the order in which it was planned.
 */
export class TurnEnd {
  readonly #clock: Pick<Clock, 'now' | 'macrotask'>;
  #waiting: (() => void)[] = [];
  #next = 0;
  readonly #run = (): void => this.#slice();

  constructor(clock: Pick<Clock, 'now' | 'macrotask'>) {
    this.#clock = clock;
  }

  readonly plan = (act: () => void): void => {
    this.#waiting.push(act);
    if (this.#waiting.length === 1) void microtask.then(this.#run);
  };

  #slice(): void {
    const until = this.#clock.now() + sliceMs;
    try {
      while (this.#next < this.#waiting.length) {
        const act = this.#waiting[this.#next] as () => void;
        this.#next += 1;
        act();
        if (this.#next % perLook === 0 && this.#clock.now() >= until) return;
      }
    } finally {
      // Also where one of them has thrown: the others are none of its business.
      if (this.#next < this.#waiting.length) this.#clock.macrotask(this.#run);
      else {
        this.#waiting = [];
        this.#next = 0;
      }
    }
  }
}

/** Settled: what is chained to it runs at the end of the turn. Node's queueMicrotask makes an object of async_hooks for each call, at four times the cost. */
const microtask = Promise.resolve();

/** For a side with one session: at the end of the turn, whatever it takes. */
export const atTurnEnd = (act: () => void): void => void microtask.then(act);
