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
}

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
  #dropped: readonly Ticket[] = [];
  /** The parts that are written and not over, with the last ticket that each speaks of. */
  #parts: readonly { readonly number: number; readonly ticket: Ticket }[];
  #next: number;

  /** `written`: the parts that an earlier process left, by number. */
  constructor(written: readonly (readonly [number: number, part: JournalPart])[] = []) {
    this.#parts = written.map(([number, part]) => ({ number, ticket: lastTicketOf(part) }));
    this.#next = Math.max(0, ...written.map(([number]) => number)) + 1;
  }

  /** The state has nothing but what is written. */
  restored(state: StreamState, ticket: Ticket): void {
    this.#mark = markOf(state, ticket);
    this.#taken = ticket;
  }

  /** It was accepted, and is taken back before it was shipped. */
  drop(ticket: Ticket): void {
    if (ticket <= this.#taken) this.#dropped = [...this.#dropped, ticket];
  }

  /** What has changed since the last turn that was written. Asked again, it gives that and more. */
  turn(state: StreamState, ticket: Ticket): JournalTurn {
    this.#taken = ticket;
    const body = { ...journalSince(state, this.#mark), dropped: this.#dropped };
    const isEmpty = body.entries.length === 0 && body.numbers.length === 0 && body.dropped.length === 0;
    const positions = storedPositionsOf(state, ticket);
    const live = this.#parts.find((part) => part.ticket >= positions.oldest);
    return {
      positions,
      part: isEmpty ? null : { number: this.#next, body },
      dropBefore: live?.number ?? this.#next,
      mark: markOf(state, ticket),
    };
  }

  /** It is durable. What was taken back meanwhile waits for the next one. */
  written({ part, dropBefore, mark }: JournalTurn): void {
    this.#mark = mark;
    const kept = this.#parts.filter(({ number }) => number >= dropBefore);
    if (part === null) {
      this.#parts = kept;
      return;
    }
    this.#next = part.number + 1;
    this.#dropped = this.#dropped.filter((ticket) => !part.body.dropped.includes(ticket));
    this.#parts = [...kept, { number: part.number, ticket: lastTicketOf(part.body) }];
  }
}
