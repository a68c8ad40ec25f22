/** The time of a world: what falls due happens in its order, and in between the code settles. */

interface Due {
  readonly at: number;
  readonly id: number;
  readonly run: () => void;
}

/** Macrotasks at one moment: code that needs more has a loop that never ends. */
const macrotasksMax = 200_000;

/** By then all microtasks are done: Node begins what was put here only when there are none. */
const settledOnce = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

export class WorldTime {
  /** Milliseconds since the world began. */
  now = 0;
  /** How many timers have fired. */
  fired = 0;
  /** A binary heap, the next one first. */
  readonly #heap: Due[] = [];
  readonly #live = new Set<number>();
  readonly #macrotasks: (() => void)[] = [];
  readonly #loading = new Set<Promise<unknown>>();
  #next = 1;

  /** How many timers are running. */
  get pending(): number {
    return this.#live.size;
  }

  /** Something is loaded in real time: the world waits for it. */
  loading(loaded: Promise<unknown>): void {
    this.#loading.add(loaded);
    const done = (): void => void this.#loading.delete(loaded);
    loaded.then(done, done);
  }

  setTimeout(run: () => void, delayMs: number): number {
    const id = this.#next;
    this.#next += 1;
    this.#live.add(id);
    this.#push({ at: this.now + Math.max(0, delayMs), id, run });
    return id;
  }

  clearTimeout(id: number): void {
    this.#live.delete(id);
  }

  macrotask(run: () => void): void {
    this.#macrotasks.push(run);
  }

  async advanceTo(until: number): Promise<void> {
    await this.settle();
    for (let due = this.#heap[0]; due !== undefined && due.at <= until; due = this.#heap[0]) {
      this.#pop();
      if (!this.#live.delete(due.id)) continue;
      this.now = due.at;
      this.fired += 1;
      due.run();
      await this.settle();
    }
    this.now = Math.max(this.now, until);
  }

  async settle(): Promise<void> {
    await settledOnce();
    for (let run = 0; ; run += 1) {
      while (this.#loading.size > 0) {
        await Promise.allSettled(this.#loading);
        await settledOnce();
      }
      const next = this.#macrotasks.shift();
      if (next === undefined) return;
      if (run === macrotasksMax) throw new Error(`The world did not settle within ${macrotasksMax} macrotasks.`);
      next();
      await settledOnce();
    }
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(due);
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!isBefore(due, heap[above] as Due)) break;
      heap[index] = heap[above] as Due;
      index = above;
    }
    heap[index] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as Due, heap[below] as Due)) below += 1;
      if (!isBefore(heap[below] as Due, last)) break;
      heap[index] = heap[below] as Due;
      index = below;
    }
    heap[index] = last;
  }
}

const isBefore = (a: Due, b: Due): boolean => a.at < b.at || (a.at === b.at && a.id < b.id);
