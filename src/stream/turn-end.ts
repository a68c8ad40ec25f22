import type { Clock } from '../../machines/ports/host.js';

/** How long the ends of turns may hold up the event loop at a time, in milliseconds: half of what a fan-out may, as its messages are accepted before. */
const sliceMs = 8;
/** How many are done between two looks at the clock. */
const perLook = 16;

/** Who has something to do when the turn is over. */
export interface TurnMember {
  endTurn(): void;
}

/** Lets a member end its turn, once for each time that it is planned. */
export interface TurnPlan {
  plan(member: TurnMember): void;
}

/**
 * What is to be done when the turn is over, for all sessions of a server: in one microtask, and where that takes long, as when everyone is told
 * something, the rest in slices between which the event loop goes on. In the order in which it was planned.
 */
export class TurnEnd implements TurnPlan {
  readonly #clock: Pick<Clock, 'now' | 'macrotask'>;
  #waiting: TurnMember[] = [];
  #next = 0;
  readonly #run = (): void => this.#slice();

  constructor(clock: Pick<Clock, 'now' | 'macrotask'>) {
    this.#clock = clock;
  }

  plan(member: TurnMember): void {
    this.#waiting.push(member);
    if (this.#waiting.length === 1) void microtask.then(this.#run);
  }

  #slice(): void {
    const until = this.#clock.now() + sliceMs;
    try {
      while (this.#next < this.#waiting.length) {
        const member = this.#waiting[this.#next] as TurnMember;
        this.#next += 1;
        member.endTurn();
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
export const turnEndOf = (member: TurnMember): TurnPlan => {
  const run = (): void => member.endTurn();
  return { plan: () => void microtask.then(run) };
};
