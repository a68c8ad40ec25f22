/** Worlds by number, each once. A world is four numbers, kept in flat arrays: millions of them take little room and no time of the collector. */

export type Numbers = readonly [number, number, number, number];

const width = 4;
const roomAtFirst = 1_024;

/** What a fair run of a world goes on with, besides the number of the next world. */
export const notLookedAt = -2;
export const atRest = -1;

const larger = (from: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const to = new Int32Array(from.length * 2);
  to.set(from);
  return to;
};

export class Seen {
  #worlds = new Int32Array(width * roomAtFirst);
  #parents = new Int32Array(roomAtFirst);
  #rests = new Int32Array(roomAtFirst);
  /** Open addressing, at most half full: a world's number and one, or 0. */
  #slots = new Int32Array(roomAtFirst * 2);
  size = 0;

  /** The number of a world. A new one has the number that `size` was. */
  add(numbers: Numbers, parent: number): number {
    const slot = this.#slotOf(numbers);
    const found = (this.#slots[slot] as number) - 1;
    if (found >= 0) return found;
    const index = this.size;
    this.#slots[slot] = index + 1;
    for (let at = 0; at < width; at += 1) this.#worlds[index * width + at] = numbers[at] as number;
    this.#parents[index] = parent;
    this.#rests[index] = notLookedAt;
    this.size += 1;
    if (this.size === this.#parents.length) this.#grow();
    return index;
  }

  at(index: number): Numbers {
    const [client = 0, network = 0, server = 0, faults = 0] = this.#worlds.subarray(index * width, (index + 1) * width);
    return [client, network, server, faults];
  }

  /** The world that it was first met from; -1: none. */
  parent(index: number): number {
    return this.#parents[index] as number;
  }

  rest(index: number): number {
    return this.#rests[index] as number;
  }

  leadTo(index: number, to: number): void {
    this.#rests[index] = to;
  }

  #slotOf([client, network, server, faults]: Numbers): number {
    const mask = this.#slots.length - 1;
    let hash =
      Math.imul(client, 0x9e3779b1) ^ Math.imul(network, 0x85ebca6b) ^ Math.imul(server, 0xc2b2ae35) ^ Math.imul(faults, 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash ^= hash >>> 13;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = ((this.#slots[slot] as number) - 1) * width;
      if (at < 0) return slot;
      const worlds = this.#worlds;
      if (worlds[at] === client && worlds[at + 1] === network && worlds[at + 2] === server && worlds[at + 3] === faults) return slot;
    }
  }

  #grow(): void {
    this.#worlds = larger(this.#worlds);
    this.#parents = larger(this.#parents);
    this.#rests = larger(this.#rests);
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let index = 0; index < this.size; index += 1) this.#slots[this.#slotOf(this.at(index))] = index + 1;
  }
}
