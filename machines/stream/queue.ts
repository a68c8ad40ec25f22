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

/** One for all, as a session has many queues and most of them hold nothing. */
const empty: Queue<never> = { items: Object.freeze([]), start: 0, end: 0 };

/** A queue of these items. */
export const queueOf = <T>(...items: readonly T[]): Queue<T> =>
  items.length === 0 ? empty : { items: [...items], start: 0, end: items.length };

export const lengthOf = (queue: Queue<unknown>): number => queue.end - queue.start;

/** The item at an index from the front; undefined outside. */
export const at = <T>(queue: Queue<T>, index: number): T | undefined =>
  index < 0 || index >= queue.end - queue.start ? undefined : queue.items[queue.start + index];

/** With one more item at its end. */
export const push = <T>(queue: Queue<T>, item: T): Queue<T> => {
  if (queue.end === 0) return { items: [item], start: 0, end: 1 };
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
  if (start === queue.end) return empty;
  if (start >= compactFrom && start * 2 > queue.end)
    return { items: queue.items.slice(start, queue.end), start: 0, end: queue.end - start };
  return { items: queue.items, start, end: queue.end };
};

/** Its first `count` items, as an array of their own. */
export const take = <T>(queue: Queue<T>, count: number): readonly T[] =>
  queue.items.slice(queue.start, Math.min(queue.start + count, queue.end));

/** Its items, front first, as an array of their own. */
export const toArray = <T>(queue: Queue<T>): readonly T[] => queue.items.slice(queue.start, queue.end);

/** The index of the first item that is past something, in a queue where all behind such an item are; its length where none is. */
export const firstIndex = <T>(queue: Queue<T>, isPast: (item: T) => boolean): number => {
  let low = queue.start;
  let high = queue.end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isPast(queue.items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low - queue.start;
};

/** With one more item at an index. It costs as much as the queue is long, except at its end. */
export const insert = <T>(queue: Queue<T>, index: number, item: T): Queue<T> =>
  index === lengthOf(queue) ? push(queue, item) : replace(queue, index, 0, item);

/** With only those items that are to be kept: itself where all are. It costs as much as the queue is long. */
export const filter = <T>(queue: Queue<T>, isKept: (item: T) => boolean): Queue<T> => {
  const items = toArray(queue).filter(isKept);
  return items.length === lengthOf(queue) ? queue : { items, start: 0, end: items.length };
};

/** Without the item at an index. It costs as much as the queue is long, except at its front. */
export const remove = <T>(queue: Queue<T>, index: number): Queue<T> => (index === 0 ? shift(queue, 1) : replace(queue, index, 1));

/** With other items in place of `count` ones from an index on. It costs as much as the queue is long. */
export const replace = <T>(queue: Queue<T>, index: number, count: number, ...others: readonly T[]): Queue<T> => {
  const items = queue.items.slice(queue.start, queue.end);
  items.splice(index, count, ...others);
  return { items, start: 0, end: items.length };
};
