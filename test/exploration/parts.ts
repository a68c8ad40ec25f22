/** Values that are the same are one object with one number, so that a world is a few numbers and a step that was made once is never made again. */

/** The one object of a value. In the key of what holds it, it is its number. */
export class Part<T> {
  readonly id: number;
  readonly value: T;

  constructor(id: number, value: T) {
    this.id = id;
    this.value = value;
  }

  toJSON(): number {
    return this.id;
  }
}

/** All values of one kind that were met. */
export class Parts<T> {
  readonly #keyOf: (value: T) => string;
  readonly #byKey = new Map<string, Part<T>>();
  readonly #all: Part<T>[] = [];

  /** `keyOf`: the same for values that nobody can tell apart. */
  constructor(keyOf: (value: T) => string = JSON.stringify) {
    this.#keyOf = keyOf;
  }

  of(value: T): Part<T> {
    const key = this.#keyOf(value);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const part = new Part(this.#all.length, value);
    this.#byKey.set(key, part);
    this.#all.push(part);
    return part;
  }

  at(id: number): Part<T> {
    const part = this.#all[id];
    if (part === undefined) throw new RangeError(`There is no part ${id}.`);
    return part;
  }

  get size(): number {
    return this.#all.length;
  }
}

/** Steps that were made: by the number of what they begin with, and what happens. */
export class Made<Result> {
  readonly #byStart: (Map<string, Result> | undefined)[] = [];

  of(start: number, what: string, make: () => Result): Result {
    let made = this.#byStart[start];
    if (made === undefined) {
      made = new Map();
      this.#byStart[start] = made;
    }
    const known = made.get(what);
    if (known !== undefined) return known;
    const result = make();
    made.set(what, result);
    return result;
  }
}
