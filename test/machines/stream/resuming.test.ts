/** What becomes of each thing when a stream goes on, on a new link: a side at a time, counted anew at each step. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { OutboundPacket, Positions } from '../../../machines/stream/packets.js';
import { toArray } from '../../../machines/stream/queue.js';
import { stallsMax } from '../../../machines/stream/resume.js';
import type { StreamEffect } from '../../../machines/stream/state.js';
import { positionsOf } from '../../../machines/stream/stream.js';
import { ackIn, ackOf, aMessage, anEnd, message, only, reply, request, Side, types, written } from './rig.js';

const resuming = suite('resuming');

/** On a new link: the peer is where it says, and this side told where it is. */
const resume = (side: Side, peer: Partial<Positions> = {}, reborn = false): readonly StreamEffect[] => {
  const { received, done } = side.state;
  const told = { received: 0, done: 0, seen: 0, last: received, exceptions: [], incarnation: 1, ...peer };
  return side.do({ type: 'resumed', own: { received, done }, peer: told, reborn });
};

/** What is said in one turn, without acknowledgements. */
const said = (side: Side): readonly OutboundPacket[] =>
  only(side.flush(), 'write')
    .flatMap(({ packets }) => packets)
    .filter(({ kind }) => kind !== 'ack');
const kinds = (side: Side): readonly string[] => said(side).map(({ kind }) => kind);

/** So many links in a row that carried all that was to be shipped and brought nothing of it: what was handed back meanwhile. */
const stall = (side: Side, links: number, peer: Partial<Positions> = {}): readonly number[] => {
  const handedBack: number[] = [];
  for (let link = 0; link < links; link += 1) {
    side.flush();
    handedBack.push(...only(resume(side, peer), 'handedBack').map(({ shipped }) => shipped.number));
  }
  return handedBack;
};

resuming('what is handed back leaves the buffer, with its size', () => {
  const side = new Side();
  side.send(message(1, 30), message(2, 7));
  assert.equal(stall(side, stallsMax), [1]);
  assert.equal(side.state.held, { messages: 1, size: 7 });
});

resuming('an answer that is handed back leaves the room of the answers, and no message does', () => {
  const side = new Side();
  side.send(reply(1), message(2));
  assert.equal(stall(side, stallsMax), [1]);
  assert.equal([side.state.held.messages, side.state.heldAnswers.messages], [1, 0]);
});

resuming('a link that brought a part of what it carried was not in vain: nothing is handed back, and the count begins anew', () => {
  const side = new Side();
  side.send(message(1), message(2), message(3));
  assert.equal(stall(side, stallsMax - 1), []);
  assert.equal(stall(side, 1, { received: 1 }), []);
  assert.equal(stall(side, stallsMax - 1, { received: 1 }), []);
  assert.equal(stall(side, 1, { received: 1 }), [2]);
});

resuming('a link that had nothing to carry was not in vain', () => {
  const side = new Side();
  side.send(message(1));
  side.flush();
  for (let link = 0; link < stallsMax; link += 1) resume(side, { received: 1 });
  side.send(message(2));
  assert.equal(stall(side, stallsMax - 1, { received: 1 }), []);
  assert.equal(stall(side, 1, { received: 1 }), [2]);
});

resuming('a link that was lost before anything was shipped on it says nothing about what waited to be', () => {
  const side = new Side();
  side.send(message(1));
  assert.equal(stall(side, 1), []);
  for (let link = 0; link < stallsMax; link += 1) assert.equal(resume(side), []);
});

resuming('an end is never handed back, however many links carry it in vain, and takes no room', () => {
  const side = new Side();
  side.end();
  assert.equal(stall(side, 3 * stallsMax), []);
  assert.equal(kinds(side), ['end']);
});

resuming('a skip that no link outlives is shipped again each time: there is nothing to hand back', () => {
  const side = new Side();
  side.send(reply(1));
  assert.equal(stall(side, stallsMax), [1]);
  assert.equal(stall(side, 2 * stallsMax), []);
  assert.equal(kinds(side), ['skip']);
});

resuming('what stands behind a skip is not handed back for it: it may never have been reached', () => {
  const side = new Side();
  side.send(message(1), message(2));
  assert.equal(stall(side, stallsMax), [1]);
  assert.equal(stall(side, 2 * stallsMax), []);
  assert.equal(kinds(side), ['skip', 'message']);
});

resuming('an end that the peer has received and forgotten is said again under its number, time after time', () => {
  const side = new Side();
  side.send(message(1));
  side.end();
  side.flush();
  for (let life = 0; life < 3; life += 1) {
    resume(side, { received: 2 });
    assert.equal(kinds(side), []);
    resume(side, {}, true);
    assert.equal(kinds(side), ['message', 'end']);
    assert.is(positionsOf(side.state).last, 2);
  }
});

resuming('of what the peer has, an end alone is kept of what takes no credit', () => {
  const side = new Side();
  side.send(reply(1), reply(2));
  side.end();
  side.flush();
  resume(side, { received: 3 });
  assert.equal(
    toArray(side.state.answers).map(({ number, entry }) => [number, entry.item.kind]),
    [[3, 'end']],
  );
});

resuming('exceptions that the peer has seen are told no more, all others are until it has', () => {
  const side = new Side();
  side.arrive(aMessage, aMessage, aMessage);
  for (const number of [1, 2, 3]) side.settle(number, 'failed');
  resume(side, { seen: 2 });
  assert.equal(positionsOf(side.state).exceptions, [{ number: 3, outcome: 'failed' }]);
  side.arrive({ ...aMessage });
  assert.equal(ackIn(side.ackDue()).exceptions, [{ number: 3, outcome: 'failed' }]);
});

resuming('positions tell the exceptions that are part of what is done, and none beyond it', () => {
  const side = new Side();
  side.arrive(aMessage, aMessage, aMessage, aMessage);
  side.settle(1, 'failed');
  side.settle(2, 'unhandled');
  side.settle(4, 'failed');
  const { done, exceptions } = positionsOf(side.state);
  assert.is(done, 2);
  assert.equal(exceptions, [
    { number: 1, outcome: 'failed' },
    { number: 2, outcome: 'unhandled' },
  ]);
});

resuming('the delay of an acknowledgement that the lost link waited for is asked for anew on the next', () => {
  const side = new Side();
  side.arrive(aMessage);
  assert.equal(types(side.flush()), ['awaitAckDelay']);
  resume(side);
  assert.equal(side.flush(), [], 'the positions told it');
  side.arrive(aMessage);
  assert.equal(types(side.flush()), ['awaitAckDelay']);
});

resuming('text that was done before the resume is credit that the positions gave: it hurries no acknowledgement any more', () => {
  const side = new Side({ ownWindow: { messages: 100, size: 1_000 } });
  side.arrive({ ...aMessage, size: 400 }, { ...aMessage, size: 400 });
  side.settle(1);
  resume(side);
  side.settle(2);
  assert.equal(types(side.flush()), ['awaitAckDelay']);
});

resuming('what the peer has and is not done with takes its window, as on the link before', () => {
  const side = new Side({ peerWindow: { messages: 2, size: 10_000 } });
  side.send(request(1), message(2), message(3));
  side.flush();
  resume(side, { received: 1 });
  assert.equal(written(side.flush()), [['message']]);
  side.arrive(ackOf({ received: 2, done: 1 }));
  assert.equal(written(side.flush()), [['message']]);
});

resuming('what is new is not isolated with what goes again: behind it, batches are full', () => {
  const side = new Side();
  side.send(message(1), message(2));
  stall(side, 2);
  side.send(message(3), message(4), message(5));
  assert.equal(written(side.flush()), [['message'], ['message'], ['message', 'message', 'message']]);
});

resuming('a number is told to its request once: shipped again, it has the one that it had', () => {
  const side = new Side();
  side.send(request(1));
  assert.equal(types(side.flush()), ['numbered', 'write']);
  resume(side);
  assert.equal(types(side.flush()), ['write']);
  assert.is(side.state.shipped, 1);
});

resuming('a goodbye that is to be shipped again completes nothing, though everything before it is done', () => {
  const side = new Side();
  side.send(message(1));
  side.end();
  side.arrive(anEnd);
  side.flush();
  assert.equal(types(resume(side, { received: 1, done: 1, last: 1 })), ['confirmed']);
  assert.equal(types(side.flush()), ['write']);
  assert.equal(types(side.arrive(ackOf({ received: 2, done: 2, last: 1, seen: 1 }))), ['complete']);
});

resuming.run();
