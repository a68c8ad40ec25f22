/** Two reducers that talk: whatever the apps do and whenever it happens, what was accepted arrives once, in order, and is confirmed as it was. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Outcome, StreamWindow } from '../../../machines/stream/packets.js';
import { lengthOf } from '../../../machines/stream/queue.js';
import type { StreamLimits } from '../../../machines/stream/state.js';
import { unconfirmed } from '../../../machines/stream/stream.js';
import { type Name, Pair, type Peer } from './pair.js';

const pair = suite('pair');

/** Past this many rounds of everything that waits, two sides with a few hundred items never become quiet. */
const roundsMax = 2_000;

type Act =
  | 'message'
  | 'request'
  | 'settleNext'
  | 'settleAny'
  | 'reply'
  | 'failure'
  | 'cancel'
  | 'withdraw'
  | 'flush'
  | 'ackDue'
  | 'transfer'
  | 'end';
interface Op {
  readonly name: Name;
  readonly act: Act;
  readonly size: number;
  readonly pick: number;
  readonly outcome: Outcome;
}

/** How often each happens. The end is rare, so that most of a history is before it. */
const weights: Readonly<Record<Act, number>> = {
  message: 20,
  request: 8,
  settleNext: 14,
  settleAny: 6,
  reply: 6,
  failure: 2,
  cancel: 2,
  withdraw: 4,
  flush: 16,
  ackDue: 3,
  transfer: 18,
  end: 1,
};
const ops = fc.array(
  fc.record<Op>({
    name: fc.constantFrom('a', 'b'),
    act: fc.oneof(...Object.entries(weights).map(([act, weight]) => ({ weight, arbitrary: fc.constant(act as Act) }))),
    size: fc.integer({ min: 1, max: 60 }),
    pick: fc.nat(),
    outcome: fc.constantFrom<Outcome>('handled', 'handled', 'failed', 'unhandled', 'expired'),
  }),
  { maxLength: 250, size: 'max' },
);

const window = (messagesMax: number, sizeMax: number): fc.Arbitrary<StreamWindow> =>
  fc.record({ messages: fc.integer({ min: 1, max: messagesMax }), size: fc.integer({ min: 1, max: sizeMax }) });
/** Each side's own window is the other's peer window: that is what a welcome settles. */
const settings = fc.record({
  windows: fc.record({ a: window(8, 200), b: window(8, 200) }),
  buffers: fc.record({ a: window(20, 800), b: window(20, 800) }),
  batchItemsMax: fc.integer({ min: 1, max: 6 }),
  batchSizeMax: fc.integer({ min: 1, max: 120 }),
});

const pairOf = ({ windows, buffers, batchItemsMax, batchSizeMax }: typeof settings extends fc.Arbitrary<infer S> ? S : never): Pair => {
  const limits = (own: Name, peer: Name): StreamLimits => ({
    ownWindow: windows[own],
    peerWindow: windows[peer],
    // One item may go where nothing is in flight, however small the window: there must be room for the largest.
    openSizeMax: Math.max(windows[own].size, 100),
    buffer: buffers[own],
    // More than a history has.
    answers: { messages: 1_000, size: 100_000 },
    exceptionsMax: 4 * windows[own].messages,
    batchItemsMax,
    batchSizeMax,
  });
  return new Pair({ a: limits('a', 'b'), b: limits('b', 'a') });
};

const oneOf = <T>(values: readonly T[], pick: number): T | undefined => values[pick % Math.max(1, values.length)];

const perform = (two: Pair, { name, act, size, pick, outcome }: Op): void => {
  const peer = two[name];
  switch (act) {
    case 'message':
    case 'request':
      return peer.send(act, size);
    case 'settleNext': {
      const [number] = peer.waiting;
      return number === undefined ? undefined : peer.settle(number, outcome);
    }
    case 'settleAny':
      return peer.settle(pick % (peer.received + 3), outcome);
    case 'reply':
    case 'failure': {
      const to = oneOf(peer.asked, pick);
      return to === undefined ? undefined : peer.answer(act, to, size);
    }
    case 'cancel': {
      const to = oneOf([...peer.numbered.values()], pick);
      return to === undefined ? undefined : peer.answer(act, to, 0);
    }
    case 'withdraw':
      return peer.withdraw(pick % 80);
    case 'flush':
      return peer.flush();
    case 'ackDue':
      return peer.ackDue();
    case 'transfer':
      two.transfer(name);
      return;
    case 'end':
      return peer.end();
  }
};

const assertAllDone = (peer: Peer, other: Peer): void => {
  assert.is(other.received, peer.shipped.length, 'all that was shipped was delivered');
  assert.is(peer.confirmed, peer.shipped.length, 'and is confirmed');
  assert.equal(unconfirmed(peer.side.state), [], 'and nothing that was accepted is left');
  assert.is(lengthOf(peer.side.state.prompt), 0);
  if (peer.complete === 0) assert.is(lengthOf(peer.side.state.exceptions), 0, 'known exceptions are forgotten');
};

pair(
  'everything accepted is delivered once and in order, and confirmed as what became of it; then both are quiet, then both are complete',
  () => {
    fc.assert(
      fc.property(settings, ops, fc.constantFrom<readonly Name[]>(['a', 'b'], ['b', 'a']), (chosen, history, ends) => {
        const two = pairOf(chosen);
        for (const op of history) perform(two, op);
        two.quiesce(roundsMax);
        assertAllDone(two.a, two.b);
        assertAllDone(two.b, two.a);
        assert.is(two.quiesce(roundsMax), 0, 'quiet stays quiet');

        for (const [index, name] of ends.entries()) {
          two[name].end();
          two.quiesce(roundsMax);
          const isOver = two.a.ownEnd === 'shipped' && two.b.ownEnd === 'shipped';
          assert.ok(isOver || index === 0);
          for (const peer of [two.a, two.b])
            assert.is(peer.complete, isOver ? 1 : 0, 'complete is told once, and not before both have ended');
        }
        for (const peer of [two.a, two.b]) assert.is(peer.peerEnded, 1);
        assertAllDone(two.a, two.b);
        assertAllDone(two.b, two.a);
      }),
      { numRuns: 400 },
    );
  },
);

pair('where every handler fails and only one side speaks, the exceptions that are kept stay within twice the window', () => {
  const window = { messages: 8, size: 1_000 };
  const two = pairOf({ windows: { a: window, b: window }, buffers: { a: window, b: window }, batchItemsMax: 50, batchSizeMax: 5_000 });
  let kept = 0;
  for (let round = 0; round < 500; round += 1) {
    two.a.send('message', 3);
    two.a.flush();
    two.transfer('a');
    for (const number of two.b.waiting) two.b.settle(number, 'unhandled');
    kept = Math.max(kept, lengthOf(two.b.side.state.exceptions));
    two.b.flush();
    two.transfer('b');
  }
  assert.is.not(kept, 0);
  assert.ok(kept <= 2 * window.messages, `${kept} exceptions`);
});

pair.run();
