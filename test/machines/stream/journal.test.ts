/** A stream that outlives its process: what was written is restored, what was not is shipped again by the other side, nothing is lost and nothing doubled unmarked. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type JournalMark,
  type JournalPart,
  journalSince,
  journalStart,
  lastTicketOf,
  markOf,
  restoredStream,
  type StoredPositions,
  storedPositionsOf,
} from '../../../machines/stream/journal.js';
import type { InboundPacket, OutboundPacket, Positions } from '../../../machines/stream/packets.js';
import { toArray } from '../../../machines/stream/queue.js';
import { type Entry, initialStream, type StreamEffect, type StreamInput, type StreamState } from '../../../machines/stream/state.js';
import { mismatchOf, positionsOf } from '../../../machines/stream/stream.js';
import { jane } from '../session/support.js';
import { assertConsistent, limitsOf, message, pureStep, reply, request } from './rig.js';

const test = suite('the journal of a stream');

const limits = limitsOf({ batchItemsMax: 3 });

/** A side that writes what each input changed before anything of it leaves. */
class Durable {
  state: StreamState = initialStream(limits);
  parts: JournalPart[] = [];
  mark: JournalMark = journalStart;
  positions: StoredPositions = storedPositionsOf(this.state, 0);
  tickets = 0;
  /** How often it has lost its memory, and what the other side knew of that at the latest link. */
  life = 1;
  knownLife = 1;
  waiting: number[] = [];
  readonly out: OutboundPacket[][] = [];
  readonly heard: { label: string; marked: boolean }[] = [];
  readonly accepted: string[] = [];
  readonly handedBack = new Set<string>();

  input(input: StreamInput): void {
    const [state, effects] = pureStep(this.state, input);
    this.state = state;
    assertConsistent(state);
    const dropped = effects.flatMap((effect) => {
      if (effect.type === 'handedBack') return [effect.shipped.entry.ticket];
      return effect.type === 'withdrawn' ? [effect.entry.ticket] : [];
    });
    this.parts.push({ ...journalSince(state, this.mark), dropped });
    this.mark = markOf(state, this.tickets);
    this.positions = storedPositionsOf(state, this.tickets);
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: StreamEffect): void {
    if (effect.type === 'write') this.out.push([...effect.packets]);
    if (effect.type === 'violated') assert.unreachable(effect.failure.message);
    // The other side died of it five times: whether it was handled, nobody knows.
    if (effect.type === 'handedBack') this.handedBack.add((effect.shipped.entry.item as { readonly type?: string }).type ?? '');
    if (effect.type !== 'deliver') return;
    const { item, number } = effect;
    if (item.kind === 'message') {
      this.heard.push({ label: item.type, marked: item.options?.redelivered === true });
      this.waiting.push(number);
    }
    if (item.kind !== 'request') return;
    this.input({ type: 'settled', number, outcome: 'handled' });
    this.tickets += 1;
    this.input({ type: 'send', entry: reply(this.tickets, number) });
  }

  speak(kind: 'message' | 'request'): void {
    this.tickets += 1;
    const { item, size } = kind === 'message' ? message(this.tickets) : request(this.tickets);
    const label = `${kind} ${this.tickets}`;
    const { held } = this.state;
    this.input({ type: 'send', entry: { ticket: this.tickets, item: { ...item, type: label } as Entry['item'], size } });
    if (kind === 'message' && this.state.held !== held) this.accepted.push(label);
  }

  /** `kill -9`: what is left is what was written. */
  crash(): void {
    // A part whose entries are all over may be gone.
    const parts = this.parts.filter((part) => lastTicketOf(part) >= this.positions.oldest);
    const state = restoredStream(limits, this.positions, parts);
    assertConsistent(state);
    const { oldest } = this.positions;
    assert.equal({ ...storedPositionsOf(state, this.tickets), oldest }, this.positions, 'what is restored is what was stored');
    this.state = state;
    this.parts = parts;
    this.mark = markOf(state, this.tickets);
    this.waiting = [];
    this.life += 1;
  }
}

const told = (side: Durable): Positions => ({ ...positionsOf(side.state), incarnation: side.life });
const inbound = (packet: OutboundPacket): InboundPacket => (packet.kind === 'ack' ? packet : ({ ...packet, size: 10 } as InboundPacket));

const reconnect = (a: Durable, b: Durable): void => {
  a.out.length = 0;
  b.out.length = 0;
  const [ofA, ofB] = [told(a), told(b)];
  assert.is(mismatchOf(a.state, ofB), null);
  assert.is(mismatchOf(b.state, ofA), null);
  a.input({ type: 'resumed', own: ofA, peer: ofB, reborn: b.life !== b.knownLife });
  b.input({ type: 'resumed', own: ofB, peer: ofA, reborn: a.life !== a.knownLife });
  a.knownLife = a.life;
  b.knownLife = b.life;
};

const carry = (from: Durable, to: Durable): void => {
  for (const packet of from.out.shift() ?? []) to.input({ type: 'arrived', packet: inbound(packet) });
};

const settleOne = (side: Durable): void => {
  const number = side.waiting.shift();
  if (number !== undefined) side.input({ type: 'settled', number, outcome: 'handled' });
};

const act = fc.oneof(
  { weight: 5, arbitrary: fc.constant('message' as const) },
  { weight: 2, arbitrary: fc.constant('request' as const) },
  { weight: 6, arbitrary: fc.constant('flush' as const) },
  { weight: 6, arbitrary: fc.constant('carry' as const) },
  { weight: 5, arbitrary: fc.constant('settle' as const) },
  { weight: 2, arbitrary: fc.constant('ackDue' as const) },
  { weight: 1, arbitrary: fc.constant('crash' as const) },
);
const acts = fc.array(fc.record({ act, side: fc.boolean() }), { maxLength: 250, size: 'max' });

test('whichever side dies, and however often: every accepted message is handled, in order, and twice only where it is marked', () => {
  fc.assert(
    fc.property(acts, (steps) => {
      const [a, b] = [new Durable(), new Durable()];
      for (const { act: what, side } of steps) {
        const [one, other] = side ? [a, b] : [b, a];
        if (what === 'crash') {
          one.crash();
          reconnect(a, b);
          // A link that brings something to both: what stalls is tested elsewhere.
          for (const each of [a, b]) each.input({ type: 'flush' });
          carry(a, b);
          carry(b, a);
        } else if (what === 'message' || what === 'request') one.speak(what);
        else if (what === 'carry') carry(one, other);
        else if (what === 'settle') settleOne(one);
        else one.input({ type: what });
      }
      reconnect(a, b);
      for (let round = 0; round < 1_000; round += 1) {
        for (const side of [a, b]) {
          settleOne(side);
          side.input({ type: 'flush' });
          side.input({ type: 'ackDue' });
        }
        carry(a, b);
        carry(b, a);
        if ([a, b].every((side) => side.state.held.messages === 0 && side.out.length === 0 && side.waiting.length === 0)) break;
      }
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const firsts = [...new Set(other.heard.map(({ label }) => label))].filter((label) => !one.handedBack.has(label));
        const accepted = one.accepted.filter((label) => !one.handedBack.has(label));
        assert.equal(firsts, accepted, 'each one is heard, and for the first time in order');
        const seen = new Set<string>();
        for (const { label, marked } of other.heard) {
          assert.ok(!seen.has(label) || marked, `${label} came twice unmarked`);
          seen.add(label);
        }
      }
    }),
    { numRuns: 150, includeErrorInReport: true },
  );
});

const fold = (state: StreamState, ...inputs: readonly StreamInput[]): StreamState =>
  inputs.reduce((folded, input) => pureStep(folded, input)[0], state);
const send = (entry: Entry): StreamInput => ({ type: 'send', entry });
const flush: StreamInput = { type: 'flush' };
const restored = (state: StreamState, dropped: readonly number[] = []): StreamState =>
  restoredStream(limits, storedPositionsOf(state, 0), [{ ...journalSince(state, journalStart), dropped }]);

test('what was shipped keeps its number, what was not has none yet', () => {
  const again = restored(fold(initialStream(limits), send(message(1)), flush, send(message(2))));
  assert.equal(
    [...toArray(again.replay).map(({ number, entry }) => [number, entry.ticket]), ...toArray(again.queued).map(({ ticket }) => ticket)],
    [[1, 1], 2],
  );
  assert.is(again.held.messages, 2);
});

test("a request's number is skipped, and one that was not shipped is gone: nobody would hear the answer", () => {
  const again = restored(fold(initialStream(limits), send(request(1)), send(message(2)), flush, send(request(3))));
  assert.equal(
    toArray(again.replay).map(({ number, entry }) => [number, entry.item.kind]),
    [
      [1, 'skip'],
      [2, 'message'],
    ],
  );
  assert.is(again.queued.end - again.queued.start, 0);
});

test('what an earlier life of the peer may have handled stays marked, also where this side dies before it is shipped again', () => {
  const peer: Positions = { received: 0, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 2 };
  const told = { type: 'resumed', own: { received: 0, done: 0 }, peer } as const;
  const known = fold(initialStream(limits), send(message(1)), flush, { ...told, reborn: true });
  // The peer's new life is known already, so that the next resume is with the same one.
  const [, effects] = pureStep(fold(restored(known), { ...told, reborn: false }), flush);
  const [packet] = effects.flatMap((effect) => (effect.type === 'write' ? effect.packets : []));
  assert.is(packet?.kind === 'message' && packet.options?.redelivered, true);
});

test('an answer is kept, shipped or not, and takes its room', () => {
  const again = restored(fold(initialStream(limits), send(reply(1)), flush, send(reply(2))));
  assert.equal([again.heldAnswers.messages, toArray(again.prompt).length, toArray(again.replay).length], [2, 1, 1]);
});

test('an identity is kept in its place among the messages, and takes the room of an answer', () => {
  const identity: Entry = { ticket: 2, item: { kind: 'identity', user: jane, expiresAt: null, to: 1 }, size: 10 };
  const waiting = restored(fold(initialStream(limits), send(message(1)), send(identity), send(message(3))));
  assert.equal(
    toArray(waiting.queued).map(({ ticket }) => ticket),
    [1, 2, 3],
  );
  assert.equal(
    [waiting.held, waiting.heldAnswers],
    [
      { messages: 2, size: 20 },
      { messages: 1, size: 10 },
    ],
  );
  const shipped = restored(fold(initialStream(limits), send(identity), flush));
  assert.equal(
    [toArray(shipped.replay).map(({ entry }) => entry.item.kind), shipped.heldAnswers],
    [['identity'], { messages: 1, size: 10 }],
  );
});

test('what was taken back is not restored', () => {
  const before = fold(initialStream(limits), send(message(1)));
  assert.is(restored(before, [1]).held.messages, 0);
});

test('a goodbye is restored where it was: waiting, shipped, or done', () => {
  const waiting = fold(initialStream(limits), send(message(1)), { type: 'end' });
  assert.equal(
    toArray(restored(waiting).queued).map(({ item }) => item.kind),
    ['message', 'end'],
  );
  const shipped = fold(waiting, flush);
  assert.equal(
    toArray(restored(shipped).replay).map(({ entry }) => entry.item.kind),
    ['message', 'end'],
  );
  assert.is(restored(shipped).held.messages, 1);
  const done = fold(shipped, { type: 'arrived', packet: { kind: 'ack', received: 2, done: 2, last: 0, seen: 0, exceptions: [] } });
  assert.equal([restored(done).ownEnd, toArray(restored(done).replay)], ['shipped', []]);
});

test('of what arrived, what is done is known and the rest is forgotten, exceptions and the peer’s end included', () => {
  const come = (type: string): StreamInput => ({ type: 'arrived', packet: { kind: 'message', type, payload: null, size: 1 } });
  const state = fold(
    initialStream(limits),
    come('a'),
    come('b'),
    come('c'),
    { type: 'settled', number: 1, outcome: 'failed' },
    { type: 'settled', number: 3, outcome: 'unhandled' },
    { type: 'arrived', packet: { kind: 'end', size: 1 } },
  );
  const again = restored(state);
  assert.equal([again.received, again.done, again.peerEnded], [1, 1, false]);
  assert.equal(toArray(again.exceptions), [{ number: 1, outcome: 'failed' }]);
  assert.ok(restored(fold(state, { type: 'settled', number: 2, outcome: 'handled' })).peerEnded);
});

test.run();
