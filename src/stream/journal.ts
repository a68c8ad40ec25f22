import {
  type JournalMark,
  type JournalPart,
  journalSince,
  journalStart,
  lastTicketOf,
  markOf,
  type StoredPositions,
  storedPositionsOf,
} from '../../machines/stream/journal.js';
import type { StreamState, Ticket } from '../../machines/stream/state.js';

/** What is to be written for one turn of a stream: as one, before anything of the turn leaves. */
export interface JournalTurn {
  readonly positions: StoredPositions;
  /** What the turn added, under its number; null where it added nothing. */
  readonly part: { readonly number: number; readonly body: JournalPart } | null;
  /** Parts with a lower number are over. */
  readonly dropBefore: number;
  readonly mark: JournalMark;
  /** How many of the tickets that were taken back this knows of. */
  readonly dropped: number;
}

/** What a part takes besides its payloads, in UTF-16 code units: as itself, and for each thing that it tells. About what the JSON text of it has. */
const partSize = 100;
const tellingSize = 60;
/** A journal is written anew once this much more of it is over than is of use, and twice as much as is: what is written anew was written once before. */
const deadSizeMax = 65_536;

const sizeOf = ({ entries, numbers, dropped }: JournalPart): number =>
  entries.reduce((sum, { size }) => sum + size, partSize + (entries.length + numbers.length + dropped.length) * tellingSize);

/** What a journal has that was written at once. */
const liveSizeOf = ({ held, heldAnswers }: StreamState): number =>
  held.size + heldAnswers.size + (held.messages + heldAnswers.messages) * tellingSize;

interface Written {
  readonly number: number;
  /** The last ticket that it speaks of. */
  readonly ticket: Ticket;
  readonly size: number;
}

const writtenAs = (number: number, body: JournalPart): Written => ({ number, ticket: lastTicketOf(body), size: sizeOf(body) });

/** Times of one clock as those of another. */
export const shiftedBy = (part: JournalPart, byMs: number): JournalPart => {
  if (!part.entries.some(({ expiresAt }) => expiresAt !== undefined)) return part;
  const entries = part.entries.map((entry) => (entry.expiresAt === undefined ? entry : { ...entry, expiresAt: entry.expiresAt + byMs }));
  return { ...part, entries };
};

/** Where the journal of one stream is: what of it is written, under which numbers, and how much of that is still of use. */
export class StreamJournal {
  #mark: JournalMark = journalStart;
  /** The last ticket that was given out to be written: what is taken back up to it has to be written as well. */
  #taken: Ticket = 0;
  #dropped: Ticket[] = [];
  /** The parts that are written and not over. */
  #parts: readonly Written[];
  #next: number;
  /** It is being written anew. It stays so until that is known to be written: it may be, though it was said to have failed, and then nothing else is left. */
  #isAnew = false;

  /** `written`: the parts that an earlier process left, by number. `next`: the number of the next part, where they may all be over. */
  constructor(written: readonly (readonly [number: number, part: JournalPart])[] = [], next = 1) {
    this.#parts = written.map(([number, part]) => writtenAs(number, part));
    this.#next = Math.max(next, ...written.map(([number]) => number + 1));
  }

  /** The state has nothing but what is written. */
  restored(state: StreamState, ticket: Ticket): void {
    this.#mark = markOf(state, ticket);
    this.#taken = ticket;
  }

  /** It was accepted, and is taken back before it was shipped. */
  drop(ticket: Ticket): void {
    if (ticket <= this.#taken) this.#dropped.push(ticket);
  }

  /** What has changed since the last turn that was written. Asked again, it gives that and more. */
  turn(state: StreamState, ticket: Ticket): JournalTurn {
    this.#taken = ticket;
    const positions = storedPositionsOf(state, ticket);
    const kept = this.#keptFrom(positions.oldest);
    const mark = markOf(state, ticket);
    const dropped = this.#dropped.length;
    // Parts go from the front: behind one old message that is not confirmed, all that came after it would be kept, however much of that is over.
    this.#isAnew ||=
      this.#parts.reduce((sum, { number, size }) => (number < kept ? sum : sum + size), 0) > 3 * liveSizeOf(state) + deadSizeMax;
    if (this.#isAnew) {
      const body = { ...journalSince(state, journalStart), dropped: [] };
      return { positions, part: { number: this.#next, body }, dropBefore: this.#next, mark, dropped };
    }
    const body = { ...journalSince(state, this.#mark), dropped: this.#dropped.slice() };
    const isEmpty = body.entries.length === 0 && body.numbers.length === 0 && dropped === 0;
    return { positions, part: isEmpty ? null : { number: this.#next, body }, dropBefore: kept, mark, dropped };
  }

  /** The first part that is not over. */
  #keptFrom(oldest: Ticket): number {
    for (const { number, ticket } of this.#parts) if (ticket >= oldest) return number;
    return this.#next;
  }

  /** It is durable. What was taken back meanwhile waits for the next one. */
  written({ part, dropBefore, mark, dropped }: JournalTurn): void {
    this.#mark = mark;
    this.#isAnew = false;
    if (dropped > 0) this.#dropped.splice(0, dropped);
    const kept = this.#parts.filter(({ number }) => number >= dropBefore);
    if (part === null) {
      this.#parts = kept;
      return;
    }
    this.#next = part.number + 1;
    this.#parts = [...kept, writtenAs(part.number, part.body)];
  }
}
