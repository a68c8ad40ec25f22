import type { Clock } from '../../machines/ports/host.js';
import type { User } from '../../machines/ports/user.js';
import { type Failure, failure, type ReasonCode } from '../../machines/reasons.js';
import type {
  ArrivedSignIn,
  IdentityItem,
  InboundData,
  InboundItem,
  JsonText,
  MessageItem,
  OutboundData,
  Outcome,
  Positions,
  SignInItem,
  StreamWindow,
} from '../../machines/stream/packets.js';
import { toArray } from '../../machines/stream/queue.js';
import type { Entry, LastWord, Shipped, StreamEffect, StreamState } from '../../machines/stream/state.js';
import { isLastWord, isMaybeHandled, type Mismatch, mismatchOf, positionsOf } from '../../machines/stream/stream.js';
import { errorOf } from '../errors.js';
import { waitMsMax } from '../wire/limits.js';
import { toJsonText } from '../wire/payload.js';
import { Arrivals } from './arrivals.js';
import { type HandlerReports, HandlerTable, Inbox } from './handlers.js';
import { limitsOf, requestsRunningMax } from './limits.js';
import { Outbox } from './outbox.js';
import type { ReadyOptions } from './readiness.js';
import { Answerer, Asker, type RequestResult, RequestTable } from './requests.js';
import { isSignal } from './room.js';
import { StreamRunner } from './runner.js';
import type { SendOptions } from './send-options.js';
import { type RefusedSend, type SendResult, Sent, type Unconfirmed } from './sent.js';
import { VolatileInbox } from './volatile.js';

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
  /** Plans what ships a turn's messages: one for all sessions of a server. */
  readonly atTurnEnd?: (act: () => void) => void;
}

/** What the other side has agreed to, at the welcome. */
export interface ConversationTerms {
  readonly sessionId: string;
  /** Whom it speaks for at its beginning. */
  readonly user: User;
  readonly peerWindow: StreamWindow;
  readonly messageSizeMax: number;
  readonly ackDelayMs: number;
  /** Does it take volatile messages? Default: no. */
  readonly volatile?: boolean;
  /** Can this side's user become another? */
  readonly signIn?: boolean;
}

export interface ConversationOwner {
  readonly direction: 'up' | 'down';
  write(packets: readonly OutboundData[]): void;
  /** The other side has said that nothing follows, and all it said is handled. */
  peerEnded(): void;
  complete(): void;
  violated(failure: Failure): void;
  /** May a handler be run for what was shipped before, and may have been run for? Left out: it may. */
  readonly again?: ((number: number, type: string) => Promise<boolean>) | undefined;
  /** The other side leaves unacknowledged more than this one can hold: it is to be given up. */
  tooSlow(): void;
  /**
   * The other side wants to speak for another user: why it may not ask that now, or how it is judged, once all is handled that came before. What
   * is judged well is told by `identify`; null is answered where that was done.
   */
  signIn?(item: ArrivedSignIn, number: number): Failure | (() => Promise<Failure | null>);
  /** From here on the session speaks for this user. */
  identified?(item: IdentityItem): void;
  /** Something is to be kept that was not before. */
  readonly changed?: (() => void) | undefined;
  /** Why nothing can be accepted right now; null: it can. */
  readonly refuses?: (() => 'StoreUnavailableError' | null) | undefined;
  /** A send was refused, as the buffer is full. */
  full?(): void;
  /** A message or request was dropped or taken back before it was shipped. */
  dropped?(entry: Entry): void;
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

/** An entry as the app gets it back. */
const givenBack = (entry: Entry, { shipped, handled }: Pick<Unconfirmed, 'shipped' | 'handled'>): readonly Unconfirmed[] => {
  if (entry instanceof Sent) entry.settle('unknown');
  const { item } = entry;
  return item.kind === 'message' || item.kind === 'request'
    ? [{ kind: item.kind, type: item.type, payload: JSON.parse(item.payload) as unknown, shipped, handled }]
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
  readonly #clock: Clock;
  readonly #inbox: Inbox;
  readonly #volatile: VolatileInbox;
  readonly #outbox: Outbox;
  readonly #asker: Asker;
  readonly #answerer: Answerer;
  readonly runner: StreamRunner;
  readonly registry: Registry;
  readonly #arrivals: Arrivals;
  /** A sign-in has come and is not judged. */
  #isJudging = false;
  #over: ReasonCode | null = null;
  #isPaused = false;
  /** Once it is over: the last number that anything was done about. */
  #begun = 0;
  /** Has the other side said what it has, on the latest link or at its end? */
  #isTold = false;

  /** `restored`: it goes on with what an earlier process kept of it. */
  constructor(
    owner: ConversationOwner,
    registry: Registry,
    settings: ConversationSettings,
    terms: ConversationTerms,
    restored?: { readonly state: StreamState; readonly ticket: number },
  ) {
    this.#owner = owner;
    this.registry = registry;
    this.#terms = terms;
    this.#clock = settings.clock;
    const idPrefix = `${terms.sessionId}:${owner.direction === 'up' ? 'down' : 'up'}`;
    this.runner = new StreamRunner(
      {
        write: (packets) => owner.write(packets),
        deliver: (number, item) => this.#deliver(number, item),
        confirmed: (effect) => this.#confirmed(effect),
        // For whom it would speak is not known while a sign-in is judged.
        volatile: (item) => {
          if (!this.#isJudging) this.#volatile.handle(item, this.#arrivals.user);
        },
        numbered: (ticket, number) => this.#asker.numbered(ticket, number),
        handedBack: (shipped) => this.#handedBack(shipped),
        dropped: (entry, why) => this.#dropped(entry, why),
        changed: owner.changed,
        withdrawn: (entry) => owner.dropped?.(entry),
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
        atTurnEnd: settings.atTurnEnd,
      },
    );
    this.#inbox = new Inbox(
      registry.messages,
      {
        clock: settings.clock,
        handlerTimeoutMs: settings.handlerTimeoutMs,
        idPrefix,
        reports: owner.reports,
        again: owner.again,
        settled: (number, outcome) => this.runner.settled(number, outcome),
      },
      true,
      terms.user,
    );
    this.#volatile = new VolatileInbox(registry.messages, { idPrefix, reports: owner.reports });
    this.#asker = new Asker({
      clock: settings.clock,
      withdraw: (ticket) => {
        this.runner.withdraw(ticket);
        this.#outbox.readiness.look();
      },
      cancel: (number) => this.#outbox.answer({ kind: 'cancel', to: number }, 0),
    });
    this.#outbox = new Outbox(
      {
        clock: settings.clock,
        runner: this.runner,
        messageSizeMax: Math.min(terms.messageSizeMax, settings.buffer.size),
        volatile: terms.volatile === true,
        asked: () => this.#asker.waiting,
        refuses: () => owner.refuses?.() ?? null,
        full: () => owner.full?.(),
      },
      restored?.ticket ?? 0,
    );
    this.#answerer = new Answerer(registry.requests, {
      idPrefix,
      runningMax: requestsRunningMax(settings),
      reply: (to, value) => this.#reply(to, value),
      fail: (to, code, message) => this.#outbox.answer({ kind: 'failure', to, code, message }, 0),
      requestFailed: (request) => owner.reports.requestFailed(request),
    });
    this.#arrivals = new Arrivals(
      {
        clock: settings.clock,
        answerer: this.#answerer,
        cancelsMax: settings.ownWindow.messages,
        again: owner.again,
        settled: (number, outcome) => this.runner.settled(number, outcome),
        poisoned: (to) =>
          this.#outbox.answer({ kind: 'failure', to, code: 'RequestFailedError', message: 'Its handler did not survive it.' }, 0),
      },
      terms.user,
    );
  }

  /** Messages were waiting until now, so that handlers could be registered. */
  release(): void {
    this.#inbox.release();
    this.#volatile.release();
    this.#arrivals.release();
  }

  send(type: string, payload: unknown, options?: SendOptions): SendResult {
    const text = this.#outbox.text(type, payload);
    return 'error' in text
      ? { accepted: false, error: text.error }
      : this.#outbox.send({ kind: 'message', type, payload: text.json }, options);
  }

  /** A message that was serialised once for many sessions. */
  sendItem(item: MessageItem<JsonText>, options?: SendOptions): SendResult {
    return this.#outbox.send(item, options);
  }

  /** True once there is room in the buffer; false where the wait was aborted or the conversation is over. Never rejects. */
  ready(options: ReadyOptions = {}): Promise<boolean> {
    return this.#outbox.readiness.wait(options);
  }

  async request(type: string, payload: unknown, timeoutMs: number, signal: AbortSignal | undefined): Promise<RequestResult<unknown>> {
    const text = this.#outbox.text(type, payload);
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
    const sent = this.#outbox.accept(
      { kind: 'request', type, payload: text.json, timeoutMs: waitMs },
      text.json.length,
      this.#clock.now() + waitMs,
    );
    return sent.accepted ? this.#asker.ask(sent.ticket, type, waitMs, signal) : refusedWith(sent.error);
  }

  /** Does the other side take sign-ins? */
  get canSignIn(): boolean {
    return this.#terms.signIn === true;
  }

  /** Ask to speak for another user from here on: what is sent before this speaks for the present one. A result, never a rejection. */
  async signIn(credential: SignInItem['credential'], size: number): Promise<RequestResult<unknown>> {
    const sent = this.#outbox.accept({ kind: 'signIn', credential }, size);
    return sent.accepted
      ? this.#asker.ask(sent.ticket, 'signIn', null)
      : { succeeded: false, failed: true, error: sent.error, maybeHandled: false };
  }

  /** From here on it speaks for this user. `to`: the sign-in that says so to the other side; without one, it knows already. */
  identify(user: User, to?: Pick<IdentityItem, 'to' | 'expiresAt'>): void {
    this.#arrivals.user = user;
    // What waits and was said to a former user still is.
    if (to !== undefined || this.#inbox.user.id === user.id) this.#inbox.user = user;
    if (to !== undefined) this.#outbox.answer({ kind: 'identity', user, ...to }, JSON.stringify(user).length);
  }

  received(packets: readonly InboundData[]): void {
    this.#arrivals.noteCancels(packets);
    this.runner.received(packets);
    this.#arrivals.forgetCancels();
  }

  /** Say goodbye behind all that was sent. */
  end(): void {
    this.runner.end();
    this.#outbox.readiness.close();
  }

  /** Where this side stands in both directions. Once it is over, `received` is what was begun: the rest will never be handled. */
  positions(): Omit<Positions, 'incarnation'> {
    const positions = positionsOf(this.runner.state);
    return this.#over === null ? positions : { ...positions, received: this.#begun };
  }

  /** The other side's last word before its link or the session is over. One that does not fit says nothing. */
  conclude(peer: LastWord): void {
    if (this.#over !== null || !isLastWord(this.runner.state, peer)) return;
    this.#isTold = true;
    this.runner.conclude(peer);
  }

  /** What the two sides can not agree on, or null: then the conversation can go on. */
  mismatch(peer: Positions): Mismatch | null {
    return mismatchOf(this.runner.state, peer);
  }

  /** It goes on over a new link. `own`: the positions that this side told of itself. `reborn`: the other side has lost its memory since the last one. */
  resume(own: Pick<Positions, 'received' | 'done'>, peer: Positions, reborn: boolean): void {
    this.#isTold = true;
    this.runner.resume(own, peer, reborn);
  }

  /** The last ticket that was given. */
  get tickets(): number {
    return this.#outbox.tickets;
  }

  /** Call back once no message handler runs: at once where none does, also when all is over. */
  whenHandled(callback: () => void): void {
    this.#inbox.whenIdle(callback);
  }

  /** Begin to handle nothing more, and call back once what runs has come to its end. For the last moments of a process. */
  pause(callback: () => void): void {
    this.#isPaused = true;
    this.#arrivals.gate.hold();
    this.#inbox.pause(() => this.#arrivals.whenIdle(callback));
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
   * What was shipped may have been handled, unless the other side said that it was not.
   */
  close(code: ReasonCode): readonly Unconfirmed[] {
    if (this.#over !== null) return [];
    this.#over = code;
    this.runner.close();
    this.#outbox.close();
    this.#arrivals.close();
    this.#volatile.close();
    const { state } = this.runner;
    this.#begun = state.received;
    for (const number of [...this.#inbox.close()].reverse()) if (number === this.#begun) this.#begun -= 1;
    this.#answerer.close();
    const isMaybe = (number: number): boolean => !this.#isTold || isMaybeHandled(state, number);
    this.#asker.close(code, isMaybe);
    const numbers = new Map([...toArray(state.sent), ...toArray(state.replay)].map(({ entry, number }) => [entry, number]));
    return this.runner.unconfirmed().flatMap((entry) => {
      const number = numbers.get(entry);
      const shipped = number !== undefined;
      return givenBack(entry, { shipped, handled: shipped && isMaybe(number) ? 'unknown' : 'no' });
    });
  }

  #reply(to: number, value: unknown): void {
    const text = toJsonText(value === undefined ? null : value, this.#terms.messageSizeMax);
    const { heldAnswers, limits } = this.runner.state;
    const room = limits.answers.size - heldAnswers.size;
    if (text.ok && text.json.length <= room) {
      this.#outbox.answer({ kind: 'reply', to, payload: text.json }, text.json.length);
      return;
    }
    // An honest asker may ask for more text at once than can be kept until it has it: that costs it this reply, and not its session.
    const error = text.ok
      ? errorOf('BufferFullError', `A reply has ${text.json.length} characters; ${room} are left for answers.`)
      : errorOf(text.code, text.detail);
    this.#owner.reports.requestFailed({ id: `request ${to}`, type: 'reply', error });
    this.#outbox.answer({ kind: 'failure', to, code: 'RequestFailedError', message: 'The reply can not be sent.' }, 0);
  }

  /** [R60] No link outlived it: the app has it back. */
  #handedBack({ number, entry }: Shipped): void {
    if (entry.item.kind === 'request' || entry.item.kind === 'signIn')
      this.#asker.answered({ kind: 'failure', to: number, code: 'RequestFailedError', message: 'No link outlived it.' });
    // A later process must not ship it again.
    this.#owner.dropped?.(entry);
    for (const message of givenBack(entry, { shipped: true, handled: 'unknown' })) this.#owner.reports.handedBack(message);
    this.#outbox.readiness.look();
  }

  #deliver(number: number, item: InboundItem): void {
    if (this.#over !== null) return;
    switch (item.kind) {
      case 'message':
        this.#inbox.add(number, item);
        return;
      case 'request':
        return this.#arrivals.request(number, item);
      case 'reply':
      case 'failure':
        this.#asker.answered(item);
        this.#outbox.readiness.look();
        return;
      case 'cancel':
        // Where it came before its request was started, that is known already.
        this.#answerer.cancelled(item.to);
        return;
      case 'signIn':
        return this.#signInCame(number, item);
      case 'identity':
        this.#arrivals.user = item.user;
        this.#inbox.add(number, () => {
          this.#inbox.user = item.user;
          return 'handled';
        });
        this.#owner.identified?.(item);
        return this.#asker.answered({ kind: 'reply', to: item.to, payload: item.user });
      case 'end':
        return;
    }
  }

  #dropped(entry: Entry, why: 'expired' | 'replaced'): void {
    if (entry instanceof Sent) entry.settle(why);
    this.#outbox.readiness.look();
    this.#owner.dropped?.(entry);
  }

  /** It has its turn among the messages: those before it are handled for the present user. Nothing behind it begins before it is judged. [R62] */
  #signInCame(number: number, item: ArrivedSignIn): void {
    const judge = !this.#isJudging
      ? (this.#owner.signIn?.(item, number) ?? failure('ProtocolError', 'A sign-in came that was not agreed on.'))
      : failure('ProtocolError', 'A sign-in came before the last one was answered.');
    if (typeof judge !== 'function') return this.#owner.violated(judge);
    this.#isJudging = true;
    this.#arrivals.gate.hold();
    this.#inbox.add(number, async (): Promise<Outcome> => {
      const problem = await judge();
      if (problem !== null) this.#outbox.answer({ kind: 'failure', to: number, code: problem.code, message: problem.message }, 0);
      this.#isJudging = false;
      if (this.#over === null && !this.#isPaused) this.#arrivals.release();
      return 'handled';
    });
  }

  #confirmed({ entries, exceptions }: Extract<StreamEffect, { type: 'confirmed' }>): void {
    const outcomes = exceptions.length === 0 ? null : new Map(exceptions.map(({ number, outcome }) => [number, outcome]));
    for (const { number, entry } of entries) {
      const outcome = outcomes?.get(number) ?? 'handled';
      if (entry instanceof Sent) entry.settle(outcome);
      if (outcome === 'expired' && entry.item.kind === 'request') this.#asker.expired(entry.ticket);
    }
    this.#outbox.readiness.look();
  }

  /** The other side's end is passed on once all it said before is handled and answered. */
  #peerEnded(): void {
    this.#arrivals.gate.pass(() => this.#inbox.whenIdle(() => this.#arrivals.whenIdle(() => this.#owner.peerEnded())));
  }
}
