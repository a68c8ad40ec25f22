import type { Clock, Tab, TabStorage } from '../../../machines/ports/host.js';
import type { StreamTerms } from '../../../machines/ports/transport.js';
import type { User } from '../../../machines/ports/user.js';
import type { JournalPart, StoredPositions } from '../../../machines/stream/journal.js';
import type { Ticket } from '../../../machines/stream/state.js';
import type { Conversation } from '../../stream/conversation.js';
import { StreamJournal, shiftedBy } from '../../stream/journal.js';

/** What of a session is not in its streams. The tokens are secret: they are in the tab's storage and in the shell's closure, and nowhere else. */
export interface SessionFacts {
  readonly id: string;
  readonly user: User;
  readonly token: string;
  /** Offered, and not heard of. */
  readonly nextToken: string | null;
  readonly terms: StreamTerms;
  /** The server's life that was heard last. */
  readonly incarnation: number;
}

/** The shape of what is stored: another one is not read. */
const VERSION = 1;

/** One session in a tab's storage, but for its journal, whose parts have keys of their own. */
export interface Head extends SessionFacts {
  readonly v: typeof VERSION;
  /** Which server it is of. */
  readonly scope: string;
  /** The load of the page that has it; empty: none. */
  readonly load: string;
  /** How often it was restored. */
  readonly life: number;
  readonly positions: StoredPositions;
  /** The numbers of the journal's parts: from the first one to before the second. */
  readonly parts: readonly [from: number, to: number];
}

const prefix = 'ninelives:';
const headKey = (id: string): string => prefix + id;
const partKey = (id: string, number: number): string => `${prefix}${id}:${number}`;

const parsed = (text: string | null): unknown => {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    // What is no JSON was not written here.
    return null;
  }
};

/** The ids of all sessions that are in a storage. */
export const storedIds = (storage: TabStorage): readonly string[] =>
  storage.keys().flatMap((key) => (key.startsWith(prefix) && !key.includes(':', prefix.length) ? [key.slice(prefix.length)] : []));

export const headOf = (storage: TabStorage, id: string): Head | null => {
  const head = parsed(storage.get(headKey(id))) as Head | null;
  return head?.v === VERSION ? head : null;
};

/** The parts of a journal by number, with times of this process; null where one is missing. */
export const partsOf = (
  storage: TabStorage,
  { id, parts: [from, to] }: Head,
  clock: Clock,
): readonly (readonly [number, JournalPart])[] | null => {
  const found: (readonly [number, JournalPart])[] = [];
  for (let number = from; number < to; number += 1) {
    const part = parsed(storage.get(partKey(id, number))) as JournalPart | null;
    if (part === null) return null;
    found.push([number, shiftedBy(part, clock.now() - clock.wall())]);
  }
  return found;
};

/** The head goes last: what a page that dies meanwhile leaves of the parts is found by it, and removed with it. */
export const removeStored = (storage: TabStorage, id: string): void => {
  for (const key of storage.keys()) if (key.startsWith(`${headKey(id)}:`)) storage.remove(key);
  storage.remove(headKey(id));
};

/** Writes one session, turn by turn: what a turn added to its journal first, then the head that names it. */
export class TabRecord {
  readonly id: string;
  readonly life: number;
  readonly #tab: Tab;
  readonly #clock: Clock;
  readonly #scope: string;
  journal: StreamJournal;
  #parts: readonly [number, number];
  /** What the head has, as text: it is not written again where it says the same. */
  #head = '';
  /** Is all of it there? */
  isWritten = false;
  /** After a write that failed: how little must be held before all is written again. */
  #retryAt = Number.POSITIVE_INFINITY;
  #release: (() => void) | null = null;
  #isOver = false;

  constructor(tab: Tab, clock: Clock, scope: string, of: { readonly id: string; readonly life: number }, written?: Head['parts']) {
    this.#tab = tab;
    this.#clock = clock;
    this.#scope = scope;
    this.id = of.id;
    this.life = of.life;
    this.journal = new StreamJournal();
    this.#parts = written ?? [1, 1];
  }

  /** Its name is this page's until then. */
  held(release: (() => void) | null): void {
    if (this.#isOver) release?.();
    else this.#release = release;
  }

  drop(ticket: Ticket): void {
    this.journal.drop(ticket);
  }

  save(facts: SessionFacts, conversation: Conversation): void {
    const { runner } = conversation;
    const { storage } = this.#tab;
    const held = runner.held.messages;
    if (this.#isOver || (!this.isWritten && held > this.#retryAt)) return;
    const turn = this.journal.turn(runner.state, conversation.tickets);
    const { part } = turn;
    const to = part === null ? this.#parts[1] : part.number + 1;
    const isWritten =
      (part === null ||
        storage.set(partKey(this.id, part.number), JSON.stringify(shiftedBy(part.body, this.#clock.wall() - this.#clock.now())))) &&
      this.#setHead({
        ...facts,
        v: VERSION,
        scope: this.#scope,
        load: this.#tab.load,
        life: this.life,
        positions: turn.positions,
        parts: [turn.dropBefore, to],
      });
    if (!isWritten) {
      // Half a journal would be a lie after the next load: it is all or nothing, and all of it again once there is less of it.
      this.rewrite();
      this.#retryAt = held / 2;
      return;
    }
    this.journal.written(turn);
    for (let number = this.#parts[0]; number < turn.dropBefore; number += 1) storage.remove(partKey(this.id, number));
    this.#parts = [turn.dropBefore, to];
    this.isWritten = true;
  }

  /** Nothing of what is there counts: the next turn writes all. */
  rewrite(): void {
    removeStored(this.#tab.storage, this.id);
    this.journal = new StreamJournal();
    this.#parts = [1, 1];
    this.#head = '';
    this.isWritten = false;
    this.#retryAt = Number.POSITIVE_INFINITY;
  }

  /** The session is over. */
  remove(): void {
    removeStored(this.#tab.storage, this.id);
    this.#end();
  }

  /** It stays for a later start. */
  release(): void {
    const head = headOf(this.#tab.storage, this.id);
    if (head !== null) this.#setHead({ ...head, load: '' });
    this.#end();
  }

  #end(): void {
    this.#isOver = true;
    this.isWritten = false;
    this.#release?.();
    this.#release = null;
  }

  #setHead(head: Head): boolean {
    const text = JSON.stringify(head);
    if (text === this.#head) return true;
    this.#head = text;
    return this.#tab.storage.set(headKey(this.id), text);
  }
}
