/** One turn of one side of a session: what src/stream does between the reducer, the app and the link. */
import type { InboundItem, InboundPacket, OutboundItem, OutboundPacket, Positions } from '../../machines/stream/packets.js';
import { toArray } from '../../machines/stream/queue.js';
import type { Entry, LastWord, StreamEffect, StreamInput, StreamState } from '../../machines/stream/state.js';
import { isLastWord, isMaybeHandled, positionsOf, reduceStream, unconfirmed } from '../../machines/stream/stream.js';
import type { Said } from './configuration.js';
import type { Ledger } from './ledger.js';
import * as ledgers from './ledger.js';
import { Violation } from './rules.js';
import { type Around, type Delivered, journalAfter, type Side } from './side.js';

/** What a side's owner hears of. */
export type Told = 'peerEnded' | 'complete' | 'violated' | 'tooSlow';

const indexOf = (item: { readonly type: string }): number => Number(item.type);

/** What of its own a side holds and is not sure of, by bits. */
export const indexesIn = ({ stream }: Side): number =>
  unconfirmed(stream.value).reduce((bits, { item }) => ('type' in item ? bits | (1 << indexOf(item)) : bits), 0);

const itemOf = (said: Said, index: number): OutboundItem =>
  said === 'request'
    ? { kind: 'request', type: `${index}`, payload: '0', timeoutMs: 1 }
    : { kind: 'message', type: `${index}`, payload: '0' };

type Draft<T> = { -readonly [Field in keyof T]: T[Field] };

/** One turn of one side: what happens to it, then a flush and a commit. */
export class SideTurn {
  readonly #around: Around;
  /** What the other side's app says: which of it breaks its handler. */
  readonly #heard: readonly Said[];
  readonly #side: Draft<Side>;
  #state: StreamState;
  ledger: Ledger;
  readonly written: (readonly OutboundPacket[])[] = [];
  readonly told: Told[] = [];
  #flushes = false;

  constructor(around: Around, side: Side, ledger: Ledger, heard: readonly Said[]) {
    this.#around = around;
    this.#heard = heard;
    this.#side = { ...side };
    this.#state = side.stream.value;
    this.ledger = ledger;
  }

  get state(): StreamState {
    return this.#state;
  }

  send(said: Said, index: number): void {
    this.ledger = ledgers.accepted(this.ledger, index);
    const ticket = this.#item(itemOf(said, index));
    if (said === 'request') this.#side.asked = [...this.#side.asked, { ticket, number: 0, index }];
  }

  /** The handler that runs is done. */
  settle(): void {
    const { former, inbox } = this.#side;
    if (former !== null) {
      this.ledger = this.#settled(former);
      this.#side.former = null;
    } else {
      const [first, ...rest] = inbox;
      if (first === undefined) throw new Error('No handler runs.');
      this.ledger = this.#settled(first.index);
      this.#side.inbox = rest;
      this.#input({ type: 'settled', number: first.number, outcome: this.#heard[first.index] === 'broken' ? 'failed' : 'handled' });
    }
    this.#begin();
    this.#passEndOn();
  }

  #settled(index: number): Ledger {
    return ledgers.settled(this.ledger, index, this.#heard[index] === 'broken');
  }

  answer(): void {
    const [to, ...rest] = this.#side.running;
    if (to === undefined) throw new Error('No request waits.');
    this.#side.running = rest;
    this.#item({ kind: 'reply', to, payload: '0' });
    this.#passEndOn();
  }

  ackDue(): void {
    this.#side.ackAwaited = false;
    this.#input({ type: 'ackDue' });
  }

  end(): void {
    this.#input({ type: 'end' });
    this.#flushes = true;
  }

  received(packets: readonly OutboundPacket[]): void {
    if (this.#side.isStopped) return;
    const all: StreamEffect[] = [];
    for (const packet of packets) {
      const [state, effects] = reduceStream(this.#state, { type: 'arrived', packet: inbound(packet) });
      this.#state = state;
      all.push(...effects);
    }
    for (const effect of all) this.#perform(effect);
    this.#flushes = true;
  }

  positions(): Omit<Positions, 'incarnation'> {
    return positionsOf(this.#state);
  }

  resume(own: Pick<Positions, 'received' | 'done'>, peer: Positions, isReborn: boolean): void {
    this.#side.isStopped = false;
    this.#side.isTold = true;
    this.#input({ type: 'resumed', own, peer, reborn: isReborn });
    this.#flushes = true;
  }

  stop(): void {
    this.#side.isStopped = true;
    this.#side.ackAwaited = false;
  }

  /** The other side's last word. One that does not fit says nothing. */
  conclude(peer: LastWord): void {
    if (!isLastWord(this.#state, peer)) return;
    this.#around.met.note('a last word');
    this.#side.isTold = true;
    this.stop();
    this.#input({ type: 'concluded', peer });
  }

  /** It is over: what is not confirmed is handed back. What its handler works on, if one runs. */
  close(): number | null {
    this.stop();
    const numbers = new Map([...toArray(this.#state.sent), ...toArray(this.#state.replay)].map(({ number, entry }) => [entry, number]));
    for (const entry of unconfirmed(this.#state)) {
      const number = numbers.get(entry);
      const isCertain = number === undefined || (this.#side.isTold && !isMaybeHandled(this.#state, number));
      if ('type' in entry.item) this.ledger = ledgers.handedBack(this.ledger, indexOf(entry.item), isCertain, this.#around.met);
    }
    return this.#side.former ?? this.#side.inbox[0]?.index ?? null;
  }

  /** What is left to be said once it is over: what was received and not begun will never be. */
  lastWord(): LastWord {
    const { received, done, exceptions } = this.positions();
    const { inbox, former } = this.#side;
    const unbegun = (former === null ? inbox.slice(1) : inbox).map(({ number }) => number);
    let begun = received;
    for (const number of unbegun.reverse()) if (number === begun) begun -= 1;
    return { received: begun, done, exceptions };
  }

  /** A handler of the stream before this one still runs. */
  waitFor(index: number | null): void {
    this.#side.former = index;
  }

  /** The turn is over: what it produced is shipped, and what is to be kept is written before that leaves. */
  over(): Side {
    if (this.#flushes && !this.#side.isStopped) this.#input({ type: 'flush' });
    this.#side.journal = journalAfter(this.#side, this.#state);
    this.#side.stream = this.#around.streams.of(this.#state);
    return this.#side;
  }

  /** An entry, under the next ticket. */
  #item(item: OutboundItem): number {
    this.#side.tickets += 1;
    this.#input({ type: 'send', entry: { ticket: this.#side.tickets, item, size: 1 } });
    this.#flushes = true;
    return this.#side.tickets;
  }

  #input(input: StreamInput): void {
    const [state, effects] = reduceStream(this.#state, input);
    this.#state = state;
    if (input.type === 'settled') this.#flushes = true;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: StreamEffect): void {
    switch (effect.type) {
      case 'deliver':
        return this.#deliver(effect.number, effect.item);
      case 'confirmed':
        for (const { number, entry } of effect.entries)
          this.#confirmed(
            number,
            entry,
            effect.exceptions.some((one) => one.number === number),
          );
        return;
      case 'numbered':
        this.#side.asked = this.#side.asked.map((one) => (one.ticket === effect.ticket ? { ...one, number: effect.number } : one));
        return;
      case 'handedBack':
        if ('type' in effect.shipped.entry.item)
          this.ledger = ledgers.handedBack(this.ledger, indexOf(effect.shipped.entry.item), false, this.#around.met);
        return;
      case 'refused':
        // An answer that has no way to go: its asker learns of the end.
        if (effect.code === 'BufferFullError') throw new Violation('there is room', 'a send is refused');
        return;
      case 'withdrawn':
      case 'dropped':
        return;
      default:
        if (!this.#side.isStopped) this.#performOnLink(effect);
    }
  }

  #performOnLink(effect: Extract<StreamEffect, { type: 'write' | 'awaitAckDelay' | Told }>): void {
    switch (effect.type) {
      case 'write':
        this.written.push(effect.packets);
        return;
      case 'awaitAckDelay':
        this.#side.ackAwaited = true;
        return;
      case 'peerEnded':
        this.#side.endHeard = true;
        return this.#passEndOn();
      case 'complete':
        this.told.push('complete');
        return;
      case 'violated':
        throw new Violation('no honest side breaks a rule', effect.failure.message);
      case 'tooSlow':
        throw new Violation('no honest side is too slow', 'it is given up');
    }
  }

  #deliver(number: number, item: InboundItem): void {
    if (item.kind === 'reply' || item.kind === 'failure') {
      const asked = this.#side.asked.find((one) => one.number === item.to);
      if (asked === undefined) return this.#around.met.note('an answer that nobody waits for');
      this.#side.asked = this.#side.asked.filter((one) => one !== asked);
      this.ledger = ledgers.answered(this.ledger, asked.index, this.#around.met);
      return;
    }
    if (item.kind !== 'message' && item.kind !== 'request') return;
    const delivered: Delivered = { number, index: indexOf(item), isMarked: item.options?.redelivered === true };
    if (item.kind === 'request') {
      this.ledger = ledgers.settled(this.#started(delivered), delivered.index, false);
      this.#side.running = [...this.#side.running, number];
      return this.#input({ type: 'settled', number, outcome: 'handled' });
    }
    this.#side.inbox = [...this.#side.inbox, delivered];
    if (this.#side.inbox.length === 1 && this.#side.former === null) this.#begin();
    if (this.#around.configuration.plant === 'acknowledgedEarly') this.#input({ type: 'settled', number, outcome: 'handled' });
  }

  /** The first message's handler begins. */
  #begin(): void {
    const [first] = this.#side.inbox;
    if (first !== undefined) this.ledger = this.#started(first);
  }

  #started({ index, isMarked }: Delivered): Ledger {
    // Requests are dispatched on arrival: they have no place in the order of messages.
    const next = ledgers.started(this.ledger, index, isMarked, this.#around.met);
    return this.#heard[index] === 'request' ? { ...next, latest: this.ledger.latest } : next;
  }

  #confirmed(_: number, { item }: Entry, isFailed: boolean): void {
    if ('type' in item) this.ledger = ledgers.confirmed(this.ledger, indexOf(item), isFailed, this.#around.met);
  }

  /** Once all is handled and answered. */
  #passEndOn(): void {
    const { endHeard, inbox, former, running } = this.#side;
    if (!endHeard || inbox.length > 0 || former !== null || running.length > 0) return;
    this.#side.endHeard = false;
    this.told.push('peerEnded');
  }
}

const inbound = (packet: OutboundPacket): InboundPacket => {
  if (packet.kind === 'ack') return packet;
  return packet.kind === 'signIn' ? { kind: 'signIn', ...packet.credential(), size: 1 } : { ...packet, size: 1 };
};
