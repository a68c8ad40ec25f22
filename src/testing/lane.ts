import type { Clock } from '../../machines/ports/host.js';

/** What may wait in one direction, in UTF-16 units: far more than a test sends, and less than harms. */
const waitingMax = 64 * 1024 * 1024;

/** What a lane asks of the network that it is part of. */
export interface LaneOwner {
  readonly clock: Clock;
  /** How long what is put in now is under way, in milliseconds. */
  delayMs(): number;
  /** Does nothing arrive for now? */
  isHeld(): boolean;
  /** More waits than may. */
  overflowed(): void;
}

interface Parcel {
  readonly at: number;
  readonly size: number;
  readonly deliver: () => void;
}

/** One direction of one connection: what is put in arrives in its order, each in a macrotask of its own, at its time or later. */
export class Lane {
  readonly #owner: LaneOwner;
  readonly #parcels: Parcel[] = [];
  #isPlanned = false;
  #isBroken = false;
  /** The sizes of all that waits, added up. */
  waiting = 0;

  constructor(owner: LaneOwner) {
    this.#owner = owner;
  }

  put(size: number, deliver: () => void): void {
    if (this.#isBroken) return;
    const { clock } = this.#owner;
    this.waiting += size;
    this.#parcels.push({ at: clock.now() + this.#owner.delayMs(), size, deliver });
    if (this.waiting > waitingMax) this.#owner.overflowed();
    else this.run();
  }

  /** What was under way is lost, and nothing that is put in from now on arrives. */
  break(): void {
    this.#isBroken = true;
    this.#parcels.length = 0;
    this.waiting = 0;
  }

  /** Deliver what is due. */
  run(): void {
    const [first] = this.#parcels;
    if (first === undefined || this.#isPlanned || this.#owner.isHeld()) return;
    const { clock } = this.#owner;
    this.#isPlanned = true;
    const delayMs = first.at - clock.now();
    if (delayMs > 0) clock.setTimeout(() => this.#arrive(), delayMs);
    else clock.macrotask(() => this.#arrive());
  }

  #arrive(): void {
    this.#isPlanned = false;
    const [first] = this.#parcels;
    if (first !== undefined && first.at <= this.#owner.clock.now() && !this.#owner.isHeld()) {
      this.#parcels.shift();
      this.waiting -= first.size;
      first.deliver();
    }
    this.run();
  }
}
