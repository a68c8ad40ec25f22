import type { User } from '../../machines/ports/user.js';
import type { JsonText, VolatileItem } from '../../machines/stream/packets.js';
import { framesPerBatchMax } from '../wire/limits.js';
import { type HandlerReports, type HandlerTable, Info, isThenable } from './handlers.js';
import { batchSizeMax } from './limits.js';
import { SparseMap } from './sparse.js';

/** How many handlers of volatile messages may run at once: past that, they are dropped, as nothing else holds their sender back. */
const runningMax = 1_024;

/** The volatile messages that one turn sends: one batch, and what does not fit is dropped. */
export class VolatileOutbox {
  #items: VolatileItem<JsonText>[] = [];
  #size = 0;

  add(item: VolatileItem<JsonText>): void {
    const size = this.#size + item.payload.length;
    if (this.#items.length === framesPerBatchMax || (this.#items.length > 0 && size > batchSizeMax)) return;
    this.#items.push(item);
    this.#size = size;
  }

  /** All that is there, which is over with that. */
  take(): readonly VolatileItem<JsonText>[] {
    const items = this.#items;
    this.#items = [];
    this.#size = 0;
    return items;
  }
}

export interface VolatileInboxOwner {
  readonly idPrefix: string;
  readonly reports: HandlerReports;
}

/** Hands volatile messages to their handlers when they come, beside all others. */
export class VolatileInbox {
  readonly #handlers: HandlerTable;
  readonly #owner: VolatileInboxOwner;
  /** How many handlers of each still run. */
  readonly #running = new SparseMap<Info, number>();
  #isOver = false;
  #count = 0;

  constructor(handlers: HandlerTable, owner: VolatileInboxOwner) {
    this.#handlers = handlers;
    this.#owner = owner;
  }

  /** Handlers that run are told so. */
  close(): void {
    this.#isOver = true;
    for (const info of this.#running.keys()) info.abort();
  }

  handle({ type, payload }: VolatileItem<unknown>, user: User): void {
    if (this.#isOver || this.#running.size >= runningMax) return;
    const { idPrefix, reports } = this.#owner;
    this.#count += 1;
    const info = new Info(idPrefix, `v${this.#count}`, type, user, false, true);
    const { id } = info;
    const handlers = this.#handlers.of(type);
    if (handlers.length === 0) return reports.unhandled({ id, type });
    const failed = (error: unknown): void => reports.handlerFailed({ id, type, error });
    for (const handler of handlers) {
      try {
        const result = handler(payload, info);
        if (isThenable(result)) this.#await(info, Promise.resolve(result).catch(failed));
      } catch (error) {
        failed(error);
      }
    }
  }

  #await(info: Info, pending: Promise<unknown>): void {
    this.#running.set(info, (this.#running.get(info) ?? 0) + 1);
    void pending.then(() => {
      const left = (this.#running.get(info) ?? 0) - 1;
      if (left > 0) this.#running.set(info, left);
      else this.#running.delete(info);
    });
  }
}
