import type { Ticket } from '../../machines/stream/state.js';
import { SparseMap } from './sparse.js';

/** Which message waits under which key. It holds no more keys than messages wait to be shipped. */
export class ReplaceKeys {
  /** In the order of their tickets. */
  readonly #tickets = new SparseMap<string, Ticket>();

  /** The latest message of a type and key, shipped or not. */
  of(type: string, key: string): Ticket | undefined {
    return this.#tickets.get(nameOf(type, key));
  }

  /** The latest one is this. `oldest`: the first that is not shipped; what was before it can not be replaced any more. */
  set(type: string, key: string, ticket: Ticket, oldest: Ticket): void {
    const name = nameOf(type, key);
    this.#tickets.delete(name);
    this.#tickets.set(name, ticket);
    for (const [other, its] of this.#tickets.entries()) {
      if (its >= oldest) return;
      this.#tickets.delete(other);
    }
  }
}

/** The length keeps apart what a separator would not. */
const nameOf = (type: string, key: string): string => `${type.length}:${type}${key}`;
