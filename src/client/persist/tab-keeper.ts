/** What a page leaves in its tab for the next one, and finds of the one before. Loaded where an app asks for it (`persist: 'tab'`), and not before. */
import type { Clock, Tab } from '../../../machines/ports/host.js';
import { restoredStream } from '../../../machines/stream/journal.js';
import type { StreamLimits, StreamState, Ticket } from '../../../machines/stream/state.js';
import type { Conversation } from '../../stream/conversation.js';
import { StreamJournal } from '../../stream/journal.js';
import { type Head, headOf, partsOf, removeStored, type SessionFacts, storedIds, TabRecord } from './tab-record.js';

/** How long the page before this one may take to go, in milliseconds. Past it, whoever has the session is another tab, which goes on with it. */
const CLAIM_WAIT_MS = 1_000;

/** A session that an earlier page left. */
export interface KeptSession extends SessionFacts {
  /** How often it was restored, this time included. */
  readonly life: number;
  /** Its streams, within these limits. */
  stream(limits: StreamLimits): { readonly state: StreamState; readonly ticket: Ticket };
}

/** What was found for a start. */
export interface Found {
  /** The session to go on with. */
  readonly kept: KeptSession | null;
  /** Those that can not go on: another user's, or one that had begun to end. */
  readonly formers: readonly KeptSession[];
}

/** Who starts. */
export interface Starter {
  readonly username: string;
  readonly isGuest: boolean;
}

/** The sessions of one client in its tab's storage: the present one, and those that are to be forgotten once there is another. */
export class TabKeeper {
  readonly #tab: Tab;
  readonly #clock: Clock;
  readonly #scope: string;
  #record: TabRecord | null = null;
  #formers: TabRecord[] = [];

  /** `scope`: which server the sessions are of; a token is shown to no other. */
  constructor(tab: Tab, clock: Clock, scope: string) {
    this.#tab = tab;
    this.#clock = clock;
    this.#scope = scope;
  }

  /** Is the present session in the storage, as it stands? */
  get isWritten(): boolean {
    return this.#record?.isWritten === true;
  }

  /** What the page before this one left, for whoever starts now. It is this page's then. Never rejects. */
  async find(starter: Starter): Promise<Found> {
    this.release();
    const { storage, load } = this.#tab;
    // What this load of the page has is another client's.
    const isLeft = (id: string): boolean => {
      const head = headOf(storage, id);
      return head !== null && head.scope === this.#scope && head.load !== load;
    };
    const ids = storedIds(storage).filter(isLeft);
    const claims = await Promise.all(ids.map((id) => this.#tab.claim(`ninelives:${id}`, CLAIM_WAIT_MS)));
    const formers: KeptSession[] = [];
    let kept: KeptSession | null = null;
    for (const [index, id] of ids.entries()) {
      const restored = this.#restore(id, claims[index] ?? null);
      if (restored === null) continue;
      if (kept === null && goesOn(restored.head, starter)) {
        kept = restored.kept;
        this.#record = restored.record;
      } else {
        formers.push(restored.kept);
        this.#formers.push(restored.record);
      }
    }
    return { kept, formers };
  }

  /** A session has begun: it takes the place of all others. */
  begin(id: string): void {
    this.forget();
    const record = new TabRecord(this.#tab, this.#clock, this.#scope, { id, life: 0 });
    this.#record = record;
    // Nobody else knows of it yet.
    void this.#tab.claim(`ninelives:${id}`, CLAIM_WAIT_MS).then((release) => record.held(release));
  }

  /** The present session can not go on. */
  setAside(): void {
    if (this.#record !== null) this.#formers.push(this.#record);
    this.#record = null;
  }

  /** The present session goes on: the others are not needed any more. */
  settle(): void {
    for (const former of this.#formers) former.remove();
    this.#formers = [];
  }

  save(facts: SessionFacts, conversation: Conversation): void {
    if (this.#record?.id === facts.id) this.#record.save(facts, conversation);
  }

  drop(ticket: Ticket): void {
    this.#record?.drop(ticket);
  }

  rewrite(): void {
    this.#record?.rewrite();
  }

  /** All is over. */
  forget(): void {
    this.settle();
    this.#record?.remove();
    this.#record = null;
  }

  /** Nothing came of the start: all stays for the next one. */
  release(): void {
    for (const record of [...this.#formers, ...(this.#record === null ? [] : [this.#record])]) record.release();
    this.#formers = [];
    this.#record = null;
  }

  /** Null: it is another tab's, which this one is a duplicate of; or what is there is not whole. Then it is no use to anybody here. */
  #restore(
    id: string,
    release: (() => void) | null,
  ): { readonly head: Head; readonly kept: KeptSession; readonly record: TabRecord } | null {
    const { storage } = this.#tab;
    // Read again: the page before this one may have written until it went.
    const head = release === null ? null : headOf(storage, id);
    const parts = head === null ? null : partsOf(storage, head, this.#clock);
    if (head === null || parts === null) {
      removeStored(storage, id);
      release?.();
      return null;
    }
    const life = head.life + 1;
    const record = new TabRecord(this.#tab, this.#clock, this.#scope, { id, life }, head.parts);
    record.held(release);
    const { positions } = head;
    const kept: KeptSession = {
      ...head,
      life,
      stream: (limits) => {
        const state = restoredStream(
          limits,
          positions,
          parts.map(([, part]) => part),
        );
        record.journal = new StreamJournal(parts, head.parts[1]);
        record.journal.restored(state, positions.ticket);
        return { state, ticket: positions.ticket };
      },
    };
    return { head, kept, record };
  }
}

/** Who starts as a guest may have left as a user: the page has no credential any more. Who brings a credential does not want a guest's session. */
const goesOn = ({ user, positions }: Head, { username, isGuest }: Starter): boolean =>
  user.name === username && (isGuest || !user.isGuest) && positions.ownEnd === 'open' && !positions.peerEnded;
