import type { Confirmation } from '../stream/sent.js';
import type { Way } from './path.js';

/** One message, as a report names it. */
export interface Delivery {
  readonly way: Way;
  readonly sessionId: string;
  readonly type: string;
  readonly payload: unknown;
}

/** What had become of all that was sent in a world, both ways, volatile messages left out. Messages of one type and payload are told apart by their order alone. */
export interface Guarantees {
  /** How many were accepted by `send`. */
  readonly sent: number;
  /** How many of them were handled. */
  readonly handled: number;
  /** Said to be handled, and no handler ran. */
  readonly lost: readonly Delivery[];
  /** Handled more often than it was sent, and not marked as `redelivered`. */
  readonly doubled: readonly Delivery[];
  /** Handled after something that was sent behind it. */
  readonly reordered: readonly Delivery[];
  /** Nothing is known of it yet: it waits, or is under way. */
  readonly pending: readonly Delivery[];
  /** Handled again after its receiver died, and marked as `redelivered`. */
  readonly redelivered: readonly Delivery[];
  /** Not known as handled when its session, or the process that sent it, was over: told to the app where there was one. */
  readonly handedBack: readonly Delivery[];
  /** There was no handler. */
  readonly unhandled: readonly Delivery[];
  /** Its `ttlMs` was over, or a newer one of its `replaceKey` took its place. */
  readonly dropped: readonly Delivery[];
}

/** A message that was accepted. */
export interface SentRecord extends Delivery {
  /** What was said of it; null: nothing yet. */
  status: Confirmation['status'] | null;
  /** Would it outlive its sender? */
  isWritten: boolean;
  /** Its sender died with it before it was durable: if it never left, it is not what was handled. */
  isForgotten: boolean;
}

export interface HandledRecord extends Delivery {
  readonly id: string;
  readonly redelivered: boolean;
}

/** Messages that are watched in each world: a million of them take some hundred megabytes. */
export const watchedMax = 1_000_000;

/** The accounts of one direction of one session. */
interface Stream {
  readonly sent: SentRecord[];
  readonly handled: HandledRecord[];
}

const keyOf = ({ type, payload }: Delivery): string => JSON.stringify([type, payload]);

type Findings = { -readonly [Name in keyof Guarantees]: Guarantees[Name] extends readonly Delivery[] ? Delivery[] : number };

/** What was sent and what was handled, as it happened. */
export class Ledger {
  readonly #streams = new Map<string, Stream>();
  #count = 0;

  /** Were there more messages than are watched? */
  get isFull(): boolean {
    return this.#count >= watchedMax;
  }

  sent(delivery: Delivery, isWritten: boolean): SentRecord {
    const record = { ...delivery, status: null, isWritten, isForgotten: false };
    if (this.#counts()) this.#of(delivery).sent.push(record);
    return record;
  }

  handled(record: HandledRecord): void {
    if (this.#counts()) this.#of(record).handled.push(record);
  }

  /** All that this end of a session has sent so far is on its way to where it is durable: the returned function says that it is. */
  writing(way: Way, sessionId: string): () => void {
    const records = this.#streams.get(`${way} ${sessionId}`)?.sent ?? [];
    const count = records.length;
    return () => {
      for (let n = count - 1; n >= 0; n -= 1) {
        const record = records[n];
        // What was sent before it is as well.
        if (record === undefined || record.isWritten) return;
        record.isWritten = true;
      }
    };
  }

  /** What this end has sent, and is not known as handled, was handed back. */
  over(way: Way, sessionId: string): void {
    for (const record of this.#streams.get(`${way} ${sessionId}`)?.sent ?? []) record.status ??= 'unknown';
  }

  /** Whoever sent this died: what was not written is not known to anybody. */
  died(way: Way, sessionIds: Iterable<string>): void {
    for (const sessionId of sessionIds)
      for (const record of this.#streams.get(`${way} ${sessionId}`)?.sent ?? []) {
        if (record.isWritten || record.status !== null) continue;
        record.status = 'unknown';
        record.isForgotten = true;
      }
  }

  /** The sessions of which this end has sent something. */
  sessions(way: Way): readonly string[] {
    return [...this.#streams.keys()].filter((key) => key.startsWith(`${way} `)).map((key) => key.slice(way.length + 1));
  }

  guarantees(): Guarantees {
    const found: Findings = {
      sent: 0,
      handled: 0,
      lost: [],
      doubled: [],
      reordered: [],
      pending: [],
      redelivered: [],
      handedBack: [],
      unhandled: [],
      dropped: [],
    };
    for (const stream of this.#streams.values()) settle(stream, found);
    return found;
  }

  #counts(): boolean {
    if (this.isFull) return false;
    this.#count += 1;
    return true;
  }

  #of({ way, sessionId }: Delivery): Stream {
    const key = `${way} ${sessionId}`;
    const stream = this.#streams.get(key) ?? { sent: [], handled: [] };
    this.#streams.set(key, stream);
    return stream;
  }
}

const settle = ({ sent, handled }: Stream, found: Findings): void => {
  const open = sent.map(keyOf) as (string | null)[];
  const seen = new Set<string>();
  let next = 0;
  /** The first from here on that looks like it, and one that was not forgotten before one that was. */
  const openAt = (key: string, from: number): number => {
    const first = open.indexOf(key, from);
    let index = first;
    while (index >= 0 && sent[index]?.isForgotten === true) index = open.indexOf(key, index + 1);
    return index >= 0 ? index : first;
  };
  found.sent += sent.length;
  for (const record of handled) {
    const isAgain = seen.has(record.id);
    seen.add(record.id);
    const key = keyOf(record);
    const ahead = isAgain ? -1 : openAt(key, next);
    const index = ahead >= 0 || isAgain ? ahead : openAt(key, 0);
    if (index < 0) {
      (isAgain && record.redelivered ? found.redelivered : found.doubled).push(deliveryOf(record));
      continue;
    }
    if (ahead < 0) found.reordered.push(deliveryOf(record));
    else next = index + 1;
    open[index] = null;
    found.handled += 1;
  }
  for (const [index, record] of sent.entries()) {
    if (open[index] === null) continue;
    listFor(record, sent, open, found).push(deliveryOf(record));
  }
};

/** Where what no handler was seen to run for belongs. */
const listFor = (record: SentRecord, sent: readonly SentRecord[], open: readonly (string | null)[], found: Findings): Delivery[] => {
  switch (record.status) {
    case null:
      return found.pending;
    case 'unknown':
      return found.handedBack;
    case 'unhandled':
      return found.unhandled;
    case 'expired':
    case 'replaced':
      return found.dropped;
    default: {
      // Of two that look the same the one that nobody vouches for is the one that no handler ran for.
      const key = keyOf(record);
      const isTwin = (other: SentRecord, at: number): boolean => open[at] === null && other.status === 'unknown' && keyOf(other) === key;
      return sent.some(isTwin) ? found.handedBack : found.lost;
    }
  }
};

const deliveryOf = ({ way, sessionId, type, payload }: Delivery): Delivery => ({ way, sessionId, type, payload });

/** How many of each kind a failure shows. */
const shownMax = 5;

/** What breaks the promise, in words for whoever reads a failing test; null where nothing does. */
export const brokenPromises = (found: Guarantees): string | null => {
  const said = {
    lost: 'said to be handled, though no handler ran',
    doubled: 'handled twice, and not marked as redelivered',
    reordered: 'handled out of order',
    pending: 'neither handled nor handed back: let time pass, or it is lost',
  } as const;
  const lines = (Object.keys(said) as (keyof typeof said)[]).flatMap((name) => {
    const shown = found[name].slice(0, shownMax).map(({ way, type, payload }) => `    ${way} ${type} ${JSON.stringify(payload)}`);
    return shown.length === 0 ? [] : [`  ${found[name].length} ${said[name]}, as:`, ...shown];
  });
  return lines.length === 0 ? null : [`Of ${found.sent} messages that were sent:`, ...lines].join('\n');
};
