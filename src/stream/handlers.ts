import type { Clock, TimerHandle } from '../../machines/ports/host.js';
import type { User } from '../../machines/ports/user.js';
import type { InboundItem, Outcome } from '../../machines/stream/packets.js';
import { at, lengthOf, push, type Queue, queueOf, shift, toArray } from '../../machines/stream/queue.js';

/** What a handler learns about the message besides its payload. */
export interface MessageInfo {
  /** Unique among all messages: session, direction and number. The same message given twice has the same id. A volatile one has no number: its id is unique in this process. */
  readonly id: string;
  readonly type: string;
  /** Whom the message speaks for, or to: the session's user by its place in the stream, whoever that is meanwhile. */
  readonly user: User;
  /** It was shipped before to an earlier life of this side, which may have handled it. */
  readonly redelivered: boolean;
  /** It was sent as volatile: beside the order of the others, and without confirmation. */
  readonly volatile: boolean;
  /** Aborted when the handler takes longer than `handlerTimeoutMs`, and when the session ends. */
  readonly signal: AbortSignal;
}

export type MessageHandler = (payload: unknown, message: MessageInfo) => unknown;

/** What goes wrong in handlers: told, never thrown. */
export interface HandlerReports {
  /** A message came for which there is no handler; the sender is told `unhandled`. */
  unhandled(message: { readonly id: string; readonly type: string }): void;
  /** A handler threw; the sender is told `failed`. */
  handlerFailed(message: { readonly id: string; readonly type: string; readonly error: unknown }): void;
  /** A handler takes longer than it may; it is not interrupted, and the next one waits for it. */
  handlerSlow(message: { readonly id: string; readonly type: string; readonly afterMs: number }): void;
}

/** What an inbox needs of its session. */
export interface InboxOwner {
  readonly clock: Clock;
  readonly handlerTimeoutMs: number;
  /** `<session>:<up or down>`: what a message's id begins with. */
  readonly idPrefix: string;
  readonly reports: HandlerReports;
  /** May a handler be run for what was shipped before, and may have been run for? */
  again(number: number, type: string): true | Promise<boolean>;
  /** What became of it. */
  settled(number: number, outcome: Outcome): void;
}

type Message = Extract<InboundItem, { kind: 'message' }>;

/** Something else than a message that has its turn among them. What it comes to is an outcome; it never rejects. */
export type Turn = () => Outcome | Promise<Outcome>;

interface Waiting {
  readonly number: number;
  readonly item: Message | Turn;
  readonly arrivedAt: number;
}

/** The handlers of a session, by message type. They outlive the session's links and streams. */
export class HandlerTable {
  /** Null until there is one: most sessions of some apps have none. */
  #byType: Map<string, readonly MessageHandler[]> | null = null;

  /**
   * Add a handler; the returned function takes it out again.
   * @throws TypeError where it is no function: what comes would be `failed`, with no second try.
   */
  on(type: string, handler: MessageHandler): () => void {
    checkHandler(type, handler);
    this.#byType ??= new Map();
    const byType = this.#byType;
    byType.set(type, [...this.of(type), handler]);
    let on = true;
    return () => {
      if (!on) return;
      on = false;
      const handlers = this.of(type);
      const index = handlers.indexOf(handler);
      byType.set(type, [...handlers.slice(0, index), ...handlers.slice(index + 1)]);
    };
  }

  of(type: string): readonly MessageHandler[] {
    return this.#byType?.get(type) ?? none;
  }
}

const none: readonly MessageHandler[] = [];

/** @throws TypeError where it is no function. */
export const checkHandler = (type: string, handler: unknown): void => {
  if (typeof handler !== 'function') throw new TypeError(`The handler for ${JSON.stringify(type)} is no function.`);
};

/** Runs a session's message handlers one at a time, in order. It is bounded by the window that the peer's credit keeps. */
export class Inbox {
  readonly #handlers: HandlerTable;
  readonly #owner: InboxOwner;
  #waiting: Queue<Waiting> = queueOf();
  #busy = false;
  #held: boolean;
  #closed = false;
  #running: Info | null = null;
  #stopWaiting: (() => void) | null = null;
  #idle: (() => void) | null = null;
  #paused: (() => void) | null = null;
  /** Whom the messages speak for whose turn it is. */
  user: User;

  constructor(handlers: HandlerTable, owner: InboxOwner, held: boolean, user: User) {
    this.user = user;
    this.#handlers = handlers;
    this.#owner = owner;
    this.#held = held;
  }

  add(number: number, item: Message | Turn): void {
    const arrivedAt = typeof item === 'function' || item.options?.ttlMs === undefined ? 0 : this.#owner.clock.now();
    if (this.#busy || this.#held) this.#waiting = push(this.#waiting, { number, item, arrivedAt });
    else {
      // Nothing waits before it.
      this.#start(number, item, arrivedAt);
      this.#run();
    }
  }

  /** From now on messages are handled: until then they wait. */
  release(): void {
    this.#held = false;
    this.#run();
  }

  /** Begin nothing more, and call back once nothing runs. */
  pause(callback: () => void): void {
    this.#held = true;
    if (this.#busy) this.#paused = callback;
    else callback();
  }

  /** Call back once nothing waits and nothing runs. */
  whenIdle(callback: () => void): void {
    if (this.#isIdle) callback();
    else this.#idle = callback;
  }

  /** Handle nothing more, and tell what was not begun, ascending; the running handler's signal is aborted, what it comes to is nobody's business any more. */
  close(): readonly number[] {
    this.#closed = true;
    const unbegun = toArray(this.#waiting).map(({ number }) => number);
    this.#waiting = queueOf();
    this.#running?.abort();
    this.#stopWaiting?.();
    this.#idle = null;
    return unbegun;
  }

  get #isIdle(): boolean {
    return !this.#busy && lengthOf(this.#waiting) === 0;
  }

  #run(): void {
    if (this.#busy) return;
    for (let waiting = at(this.#waiting, 0); waiting !== undefined && !this.#held; waiting = at(this.#waiting, 0)) {
      this.#waiting = shift(this.#waiting, 1);
      this.#start(waiting.number, waiting.item, waiting.arrivedAt);
      if (this.#busy) return;
    }
    if (this.#held) {
      const paused = this.#paused;
      this.#paused = null;
      return paused?.();
    }
    const idle = this.#idle;
    this.#idle = null;
    idle?.();
  }

  /** Synchronous where the handlers are: a promise a message would cost more than the rest of its way. */
  #start(number: number, item: Message | Turn, arrivedAt: number): void {
    this.#busy = true;
    const outcome = typeof item === 'function' ? item() : this.#handle(number, item, arrivedAt);
    if (typeof outcome !== 'string') return this.#await(number, outcome);
    if (!this.#closed) this.#owner.settled(number, outcome);
    this.#busy = false;
  }

  /** The next handler starts when this one has settled, and never before. */
  #await(number: number, outcome: Promise<Outcome>): void {
    void outcome.then((settled) => {
      if (!this.#closed) this.#owner.settled(number, settled);
      this.#busy = false;
      this.#run();
    });
  }

  #handle(number: number, item: Message, arrivedAt: number): Outcome | Promise<Outcome> {
    const { clock } = this.#owner;
    const ttlMs = item.options?.ttlMs;
    if (ttlMs !== undefined && clock.now() - arrivedAt >= ttlMs) return 'expired';
    const asked = item.options?.redelivered !== true || this.#owner.again(number, item.type);
    if (asked === true) return this.#handleNow(number, item);
    return asked.then((may) => (may && !this.#closed ? this.#handleNow(number, item) : 'failed'));
  }

  #handleNow(number: number, item: Message): Outcome | Promise<Outcome> {
    const { reports, idPrefix } = this.#owner;
    const info = new Info(idPrefix, number, item.type, this.user, item.options?.redelivered === true);
    const handlers = this.#handlers.of(item.type);
    if (handlers.length === 0) {
      reports.unhandled({ id: info.id, type: item.type });
      return 'unhandled';
    }
    this.#running = info;
    let pending: Promise<unknown>[] | null = null;
    let failed = false;
    for (const handler of handlers) {
      try {
        const result = handler(item.payload, info);
        if (!isThenable(result)) continue;
        pending ??= [];
        pending.push(Promise.resolve(result));
      } catch (error) {
        failed = true;
        this.#failed(info, error);
      }
    }
    if (pending !== null) return this.#settle(pending, info, failed);
    this.#running = null;
    return failed ? 'failed' : 'handled';
  }

  #failed({ id, type }: Info, error: unknown): void {
    this.#owner.reports.handlerFailed({ id, type, error });
  }

  async #settle(pending: readonly Promise<unknown>[], info: Info, hasFailed: boolean): Promise<Outcome> {
    const { clock, handlerTimeoutMs, reports } = this.#owner;
    const timer: TimerHandle = clock.setTimeout(() => {
      info.abort();
      reports.handlerSlow({ id: info.id, type: info.type, afterMs: handlerTimeoutMs });
    }, handlerTimeoutMs);
    this.#stopWaiting = () => clock.clearTimeout(timer);
    let failed = hasFailed;
    const fail = (error: unknown): void => {
      failed = true;
      this.#failed(info, error);
    };
    await Promise.all(pending.map((one) => one.catch(fail)));
    clock.clearTimeout(timer);
    this.#running = null;
    return failed ? 'failed' : 'handled';
  }
}

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** An AbortController a message would be most of its cost: it is made when a handler reads the signal. */
export class Info implements MessageInfo {
  readonly id: string;
  readonly type: string;
  readonly user: User;
  readonly redelivered: boolean;
  readonly volatile: boolean;
  #controller: AbortController | null = null;
  #aborted = false;

  constructor(idPrefix: string, number: number | string, type: string, user: User, redelivered: boolean, volatile = false) {
    this.id = `${idPrefix}:${number}`;
    this.type = type;
    this.user = user;
    this.redelivered = redelivered;
    this.volatile = volatile;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}
