import type { Clock, TimerHandle } from '../../machines/ports/host.js';
import type { SessionStore, StoreTask } from '../../machines/ports/store.js';

/** How long a failing store is left alone before it is told again, in milliseconds: the first time, and at most. */
const retryMsMin = 100;
const retryMsMax = 5_000;

interface Owed {
  readonly what: string;
  write(store: SessionStore): StoreTask<unknown>;
}

/** What is needed of the store: false where it failed, which is logged. */
export interface OwedTo {
  write(what: string, write: Owed['write']): Promise<boolean>;
}

/**
 * What is decided and has to be in the store in the end: that sessions are over, and who is online. Told at once; what a failing store did not take is told
 * again, in order, until it does, as a session that has ended must not be there again in a later process. Each session is owed once, and each user, so that
 * there are no more than these.
 */
export class OwedWrites {
  readonly #store: OwedTo;
  readonly #clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  readonly #owed: Owed[] = [];
  /** Under way, or waiting for its time. */
  #telling: Promise<void> | null = null;
  #retry: TimerHandle | null = null;
  #failures = 0;
  #isClosing = false;

  constructor(store: OwedTo, clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>) {
    this.#store = store;
    this.#clock = clock;
  }

  add(what: string, write: Owed['write']): void {
    if (this.#isClosing) return;
    this.#owed.push({ what, write });
    if (this.#retry === null) this.#telling ??= this.#tell();
  }

  /** Tell it once more, now; what it does not take then is lost with this process. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#telling;
    if (this.#retry !== null) this.#clock.clearTimeout(this.#retry);
    await this.#tell();
  }

  async #tell(): Promise<void> {
    for (let next = this.#owed[0]; next !== undefined; next = this.#owed[0]) {
      if (!(await this.#store.write(next.what, next.write))) break;
      this.#owed.shift();
      this.#failures = 0;
    }
    this.#telling = null;
    if (this.#owed.length > 0 && !this.#isClosing) this.#tellLater();
  }

  #tellLater(): void {
    this.#failures += 1;
    this.#retry = this.#clock.setTimeout(
      () => {
        this.#retry = null;
        this.#telling = this.#tell();
      },
      Math.min(retryMsMin * 2 ** (this.#failures - 1), retryMsMax),
    );
  }
}
