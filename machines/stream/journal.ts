/**
 * What of a stream outlives its process. The owner writes each turn what the turn changed (`journalSince`) and where the stream stands
 * (`storedPositionsOf`), and nothing leaves before that is durable; `restoredStream` makes a stream of it again. What was received and is not done
 * is forgotten on purpose: its sender still has it, and ships it again.
 */
import { roomOf } from './outbound.js';
import type { Exception, OutboundItem } from './packets.js';
import { at, firstIndex, type Queue, queueOf, toArray } from './queue.js';
import { lastShipped, withSkips } from './resume.js';
import { type Entry, initialStream, type Shipped, type StreamLimits, type StreamState, type Ticket, takesCredit } from './state.js';

/** Where a stream stands: a handful of numbers, written over each time. */
export interface StoredPositions {
  /** The own last number that was ever shipped. */
  readonly shipped: number;
  readonly peerDone: number;
  readonly done: number;
  readonly ownEnd: StreamState['ownEnd'];
  /** The peer's end is part of `done`. */
  readonly peerEnded: boolean;
  /** Up to this number it may have been handled by an earlier life of the peer, which has told of a new one since: it stays marked. [R59] */
  readonly redeliverUpTo: number;
  /** Those up to `done`. */
  readonly exceptions: readonly Exception[];
  /** What was accepted before this ticket is over: confirmed, let go of or taken back. */
  readonly oldest: Ticket;
  /** The last ticket that was given. */
  readonly ticket: Ticket;
}

/** What is kept of what was sent: messages and answers. A request's asker is gone with its process, so that nobody would hear the answer. */
export type StoredItem = Extract<OutboundItem, { kind: 'message' | 'reply' | 'failure' | 'identity' }>;

export interface StoredEntry {
  readonly ticket: Ticket;
  readonly item: StoredItem;
  readonly size: number;
  /** As in `Entry`: its owner's clock is not that of a later process. */
  readonly expiresAt?: number | undefined;
}

export type NumberRun = readonly [number: number, ticket: Ticket, count: number];

/** What a turn added. */
export interface JournalPart {
  /** Accepted, ascending by ticket within its kind. */
  readonly entries: readonly StoredEntry[];
  /** Shipped: so many numbers from this one on went to as many tickets from that one on. */
  readonly numbers: readonly NumberRun[];
  /** Taken back before it was shipped. */
  readonly dropped: readonly Ticket[];
}

/** Up to where the journal was written. */
export interface JournalMark {
  readonly ticket: Ticket;
  readonly shipped: number;
}

export const journalStart: JournalMark = { ticket: 0, shipped: 0 };

const isKept = (item: OutboundItem): item is StoredItem =>
  item.kind === 'message' || item.kind === 'reply' || item.kind === 'failure' || item.kind === 'identity';

/** Where the journal is once it has all of a state. `ticket`: the last one that was given. */
export const markOf = (state: StreamState, ticket: Ticket): JournalMark => ({ ticket, shipped: lastShipped(state) });

/** What was accepted and shipped since. It costs as much as there is of it. */
export const journalSince = (state: StreamState, { ticket, shipped }: JournalMark): Omit<JournalPart, 'dropped'> => {
  const fresh = [state.sent, state.answers, state.replay].flatMap((queue) => behind(queue, (entry) => entry.number > shipped));
  const waiting = [state.queued, state.prompt].flatMap((queue) => behind(queue, (entry) => entry.ticket > ticket));
  const accepted = [...fresh.map(({ entry }) => entry).filter((entry) => entry.ticket > ticket), ...waiting];
  return {
    entries: accepted.flatMap(storedEntryOf),
    numbers: runsOf(fresh),
  };
};

const storedEntryOf = ({ ticket, item, size, expiresAt }: Entry): readonly StoredEntry[] => {
  if (!isKept(item)) return [];
  return [expiresAt === undefined ? { ticket, item, size } : { ticket, item, size, expiresAt }];
};

const runsOf = (shipped: readonly Shipped[]): readonly NumberRun[] => {
  const runs: [number, number, number][] = [];
  for (const { number, entry } of shipped) {
    if (!isKept(entry.item)) continue;
    const last = runs[runs.length - 1];
    if (last !== undefined && number === last[0] + last[2] && entry.ticket === last[1] + last[2]) last[2] += 1;
    else runs.push([number, entry.ticket, 1]);
  }
  return runs;
};

const behind = <T>(queue: Queue<T>, isPast: (item: T) => boolean): readonly T[] =>
  queue.items.slice(queue.start + firstIndex(queue, isPast), queue.end);

/** The last ticket that a part says something of: once that is over, so is the part. 0 where it says nothing. */
export const lastTicketOf = ({ entries, numbers, dropped }: JournalPart): Ticket => {
  let last = 0;
  for (const { ticket } of entries) last = Math.max(last, ticket);
  for (const [, ticket, count] of numbers) last = Math.max(last, ticket + count - 1);
  for (const ticket of dropped) last = Math.max(last, ticket);
  return last;
};
export const storedPositionsOf = (state: StreamState, ticket: Ticket): StoredPositions => ({
  shipped: lastShipped(state),
  peerDone: state.peerDone,
  done: state.done,
  ownEnd: state.ownEnd,
  peerEnded: state.peerEnded && state.done === state.received,
  redeliverUpTo: state.redeliverUpTo,
  exceptions: toArray(state.exceptions).filter(({ number }) => number <= state.done),
  oldest: oldestOf(state),
  ticket,
});

/**
 * The first ticket that is not over. Tickets ascend in each queue, but for what is to be shipped again, where answers and messages mix, and for
 * answers that are shipped: one may have passed an identity that waited behind messages.
 */
const oldestOf = ({ queued, prompt, sent, answers, replay }: StreamState): Ticket =>
  Math.min(
    ...[at(queued, 0), at(prompt, 0), at(sent, 0)?.entry].map((entry) => entry?.ticket ?? Number.MAX_SAFE_INTEGER),
    leastOf(answers),
    leastOf(replay),
  );

const leastOf = (queue: Queue<Shipped>): Ticket =>
  toArray(queue).reduce(
    (least, { entry }) => (entry.item.kind === 'skip' ? least : Math.min(least, entry.ticket)),
    Number.MAX_SAFE_INTEGER,
  );

/** A stream as its journal has it, with its parts in the order in which they were written. */
export const restoredStream = (limits: StreamLimits, positions: StoredPositions, parts: readonly JournalPart[]): StreamState => {
  const { shipped, peerDone, done, ownEnd, peerEnded, redeliverUpTo, exceptions, oldest } = positions;
  const dropped = new Set(parts.flatMap((part) => part.dropped));
  const live = parts.flatMap(({ entries }) => entries).filter(({ ticket }) => ticket >= oldest && !dropped.has(ticket));
  const numberOf = new Map<Ticket, number>();
  for (const [number, ticket, count] of parts.flatMap(({ numbers }) => numbers))
    for (let index = 0; index < count; index += 1) numberOf.set(ticket + index, number + index);
  const numbered: Shipped[] = [];
  const waiting: Entry[] = [];
  for (const entry of live) {
    const number = numberOf.get(entry.ticket);
    if (number === undefined) waiting.push(entry);
    else if (number > peerDone) numbered.push({ number, entry });
  }
  // Nothing is shipped behind the end, so that it has the last number.
  if (ownEnd === 'shipped' && shipped > peerDone) numbered.push({ number: shipped, entry: endEntry });
  numbered.sort((a, b) => a.number - b.number);
  // What waits has its order from the parts. An identity has its place among the messages.
  const isInOrder = ({ item }: Entry): boolean => takesCredit(item) || item.kind === 'identity';
  const queued = waiting.filter(isInOrder);
  const prompt = waiting.filter((entry) => !isInOrder(entry));
  const unshipped = waiting.map((entry) => ({ entry }));
  const isMessage = ({ entry }: Pick<Shipped, 'entry'>): boolean => takesCredit(entry.item);
  return {
    ...initialStream(limits),
    queued: queueOf(...queued, ...(ownEnd === 'queued' ? [endEntry] : [])),
    prompt: queueOf(...prompt),
    replay: queueOf(...withSkips(numbered, peerDone + 1, shipped)),
    shipped: peerDone,
    redeliverUpTo,
    forgottenUpTo: shipped,
    peerReceived: peerDone,
    peerDone,
    held: roomOf([...numbered.filter(isMessage), ...unshipped.filter(isMessage)]),
    heldAnswers: roomOf([
      ...numbered.filter(({ entry }) => !takesCredit(entry.item) && entry !== endEntry),
      ...unshipped.filter((shipped) => !isMessage(shipped)),
    ]),
    ownEnd,
    received: done,
    done,
    reached: done,
    peerEnded,
    exceptions: queueOf(...exceptions),
    told: { received: done, done },
    nextExpiry: queued.reduce<number | null>(
      (first, { expiresAt = Infinity }) => (expiresAt < (first ?? Infinity) ? expiresAt : first),
      null,
    ),
  };
};

const endEntry: Entry = { ticket: Number.MAX_SAFE_INTEGER, item: { kind: 'end' }, size: 0 };
