/**
 * A request's asker is gone with its process, so that it is not kept; but the other side still has it, and it takes its window. A server that was
 * killed and came back shipped more than its client can hold, and lost the link for it again and again.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { journalSince, journalStart, restoredStream, storedPositionsOf } from '../../machines/stream/journal.js';
import type { OutboundPacket } from '../../machines/stream/packets.js';
import { initialStream, type StreamInput, type StreamState } from '../../machines/stream/state.js';
import { unconfirmedCount } from '../../machines/stream/stream.js';
import { ackOf, limitsOf, message, pureStep, request } from '../machines/stream/rig.js';

const test = suite('a stream that is restored');

const limits = limitsOf({ peerWindow: { messages: 3, size: 1_000 } });

const run = (state: StreamState, inputs: readonly StreamInput[]): readonly [StreamState, readonly string[]] => {
  let now = state;
  const shipped: OutboundPacket[] = [];
  for (const input of inputs) {
    const [next, effects] = pureStep(now, input);
    now = next;
    for (const effect of effects) if (effect.type === 'write') shipped.push(...effect.packets);
  }
  return [now, shipped.flatMap((packet) => (packet.kind === 'message' ? [packet.payload] : []))];
};

const fourth = (message(4).item as { readonly payload: string }).payload;

/** Two requests and a message are with the peer, which holds three, and another message waits. */
const [former] = run(initialStream(limits), [
  { type: 'send', entry: request(1) },
  { type: 'send', entry: message(2) },
  { type: 'send', entry: request(3) },
  { type: 'send', entry: message(4) },
  { type: 'flush' },
]);
const restored = restoredStream(limits, storedPositionsOf(former, 4), [{ ...journalSince(former, journalStart), dropped: [] }]);
const back: StreamInput = {
  type: 'resumed',
  own: { received: 0, done: 0 },
  peer: { received: 3, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 },
  reborn: false,
};

test('ships no more than the peer can hold, which still has the requests that nobody knows of any more', () => {
  const [full, shipped] = run(restored, [back, { type: 'flush' }]);
  assert.equal([shipped, full.inFlight.messages, unconfirmedCount(full)], [[], 3, 2]);

  const [, behind] = run(full, [{ type: 'arrived', packet: ackOf({ received: 3, done: 1, last: 0 }) }, { type: 'flush' }]);
  assert.equal(behind, [fourth], 'the first request is done');

  const [free, rest] = run(full, [{ type: 'arrived', packet: ackOf({ received: 3, done: 3, last: 0 }) }, { type: 'flush' }]);
  assert.equal([rest, free.inFlight.messages, unconfirmedCount(free), free.forgottenUpTo], [[fourth], 1, 1, 0]);
});

test('counts them once, however many links come before they are done', () => {
  const [full] = run(restored, [back, { type: 'flush' }, back, { type: 'flush' }]);
  assert.equal([full.inFlight.messages, unconfirmedCount(full)], [3, 2]);
});

test.run();
