/** Two sides over a link that is cut at any moment: what was accepted is handled once and in order, both ways, however often. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { InboundPacket, OutboundPacket, Outcome, Positions } from '../../../machines/stream/packets.js';
import { toArray } from '../../../machines/stream/queue.js';
import type { Entry, StreamEffect, StreamState } from '../../../machines/stream/state.js';
import { initialStream } from '../../../machines/stream/state.js';
import { mismatchOf, positionsOf as positionsIn, unconfirmed } from '../../../machines/stream/stream.js';
import { assertConsistent, limitsOf, message, pureStep, reply, request } from './rig.js';

const test = suite('resume');

/** As a side tells in a hello or a welcome. */
const positionsOf = (state: StreamState): Positions => ({ ...positionsIn(state), incarnation: 1 });

/** One side, with what it was told and what it heard. */
class Side {
  state: StreamState;
  readonly out: OutboundPacket[][] = [];
  readonly waiting: { number: number; kind: string }[] = [];
  readonly heard: string[] = [];
  readonly accepted: string[] = [];
  readonly confirmed: string[] = [];
  tickets = 0;

  constructor(window: { messages: number; size: number }) {
    this.state = initialStream(limitsOf({ peerWindow: window, ownWindow: window, batchItemsMax: 3 }));
  }

  input(input: Parameters<typeof pureStep>[1]): void {
    const [state, effects] = pureStep(this.state, input);
    this.state = state;
    assertConsistent(state);
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: StreamEffect): void {
    if (effect.type === 'write') this.out.push([...effect.packets]);
    if (effect.type === 'violated') assert.unreachable(effect.failure.message);
    if (effect.type === 'confirmed')
      for (const { entry } of effect.entries) this.confirmed.push(labelOf(entry.item as { type: string; payload: string }));
    if (effect.type !== 'deliver') return;
    const { item, number } = effect;
    this.heard.push(item.kind === 'reply' ? `reply ${JSON.stringify(item.payload)}` : labelOf(item as { type: string; payload: unknown }));
    if (item.kind === 'request') {
      this.input({ type: 'settled', number, outcome: 'handled' });
      this.tickets += 1;
      this.say(reply(this.tickets, number));
    } else if (item.kind === 'message') this.waiting.push({ number, kind: item.kind });
  }

  say(entry: Entry): void {
    const before = this.state;
    this.input({ type: 'send', entry });
    if (this.state !== before && (entry.item.kind === 'message' || entry.item.kind === 'request'))
      this.accepted.push(labelOf(entry.item as { type: string; payload: string }));
  }

  speak(kind: 'message' | 'request'): void {
    this.tickets += 1;
    const { item, size } = kind === 'message' ? message(this.tickets) : request(this.tickets);
    // The label is the item's type: unique, so that order and doubles show.
    this.say({ ticket: this.tickets, item: { ...item, type: `${kind} ${this.tickets}` } as typeof item, size });
  }

  settleOne(outcome: Outcome): void {
    const next = this.waiting.shift();
    if (next !== undefined) this.input({ type: 'settled', number: next.number, outcome });
  }
}

const labelOf = ({ type }: { type: string }): string => type;

const inbound = (packet: OutboundPacket): InboundPacket =>
  packet.kind === 'ack' ? packet : ({ ...packet, size: 10 } as unknown as InboundPacket);

/** A new link: each says where it stands, each finds that they fit, and goes on. */
const reconnect = (a: Side, b: Side): void => {
  a.out.length = 0;
  b.out.length = 0;
  const [ofA, ofB] = [positionsOf(a.state), positionsOf(b.state)];
  assert.is(mismatchOf(a.state, ofB), null);
  assert.is(mismatchOf(b.state, ofA), null);
  a.input({ type: 'resumed', own: ofA, peer: ofB, reborn: false });
  b.input({ type: 'resumed', own: ofB, peer: ofA, reborn: false });
};

const carry = (from: Side, to: Side): void => {
  for (const packet of from.out.shift() ?? []) to.input({ type: 'arrived', packet: inbound(packet) });
};

const acts = fc.array(
  fc.record({
    act: fc.oneof(
      { weight: 5, arbitrary: fc.constant('message' as const) },
      { weight: 2, arbitrary: fc.constant('request' as const) },
      { weight: 6, arbitrary: fc.constant('flush' as const) },
      { weight: 6, arbitrary: fc.constant('carry' as const) },
      { weight: 5, arbitrary: fc.constant('settle' as const) },
      { weight: 1, arbitrary: fc.constant('fail' as const) },
      { weight: 2, arbitrary: fc.constant('ackDue' as const) },
      { weight: 2, arbitrary: fc.constant('cut' as const) },
    ),
    side: fc.boolean(),
  }),
  { maxLength: 300 },
);

test('over a link that is cut at any moment, everything accepted is handled once and in order, and confirmed once', () => {
  fc.assert(
    fc.property(acts, fc.constantFrom(1, 2, 5, 100), (steps, windowMessages) => {
      const window = { messages: windowMessages, size: 10_000 };
      const [a, b] = [new Side(window), new Side(window)];
      for (const { act, side } of steps) {
        const [one, other] = side ? [a, b] : [b, a];
        if (act === 'cut') reconnect(a, b);
        else if (act === 'message' || act === 'request') one.speak(act);
        else if (act === 'carry') carry(one, other);
        else if (act === 'settle') one.settleOne('handled');
        else if (act === 'fail') one.settleOne('failed');
        else one.input({ type: act });
      }
      // Then the link holds and everybody does their part: it must come to rest with nothing open.
      reconnect(a, b);
      for (let round = 0; round < 2_000; round += 1) {
        for (const side of [a, b]) {
          side.settleOne('handled');
          side.input({ type: 'flush' });
          side.input({ type: 'ackDue' });
        }
        carry(a, b);
        carry(b, a);
        if ([a, b].every((side) => unconfirmed(side.state).length === 0 && side.out.length === 0 && side.waiting.length === 0)) break;
      }
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const said = one.accepted;
        assert.equal(
          other.heard.filter((label) => !label.startsWith('reply')),
          said,
          'once, and in order',
        );
        assert.equal([...one.confirmed].sort(), [...said].sort(), 'confirmed once');
        assert.is(
          one.heard.filter((label) => label.startsWith('reply')).length,
          said.filter((label) => label.startsWith('request')).length,
          'each request answered once',
        );
      }
    }),
    { numRuns: 500 },
  );
});

/** A side that shipped three messages of which the peer has none. */
const shippedThree = (): StreamState =>
  [
    { type: 'send', entry: message(1) } as const,
    { type: 'send', entry: message(2) } as const,
    { type: 'send', entry: message(3) } as const,
    { type: 'flush' } as const,
  ].reduce((state, input) => pureStep(state, input)[0], initialStream(limitsOf()));

const peerAt = (told: Partial<Positions>): Positions => ({
  received: 0,
  done: 0,
  seen: 0,
  last: 0,
  exceptions: [],
  incarnation: 1,
  ...told,
});

test('"nothing yet" is a position: everything is shipped again under its numbers', () => {
  const [state] = pureStep(shippedThree(), { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({}), reborn: false });
  assert.equal(
    toArray(state.replay).map(({ number }) => number),
    [1, 2, 3],
  );
  const [, effects] = pureStep(state, { type: 'flush' });
  assert.is(effects[0]?.type === 'write' && effects[0].packets.filter(({ kind }) => kind === 'message').length, 3);
});

test('a peer that has what was never shipped has a past that this side forgot: the numbers are named', () => {
  assert.equal(mismatchOf(shippedThree(), peerAt({ received: 5 })), { direction: 'own', from: 4, to: 5 });
});

test('a peer that no longer knows what it had done has lost its store: the numbers are named', () => {
  const [state] = pureStep(shippedThree(), {
    type: 'arrived',
    packet: { kind: 'ack', received: 2, done: 2, last: 0, seen: 0, exceptions: [] },
  });
  assert.equal(mismatchOf(state, peerAt({ received: 1, done: 1 })), { direction: 'own', from: 2, to: 2 });
});

test('a peer that saw more done than this side knows of tells it that it has lost its own store: the numbers are named', () => {
  const arrived = fold(initialStream(limitsOf()), { type: 'arrived', packet: { kind: 'message', type: 'chat', payload: null, size: 1 } });
  assert.is(mismatchOf(arrived, peerAt({ last: 1 })), null);
  assert.equal(mismatchOf(arrived, peerAt({ last: 1, seen: 1 })), { direction: 'peer', from: 1, to: 1 });
});

test('a peer that is done with what it does not have, or tells of exceptions that it is not done with, does not fit: the numbers are named', () => {
  assert.is(mismatchOf(shippedThree(), peerAt({ received: 2, done: 2, exceptions: [{ number: 2, outcome: 'failed' }] })), null);
  assert.equal(mismatchOf(shippedThree(), peerAt({ received: 1, done: 3 })), { direction: 'own', from: 2, to: 3 });
  const beyond = peerAt({ received: 2, done: 1, exceptions: [1, 2].map((number) => ({ number, outcome: 'failed' })) });
  assert.equal(mismatchOf(shippedThree(), beyond), { direction: 'own', from: 2, to: 2 });
});

const answeredAndLetGo = (...more: readonly Entry[]): StreamState =>
  [
    { type: 'send', entry: reply(1) } as const,
    ...more.map((entry) => ({ type: 'send', entry }) as const),
    { type: 'flush' } as const,
    { type: 'arrived', packet: { kind: 'ack', received: 1, done: 0, last: 0, seen: 0, exceptions: [] } } as const,
  ].reduce((state, input) => pureStep(state, input)[0], initialStream(limitsOf()));

test('an answer that was let go of is skipped for a peer that has forgotten it, and what is behind it keeps its number', () => {
  const state = answeredAndLetGo(message(2));
  assert.is(mismatchOf(state, peerAt({ received: 0 })), null);
  const [again] = pureStep(state, { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({}), reborn: true });
  assert.equal(writtenBy(again), [
    ['skip', 1],
    ['message', true],
  ]);
  // The skip is as good as new where the link that carried it is lost as well.
  const [twice] = pureStep(pureStep(again, { type: 'flush' })[0], {
    type: 'resumed',
    own: { received: 0, done: 0 },
    peer: peerAt({}),
    reborn: false,
  });
  assert.equal(writtenBy(twice), [
    ['skip', 1],
    ['message', true],
  ]);
});

test('holes that lie together are one skip, and one at the end is a skip as well', () => {
  const first = answeredAndLetGo(reply(2), message(3), reply(4));
  const [state] = pureStep(first, { type: 'arrived', packet: { kind: 'ack', received: 4, done: 0, last: 0, seen: 0, exceptions: [] } });
  const [again] = pureStep(state, { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({}), reborn: true });
  assert.equal(writtenBy(again), [
    ['skip', 2],
    ['message', true],
    ['skip', 1],
  ]);
});

/** Kind, and how many are skipped or whether it is marked. */
const writtenBy = (state: StreamState): readonly unknown[] =>
  pureStep(state, { type: 'flush' })[1]
    .flatMap((effect) => (effect.type === 'write' ? effect.packets : []))
    .filter(({ kind }) => kind !== 'ack')
    .map((packet) => [
      packet.kind,
      packet.kind === 'skip' ? packet.count : packet.kind === 'message' && packet.options?.redelivered === true,
    ]);

test('a skip that arrives is received and done at once, for all its numbers', () => {
  const [state, effects] = pureStep(initialStream(limitsOf()), { type: 'arrived', packet: { kind: 'skip', count: 3, size: 1 } });
  assert.equal([state.received, state.done, effects], [3, 3, []]);
});

test('a skip behind a message that is not done is done once that is', () => {
  const arrived = fold(
    initialStream(limitsOf()),
    { type: 'arrived', packet: { kind: 'message', type: 'chat', payload: null, size: 1 } },
    { type: 'arrived', packet: { kind: 'skip', count: 3, size: 1 } },
  );
  assert.equal([arrived.received, arrived.done], [4, 0]);
  assert.is(fold(arrived, { type: 'settled', number: 1, outcome: 'handled' }).done, 4);
});

test('what can be counted is received, and one more, be it a skip or an item, breaks a rule', () => {
  const skip = (count: number) => ({ type: 'arrived', packet: { kind: 'skip', count, size: 1 } }) as const;
  const [far, none] = pureStep(initialStream(limitsOf()), skip(Number.MAX_SAFE_INTEGER - 1));
  assert.equal([far.received, none], [Number.MAX_SAFE_INTEGER - 1, []]);
  for (const [state, input] of [
    [initialStream(limitsOf()), skip(Number.MAX_SAFE_INTEGER)],
    [far, skip(1)],
    [far, { type: 'arrived', packet: { kind: 'message', type: 'chat', payload: null, size: 1 } } as const],
    [far, { type: 'arrived', packet: { kind: 'end', size: 1 } } as const],
  ] as const) {
    const [after, effects] = pureStep(state, input);
    assert.is(after, state);
    assert.equal(
      effects.map(({ type }) => type),
      ['violated'],
    );
  }
});

test('what is shipped again to a later life of the peer is marked, and what is new is not', () => {
  const [again] = pureStep(shippedThree(), {
    type: 'resumed',
    own: { received: 0, done: 0 },
    peer: peerAt({ received: 2, done: 2 }),
    reborn: true,
  });
  const both = fold(again, { type: 'send', entry: message(4) });
  assert.equal(writtenBy(both), [
    ['message', true],
    ['message', false],
  ]);
  // Once it may have been handled, it may have been for good.
  const later = fold(both, { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({ received: 2, done: 2 }), reborn: false });
  assert.equal(writtenBy(later)[0], ['message', true]);
});

test('a request that is shipped again to a later life is marked, its answer is not', () => {
  const state = fold(
    initialStream(limitsOf()),
    { type: 'send', entry: request(1) },
    { type: 'send', entry: reply(2) },
    { type: 'flush' },
    { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({}), reborn: true },
  );
  const [first, second] = pureStep(state, { type: 'flush' })[1].flatMap((effect) => (effect.type === 'write' ? effect.packets : []));
  assert.is(first?.kind === 'request' && first.options?.redelivered, true);
  assert.is(second?.kind === 'reply' && 'options' in second, false);
});

/** So many links in a row that carried everything and brought nothing. */
const stalledFor = (links: number, from: StreamState): readonly [StreamState, readonly StreamEffect[]] => {
  let step: readonly [StreamState, readonly StreamEffect[]] = [from, []];
  for (let link = 0; link < links; link += 1)
    step = pureStep(fold(step[0], { type: 'flush' }), { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({}), reborn: false });
  return step;
};

test('what five links in a row did not outlive is handed back, and its number is skipped', () => {
  const [almost, nothing] = stalledFor(4, shippedThree());
  assert.equal(nothing, []);
  const [state, effects] = stalledFor(1, almost);
  assert.equal(
    effects.map((effect) => effect.type === 'handedBack' && [effect.shipped.number, effect.shipped.entry.ticket]),
    [[1, 1]],
  );
  assert.is(unconfirmed(state).length, 2);
  assert.equal(writtenBy(state), [
    ['skip', 1],
    ['message', false],
    ['message', false],
  ]);
});

test('an answer that no link outlives is given up as well, an end never', () => {
  const answer = fold(initialStream(limitsOf()), { type: 'send', entry: reply(1) });
  const [state, effects] = stalledFor(5, answer);
  assert.is(effects[0]?.type, 'handedBack');
  assert.equal([state.held.messages, state.heldAnswers.messages], [0, 0]);
  assert.equal(stalledFor(7, fold(initialStream(limitsOf()), { type: 'end' }))[1], []);
});

test('from the second link in vain on, what is shipped again goes one by one, so that the next resume tells which of it no link outlives', () => {
  const batches = (state: StreamState): number => pureStep(state, { type: 'flush' })[1].filter(({ type }) => type === 'write').length;
  assert.is(batches(stalledFor(1, shippedThree())[0]), 1);
  assert.is(batches(stalledFor(2, shippedThree())[0]), 3);
});

test('a link that brought anything to the peer was no link in vain', () => {
  const [almost] = stalledFor(4, shippedThree());
  const some = fold(
    almost,
    { type: 'flush' },
    { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({ received: 1 }), reborn: false },
  );
  assert.is(some.stalls, 0);
});

test('a peer that lost its memory hears an end again that it had received', () => {
  const ended = fold(
    initialStream(limitsOf()),
    { type: 'send', entry: message(1) },
    { type: 'end' },
    { type: 'flush' },
    { type: 'arrived', packet: { kind: 'ack', received: 2, done: 0, last: 0, seen: 0, exceptions: [] } },
    { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({}), reborn: true },
  );
  assert.equal(writtenBy(ended), [
    ['message', true],
    ['end', false],
  ]);
  const resumedBehind = fold(
    ended,
    { type: 'flush' },
    { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({ received: 2 }), reborn: false },
  );
  assert.equal(writtenBy(resumedBehind), []);
  assert.equal(
    writtenBy(fold(resumedBehind, { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({}), reborn: true })).length,
    2,
  );
});

test('a peer that never shipped what this side received has lost its past: the numbers are named', () => {
  const [state] = pureStep(initialStream(limitsOf()), {
    type: 'arrived',
    packet: { kind: 'message', type: 'chat', payload: null, size: 1 },
  });
  assert.equal(mismatchOf(state, peerAt({ last: 0 })), { direction: 'peer', from: 1, to: 1 });
});

test('two losses within one resume: what was being shipped again is shipped again', () => {
  const [once] = pureStep(shippedThree(), { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({ received: 1 }), reborn: false });
  assert.is(mismatchOf(once, peerAt({ received: 1 })), null);
  const [twice] = pureStep(once, { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({ received: 2 }), reborn: false });
  assert.equal(
    toArray(twice.replay).map(({ number }) => number),
    [3],
  );
});

const fold = (state: StreamState, ...inputs: readonly Parameters<typeof pureStep>[1][]): StreamState =>
  inputs.reduce((folded, input) => pureStep(folded, input)[0], state);

test('what the positions told needs no acknowledgement any more', () => {
  const arrived = { type: 'arrived', packet: { kind: 'message', type: 'chat', payload: null, size: 1 } } as const;
  const received = fold(initialStream(limitsOf()), arrived, { type: 'settled', number: 1, outcome: 'handled' });
  const peer = peerAt({ last: 1 });
  const quiet = fold(received, { type: 'resumed', own: { received: 1, done: 1 }, peer, reborn: false });
  assert.equal(pureStep(quiet, { type: 'ackDue' })[1], []);
  // It was done behind the telling: the peer is to hear of it.
  const late = fold(received, { type: 'resumed', own: { received: 1, done: 0 }, peer, reborn: false });
  assert.equal(
    pureStep(late, { type: 'ackDue' })[1].map(({ type }) => type),
    ['write'],
  );
});

test('a peer that was given up for what it left has another chance: its positions told what it has', () => {
  const limits = limitsOf({ answers: { messages: 1, size: 100 } });
  const tooMuch = [{ type: 'send', entry: reply(1) } as const, { type: 'flush' } as const, { type: 'send', entry: reply(2) } as const];
  const givenUp = fold(initialStream(limits), ...tooMuch);
  assert.equal(
    pureStep(givenUp, { type: 'send', entry: reply(3) })[1].map(({ type }) => type),
    ['refused'],
  );
  const again = fold(givenUp, { type: 'resumed', own: { received: 0, done: 0 }, peer: peerAt({ received: 1 }), reborn: false });
  assert.equal(pureStep(again, { type: 'send', entry: reply(3) })[1], []);
});

test.run();
