/** An identity that waited behind messages when the link was lost was no longer counted as held: more answers were held than may be, and less than none in the end. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { OutboundItem, Positions } from '../../machines/stream/packets.js';
import { initialStream } from '../../machines/stream/state.js';
import { positionsOf, reduceStream } from '../../machines/stream/stream.js';
import { assertConsistent, limitsOf, message } from '../machines/stream/rig.js';

const test = suite('an identity that waits for its turn');

const user = {
  id: 1,
  name: 'jane',
  displayName: 'jane',
  displayPictureUrl: null,
  isGuest: false,
  presence: { status: 'online', online: true },
  properties: {},
} as const;

test('is held, and counted as that, also over a link that is lost meanwhile', () => {
  const window = { messages: 1, size: 1_000 };
  const identity: OutboundItem = { kind: 'identity', user, to: 1, expiresAt: null };
  const peer: Positions = { ...positionsOf(initialStream(limitsOf())), incarnation: 1 };
  const state = (
    [
      { type: 'send', entry: message(1) },
      { type: 'send', entry: message(2) },
      { type: 'send', entry: { ticket: 3, item: identity, size: 10 } },
      { type: 'flush' },
      { type: 'resumed', own: { received: 0, done: 0 }, peer, reborn: false },
    ] as const
  ).reduce((before, input) => reduceStream(before, input)[0], initialStream(limitsOf({ peerWindow: window })));
  assertConsistent(state);
  assert.equal(state.heldAnswers, { messages: 1, size: 10 });
});

test.run();
