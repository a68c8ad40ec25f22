/** One direction of a link: what is put in comes out in order, each parcel at its time. */
export interface Lane {
  /** Deliver once `dueAt` has come (milliseconds of `performance.now()`), and never before what was put in earlier. */
  put(dueAt: number, size: number, deliver: () => void): void;
  /** Put what is left of a delivery back to the front: it is due at once, or when nothing holds the lane any more. */
  putBack(size: number, deliver: () => void): void;
  /** Look again: what held the lane may be over. */
  kick(): void;
  /** Forget all that waits. */
  clear(): void;
  /** The sizes of all that waits, added up, in bytes. */
  readonly waiting: number;
}

/**
 * Milliseconds. A timer of Node is up to about this late, so the last stretch before a delivery is spent in `setImmediate`s:
 * they cost processor time, but the loop goes on serving sockets, and the delivery is right to some 50 us.
 */
const WATCHED_MS = 2;

/**
 * Nothing comes out while `isHeld` says so; who changes that calls `kick`.
 *
 * @example
 * const up = lane(() => silent);
 * up.put(performance.now() + 50, chunk.length, () => socket.write(chunk));
 */
export const lane = (isHeld: () => boolean): Lane => {
  let parcels: { readonly dueAt: number; readonly size: number; readonly deliver: () => void }[] = [];
  let waiting = 0;
  let stopWatch: (() => void) | undefined;

  const unwatch = () => {
    stopWatch?.();
    stopWatch = undefined;
  };
  const watch = (leftMs: number) => {
    // A delivery may have put more in, and then somebody watches already.
    unwatch();
    if (leftMs > WATCHED_MS) {
      const timer = setTimeout(look, leftMs - WATCHED_MS);
      stopWatch = () => clearTimeout(timer);
    } else {
      const immediate = setImmediate(look);
      stopWatch = () => clearImmediate(immediate);
    }
  };
  const look = () => {
    unwatch();
    while (!isHeld()) {
      const [first] = parcels;
      if (!first) return;
      const leftMs = first.dueAt - performance.now();
      if (leftMs > 0) return watch(leftMs);
      parcels.shift();
      waiting -= first.size;
      first.deliver();
    }
  };

  return {
    put: (dueAt, size, deliver) => {
      parcels.push({ dueAt, size, deliver });
      waiting += size;
      if (parcels.length === 1) look();
    },
    putBack: (size, deliver) => {
      parcels.unshift({ dueAt: 0, size, deliver });
      waiting += size;
    },
    kick: look,
    clear: () => {
      unwatch();
      parcels = [];
      waiting = 0;
    },
    get waiting() {
      return waiting;
    },
  };
};
