/** One direction of a connection: what is put in comes out in order, each in a delivery of its own. */
export interface Lane {
  /** `size` counts as waiting until the delivery has run. */
  put(size: number, deliver: () => void): void;
  /** Forget what waits: it was under way when the connection broke. */
  empty(): void;
  /** The sizes of all that waits, added up. */
  readonly waiting: number;
}

/** What may wait in one direction, in UTF-16 units or bytes: far more than a test sends, and less than harms. */
const WAITING_MAX = 64 * 1024 * 1024;

/**
 * A lane whose deliveries run when `schedule` lets them. Each scheduled run takes what is first by then, so that
 * a schedule that runs them in another order still can not reorder a lane. Past 64 Mi waiting it takes nothing more and calls `overflowed`, once.
 *
 * @example
 * const down = lane(queueMicrotask, () => cut());
 * down.put(text.length, () => events.received(text));
 */
export const lane = (schedule: (deliver: () => void) => void, overflowed: () => void): Lane => {
  let parcels: { readonly size: number; readonly deliver: () => void }[] = [];
  let waiting = 0;
  let full = false;
  const runFirst = () => {
    const first = parcels.shift();
    if (!first) return;
    waiting -= first.size;
    first.deliver();
  };
  return {
    put: (size, deliver) => {
      if (full) return;
      if (waiting + size > WAITING_MAX) {
        full = true;
        overflowed();
        return;
      }
      waiting += size;
      parcels.push({ size, deliver });
      schedule(runFirst);
    },
    empty: () => {
      parcels = [];
      waiting = 0;
      full = false;
    },
    get waiting() {
      return waiting;
    },
  };
};
