import { either as E, type taskEither as TE } from 'fp-ts';
import type { Clock, TimerHandle } from '../../machines/ports/host.js';
import type { SessionTurn } from '../../machines/ports/store.js';
import { type Failure, failure } from '../../machines/reasons.js';
import type { Logger } from './logger.js';

/** How long a failing store is left alone before it is asked again, in milliseconds: the first time, and at most. */
const retryMsMin = 100;
const retryMsMax = 5_000;

/** The longest that a store rests after a transaction, in milliseconds: what nobody notices. Otherwise half as long as that took. */
const restMsMax = 2;
/** ... and the most turns: by then as much has come together as is worth it, and where turns are short the time is soon over. */
const restTurnsMax = 64;

/** Whatever is written turn by turn. */
export interface TurnMember {
  /** What has changed since the last turn that was written, and what is to be done once it is; or that it is not to be written after all. */
  take(): { readonly turn: SessionTurn; written(): void; failed(): void } | null;
}

/** What the writer needs. */
export interface TurnsOwner {
  readonly clock: Clock;
  readonly log: Logger;
  commit(turns: readonly SessionTurn[]): TE.TaskEither<Failure, void>;
}

/**
 * Writes what one turn of the event loop decided, for all sessions that it touched, as one transaction. While the store fails it is asked again and
 * again, nothing of what waits leaves, and nothing is given up.
 */
export class Turns {
  readonly #owner: TurnsOwner;
  readonly #dirty = new Set<TurnMember>();
  /** Those whose turn is with the store. */
  #writing: ReadonlySet<TurnMember> = new Set();
  #settles: ((result: E.Either<Failure, void>) => void)[] = [];
  #planned = false;
  #restsUntil = 0;
  #turnsWaited = 0;
  #running: Promise<void> | null = null;
  #retry: TimerHandle | null = null;
  /** When the failing store is asked again, in monotonic milliseconds. */
  #retryAt = 0;
  #trouble: Failure | null = null;
  #failures = 0;
  #closed = false;

  constructor(owner: TurnsOwner) {
    this.#owner = owner;
  }

  /** Did the latest write fail? */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** What the latest write failed with, and when the next one is tried; null: it did not fail. Nobody makes a failing store be asked more often. */
  get trouble(): Failure | null {
    if (this.#trouble === null) return null;
    return { ...this.#trouble, retryAfterMs: Math.max(retryMsMin, Math.ceil(this.#retryAt - this.#owner.clock.now())) };
  }

  /** It has something to be written. */
  mark(member: TurnMember): void {
    this.#dirty.add(member);
    // While the store fails, its time to be asked again is set.
    if (this.#retry === null) this.#plan();
  }

  /** Is all that it decided durable? */
  isWritten(member: TurnMember): boolean {
    return !this.#dirty.has(member) && !this.#writing.has(member);
  }

  unmark(member: TurnMember): void {
    this.#dirty.delete(member);
  }

  /** Write with the next transaction, and say what came of it: for what somebody waits for. */
  settled(): Promise<E.Either<Failure, void>> {
    const { trouble } = this;
    if (trouble !== null && this.#retry !== null) return Promise.resolve(E.left(trouble));
    if (this.#closed) return Promise.resolve(E.left(failure('StoreUnavailableError', 'The server is about to close it.')));
    return new Promise((resolve) => {
      this.#settles.push(resolve);
      this.#plan();
    });
  }

  /** Write what is left, once. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopRetry();
    await this.#running;
    await this.#write();
  }

  #plan(): void {
    if (this.#planned || this.#running !== null || this.#closed) return;
    this.#planned = true;
    this.#owner.clock.macrotask(this.#begin);
  }

  /** While the store rests, turns come together: under load it writes fewer and larger transactions, at a delay half as long as one of them takes. */
  readonly #begin = (): void => {
    const { clock } = this.#owner;
    this.#turnsWaited += 1;
    if (!this.#closed && clock.now() < this.#restsUntil && this.#turnsWaited < restTurnsMax) return clock.macrotask(this.#begin);
    this.#turnsWaited = 0;
    this.#planned = false;
    if (!this.#closed) this.#run();
  };

  #run(): void {
    this.#stopRetry();
    const { clock } = this.#owner;
    const begunAt = clock.now();
    this.#running = this.#write().then(() => {
      this.#running = null;
      const endedAt = clock.now();
      this.#restsUntil = endedAt + Math.min((endedAt - begunAt) / 2, restMsMax);
      if (this.#settles.length > 0 || (this.#dirty.size > 0 && this.#retry === null)) this.#plan();
    });
  }

  async #write(): Promise<void> {
    const settles = this.#settles;
    this.#settles = [];
    const members = [...this.#dirty];
    this.#dirty.clear();
    this.#writing = new Set(members);
    const taken = members.flatMap((member) => {
      const turn = member.take();
      return turn === null ? [] : [{ member, ...turn, written: () => turn.written(), failed: () => turn.failed() }];
    });
    const result = taken.length === 0 ? E.right(undefined) : await this.#owner.commit(taken.map(({ turn }) => turn))();
    this.#writing = new Set();
    if (E.isRight(result)) {
      if (this.#failures > 0) this.#owner.log.info({ failures: this.#failures }, 'the store writes again');
      this.#failures = 0;
      this.#trouble = null;
      for (const { written } of taken) written();
    } else this.#failed(result.left, taken);
    for (const settle of settles) settle(result);
  }

  #failed(what: Failure, taken: readonly { readonly member: TurnMember; failed(): void }[]): void {
    this.#failures += 1;
    this.#trouble = what;
    const { clock, log } = this.#owner;
    if (this.#failures === 1)
      log.error({ detail: what.message }, 'the store does not write: what is decided stays here until it does, and nothing new is taken');
    for (const { member, failed } of taken) {
      failed();
      this.#dirty.add(member);
    }
    if (this.#closed) return;
    const delayMs = Math.min(retryMsMin * 2 ** (this.#failures - 1), retryMsMax);
    this.#retryAt = clock.now() + delayMs;
    this.#retry = clock.setTimeout(() => {
      this.#retry = null;
      if (this.#running === null) this.#run();
    }, delayMs);
  }

  #stopRetry(): void {
    if (this.#retry !== null) this.#owner.clock.clearTimeout(this.#retry);
    this.#retry = null;
  }
}
