import type { Progress } from '../../machines/liveness/signs.js';
import type { Clock, TimerHandle } from '../../machines/ports/host.js';
import type { Failure } from '../../machines/reasons.js';
import type {
  InboundData,
  InboundItem,
  JsonText,
  OutboundData,
  Positions,
  StreamWindow,
  VolatileItem,
} from '../../machines/stream/packets.js';
import { at, lengthOf } from '../../machines/stream/queue.js';
import {
  asValue,
  type Entry,
  initialStream,
  inPlace,
  type LastWord,
  type Shipped,
  type StreamEffect,
  type StreamInput,
  type StreamLimits,
  type StreamState,
} from '../../machines/stream/state.js';
import { reduceStream, unconfirmed, unconfirmedCount } from '../../machines/stream/stream.js';
import { type Performer, Steps } from '../steps.js';
import { Expiry } from './expiry.js';
import { type TurnMember, type TurnPlan, turnEndOf } from './turn-end.js';
import { VolatileOutbox } from './volatile.js';

/** What a stream's owner does for it. */
export interface StreamOwner {
  write(packets: readonly OutboundData[]): void;
  deliver(number: number, item: InboundItem): void;
  confirmed(effect: Extract<StreamEffect, { type: 'confirmed' }>): void;
  /** A volatile message came. */
  volatile(item: VolatileItem<unknown>): void;
  numbered(ticket: number, number: number): void;
  handedBack(shipped: Shipped): void;
  dropped(entry: Entry, why: 'expired' | 'replaced'): void;
  peerEnded(): void;
  complete(): void;
  violated(failure: Failure): void;
  tooSlow(): void;
  /** It is taken back before it was shipped. */
  withdrawn?(entry: Entry): void;
  /** The state is another one. */
  changed?(): void;
}

/** What holds for a stream as long as it lives: one object for many. */
export interface StreamSettings {
  readonly limits: StreamLimits;
  readonly ackDelayMs: number;
  readonly clock: Clock;
  /** Do effects only when told to. */
  readonly held?: boolean;
  /** Plans what ships a turn's messages. Default: a microtask for each stream alone. */
  readonly turnEnd?: TurnPlan | undefined;
}

type LinkEffect = Extract<StreamEffect, { type: 'write' | 'awaitAckDelay' | 'peerEnded' | 'complete' | 'violated' | 'tooSlow' }>;

/** Runs one stream: keeps its state, does its effects, and ships once a turn what the turn produced. */
export class StreamRunner implements Performer<StreamEffect>, TurnMember {
  readonly #owner: StreamOwner;
  readonly #settings: StreamSettings;
  #state: StreamState;
  #ackTimer: TimerHandle | null = null;
  readonly #turnEnd: TurnPlan;
  /** Null until something is sent that expires, or that is volatile. */
  #expiry: Expiry | null = null;
  #volatile: VolatileOutbox | null = null;
  /** Was anything ever sent that expires? Only then the time is asked for. */
  #isTimed = false;
  #flushPlanned = false;
  #stopped = false;
  /** What the latest `send` was answered with. */
  #refusal: Extract<StreamEffect, { type: 'refused' }>['code'] | null = null;
  /** The effects that wait to be done; a tool steps them. */
  readonly steps: Steps<StreamEffect>;

  /** `initial`: where it begins; at the beginning where it is left out. */
  constructor(owner: StreamOwner, settings: StreamSettings, initial?: StreamState) {
    this.#owner = owner;
    this.#settings = settings;
    this.#state = initial ?? initialStream(settings.limits);
    this.#isTimed = initial !== undefined;
    this.#turnEnd = settings.turnEnd ?? turnEndOf(this);
    this.steps = new Steps(this, settings.held);
  }

  /** How far the own direction is, at this moment: to be read at once, with no copy made. */
  get progress(): Progress & Pick<StreamState, 'received'> {
    return this.#state;
  }

  /** As a value. The runner changes its state in place between two looks at it: who looks at every message pays for a copy each. */
  get state(): StreamState {
    return asValue(this.#state);
  }

  /** Messages and requests held, shipped or not. */
  get held(): StreamWindow {
    return this.#state.held;
  }

  /** Is anything still taken? Not once the goodbye is said. */
  get isOpen(): boolean {
    return this.#state.ownEnd === 'open';
  }

  /** The ticket of what is shipped next; what has an earlier one can not be taken back or replaced. */
  get oldestQueued(): number | undefined {
    return at(this.#state.queued, 0)?.ticket;
  }

  get limits(): StreamLimits {
    return this.#settings.limits;
  }

  /** Null: accepted. */
  send(entry: Entry, replaces?: number): Extract<StreamEffect, { type: 'refused' }>['code'] | null {
    this.#refusal = null;
    this.#input({ type: 'send', entry, replaces });
    const refusal = this.#refusal;
    if (refusal !== null) return refusal;
    if (entry.expiresAt !== undefined) {
      this.#isTimed = true;
      if (this.#stopped) this.#awaitExpiry();
    }
    this.#planFlush();
    return null;
  }

  /** Write it with this turn, or never. */
  sendVolatile(item: VolatileItem<JsonText>): void {
    if (this.#stopped) return;
    this.#volatile ??= new VolatileOutbox();
    this.#volatile.add(item);
    this.#planFlush();
  }

  withdraw(ticket: number): boolean {
    const before = lengthOf(this.#state.queued);
    this.#input({ type: 'withdraw', ticket });
    return lengthOf(this.#state.queued) < before;
  }

  end(): void {
    this.#input({ type: 'end' });
    this.#planFlush();
  }

  settled(number: number, outcome: Extract<StreamInput, { type: 'settled' }>['outcome']): void {
    this.#input({ type: 'settled', number, outcome });
    this.#planFlush();
  }

  received(packets: readonly InboundData[]): void {
    if (this.#stopped) return;
    const all: StreamEffect[] = [];
    for (const packet of packets) {
      if (packet.kind === 'volatile') {
        this.#owner.volatile(packet);
        continue;
      }
      const [state, effects] = reduceStream(inPlace(this.#state), { type: 'arrived', packet });
      this.#state = state;
      for (const effect of effects) all.push(effect);
      if (effects[0]?.type === 'violated') break;
    }
    this.#owner.changed?.();
    this.steps.add(all);
    this.#planFlush();
  }

  /** What was sent and is not known as done, oldest first. */
  unconfirmed(): readonly Entry[] {
    return unconfirmed(this.#state);
  }

  get unconfirmedCount(): number {
    return unconfirmedCount(this.#state);
  }

  /** A new link: what the peer does not have is shipped again, then what is new. `own` is what this side told of itself. */
  resume(own: Pick<Positions, 'received' | 'done'>, peer: Positions, reborn: boolean): void {
    this.#stopped = false;
    this.#input({ type: 'resumed', own, peer, reborn });
    this.#planFlush();
  }

  /** The other side's last word, which fits: what it is done with is confirmed. */
  conclude(peer: LastWord, reborn: boolean): void {
    this.stop();
    this.#input({ type: 'concluded', peer, reborn });
  }

  /** The link is gone: nothing is written any more, no timer is left. What is sent from now on is kept, and what had arrived is still heard of. */
  stop(): void {
    this.#stopped = true;
    if (this.#ackTimer !== null) this.#settings.clock.clearTimeout(this.#ackTimer);
    this.#ackTimer = null;
    this.#volatile = null;
    if (this.#isTimed) this.#awaitExpiry();
  }

  /** It is over. What was not shipped in its time is dropped as that. */
  close(): void {
    this.stop();
    if (this.#isTimed) this.#input({ type: 'expire', now: this.#settings.clock.now() });
    this.#expiry?.set(null);
  }

  #expire(): void {
    this.#input({ type: 'expire', now: this.#settings.clock.now() });
    this.#awaitExpiry();
  }

  #awaitExpiry(): void {
    const { nextExpiry } = this.#state;
    if (nextExpiry !== null) this.#expiry ??= new Expiry(this.#settings.clock, () => this.#expire());
    this.#expiry?.set(nextExpiry);
  }

  #input(input: StreamInput): void {
    const [state, effects] = reduceStream(inPlace(this.#state), input);
    this.#state = state;
    this.#owner.changed?.();
    const [first] = effects;
    if (first?.type !== 'refused') return this.steps.add(effects);
    this.#refusal = first.code;
    this.steps.add(effects.slice(1));
  }

  /** Everything that one turn of the event loop produces leaves in as few batches as it fits in. */
  #planFlush(): void {
    if (this.#flushPlanned || this.#stopped) return;
    this.#flushPlanned = true;
    this.#turnEnd.plan(this);
  }

  /** What the turn produced is shipped. For who plans the ends of turns. */
  endTurn(): void {
    this.#flushPlanned = false;
    if (this.#stopped) return;
    const volatile = this.#volatile;
    this.#volatile = null;
    if (volatile !== null) this.#owner.write(volatile.take());
    if (!this.#isTimed) return this.#input({ type: 'flush' });
    this.#input({ type: 'flush', now: this.#settings.clock.now() });
    this.#awaitExpiry();
  }

  /** For the steps. */
  perform(effect: StreamEffect): void {
    switch (effect.type) {
      case 'deliver':
        this.#owner.deliver(effect.number, effect.item);
        return;
      case 'confirmed':
        this.#owner.confirmed(effect);
        return;
      case 'numbered':
        this.#owner.numbered(effect.ticket, effect.number);
        return;
      case 'handedBack':
        this.#owner.handedBack(effect.shipped);
        return;
      case 'dropped':
        this.#owner.dropped(effect.entry, effect.why);
        return;
      case 'withdrawn':
        this.#owner.withdrawn?.(effect.entry);
        return;
      case 'refused':
        // Answered where the input was given.
        return;
      default:
        if (!this.#stopped) this.#performOnLink(effect);
    }
  }

  /** What is about the link, and means nothing once it is gone. */
  #performOnLink(effect: LinkEffect): void {
    switch (effect.type) {
      case 'write':
        this.#owner.write(effect.packets);
        return;
      case 'awaitAckDelay':
        this.#awaitAckDelay();
        return;
      case 'peerEnded':
        this.#owner.peerEnded();
        return;
      case 'complete':
        this.#owner.complete();
        return;
      case 'violated':
        this.stop();
        this.#owner.violated(effect.failure);
        return;
      case 'tooSlow':
        this.stop();
        this.#owner.tooSlow();
        return;
    }
  }

  #awaitAckDelay(): void {
    if (this.#ackTimer !== null) return;
    const { clock, ackDelayMs } = this.#settings;
    this.#ackTimer = clock.setTimeout(() => {
      this.#ackTimer = null;
      this.#input({ type: 'ackDue', now: this.#isTimed ? clock.now() : undefined });
    }, ackDelayMs);
  }
}
