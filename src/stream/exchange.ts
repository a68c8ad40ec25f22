import type { User } from '../../machines/ports/user.js';
import { type Failure, failure, type ReasonCode } from '../../machines/reasons.js';
import type { ArrivedSignIn, InboundItem, OutboundData, Outcome, VolatileItem } from '../../machines/stream/packets.js';
import type { Entry, Shipped, StreamEffect, StreamState } from '../../machines/stream/state.js';
import { Arrivals, type ArrivalsOwner } from './arrivals.js';
import { givenBack } from './hand-back.js';
import { Inbox, type InboxOwner } from './handlers.js';
import { Outbox, type OutboxOwner } from './outbox.js';
import type { ConversationOwner, ConversationReports } from './owner.js';
import type { Registry } from './registry.js';
import { replyText } from './reply.js';
import { Answerer, type AnswererOwner, Asker, type AskerOwner } from './requests.js';
import { type StreamOwner, StreamRunner } from './runner.js';
import { Sent } from './sent.js';
import type { ConversationTerms } from './terms.js';
import { VolatileInbox, type VolatileInboxOwner } from './volatile.js';

/** Where a conversation begins. */
export interface Beginning {
  readonly sessionId: string;
  /** Whom the other side speaks for. */
  readonly user: User;
  /** It goes on with what an earlier process kept of it. */
  readonly restored?: { readonly state: StreamState; readonly ticket: number } | undefined;
}

/** What its parts ask of it. A session has many parts and a server many sessions: none of them has an object of closures for that. */
type PartsOwner = StreamOwner & InboxOwner & OutboxOwner & AskerOwner & ArrivalsOwner & AnswererOwner & VolatileInboxOwner;

/**
 * The parts of one stream at work, joined: what one of them tells is passed on to another, or to the session. Those that not every session needs are
 * made when they are first used.
 */
export abstract class Exchange implements PartsOwner {
  protected readonly owner: ConversationOwner;
  protected readonly terms: ConversationTerms;
  readonly #sessionId: string;
  readonly runner: StreamRunner;
  readonly registry: Registry;
  /** Whom what arrives now speaks for; what has its turn later may speak for another by then. */
  user: User;
  protected readonly inbox: Inbox;
  protected readonly outbox: Outbox;
  protected asker: Asker | null = null;
  protected arrivals: Arrivals | null = null;
  protected volatileInbox: VolatileInbox | null = null;
  #idPrefix: string | null = null;
  /** Handlers could be registered. */
  protected isReleased = false;
  /** A sign-in has come and is not judged. */
  #isJudging = false;
  protected isPaused = false;
  protected over: ReasonCode | null = null;

  constructor(owner: ConversationOwner, registry: Registry, terms: ConversationTerms, { sessionId, user, restored }: Beginning) {
    this.owner = owner;
    this.registry = registry;
    this.terms = terms;
    this.#sessionId = sessionId;
    this.user = user;
    this.runner = new StreamRunner(this, terms, restored?.state);
    this.inbox = new Inbox(registry.messages, this, true, user);
    this.outbox = new Outbox(this, restored?.ticket ?? 0);
  }

  // --- What its parts know of it ---

  get clock(): ConversationTerms['clock'] {
    return this.terms.clock;
  }
  get handlerTimeoutMs(): number {
    return this.terms.handlerTimeoutMs;
  }
  get messageSizeMax(): number {
    return this.terms.messageSizeMax;
  }
  get takesVolatile(): boolean {
    return this.terms.takesVolatile;
  }
  get runningMax(): number {
    return this.terms.runningMax;
  }
  get cancelsMax(): number {
    return this.terms.limits.ownWindow.messages;
  }
  get reports(): ConversationReports {
    return this.owner.reports;
  }
  get idPrefix(): string {
    this.#idPrefix ??= `${this.#sessionId}:${this.owner.direction === 'up' ? 'down' : 'up'}`;
    return this.#idPrefix;
  }

  // --- What its stream tells it ---

  write(packets: readonly OutboundData[]): void {
    this.owner.write(packets);
  }

  changed(): void {
    this.owner.changed?.();
  }

  complete(): void {
    this.owner.complete();
  }

  violated(what: Failure): void {
    this.owner.violated(what);
  }

  tooSlow(): void {
    this.owner.tooSlow();
  }

  withdrawn(entry: Entry): void {
    this.owner.dropped?.(entry);
  }

  numbered(ticket: number, number: number): void {
    this.asker?.numbered(ticket, number);
  }

  dropped(entry: Entry, why: 'expired' | 'replaced'): void {
    if (entry instanceof Sent) entry.settle(why);
    this.outbox.lookForRoom();
    this.owner.dropped?.(entry);
  }

  /** [R60] No link outlived it: the app has it back. */
  handedBack({ number, entry }: Shipped): void {
    if (entry.item.kind === 'request' || entry.item.kind === 'signIn')
      this.asker?.answered({ kind: 'failure', to: number, code: 'RequestFailedError', message: 'No link outlived it.' });
    this.asker?.confirmed(entry.ticket);
    // A later process must not ship it again.
    this.owner.dropped?.(entry);
    for (const message of givenBack(entry, { shipped: true, handled: 'unknown' })) this.reports.handedBack(message);
    this.outbox.lookForRoom();
  }

  confirmed({ entries, exceptions }: Extract<StreamEffect, { type: 'confirmed' }>): void {
    const outcomes = exceptions.length === 0 ? null : new Map(exceptions.map(({ number, outcome }) => [number, outcome]));
    for (const { number, entry } of entries) {
      const outcome = outcomes?.get(number) ?? 'handled';
      if (entry instanceof Sent) entry.settle(outcome);
      if (entry.item.kind === 'message') continue;
      if (outcome === 'expired' && entry.item.kind === 'request') this.asker?.expired(entry.ticket);
      this.asker?.confirmed(entry.ticket);
    }
    this.outbox.lookForRoom();
  }

  /** Before handlers could be registered it is dropped; and for whom it would speak is not known while a sign-in is judged. */
  volatile(item: VolatileItem<unknown>): void {
    if (!this.isReleased || this.#isJudging) return;
    this.volatileInbox ??= new VolatileInbox(this.registry.messages, this);
    this.volatileInbox.handle(item, this.user);
  }

  /** The other side's end is passed on once all it said before is handled and answered. */
  peerEnded(): void {
    this.arriving.gate.pass(() => this.inbox.whenIdle(() => this.arriving.whenIdle(() => this.owner.peerEnded())));
  }

  deliver(number: number, item: InboundItem): void {
    if (this.over !== null) return;
    switch (item.kind) {
      case 'message':
        return this.inbox.add(number, item);
      case 'request':
        return this.arriving.request(number, item);
      case 'reply':
      case 'failure':
        return this.asker?.answered(item);
      case 'cancel':
        return this.arriving.cancelled(item.to);
      case 'signIn':
        return this.#signInCame(number, item);
      case 'identity':
        this.user = item.user;
        this.inbox.add(number, () => {
          this.inbox.user = item.user;
          return 'handled';
        });
        this.owner.identified?.(item);
        return this.asker?.answered({ kind: 'reply', to: item.to, payload: item.user });
      case 'end':
        return;
    }
  }

  /** It has its turn among the messages: those before it are handled for the present user. Nothing behind it begins before it is judged. [R62] */
  #signInCame(number: number, item: ArrivedSignIn): void {
    const judge = !this.#isJudging
      ? (this.owner.signIn?.(item, number) ?? failure('ProtocolError', 'A sign-in came that was not agreed on.'))
      : failure('ProtocolError', 'A sign-in came before the last one was answered.');
    if (typeof judge !== 'function') return this.violated(judge);
    this.#isJudging = true;
    this.arriving.gate.hold();
    this.inbox.add(number, async (): Promise<Outcome> => {
      const problem = await judge();
      if (problem !== null) this.fail(number, problem.code, problem.message);
      this.#isJudging = false;
      if (this.over === null && !this.isPaused) this.arriving.release();
      return 'handled';
    });
  }

  // --- What its other parts tell it ---

  /** What became of something that was delivered. */
  settled(number: number, outcome: Outcome): void {
    this.runner.settled(number, outcome);
  }

  again(number: number, type: string): true | Promise<boolean> {
    return this.owner.again?.(number, type) ?? true;
  }

  asked(): number {
    return this.asker?.waiting ?? 0;
  }

  refuses(): 'StoreUnavailableError' | null {
    return this.owner.refuses?.() ?? null;
  }

  full(): void {
    this.owner.full?.();
  }

  withdraw(ticket: number): void {
    this.runner.withdraw(ticket);
  }

  unasked(): void {
    this.outbox.lookForRoom();
  }

  cancel(number: number): void {
    this.outbox.answer({ kind: 'cancel', to: number }, 0);
  }

  requestFailed(request: Parameters<ConversationReports['requestFailed']>[0]): void {
    this.reports.requestFailed(request);
  }

  fail(to: number, code: ReasonCode, message: string): void {
    this.outbox.answer({ kind: 'failure', to, code, message }, 0);
  }

  poisoned(to: number): void {
    this.fail(to, 'RequestFailedError', 'Its handler did not survive it.');
  }

  reply(to: number, value: unknown): void {
    const text = replyText(value, this.terms.replySizeMax, this.runner.state);
    if ('json' in text) return this.outbox.answer({ kind: 'reply', to, payload: text.json }, text.json.length);
    this.requestFailed({ id: `request ${to}`, type: 'reply', error: text.error });
    this.fail(to, 'RequestFailedError', 'The reply can not be sent.');
  }

  // --- Parts that are made when they are first needed ---

  protected get asking(): Asker {
    this.asker ??= new Asker(this);
    return this.asker;
  }

  protected get arriving(): Arrivals {
    if (this.arrivals === null) {
      this.arrivals = new Arrivals(this, new Answerer(this.registry.requests, this));
      if (this.isReleased) this.arrivals.release();
    }
    return this.arrivals;
  }
}
