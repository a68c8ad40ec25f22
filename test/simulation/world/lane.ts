/** One direction of one connection: what is put in arrives in its order, each at its time or later. */
import type { WorldTime } from './time.js';

/** What a lane asks of the way that it is part of. */
export interface LaneOwner {
  readonly time: WorldTime;
  /** How long what is put in now is under way, in milliseconds. */
  delayMs(): number;
  /** Does nothing arrive for now? */
  isHeld(): boolean;
}

interface Parcel {
  readonly at: number;
  readonly size: number;
  readonly deliver: () => void;
}

export class Lane {
  readonly #owner: LaneOwner;
  readonly #parcels: Parcel[] = [];
  #first = 0;
  #lastAt = 0;
  #isPlanned = false;
  /** Nothing that is put in from now on arrives. */
  isDead = false;
  /** Nothing arrives until this is false again. */
  isHeld = false;
  /** The sizes of all that waits, added up. */
  waiting = 0;

  constructor(owner: LaneOwner) {
    this.#owner = owner;
  }

  get isEmpty(): boolean {
    return this.#parcels.length === 0;
  }

  put(size: number, deliver: () => void): void {
    if (this.isDead) return;
    const { time } = this.#owner;
    this.#lastAt = Math.max(this.#lastAt, time.now + this.#owner.delayMs());
    this.#parcels.push({ at: this.#lastAt, size, deliver });
    this.waiting += size;
    this.run();
  }

  /** What is under way is lost. */
  drop(): void {
    this.#parcels.length = 0;
    this.#first = 0;
    this.waiting = 0;
  }

  run(): void {
    const first = this.#parcels[this.#first];
    if (first === undefined || this.#isPlanned || this.#isWaiting()) return;
    const { time } = this.#owner;
    this.#isPlanned = true;
    time.setTimeout(() => this.#arrive(), first.at - time.now);
  }

  #isWaiting(): boolean {
    return this.isHeld || this.#owner.isHeld();
  }

  #arrive(): void {
    this.#isPlanned = false;
    const parcel = this.#parcels[this.#first];
    if (parcel !== undefined && parcel.at <= this.#owner.time.now && !this.#isWaiting()) {
      this.#first += 1;
      if (this.#first === this.#parcels.length) this.drop();
      else this.waiting -= parcel.size;
      parcel.deliver();
    }
    this.run();
  }
}
