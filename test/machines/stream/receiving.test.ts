/** What a side makes of what arrives, and of what its handlers come to. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Outcome } from '../../../machines/stream/packets.js';
import { toArray } from '../../../machines/stream/queue.js';
import type { StreamEffect } from '../../../machines/stream/state.js';
import { ackIn, ackOf, aMessage, anEnd, aReply, aRequest, message, only, Side, types } from './rig.js';

const receiving = suite('receiving');

receiving('numbers are implicit: the receiver counts', () => {
  const side = new Side();
  assert.equal(side.arrive(aMessage, aRequest, aReply), [
    { type: 'deliver', number: 1, item: aMessage },
    { type: 'deliver', number: 2, item: aRequest },
    { type: 'deliver', number: 3, item: aReply },
  ]);
  assert.is(side.state.received, 3);
});

receiving('messages and requests are done when they are settled, answers and cancels on arrival', () => {
  const side = new Side();
  side.arrive(aReply, { kind: 'cancel', to: 1, size: 0 }, { kind: 'failure', to: 1, code: 'RequestFailedError', message: '', size: 0 });
  assert.is(side.state.done, 3);
  side.arrive(aMessage, aRequest);
  assert.is(side.state.done, 3);
  side.settle(4);
  side.settle(5);
  assert.is(side.state.done, 5);
});

receiving('done is cumulative: what is settled out of turn counts once all before it is settled', () => {
  const side = new Side();
  side.arrive(aMessage, aMessage, aMessage, aMessage, aMessage);
  const dones = [3, 5, 2, 1, 4].map((number) => {
    side.settle(number);
    return side.state.done;
  });
  assert.equal(dones, [0, 0, 0, 3, 5]);
});

receiving('done is right in every order of settling', () => {
  const orders = (numbers: readonly number[]): readonly (readonly number[])[] =>
    numbers.length === 0 ? [[]] : numbers.flatMap((number) => orders(numbers.filter((n) => n !== number)).map((rest) => [number, ...rest]));
  for (const order of orders([1, 2, 4, 5, 6])) {
    const side = new Side();
    // Number 3 is an answer: it is settled on arrival.
    side.arrive(aMessage, aMessage, aReply, aMessage, aMessage, aMessage);
    const settled = new Set([3]);
    for (const number of order) {
      side.settle(number);
      settled.add(number);
      let done = 0;
      while (settled.has(done + 1)) done += 1;
      assert.is(side.state.done, done, `after ${[...settled]}`);
    }
    assert.equal(side.state.taken, { messages: 0, size: 0 });
    assert.equal(toArray(side.state.gaps), []);
  }
});

receiving('an answer does not wait for the messages before it, and is part of done only with them', () => {
  const side = new Side();
  side.arrive(aMessage);
  assert.equal(types(side.arrive(aReply)), ['deliver']);
  assert.is(side.state.done, 0);
  side.settle(1);
  assert.is(side.state.done, 2);
});

receiving('however many answers come behind a slow handler, no more is kept of them than of the messages between them', () => {
  const side = new Side();
  side.arrive(aMessage);
  for (let count = 0; count < 200; count += 1) side.arrive(aReply);
  assert.equal(toArray(side.state.open), [{ number: 1, size: 10 }]);
  assert.equal(toArray(side.state.gaps), [{ from: 1, to: 1 }]);
  side.settle(1);
  assert.is(side.state.done, 201);
});

receiving('settling twice, or what was never received, or what is done on arrival, changes nothing', () => {
  const side = new Side();
  side.arrive(aMessage, aMessage, aReply, aMessage, aMessage, aMessage);
  side.settle(1);
  side.settle(5, 'failed');
  const before = side.state;
  for (const number of [-1, 0, 1, 3, 5, 7, 100]) {
    assert.equal(side.settle(number, 'failed'), []);
    assert.is(side.state, before, `number ${number}`);
  }
});

receiving('an exception is told once done covers it, not before', () => {
  const side = new Side();
  side.arrive(aMessage, aMessage, aMessage);
  side.settle(2, 'failed');
  assert.equal(ackIn(side.ackDue()), ackOf({ received: 3 }));
  side.settle(1);
  assert.equal(ackIn(side.ackDue()), ackOf({ received: 3, done: 2, exceptions: [{ number: 2, outcome: 'failed' }] }));
});

receiving('every outcome but handled is an exception, and they are told in the order of their numbers', () => {
  const side = new Side();
  side.arrive(aMessage, aMessage, aMessage, aMessage);
  const outcomes: readonly Outcome[] = ['failed', 'handled', 'expired', 'unhandled'];
  for (const number of [3, 4, 2, 1]) side.settle(number, outcomes[number - 1] as Outcome);
  assert.equal(ackIn(side.ackDue()).exceptions, [
    { number: 1, outcome: 'failed' },
    { number: 3, outcome: 'expired' },
    { number: 4, outcome: 'unhandled' },
  ]);
});

receiving('exceptions are restated until the peer has seen them, and dropped after', () => {
  const side = new Side();
  const failed = { number: 1, outcome: 'failed' } as const;
  const expired = { number: 2, outcome: 'expired' } as const;
  side.arrive(aMessage);
  side.settle(1, 'failed');
  assert.equal(ackIn(side.ackDue()).exceptions, [failed]);
  side.arrive(aMessage);
  side.settle(2, 'expired');
  assert.equal(ackIn(side.ackDue()).exceptions, [failed, expired]);
  side.arrive(ackOf({ last: 2, seen: 1 }), aMessage);
  assert.equal(ackIn(side.ackDue()).exceptions, [expired]);
  side.arrive(ackOf({ last: 3, seen: 2 }), aMessage);
  assert.equal(ackIn(side.ackDue()).exceptions, []);
  assert.equal(toArray(side.state.exceptions), []);
});

receiving('a restated exception is heard once', () => {
  const side = new Side();
  side.send(message(1), message(2));
  side.flush();
  const failed = { number: 1, outcome: 'failed' } as const;
  const confirmed = (effects: readonly StreamEffect[]) =>
    only(effects, 'confirmed').map(({ entries, exceptions }) => ({ numbers: entries.map(({ number }) => number), exceptions }));
  assert.equal(confirmed(side.arrive(ackOf({ received: 2, done: 1, exceptions: [failed] }))), [{ numbers: [1], exceptions: [failed] }]);
  assert.equal(side.arrive(ackOf({ received: 2, done: 1, exceptions: [failed] })), []);
  assert.equal(confirmed(side.arrive(ackOf({ received: 2, done: 2, exceptions: [failed] }))), [{ numbers: [2], exceptions: [] }]);
});

receiving("the peer's end is told, and is itself no item for anyone to handle", () => {
  const side = new Side();
  assert.equal(side.arrive(aMessage, anEnd), [{ type: 'deliver', number: 1, item: aMessage }, { type: 'peerEnded' }]);
  side.settle(1);
  assert.is(side.state.done, 2);
});

receiving('what is handled gives its room back', () => {
  const side = new Side({ ownWindow: { messages: 2, size: 100 } });
  side.arrive(aMessage, aMessage);
  assert.equal(side.state.taken, { messages: 2, size: 20 });
  side.settle(2);
  assert.equal(side.state.taken, { messages: 2, size: 20 }, 'only as part of done: the sender knows of nothing else');
  side.settle(1);
  assert.equal(side.state.taken, { messages: 0, size: 0 });
  assert.equal(types(side.arrive(aMessage, aMessage)), ['deliver', 'deliver']);
});

receiving.run();
