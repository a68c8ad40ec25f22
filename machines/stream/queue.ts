/**
 * A first-in first-out queue that is a value: every operation gives a new one and leaves the old one as it was. Pushing and
 * shifting cost the same however long it is. Queues that grew out of each other share one array, each seeing its own part; the one that saw the
 * array's end last may push in place, any other copies first.
 */
export interface Queue<T> {
  /** Shared; only the part from `start` to `end` belongs to this queue. */
  readonly items: readonly T[];
  readonly start: number;
  readonly end: number;
}

/** Below this many shifted items, compacting costs more than it frees. */
const compactFrom = 64;

/** A queue of these items. */
export const queueOf = <T>(...items: readonly T[]): Queue<T> => ({ items: [...items], start: 0, end: items.length });

export const lengthOf = (queue: Queue<unknown>): number => queue.end - queue.start;

/** The item at an index from the front; undefined outside. */
export const at = <T>(queue: Queue<T>, index: number): T | undefined =>
  index < 0 || index >= queue.end - queue.start ? undefined : queue.items[queue.start + index];

/** With one more item at its end. */
export const push = <T>(queue: Queue<T>, item: T): Queue<T> => {
  if (queue.end !== queue.items.length) {
    const items = queue.items.slice(queue.start, queue.end);
    items.push(item);
    return { items, start: 0, end: items.length };
  }
  // In place: what a queue's own part holds never changes, and nobody else has seen what lies behind it.
  (queue.items as T[]).push(item);
  return { items: queue.items, start: queue.start, end: queue.end + 1 };
};

/** Without its first `count` items. */
export const shift = <T>(queue: Queue<T>, count: number): Queue<T> => {
  const start = Math.min(queue.start + count, queue.end);
  if (start === queue.end) return { items: [], start: 0, end: 0 };
  if (start >= compactFrom && start * 2 > queue.end)
    return { items: queue.items.slice(start, queue.end), start: 0, end: queue.end - start };
  return { items: queue.items, start, end: queue.end };
};

/** Its first `count` items, as an array of their own. */
export const take = <T>(queue: Queue<T>, count: number): readonly T[] =>
  queue.items.slice(queue.start, Math.min(queue.start + count, queue.end));

/** Its items, front first, as an array of their own. */
export const toArray = <T>(queue: Queue<T>): readonly T[] => queue.items.slice(queue.start, queue.end);

/** Only the items that a test keeps. */
export const filter = <T>(queue: Queue<T>, keep: (item: T) => boolean): Queue<T> => {
  const items = toArray(queue).filter(keep);
  return { items, start: 0, end: items.length };
};
