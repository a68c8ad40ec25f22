import { isSignal } from './room.js';
import { SparseMap } from './sparse.js';

/** What is waited for. */
export interface ReadyOptions {
  /** For how many messages there must be room; never more than the whole buffer, so that `Infinity` waits until nothing is unconfirmed. Default: 1. */
  readonly messages?: number;
  /** Waits no longer when aborted. */
  readonly signal?: AbortSignal;
}

interface Waiter {
  readonly messages: number;
  settle(hasRoom: boolean): void;
}

/** Those who wait for room in a buffer. */
export class Readiness {
  readonly #hasRoom: (messages: number) => boolean;
  readonly #waiters = new SparseMap<Waiter, true>();
  #isOver = false;

  constructor(hasRoom: (messages: number) => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** True once there is room; false where it is waited for no longer, or in vain. */
  wait({ messages = 1, signal }: ReadyOptions): Promise<boolean> {
    if (this.#isOver || !isSignal(signal) || signal?.aborted === true) return Promise.resolve(false);
    if (this.#hasRoom(messages)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const abort = (): void => waiter.settle(false);
      const waiter: Waiter = {
        messages,
        settle: (hasRoom) => {
          this.#waiters.delete(waiter);
          signal?.removeEventListener('abort', abort);
          resolve(hasRoom);
        },
      };
      this.#waiters.set(waiter, true);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** There may be room now. */
  look(): void {
    for (const waiter of this.#waiters.keys()) if (this.#hasRoom(waiter.messages)) waiter.settle(true);
  }

  /** There is nothing more to be sent. */
  close(): void {
    this.#isOver = true;
    for (const waiter of this.#waiters.keys()) waiter.settle(false);
  }
}
