/** Two sides over an in-order link, each with a plain model of what it must do, written without a look at how the reducer does it. */
import * as assert from 'uvu/assert';
import type { InboundPacket, OutboundItem, OutboundPacket, Outcome } from '../../../machines/stream/packets.js';
import { type Entry, type StreamEffect, type StreamInput, type StreamLimits, takesCredit } from '../../../machines/stream/state.js';
import { Side, types } from './rig.js';

export type Name = 'a' | 'b';

/** As the wire would bring it. */
const inbound = (packet: OutboundPacket): InboundPacket => {
  if (packet.kind === 'ack') return packet;
  if (packet.kind === 'signIn') return { kind: 'signIn', ...packet.credential(), size: 0 };
  return 'payload' in packet ? { ...packet, payload: JSON.parse(packet.payload), size: packet.payload.length } : { ...packet, size: 0 };
};

const without = <T>(values: readonly T[], value: T): readonly T[] => values.filter((other) => other !== value);

export class Peer {
  readonly side: Side;
  readonly limits: StreamLimits;
  readonly #name: Name;
  readonly #link: (readonly OutboundPacket[])[];
  readonly #other: () => Peer;
  #tickets = 0;
  /** Accepted, not withdrawn and not shipped: what takes credit, and what does not. */
  #queued: readonly Entry[] = [];
  #prompt: readonly Entry[] = [];
  readonly #byItem = new Map<OutboundItem, Entry>();
  /** Shipped: number `n` is at `n - 1`. */
  readonly shipped: (Entry | 'end')[] = [];
  readonly numbered = new Map<number, number>();
  confirmed = 0;
  /** What the acknowledgement that just arrives must confirm. */
  #confirming: readonly number[] = [];
  readonly heard = new Map<number, Outcome>();
  ownEnd: 'open' | 'queued' | 'shipped' = 'open';

  /** What arrived, by number. */
  readonly delivered = new Map<number, InboundPacket>();
  received = 0;
  readonly #settled = new Set<number>();
  /** Delivered and not settled. */
  waiting: readonly number[] = [];
  /** Started and not answered. */
  asked: readonly number[] = [];
  readonly outcomes = new Map<number, Outcome>();
  ackAwaited = false;
  peerEnded = 0;
  complete = 0;

  constructor(name: Name, limits: StreamLimits, link: (readonly OutboundPacket[])[], other: () => Peer) {
    this.#name = name;
    this.#other = other;
    this.limits = limits;
    this.#link = link;
    this.side = new Side(limits);
  }

  send(kind: 'message' | 'request', size: number): void {
    const ticket = this.#next();
    const payload = this.#payload(ticket, size);
    const item: OutboundItem = kind === 'message' ? { kind, type: 'chat', payload } : { kind, type: 'price', payload, timeoutMs: 1_000 };
    const entry: Entry = { ticket, item, size: payload.length };
    const held = [...this.shipped.slice(this.confirmed), ...this.#queued].filter((other) => other !== 'end' && takesCredit(other.item));
    const heldSize = held.reduce((sum, other) => sum + (other as Entry).size, 0);
    const isFull = held.length >= this.limits.buffer.messages || heldSize + entry.size > this.limits.buffer.size;
    const code = this.ownEnd === 'open' ? (isFull ? 'BufferFullError' : null) : 'NoActiveSessionError';
    const effects = this.side.do({ type: 'send', entry });
    assert.equal(effects, code === null ? [] : [{ type: 'refused', ticket, code }]);
    if (code !== null) return;
    this.#queued = [...this.#queued, entry];
    this.#byItem.set(item, entry);
  }

  /** Answer a request that was started, or take back one of the own that was shipped. */
  answer(kind: 'reply' | 'failure' | 'cancel', to: number, size: number): void {
    const ticket = this.#next();
    const payload = this.#payload(ticket, size);
    const item: OutboundItem =
      kind === 'reply'
        ? { kind, to, payload }
        : kind === 'failure'
          ? { kind, to, code: 'RequestFailedError', message: payload }
          : { kind, to };
    const entry: Entry = { ticket, item, size: kind === 'reply' ? payload.length : 0 };
    const effects = this.side.do({ type: 'send', entry });
    this.asked = kind === 'cancel' ? this.asked : without(this.asked, to);
    assert.equal(types(effects), this.ownEnd === 'shipped' ? ['refused'] : []);
    if (this.ownEnd === 'shipped') return;
    this.#prompt = [...this.#prompt, entry];
    this.#byItem.set(item, entry);
  }

  withdraw(ticket: number): void {
    const entry = this.#queued.find((other) => other.ticket === ticket);
    const effects = this.side.do({ type: 'withdraw', ticket });
    assert.equal(effects, entry === undefined ? [] : [{ type: 'withdrawn', entry }]);
    if (entry !== undefined) this.#queued = without(this.#queued, entry);
  }

  end(): void {
    assert.equal(this.side.end(), []);
    if (this.ownEnd === 'open') this.ownEnd = 'queued';
  }

  settle(number: number, outcome: Outcome): void {
    const before = this.side.state;
    assert.equal(this.side.settle(number, outcome), []);
    if (!this.waiting.includes(number)) {
      assert.is(this.side.state, before, 'nothing waits for this number');
      return;
    }
    this.waiting = without(this.waiting, number);
    this.#settled.add(number);
    this.outcomes.set(number, outcome);
    if (this.delivered.get(number)?.kind === 'request') this.asked = [...this.asked, number];
    let done = 0;
    while (this.#settled.has(done + 1)) done += 1;
    assert.is(this.side.state.done, done);
  }

  flush(): void {
    this.#perform({ type: 'flush' });
    const head = this.#queued[0];
    const mayShip =
      this.#prompt.length > 0 || (head !== undefined && this.#hasCredit(head)) || (head === undefined && this.ownEnd === 'queued');
    assert.not(mayShip && this.ownEnd !== 'shipped', 'a flush leaves nothing that may be shipped');
  }

  ackDue(): void {
    this.ackAwaited = false;
    this.#perform({ type: 'ackDue' });
  }

  arrive(batch: readonly OutboundPacket[]): void {
    for (const packet of batch) {
      const before = this.confirmed;
      if (packet.kind === 'ack') this.#confirming = this.#numbersOf(before + 1, packet.done);
      this.#perform({ type: 'arrived', packet: inbound(packet) });
      assert.equal(this.#confirming, [], 'what is done is confirmed');
      if (packet.kind === 'ack') this.confirmed = packet.done;
    }
  }

  /** The messages and requests from one number to another. */
  #numbersOf(from: number, to: number): readonly number[] {
    const numbers = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
    return numbers.filter((number) => {
      const shipped = this.shipped[number - 1];
      return shipped !== undefined && shipped !== 'end' && takesCredit(shipped.item);
    });
  }

  #next(): number {
    this.#tickets += 1;
    return this.#tickets;
  }

  #payload(ticket: number, size: number): string {
    return JSON.stringify(`${this.#name}${ticket}`.padEnd(size, '.'));
  }

  #perform(input: StreamInput): void {
    for (const effect of this.side.do(input)) this.#check(effect);
  }

  #check(effect: StreamEffect): void {
    switch (effect.type) {
      case 'write':
        assert.is(this.complete, 0, 'nothing is said after the stream is complete');
        this.#write(effect.packets);
        return;
      case 'deliver':
        this.received += 1;
        assert.is(effect.number, this.received);
        assert.equal(
          effect.item,
          inbound((this.#other().shipped[effect.number - 1] as Entry).item),
          'delivered as shipped, once, in order',
        );
        this.delivered.set(effect.number, effect.item as InboundPacket);
        if (takesCredit(effect.item)) this.waiting = [...this.waiting, effect.number];
        else this.#settled.add(effect.number);
        return;
      case 'peerEnded':
        this.received += 1;
        this.peerEnded += 1;
        this.#settled.add(this.received);
        return;
      case 'confirmed': {
        const numbers = effect.entries.map(({ number }) => number);
        assert.equal(numbers, this.#confirming, 'each message and request that is done, in order');
        this.#confirming = [];
        for (const { number, entry } of effect.entries) {
          assert.is(this.shipped[number - 1], entry, 'the very entry comes back');
          this.heard.set(number, effect.exceptions.find((exception) => exception.number === number)?.outcome ?? 'handled');
          assert.is(this.heard.get(number), this.#other().outcomes.get(number) ?? 'handled', 'confirmed with what became of it');
        }
        assert.ok(effect.exceptions.every(({ number }) => numbers.includes(number)));
        return;
      }
      case 'numbered':
        assert.not(this.numbered.has(effect.ticket), 'a number is given once');
        this.numbered.set(effect.ticket, effect.number);
        return;
      case 'awaitAckDelay':
        this.ackAwaited = true;
        return;
      case 'complete':
        this.complete += 1;
        return;
      default:
        assert.unreachable(`${effect.type}: ${'failure' in effect ? effect.failure.message : ''}`);
    }
  }

  #hasCredit({ size }: Entry): boolean {
    const flying = this.shipped.slice(this.confirmed).filter((other): other is Entry => other !== 'end' && takesCredit(other.item));
    const flyingSize = flying.reduce((sum, other) => sum + other.size, 0);
    const { messages, size: sizeMax } = this.limits.peerWindow;
    return flying.length === 0 || (flying.length < messages && flyingSize + size <= sizeMax);
  }

  #write(packets: readonly OutboundPacket[]): void {
    let size = 0;
    const items = packets.filter((packet) => packet.kind !== 'ack');
    for (const item of items) {
      assert.is.not(this.ownEnd, 'shipped', 'nothing follows the end');
      if (item.kind === 'end') {
        assert.is(this.#queued.length + this.#prompt.length, 0, 'the end is said last');
        this.ownEnd = 'shipped';
        this.shipped.push('end');
        continue;
      }
      const entry = this.#byItem.get(item) as Entry;
      const [head] = this.#queued;
      const [answer] = this.#prompt;
      size += entry.size;
      if (takesCredit(item)) {
        assert.is(entry, head, 'in the order of sending');
        assert.ok(this.#hasCredit(entry), 'within the credit');
        assert.not(answer !== undefined && answer.ticket < entry.ticket, 'an older answer goes first');
        this.#queued = this.#queued.slice(1);
      } else {
        assert.is(entry, answer, 'in the order of sending');
        const passes = head !== undefined && head.ticket < entry.ticket;
        assert.not(passes && this.#hasCredit(head), 'an answer passes only what has no credit');
        this.#prompt = this.#prompt.slice(1);
      }
      this.shipped.push(entry);
      if (item.kind === 'request') assert.is(this.numbered.get(entry.ticket), this.shipped.length, 'numbered before it is written');
    }
    assert.ok(items.length <= this.limits.batchItemsMax, 'batches are capped by items');
    assert.ok(items.length === 1 || size <= this.limits.batchSizeMax, 'batches are capped by size');
    this.#link.push(packets);
  }
}

/** Both sides and what is on its way between them. */
export class Pair {
  readonly a: Peer;
  readonly b: Peer;
  readonly #links: Readonly<Record<Name, (readonly OutboundPacket[])[]>> = { a: [], b: [] };

  constructor(limits: Readonly<Record<Name, StreamLimits>>) {
    this.a = new Peer('a', limits.a, this.#links.a, () => this.b);
    this.b = new Peer('b', limits.b, this.#links.b, () => this.a);
  }

  /** The oldest batch that a side wrote arrives at the other. */
  transfer(from: Name): boolean {
    const batch = this.#links[from].shift();
    if (batch === undefined) return false;
    this[from === 'a' ? 'b' : 'a'].arrive(batch);
    return true;
  }

  /** Everything that waits happens, until nothing does. Gives how many rounds that took. */
  quiesce(roundsMax: number): number {
    for (let round = 0; round < roundsMax; round += 1) {
      let happened = false;
      for (const name of ['a', 'b'] as const) {
        const peer = this[name];
        while (this.transfer(name)) happened = true;
        for (const number of peer.waiting) peer.settle(number, 'handled');
        for (const number of peer.asked) peer.answer('reply', number, 5);
        peer.flush();
        if (peer.ackAwaited) {
          peer.ackDue();
          happened = true;
        }
      }
      if (!happened && this.#links.a.length === 0 && this.#links.b.length === 0) return round;
    }
    return assert.unreachable('the two sides never become quiet') as never;
  }
}
