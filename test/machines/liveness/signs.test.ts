import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noSigns, noteHeard, notePassed, noteSaid } from '../../../machines/liveness/signs.js';

const test = suite('what a link shows of its other side');

test('nothing is awaited where nothing was shipped, or all of it arrived', () => {
  const signs = noSigns(5);
  assert.not.ok(noteSaid(signs, null, 10, 6));
  assert.not.ok(noteSaid(signs, { shipped: 3, peerReceived: 3 }, 10, 7));
  assert.equal([signs.saidAt, signs.awaitingSince, signs.longest], [7, null, 0]);
});

test('an acknowledgement is awaited from the first piece on, and told once', () => {
  const signs = noSigns(0);
  assert.ok(noteSaid(signs, { shipped: 1, peerReceived: 0 }, 10, 100));
  assert.not.ok(noteSaid(signs, { shipped: 2, peerReceived: 0 }, 30, 200));
  assert.not.ok(noteSaid(signs, { shipped: 3, peerReceived: 0 }, 20, 300));
  assert.equal([signs.awaitingSince, signs.longest, signs.saidAt], [100, 30, 300]);
});

test('where more is known to have arrived the waiting begins anew, and where all has it is over', () => {
  const signs = noSigns(0);
  noteSaid(signs, { shipped: 3, peerReceived: 0 }, 10, 100);
  noteHeard(signs, { shipped: 3, peerReceived: 0 }, 150);
  assert.equal([signs.awaitingSince, signs.heardAt], [100, 150]);
  noteHeard(signs, { shipped: 3, peerReceived: 1 }, 200);
  assert.equal([signs.awaitingSince, signs.longest], [200, 0]);
  noteHeard(signs, { shipped: 3, peerReceived: 3 }, 300);
  assert.is(signs.awaitingSince, null);
  assert.is(noteHeard(signs, null, 400), null);
  assert.is(noteHeard(signs, { shipped: 3, peerReceived: 3 }, 500), null);
  assert.is(signs.heardAt, 500);
});

test('an answer to a ping lets the waiting begin anew, and begins none', () => {
  const signs = noSigns(0);
  notePassed(signs, 50);
  assert.is(signs.awaitingSince, null);
  noteSaid(signs, { shipped: 1, peerReceived: 0 }, 10, 100);
  notePassed(signs, 900);
  assert.is(signs.awaitingSince, 900);
});

test('one number at a time is timed, at most one a second', () => {
  const signs = noSigns(0);
  noteSaid(signs, { shipped: 2, peerReceived: 0 }, 0, 100);
  noteSaid(signs, { shipped: 3, peerReceived: 0 }, 0, 110);
  assert.is(noteHeard(signs, { shipped: 3, peerReceived: 1 }, 130), null, 'the one that is timed is not there yet');
  assert.is(noteHeard(signs, { shipped: 3, peerReceived: 2 }, 140), 40);
  assert.is(noteHeard(signs, { shipped: 3, peerReceived: 3 }, 150), null);
  noteSaid(signs, { shipped: 4, peerReceived: 3 }, 0, 200);
  assert.is(noteHeard(signs, { shipped: 4, peerReceived: 4 }, 240), null, 'within the same second');
  noteSaid(signs, { shipped: 5, peerReceived: 4 }, 0, 1_100);
  assert.is(noteHeard(signs, { shipped: 5, peerReceived: 5 }, 1_180), 80);
});

test('the one that is timed is timed to its end, however long that takes and whatever is shipped meanwhile', () => {
  const signs = noSigns(0);
  noteSaid(signs, { shipped: 1, peerReceived: 0 }, 0, 100);
  noteSaid(signs, { shipped: 2, peerReceived: 0 }, 0, 1_600);
  assert.is(noteHeard(signs, { shipped: 2, peerReceived: 1 }, 1_700), 1_600);
});

test('what comes while nothing is known of the stream tells nothing of what waits', () => {
  const signs = noSigns(0);
  noteSaid(signs, { shipped: 1, peerReceived: 0 }, 10, 100);
  assert.is(noteHeard(signs, null, 200), null);
  assert.equal([signs.awaitingSince, signs.heardAt, signs.longest], [100, 200, 10]);
});

test('a link that begins in the midst of a stream awaits what it ships itself, and nothing of before', () => {
  const signs = noSigns(0);
  assert.is(noteHeard(signs, { shipped: 40, peerReceived: 40 }, 50), null);
  assert.is(signs.awaitingSince, null);
  assert.ok(noteSaid(signs, { shipped: 41, peerReceived: 40 }, 0, 100));
  assert.is(noteHeard(signs, { shipped: 41, peerReceived: 40 }, 150), null);
  assert.is(noteHeard(signs, { shipped: 41, peerReceived: 41 }, 180), 80);
});

test('a piece that ships nothing is not timed: what it carries besides has been under way for longer', () => {
  const signs = noSigns(0);
  noteSaid(signs, { shipped: 1, peerReceived: 0 }, 0, 100);
  noteHeard(signs, { shipped: 1, peerReceived: 1 }, 140);
  noteSaid(signs, { shipped: 2, peerReceived: 1 }, 0, 500);
  noteSaid(signs, { shipped: 2, peerReceived: 1 }, 0, 2_000);
  assert.is(noteHeard(signs, { shipped: 2, peerReceived: 2 }, 2_010), null);
});

test.run();
