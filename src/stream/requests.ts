import type { Clock, TimerHandle } from '../../machines/ports/host.js';
import type { User } from '../../machines/ports/user.js';
import type { ReasonCode } from '../../machines/reasons.js';
import type { InboundItem } from '../../machines/stream/packets.js';
import { errorOf, type NineLivesError } from '../errors.js';
import { checkHandler } from './handlers.js';
import { SparseMap } from './sparse.js';

/** How a request is asked. */
export interface RequestOptions {
  /** How long to wait for the answer, in milliseconds. */
  readonly timeoutMs?: number;
  /** Takes the request back when aborted. */
  readonly signal?: AbortSignal;
}

/** What a request is answered with: a result, never a rejection. */
export type RequestResult<Reply> =
  | {
      readonly succeeded: true;
      readonly failed: false;
      readonly reply: Reply;
      readonly error?: undefined;
      readonly maybeHandled?: undefined;
    }
  | {
      readonly succeeded: false;
      readonly failed: true;
      readonly error: NineLivesError;
      /** May the other side have run its handler? */
      readonly maybeHandled: boolean;
      readonly reply?: undefined;
    };

/** One that was not accepted. Nothing of it was sent. */
export const refusedWith = (error: NineLivesError): RequestResult<never> => failed(error, false);

const failed = (error: NineLivesError, maybeHandled: boolean): RequestResult<never> => ({
  succeeded: false,
  failed: true,
  error,
  maybeHandled,
});

interface Asked {
  readonly ticket: number;
  /** What the answer will name; null until the request is shipped. */
  number: number | null;
  readonly timer: TimerHandle | null;
  readonly settle: (result: RequestResult<unknown>) => void;
  /** The other side has said that it is done: its answer may come long after. */
  isDone: boolean;
}

/** What the asker needs of its session. */
export interface AskerOwner {
  readonly clock: Clock;
  /** Take back a request that is not shipped. */
  withdraw(ticket: number): void;
  /** Tell the other side that nobody waits for the answer to this number any more. */
  cancel(number: number): void;
  /** One request less waits for its answer, whatever became of it. */
  unasked(): void;
}

/** Requests that this side has asked and that are not answered. */
export class Asker {
  readonly #owner: AskerOwner;
  readonly #byTicket = new SparseMap<number, Asked>();
  readonly #byNumber = new SparseMap<number, Asked>();
  /** Tickets of those whose answer is here before the word that they are done. */
  readonly #answered = new SparseMap<number, true>();

  constructor(owner: AskerOwner) {
    this.#owner = owner;
  }

  /** How many are not answered. */
  get waiting(): number {
    return this.#byTicket.size;
  }

  /** Wait for the answer to a request that was accepted under this ticket; without a time, until there is one or the session is over. */
  ask(ticket: number, type: string, timeoutMs: number | null, signal?: AbortSignal): Promise<RequestResult<unknown>> {
    return new Promise((resolve) => {
      const giveUp = (code: 'RequestTimeoutError' | 'RequestAbortedError', detail: string): void => {
        const maybeHandled = asked.number !== null;
        if (asked.number === null) this.#owner.withdraw(ticket);
        else this.#owner.cancel(asked.number);
        asked.settle(failed(errorOf(code, detail), maybeHandled));
      };
      const abort = (): void => giveUp('RequestAbortedError', `Type: ${type}.`);
      const asked: Asked = {
        ticket,
        number: null,
        isDone: false,
        timer:
          timeoutMs === null
            ? null
            : this.#owner.clock.setTimeout(() => giveUp('RequestTimeoutError', `Type: ${type}; ${timeoutMs} ms.`), timeoutMs),
        settle: (result) => {
          if (asked.timer !== null) this.#owner.clock.clearTimeout(asked.timer);
          signal?.removeEventListener('abort', abort);
          this.#byTicket.delete(ticket);
          if (asked.number !== null) this.#byNumber.delete(asked.number);
          resolve(result);
          this.#owner.unasked();
        },
      };
      this.#byTicket.set(ticket, asked);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  numbered(ticket: number, number: number): void {
    const asked = this.#byTicket.get(ticket);
    if (asked === undefined) return;
    asked.number = number;
    this.#byNumber.set(number, asked);
  }

  /** An answer to nothing is an answer that came too late. */
  answered(item: Extract<InboundItem, { kind: 'reply' | 'failure' }>): void {
    const asked = this.#byNumber.get(item.to);
    if (asked === undefined) return;
    if (!asked.isDone) this.#answered.set(asked.ticket, true);
    if (item.kind === 'reply') asked.settle({ succeeded: true, failed: false, reply: item.payload });
    else asked.settle(failed(errorOf(item.code, item.message), item.code !== 'RequestUnhandledError'));
  }

  /** Is it known to be handled? Then nobody gets it back. */
  isAnswered(ticket: number): boolean {
    return this.#answered.has(ticket);
  }

  /** It is done, or not shipped any more. */
  confirmed(ticket: number): void {
    const asked = this.#byTicket.get(ticket);
    if (asked === undefined) this.#answered.delete(ticket);
    else asked.isDone = true;
  }

  /** Its time was over before it could be run: at the latest its own timer would say so. */
  expired(ticket: number): void {
    this.#byTicket.get(ticket)?.settle(failed(errorOf('RequestTimeoutError'), false));
  }

  /** No answer will come any more. `isMaybeHandled`: may the other side have begun the request of this number? */
  close(code: ReasonCode, isMaybeHandled: (number: number) => boolean): void {
    for (const asked of [...this.#byTicket.values()])
      asked.settle(failed(errorOf(code), asked.number !== null && isMaybeHandled(asked.number)));
  }
}

/** What a request's handler learns besides its payload. */
export interface RequestHandlerInfo {
  readonly id: string;
  readonly type: string;
  /** It was shipped before to an earlier life of this side, which may have started its handler. */
  readonly redelivered: boolean;
  /** Whom the request speaks for, or to: the session's user by its place in the stream, whoever that is meanwhile. */
  readonly user: User;
  /** Aborted when the asker no longer waits, and when the session ends. */
  readonly signal: AbortSignal;
}

export type RequestHandler = (payload: unknown, request: RequestHandlerInfo) => unknown;

/** The request handlers of a session, by type: one each, as a request has one answer. */
export class RequestTable {
  /** Null until there is one. */
  #byType: Map<string, RequestHandler> | null = null;

  /** @throws Error where the type has a handler already, as it has one answer; TypeError where it is no function. */
  on(type: string, handler: RequestHandler): () => void {
    checkHandler(type, handler);
    this.#byType ??= new Map();
    const byType = this.#byType;
    if (byType.has(type)) throw new Error(`There is a handler for requests of type ${JSON.stringify(type)} already; take it out first.`);
    byType.set(type, handler);
    return () => {
      if (byType.get(type) === handler) byType.delete(type);
    };
  }

  of(type: string): RequestHandler | undefined {
    return this.#byType?.get(type);
  }
}

/** What the answerer needs of its session. */
export interface AnswererOwner {
  readonly idPrefix: string;
  /** How many handlers may run at once. */
  readonly runningMax: number;
  reply(to: number, value: unknown): void;
  fail(to: number, code: 'RequestFailedError' | 'RequestUnhandledError', message: string): void;
  requestFailed(request: { readonly id: string; readonly type: string; readonly error: unknown }): void;
}

/**
 * Requests that the other side has asked. They run side by side, each from its arrival: a handler of a message may await an answer whose
 * own handler sits on this side, so that neither may queue behind the other. That is why requests past the bound are refused, and do not wait.
 */
export class Answerer {
  readonly #table: RequestTable;
  readonly #owner: AnswererOwner;
  readonly #running = new SparseMap<number, AbortController>();
  /** How many of them somebody waits for: the goodbye waits for no other. */
  #awaited = 0;
  #closed = false;
  #idle: (() => void) | null = null;

  constructor(table: RequestTable, owner: AnswererOwner) {
    this.#table = table;
    this.#owner = owner;
  }

  async answer(number: number, item: Extract<InboundItem, { kind: 'request' }>, user: User): Promise<void> {
    const handler = this.#table.of(item.type);
    if (handler === undefined) {
      this.#owner.fail(number, 'RequestUnhandledError', `Type: ${item.type}.`);
      return;
    }
    if (this.#running.size >= this.#owner.runningMax) {
      this.#owner.fail(number, 'RequestFailedError', `Too many requests at once: ${this.#running.size} are being handled.`);
      return;
    }
    const controller = new AbortController();
    this.#running.set(number, controller);
    this.#awaited += 1;
    const id = `${this.#owner.idPrefix}:${number}`;
    try {
      const value = await handler(item.payload, {
        id,
        type: item.type,
        user,
        redelivered: item.options?.redelivered === true,
        signal: controller.signal,
      });
      if (!this.#closed && !controller.signal.aborted) this.#owner.reply(number, value);
    } catch (error) {
      if (this.#closed) return;
      const { aborted, reason } = controller.signal;
      // A handler that obeys its signal has not failed.
      if (!aborted || error !== reason) this.#owner.requestFailed({ id, type: item.type, error });
      // What it threw stays on this side: it may hold what the asker must not know.
      if (!aborted) this.#owner.fail(number, 'RequestFailedError', `Type: ${item.type}.`);
    } finally {
      this.#running.delete(number);
      if (!controller.signal.aborted) this.#forget();
    }
  }

  cancelled(number: number): void {
    const controller = this.#running.get(number);
    if (controller === undefined || controller.signal.aborted) return;
    controller.abort();
    this.#forget();
  }

  #forget(): void {
    this.#awaited -= 1;
    if (this.#awaited === 0) this.#idle?.();
  }

  /** Call back once nothing runs that somebody waits for: a handler that ignores its signal delays nobody. */
  whenIdle(callback: () => void): void {
    if (this.#awaited === 0) callback();
    else
      this.#idle = () => {
        this.#idle = null;
        callback();
      };
  }

  close(): void {
    this.#closed = true;
    this.#idle = null;
    for (const controller of this.#running.values()) controller.abort();
  }
}
