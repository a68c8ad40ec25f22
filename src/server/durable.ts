import type { Clock } from '../../machines/ports/host.js';
import type { KeptSession } from '../../machines/ports/store.js';
import type { Failure } from '../../machines/reasons.js';
import type { Entry } from '../../machines/stream/state.js';
import { type JournalTurn, StreamJournal, shiftedBy } from '../stream/journal.js';
import type { LiveSession } from './session.js';
import type { TurnMember, Turns } from './turns.js';

/**
 * How often a handler may be run for one message or request before it is passed over, where each time the process died with it: more would take the
 * server down for good.
 */
export const runsMax = 3;

export interface DurableOwner {
  readonly turns: Turns;
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  session(): LiveSession;
}

/** What makes one session outlive its process: its turns are written, and nothing of them leaves before they are. */
export class DurableSession implements TurnMember {
  readonly #owner: DurableOwner;
  readonly #journal: StreamJournal;
  /** How often what was shipped again may have run, by number. */
  readonly #runs: Map<number, number>;
  #confirmed: boolean;
  /** What leaves on the present link once the turn is written. */
  #leaving: (() => void)[] = [];
  /** What is done once the turn is written, whatever becomes of the link. */
  #afterwards: (() => void)[] = [];
  /** Counts links: what was to leave on a former one never does. */
  #link = 0;
  #isOver = false;

  constructor(owner: DurableOwner, kept?: KeptSession) {
    this.#owner = owner;
    this.#journal = new StreamJournal(kept?.parts);
    this.#runs = new Map(kept?.attempts);
    this.#confirmed = kept?.confirmed ?? false;
  }

  /** Its stream is as the store has it. */
  restored(): void {
    const { conversation } = this.#owner.session();
    this.#journal.restored(conversation.runner.state, conversation.tickets);
  }

  get refuses(): 'StoreUnavailableError' | null {
    return this.#owner.turns.isFailing ? 'StoreUnavailableError' : null;
  }

  /** Why nothing that is decided can be written right now; null: it can, as far as is known. */
  get trouble(): Failure | null {
    return this.#owner.turns.trouble;
  }

  /** Is all that it decided durable? Then it may be told. */
  get isWritten(): boolean {
    return this.#owner.turns.isWritten(this);
  }

  /** Do this once all that is decided is written, whatever becomes of the link. */
  afterwards(run: () => void): void {
    this.#afterwards.push(run);
    this.changed();
  }

  changed(): void {
    if (!this.#isOver) this.#owner.turns.mark(this);
  }

  /** Its client is known to have its welcome. */
  confirm(): void {
    if (this.#confirmed) return;
    this.#confirmed = true;
    this.changed();
  }

  dropped({ ticket }: Entry): void {
    this.#journal.drop(ticket);
    this.changed();
  }

  /** Let it leave once all that is decided is written. */
  hold(leave: () => void): void {
    this.#leaving.push(leave);
    this.changed();
  }

  /** The link is gone: what waits to leave on it never does. */
  cut(): void {
    this.#link += 1;
    this.#leaving = [];
  }

  /** It is over: nothing is written any more. */
  close(): void {
    this.cut();
    this.#isOver = true;
    this.#owner.turns.unmark(this);
  }

  /**
   * A handler is to be run for something that was shipped before to an earlier life: that it may have run is written first. False where it may
   * have run as often as may be.
   */
  async mayRun(number: number): Promise<boolean> {
    // The first time nobody counted.
    const runs = this.#runs.get(number) ?? 1;
    if (runs >= runsMax) return false;
    this.#runs.set(number, runs + 1);
    await new Promise<void>((resolve) => this.afterwards(resolve));
    return true;
  }

  take(): ReturnType<TurnMember['take']> {
    if (this.#isOver) return null;
    const { clock } = this.#owner;
    const { id, tokenHash, expiresAt, life, conversation } = this.#owner.session();
    const journal = this.#journal.turn(conversation.runner.state, conversation.tickets);
    for (const number of this.#runs.keys()) if (number <= journal.positions.done) this.#runs.delete(number);
    const [leaving, afterwards, link] = [this.#leaving, this.#afterwards, this.#link];
    this.#leaving = [];
    this.#afterwards = [];
    const { part, positions, dropBefore } = journal;
    const body = part === null ? null : { number: part.number, body: shiftedBy(part.body, clock.wall() - clock.now()) };
    return {
      turn: { id, tokenHash, confirmed: this.#confirmed, expiresAt, life, positions, attempts: [...this.#runs], part: body, dropBefore },
      written: () => this.#written(journal, leaving, afterwards, link),
      failed: () => {
        if (link === this.#link) this.#leaving = [...leaving, ...this.#leaving];
        this.#afterwards = [...afterwards, ...this.#afterwards];
      },
    };
  }

  #written(journal: JournalTurn, leaving: readonly (() => void)[], afterwards: readonly (() => void)[], link: number): void {
    this.#journal.written(journal);
    for (const leave of leaving) if (link === this.#link) leave();
    for (const run of afterwards) run();
  }
}
