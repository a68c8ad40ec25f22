/** When an acknowledgement goes, and what it says. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ackIn, ackOf, aMessage, anEnd, cancel, message, Side, types, written } from './rig.js';

const acknowledging = suite('acknowledging');

acknowledging('an acknowledgement rides on data, behind it, and tells the last number of that data', () => {
  const side = new Side();
  side.arrive(aMessage, aMessage);
  side.settle(1);
  side.send(message(1), message(2));
  const effects = side.flush();
  assert.equal(written(effects), [['message', 'message', 'ack']]);
  assert.equal(ackIn(effects), ackOf({ received: 2, done: 1, last: 2 }));
});

acknowledging('it rides on the last of several batches', () => {
  const side = new Side({ batchItemsMax: 2 });
  side.arrive(aMessage);
  side.send(message(1), message(2), message(3), message(4));
  const effects = side.flush();
  assert.equal(written(effects), [
    ['message', 'message'],
    ['message', 'message', 'ack'],
  ]);
  assert.is(ackIn(effects).last, 4);
});

acknowledging('without data it waits, asks once for the delay, and goes alone when it is due', () => {
  const side = new Side();
  side.arrive(aMessage);
  assert.equal(side.flush(), [{ type: 'awaitAckDelay' }]);
  side.arrive(aMessage);
  assert.equal(side.flush(), [], 'the delay is already running');
  assert.equal(written(side.ackDue()), [['ack']]);
  assert.equal(side.flush(), []);
});

acknowledging('one that rode on data before its delay was over does not go again', () => {
  const side = new Side();
  side.arrive(aMessage);
  side.flush();
  side.send(message(1));
  assert.equal(written(side.flush()), [['message', 'ack']]);
  assert.equal(side.ackDue(), []);
});

acknowledging('the delay is asked for again after each acknowledgement', () => {
  const side = new Side();
  side.arrive(aMessage);
  side.flush();
  side.ackDue();
  side.settle(1);
  assert.equal(side.flush(), [{ type: 'awaitAckDelay' }]);
});

acknowledging('data without news carries no acknowledgement', () => {
  const side = new Side();
  side.send(message(1));
  assert.equal(written(side.flush()), [['message']]);
  side.arrive(ackOf({ received: 1, done: 1 }));
  side.send(message(2));
  assert.equal(written(side.flush()), [['message']]);
});

acknowledging('it goes at once at half of the credit in messages received', () => {
  const side = new Side({ ownWindow: { messages: 4, size: 10_000 } });
  side.arrive(aMessage);
  assert.equal(types(side.flush()), ['awaitAckDelay']);
  side.arrive(aMessage);
  assert.equal(written(side.flush()), [['ack']]);
});

acknowledging('it goes at once at half of the credit in messages done', () => {
  const side = new Side({ ownWindow: { messages: 4, size: 10_000 } });
  side.arrive(aMessage, aMessage);
  side.flush();
  side.settle(1);
  assert.equal(types(side.flush()), ['awaitAckDelay']);
  side.settle(2);
  assert.equal(written(side.flush()), [['ack']]);
});

acknowledging('what was told, as received or as done, counts no more towards the half', () => {
  const side = new Side({ ownWindow: { messages: 4, size: 10_000 } });
  side.arrive(aMessage, aMessage);
  side.settle(1);
  side.ackDue();
  side.arrive(aMessage);
  side.settle(2);
  assert.equal(types(side.flush()), ['awaitAckDelay']);
});

acknowledging('it goes at once at half of the credit in size: a peer with few large messages must not stand still for the delay', () => {
  const side = new Side({ ownWindow: { messages: 100, size: 1_000 } });
  side.arrive({ ...aMessage, size: 499 }, { ...aMessage, size: 1 });
  side.settle(1);
  assert.equal(types(side.flush()), ['awaitAckDelay']);
  side.settle(2);
  assert.equal(written(side.flush()), [['ack']]);
  side.arrive({ ...aMessage, size: 499 });
  side.settle(3);
  assert.equal(types(side.flush()), ['awaitAckDelay'], 'what was told counts no more');
});

acknowledging('it goes at once when the peer has ended', () => {
  const side = new Side();
  side.arrive(aMessage, anEnd);
  assert.equal(ackIn(side.flush()), ackOf({ received: 2 }));
  side.settle(1);
  assert.equal(ackIn(side.flush()), ackOf({ received: 2, done: 2 }));
  assert.equal(side.flush(), []);
});

acknowledging('it tells how far the peer was seen to be', () => {
  const side = new Side();
  side.send(message(1), message(2));
  side.flush();
  side.arrive(aMessage, ackOf({ received: 2, done: 1, last: 1 }));
  assert.is(ackIn(side.ackDue()).seen, 1);
});

acknowledging('that exceptions are known is news: without it, a peer that only receives would keep and restate them for ever', () => {
  const side = new Side();
  side.send(message(1), message(2));
  side.flush();
  side.arrive(ackOf({ received: 1, done: 1, exceptions: [{ number: 1, outcome: 'unhandled' }] }));
  assert.equal(side.flush(), [{ type: 'awaitAckDelay' }]);
  assert.equal(ackIn(side.ackDue()), ackOf({ last: 2, seen: 1 }));
  side.arrive(ackOf({ received: 2, done: 2, exceptions: [{ number: 1, outcome: 'unhandled' }] }));
  assert.equal(side.flush(), [], 'those that are restated are not');
});

acknowledging('an exception is restated until the peer is known to have it: what it says meanwhile may have left before it heard', () => {
  const side = new Side();
  const exceptions = [{ number: 1, outcome: 'failed' }] as const;
  side.arrive(aMessage);
  side.settle(1, 'failed');
  assert.equal(ackIn(side.ackDue()).exceptions, exceptions);
  side.arrive(aMessage, ackOf({ last: 2, seen: 0 }));
  assert.equal(ackIn(side.ackDue()).exceptions, exceptions);
  side.arrive(aMessage, ackOf({ last: 3, seen: 1 }));
  assert.equal(ackIn(side.ackDue()).exceptions, []);
});

acknowledging('known exceptions are told behind the next data', () => {
  const side = new Side();
  side.send(message(1));
  side.flush();
  side.arrive(ackOf({ received: 1, done: 1, exceptions: [{ number: 1, outcome: 'failed' }] }));
  side.send(message(2));
  assert.equal(ackIn(side.flush()), ackOf({ last: 2, seen: 1 }));
});

acknowledging('an acknowledgement is never answered by one, so that two quiet sides stay quiet', () => {
  const [a, b] = [new Side(), new Side()];
  a.send(message(1), cancel(2));
  a.flush();
  b.arrive(aMessage, { kind: 'cancel', to: 1, size: 0 });
  b.settle(1, 'failed');
  a.arrive(ackIn(b.ackDue()));
  b.arrive(ackIn(a.ackDue()));
  for (const side of [a, b]) {
    assert.equal(side.flush(), []);
    assert.equal(side.ackDue(), []);
  }
});

acknowledging.run();
