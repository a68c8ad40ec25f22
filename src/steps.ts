/**
 * Does effects one after the other, in the order they were decided, however they come to be decided: an effect that leads to
 * further ones has them queued behind those that wait already. Held, it does them one by one when told to: that is how tools drive it.
 */
export class Steps<Effect> {
  readonly #perform: (effect: Effect) => void;
  readonly #waiting: Effect[] = [];
  #next = 0;
  #running = false;
  readonly held: boolean;

  constructor(perform: (effect: Effect) => void, held = false) {
    this.#perform = perform;
    this.held = held;
  }

  /** How many effects wait. */
  get length(): number {
    return this.#waiting.length - this.#next;
  }

  add(effects: readonly Effect[]): void {
    if (effects.length === 0) return;
    const isFree = !this.held && !this.#running;
    // Where nothing waits before them they need not be queued, which costs more than most of them.
    const areNext = isFree && this.length === 0;
    if (!areNext) for (const effect of effects) this.#waiting.push(effect);
    if (!isFree) return;
    this.#running = true;
    let done = areNext ? 0 : effects.length;
    try {
      while (done < effects.length) {
        done += 1;
        this.#perform(effects[done - 1] as Effect);
      }
      while (this.step());
    } finally {
      this.#running = false;
      // One of them has thrown: the others are still to be done, before what they led to.
      if (done < effects.length) this.#waiting.unshift(...effects.slice(done));
    }
  }

  /** Do the next effect. False where none waits. */
  step(): boolean {
    if (this.length === 0) return false;
    const effect = this.#waiting[this.#next] as Effect;
    this.#next += 1;
    if (this.#next === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#next = 0;
    }
    this.#perform(effect);
    return true;
  }
}
