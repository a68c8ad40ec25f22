/** Who does an effect. */
export interface Performer<Effect> {
  perform(effect: Effect): void;
}

/**
 * Does effects one after the other, in the order they were decided, however they come to be decided: an effect that leads to
 * further ones has them queued behind those that wait already. Held, it does them one by one when told to: that is how tools drive it.
 */
export class Steps<Effect> {
  readonly #owner: Performer<Effect>;
  /** Null until something has waited: in most there is never more than is done at once. */
  #waiting: Effect[] | null = null;
  #next = 0;
  #running = false;
  readonly held: boolean;

  constructor(owner: Performer<Effect>, held = false) {
    this.#owner = owner;
    this.held = held;
  }

  /** How many effects wait. */
  get length(): number {
    return this.#waiting === null ? 0 : this.#waiting.length - this.#next;
  }

  add(effects: readonly Effect[]): void {
    if (effects.length === 0) return;
    const isFree = !this.held && !this.#running;
    // Where nothing waits before them they need not be queued, which costs more than most of them.
    const areNext = isFree && this.length === 0;
    if (!areNext) {
      this.#waiting ??= [];
      for (const effect of effects) this.#waiting.push(effect);
    }
    if (!isFree) return;
    this.#running = true;
    let done = areNext ? 0 : effects.length;
    try {
      while (done < effects.length) {
        done += 1;
        this.#owner.perform(effects[done - 1] as Effect);
      }
      while (this.step());
    } finally {
      this.#running = false;
      // One of them has thrown: the others are still to be done, before what they led to.
      if (done < effects.length) this.#waiting = [...effects.slice(done), ...(this.#waiting ?? [])];
    }
  }

  /** Do the next effect. False where none waits. */
  step(): boolean {
    const waiting = this.#waiting;
    if (waiting === null) return false;
    const effect = waiting[this.#next] as Effect;
    this.#next += 1;
    if (this.#next === waiting.length) {
      this.#waiting = null;
      this.#next = 0;
    }
    this.#owner.perform(effect);
    return true;
  }
}
