/**
 * An answer passes an identity that waits behind messages, so that its ticket is the higher one and its number the lower. The journal took the first of
 * the answers for the oldest, and forgot the identity: a server that was killed then never told its client who it speaks for.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { journalSince, journalStart, restoredStream, storedPositionsOf } from '../../machines/stream/journal.js';
import type { OutboundPacket } from '../../machines/stream/packets.js';
import { type Entry, initialStream, type StreamInput, type StreamState } from '../../machines/stream/state.js';
import { ackOf, limitsOf, message, pureStep, reply } from '../machines/stream/rig.js';
import { jane } from '../support/ninelives-bench.js';

const test = suite('an identity that an answer passed');

const identity: Entry = { ticket: 4, item: { kind: 'identity', user: jane, expiresAt: null, to: 1 }, size: 10 };

const run = (state: StreamState, inputs: readonly StreamInput[]): readonly [StreamState, readonly OutboundPacket[]] => {
  let now = state;
  const shipped: OutboundPacket[] = [];
  for (const input of inputs) {
    const [next, effects] = pureStep(now, input);
    now = next;
    for (const effect of effects) if (effect.type === 'write') shipped.push(...effect.packets);
  }
  return [now, shipped];
};

test('is kept for a later life until its peer has it', () => {
  const limits = limitsOf({ peerWindow: { messages: 2, size: 1_000 } });
  const [former] = run(initialStream(limits), [
    { type: 'send', entry: message(1) },
    { type: 'send', entry: message(2) },
    // It waits for credit, and the identity behind it.
    { type: 'send', entry: { ...message(3), expiresAt: 100 } },
    { type: 'send', entry: identity },
    { type: 'send', entry: reply(5) },
    { type: 'flush', now: 0 },
    { type: 'expire', now: 100 },
    { type: 'flush', now: 100 },
    { type: 'arrived', packet: ackOf({ received: 2, done: 2 }) },
  ]);
  const positions = storedPositionsOf(former, 5);
  assert.is(positions.oldest, 4);
  const restored = restoredStream(limits, positions, [{ ...journalSince(former, journalStart), dropped: [3] }]);
  const [, again] = run(restored, [
    {
      type: 'resumed',
      own: { received: 0, done: 0 },
      peer: { received: 2, done: 2, seen: 0, last: 0, exceptions: [], incarnation: 1 },
      reborn: false,
    },
    { type: 'flush' },
  ]);
  assert.equal(
    again.map(({ kind }) => kind),
    ['reply', 'identity'],
  );
});

test.run();
