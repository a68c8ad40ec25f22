import type { Clock } from '../../machines/ports/host.js';
import type { Failure, ReasonCode } from '../../machines/reasons.js';
import type { InboundItem, InboundPacket, OutboundItem, OutboundPacket, Positions, StreamWindow } from '../../machines/stream/packets.js';
import { toArray } from '../../machines/stream/queue.js';
import type { Entry, Shipped, StreamEffect, StreamState } from '../../machines/stream/state.js';
import { type Mismatch, mismatchOf, positionsOf } from '../../machines/stream/stream.js';
import { errorOf } from '../errors.js';
import { typeLengthMax, waitMsMax } from '../wire/limits.js';
import { toJsonText } from '../wire/payload.js';
import { type HandlerReports, HandlerTable, Inbox } from './handlers.js';
import { limitsOf, requestsRunningMax } from './limits.js';
import { Answerer, Asker, type RequestResult, RequestTable } from './requests.js';
import { isSignal } from './room.js';
import { StreamRunner } from './runner.js';
import { type RefusedSend, type SendResult, Sent, type Unconfirmed } from './sent.js';

/** What one side can hold, and how long it waits, whatever the session. */
export interface ConversationSettings {
  readonly clock: Clock;
  /** What this side can hold of the other's messages. */
  readonly ownWindow: StreamWindow;
  /** What this side holds of its own messages until they are confirmed. */
  readonly buffer: StreamWindow;
  readonly handlerTimeoutMs: number;
  /** Do effects only when told to: for tools. */
  readonly held?: boolean;
}

/** What the other side has agreed to, at the welcome. */
export interface ConversationTerms {
  readonly sessionId: string;
  readonly peerWindow: StreamWindow;
  readonly messageSizeMax: number;
  readonly ackDelayMs: number;
}

export interface ConversationOwner {
  readonly direction: 'up' | 'down';
  write(packets: readonly OutboundPacket[]): void;
  /** The other side has said that nothing follows, and all it said is handled. */
  peerEnded(): void;
  complete(): void;
  violated(failure: Failure): void;
  /** The other side leaves unacknowledged more than this one can hold: it is to be given up. */
  tooSlow(): void;
  /** Something is to be kept that was not before. */
  readonly changed?: (() => void) | undefined;
  /** Why nothing can be accepted right now; null: it can. */
  readonly refuses?: (() => 'StoreUnavailableError' | null) | undefined;
  readonly reports: HandlerReports & {
    /** It was shipped on link after link, none of which outlived it, and is not shipped any more. */
    handedBack(message: Unconfirmed): void;
    requestFailed(request: { readonly id: string; readonly type: string; readonly error: unknown }): void;
  };
}

/** Everything that an app registered on a session: it stays while streams come and go. */
export interface Registry {
  readonly messages: HandlerTable;
  readonly requests: RequestTable;
}

/** An entry as the app gets it back: what became of it is not known. */
const givenBack = (entry: Entry, shipped: boolean): readonly Unconfirmed[] => {
  if (entry instanceof Sent) entry.settle('unknown');
  const { item } = entry;
  return item.kind === 'message' || item.kind === 'request'
    ? [{ kind: item.kind, type: item.type, payload: JSON.parse(item.payload) as unknown, shipped }]
    : [];
};

export const newRegistry = (): Registry => ({ messages: new HandlerTable(), requests: new RequestTable() });

/**
 * One stream at work: sends, handlers, requests, confirmations and the goodbye of one session, on either side. A link is written to
 * while it is there; when it is gone the conversation keeps what is sent, until it is handed back.
 */
export class Conversation {
  readonly #owner: ConversationOwner;
  readonly #terms: ConversationTerms;
  /** The longest message, in UTF-16 code units: what the other side takes, and what the buffer has room for. */
  readonly #messageSizeMax: number;
  readonly #inbox: Inbox;
  readonly #asker: Asker;
  readonly #answerer: Answerer;
  readonly runner: StreamRunner;
  readonly registry: Registry;
  /** What is dispatched on arrival and came before handlers could be registered, in its order: no more than one macrotask brings. Null once they could. */
  #waiting: (() => void)[] | null = [];
  #tickets: number;
  #over: ReasonCode | null = null;

  /** `restored`: it goes on with what an earlier process kept of it. */
  constructor(
    owner: ConversationOwner,
    registry: Registry,
    settings: ConversationSettings,
    terms: ConversationTerms,
    restored?: { readonly state: StreamState; readonly ticket: number },
  ) {
    this.#tickets = restored?.ticket ?? 0;
    this.#owner = owner;
    this.registry = registry;
    this.#terms = terms;
    this.#messageSizeMax = Math.min(terms.messageSizeMax, settings.buffer.size);
    const idPrefix = `${terms.sessionId}:${owner.direction === 'up' ? 'down' : 'up'}`;
    this.runner = new StreamRunner(
      {
        write: (packets) => owner.write(packets),
        deliver: (number, item) => this.#deliver(number, item),
        confirmed: (effect) => this.#confirmed(effect),
        numbered: (ticket, number) => this.#asker.numbered(ticket, number),
        handedBack: (shipped) => this.#handedBack(shipped),
        changed: owner.changed,
        peerEnded: () => this.#peerEnded(),
        complete: () => owner.complete(),
        violated: (failure) => owner.violated(failure),
        tooSlow: () => owner.tooSlow(),
      },
      {
        limits: limitsOf(settings, terms),
        initial: restored?.state,
        ackDelayMs: terms.ackDelayMs,
        clock: settings.clock,
        held: settings.held,
      },
    );
    this.#inbox = new Inbox(
      registry.messages,
      {
        clock: settings.clock,
        handlerTimeoutMs: settings.handlerTimeoutMs,
        idPrefix,
        reports: owner.reports,
        settled: (number, outcome) => this.runner.settled(number, outcome),
      },
      true,
    );
    this.#asker = new Asker({
      clock: settings.clock,
      withdraw: (ticket) => this.runner.withdraw(ticket),
      cancel: (number) => this.#sendItem({ kind: 'cancel', to: number }, 0),
    });
    this.#answerer = new Answerer(registry.requests, {
      idPrefix,
      runningMax: requestsRunningMax(settings),
      reply: (to, value) => this.#reply(to, value),
      fail: (to, code, message) => this.#sendItem({ kind: 'failure', to, code, message }, 0),
      requestFailed: (request) => owner.reports.requestFailed(request),
    });
  }

  /** Messages were waiting until now, so that handlers could be registered. */
  release(): void {
    this.#inbox.release();
    const waiting = this.#waiting;
    this.#waiting = null;
    for (const run of waiting ?? []) run();
  }

  send(type: string, payload: unknown): SendResult {
    const text = this.#text(type, payload);
    return 'error' in text
      ? { accepted: false, error: text.error }
      : this.#accept({ kind: 'message', type, payload: text.json }, text.json.length);
  }

  /** A message that was serialised once for many sessions. */
  sendItem(item: OutboundItem, size: number): SendResult {
    return this.#accept(item, size);
  }

  async request(type: string, payload: unknown, timeoutMs: number, signal: AbortSignal | undefined): Promise<RequestResult<unknown>> {
    const text = this.#text(type, payload);
    const refusedWith = (error: RefusedSend['error']): RequestResult<unknown> => ({
      succeeded: false,
      failed: true,
      error,
      maybeHandled: false,
    });
    if ('error' in text) return refusedWith(text.error);
    if (!isSignal(signal)) return refusedWith(errorOf('InvalidOptionError', 'It is `signal`.'));
    if (signal?.aborted === true) return refusedWith(errorOf('RequestAbortedError', `Type: ${type}.`));
    // The other side is done with a request when it starts it, which frees the buffer: what waits for its answer has a bound of its own.
    if (this.#asker.waiting >= this.runner.limits.buffer.messages)
      return refusedWith(errorOf('BufferFullError', `${this.#asker.waiting} requests wait for their answers.`));
    // Whole milliseconds, within what the wire carries; what is no number at all is no time to wait.
    const waitMs = Math.min(Math.max(Math.ceil(timeoutMs) || 0, 0), waitMsMax);
    const sent = this.#accept({ kind: 'request', type, payload: text.json, timeoutMs: waitMs }, text.json.length);
    return sent.accepted ? this.#asker.ask((sent as Sent).ticket, type, waitMs, signal) : refusedWith(sent.error);
  }

  received(packets: readonly InboundPacket[]): void {
    this.runner.received(packets);
  }

  /** Say goodbye behind all that was sent. */
  end(): void {
    this.runner.end();
  }

  /** Where this side stands in both directions. */
  positions(): Omit<Positions, 'incarnation'> {
    return positionsOf(this.runner.state);
  }

  /** What the two sides can not agree on, or null: then the conversation can go on. */
  mismatch(peer: Positions): Mismatch | null {
    return mismatchOf(this.runner.state, peer);
  }

  /** It goes on over a new link. `own`: the positions that this side told of itself. `reborn`: the other side has lost its memory since the last one. */
  resume(own: Pick<Positions, 'received' | 'done'>, peer: Positions, reborn: boolean): void {
    this.runner.resume(own, peer, reborn);
  }

  /** The last ticket that was given. */
  get tickets(): number {
    return this.#tickets;
  }

  /** Call back once no message handler runs: at once where none does, also when all is over. */
  whenHandled(callback: () => void): void {
    this.#inbox.whenIdle(callback);
  }

  /** The link is gone: nothing more is written until there is another. */
  stop(): void {
    this.runner.stop();
  }

  get unconfirmedCount(): number {
    return this.runner.unconfirmedCount;
  }

  /**
   * It is over: handlers are told so, requests are answered with the reason, and what is not confirmed is handed back, oldest first.
   * What was shipped may have been handled.
   */
  close(code: ReasonCode): readonly Unconfirmed[] {
    if (this.#over !== null) return [];
    this.#over = code;
    this.runner.stop();
    this.#inbox.close();
    this.#answerer.close();
    this.#asker.close(code);
    const shipped = new Set([...toArray(this.runner.state.sent), ...toArray(this.runner.state.replay)].map(({ entry }) => entry));
    return this.runner.unconfirmed().flatMap((entry) => givenBack(entry, shipped.has(entry)));
  }

  #text(type: string, payload: unknown): { readonly json: string } | { readonly error: RefusedSend['error'] } {
    if (typeof type !== 'string' || type.length === 0 || type.length > typeLengthMax)
      return { error: errorOf('InvalidTypeError', `Given: ${typeof type === 'string' ? `${type.length} characters` : typeof type}.`) };
    const text = toJsonText(payload, this.#messageSizeMax);
    return text.ok ? { json: text.json } : { error: errorOf(text.code, text.detail) };
  }

  #accept(item: OutboundItem, size: number): SendResult {
    if (this.#over !== null) return { accepted: false, error: errorOf('NoActiveSessionError') };
    const refusal = this.#owner.refuses?.() ?? null;
    if (refusal !== null) return { accepted: false, error: errorOf(refusal) };
    if (size > this.#messageSizeMax)
      return { accepted: false, error: errorOf('MessageTooLargeError', `${size} characters, ${this.#messageSizeMax} at most.`) };
    this.#tickets += 1;
    const sent = new Sent(this.#tickets, item, size);
    const refused = this.runner.send(sent);
    return refused === null ? sent : { accepted: false, error: errorOf(refused) };
  }

  /** An answer, which has its room reserved: only the own goodbye can keep it back, or that the other side is given up. Then its asker learns of that. */
  #sendItem(item: OutboundItem, size: number): void {
    if (this.#over !== null) return;
    this.#tickets += 1;
    this.runner.send({ ticket: this.#tickets, item, size });
  }

  #reply(to: number, value: unknown): void {
    const text = toJsonText(value === undefined ? null : value, this.#terms.messageSizeMax);
    const { heldAnswers, limits } = this.runner.state;
    const room = limits.answers.size - heldAnswers.size;
    if (text.ok && text.json.length <= room) {
      this.#sendItem({ kind: 'reply', to, payload: text.json }, text.json.length);
      return;
    }
    // An honest asker may ask for more text at once than can be kept until it has it: that costs it this reply, and not its session.
    const error = text.ok
      ? errorOf('BufferFullError', `A reply has ${text.json.length} characters; ${room} are left for answers.`)
      : errorOf(text.code, text.detail);
    this.#owner.reports.requestFailed({ id: `request ${to}`, type: 'reply', error });
    this.#sendItem({ kind: 'failure', to, code: 'RequestFailedError', message: 'The reply can not be sent.' }, 0);
  }

  /** [R60] No link outlived it: the app has it back. */
  #handedBack({ number, entry }: Shipped): void {
    if (entry.item.kind === 'request')
      this.#asker.answered({ kind: 'failure', to: number, code: 'RequestFailedError', message: 'No link outlived it.' });
    for (const message of givenBack(entry, true)) this.#owner.reports.handedBack(message);
  }

  #deliver(number: number, item: InboundItem): void {
    if (this.#over !== null) return;
    switch (item.kind) {
      case 'message':
        this.#inbox.add(number, item);
        return;
      case 'request':
        this.#whenReleased(() => {
          void this.#answerer.answer(number, item);
          this.runner.settled(number, 'handled');
        });
        return;
      case 'reply':
      case 'failure':
        this.#asker.answered(item);
        return;
      case 'cancel':
        this.#whenReleased(() => this.#answerer.cancelled(item.to));
        return;
      case 'end':
        return;
    }
  }

  #confirmed({ entries, exceptions }: Extract<StreamEffect, { type: 'confirmed' }>): void {
    const outcomes = exceptions.length === 0 ? null : new Map(exceptions.map(({ number, outcome }) => [number, outcome]));
    for (const { number, entry } of entries) if (entry instanceof Sent) entry.settle(outcomes?.get(number) ?? 'handled');
  }

  /** The other side's end is passed on once all it said before is handled and answered. */
  #peerEnded(): void {
    this.#whenReleased(() => this.#inbox.whenIdle(() => this.#answerer.whenIdle(() => this.#owner.peerEnded())));
  }

  #whenReleased(run: () => void): void {
    if (this.#waiting === null) run();
    else
      this.#waiting.push(() => {
        if (this.#over === null) run();
      });
  }
}
