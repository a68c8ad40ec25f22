/** What a side ships, in which order, how much at a time, and what it takes back. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toArray } from '../../../machines/stream/queue.js';
import { unconfirmed, unconfirmedCount } from '../../../machines/stream/stream.js';
import { ackOf, aMessage, cancel, message, only, reply, request, Side, types, written, writtenSizes } from './rig.js';

const sending = suite('sending');

sending('an accepted item waits for the flush that ends its turn, and all of a turn leaves in one batch', () => {
  const side = new Side();
  assert.equal(side.send(message(1), message(2)), []);
  assert.equal(written(side.flush()), [['message', 'message']]);
  assert.equal(side.flush(), []);
});

sending('numbers are implicit: they are given in the order of shipping, and a request is told its own before it is written', () => {
  const side = new Side();
  side.send(message(1), request(2), reply(3), request(4));
  assert.equal(side.state.shipped, 0);
  const effects = side.flush();
  assert.equal(only(effects, 'numbered'), [
    { type: 'numbered', ticket: 2, number: 2 },
    { type: 'numbered', ticket: 4, number: 4 },
  ]);
  assert.equal(types(effects), ['numbered', 'numbered', 'write']);
  assert.is(side.state.shipped, 4);
});

sending('the order of sending is kept where credit allows', () => {
  const side = new Side();
  side.send(reply(1), message(2), reply(3), request(4), cancel(5));
  assert.equal(written(side.flush()), [['reply', 'message', 'reply', 'request', 'cancel']]);
});

sending("no more messages and requests are in flight than the peer's window holds", () => {
  const side = new Side({ peerWindow: { messages: 2, size: 10_000 } });
  side.send(message(1), request(2), message(3), message(4));
  assert.equal(written(side.flush()), [['message', 'request']]);
  assert.equal(side.flush(), []);
  side.arrive(ackOf({ received: 2, done: 1 }));
  assert.equal(written(side.flush()), [['message']]);
});

sending("no more text is in flight than the peer's window holds", () => {
  const side = new Side({ peerWindow: { messages: 10, size: 100 } });
  side.send(message(1, 60), message(2, 40), message(3, 10));
  assert.equal(writtenSizes(side.flush()), [[60, 40]]);
  side.arrive(ackOf({ received: 1, done: 1 }));
  assert.equal(writtenSizes(side.flush()), [[10]]);
});

sending('a message without room is not overtaken by a smaller one that has it', () => {
  const side = new Side({ peerWindow: { messages: 10, size: 100 } });
  side.send(message(1, 60), message(2, 50), message(3, 10));
  assert.equal(writtenSizes(side.flush()), [[60]]);
});

sending('credit comes back with what is done, not with what is only received', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  side.send(message(1), message(2));
  side.flush();
  side.arrive(ackOf({ received: 1 }));
  assert.equal(side.flush(), []);
  side.arrive(ackOf({ received: 1, done: 1 }));
  assert.equal(written(side.flush()), [['message']]);
});

sending('one item may always go where nothing is in flight, however small the window', () => {
  const side = new Side({ peerWindow: { messages: 5, size: 10 } });
  side.send(message(1, 500), message(2, 5));
  assert.equal(writtenSizes(side.flush()), [[500]]);
  side.arrive(ackOf({ received: 1, done: 1 }));
  assert.equal(writtenSizes(side.flush()), [[5]]);
});

sending('answers and cancels need no credit: they pass messages where both sides are full', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  side.send(message(1), message(2), reply(3), cancel(4));
  assert.equal(written(side.flush()), [['message', 'reply', 'cancel']]);
  assert.equal(side.state.inFlight, { messages: 1, size: 10 });
  side.send(reply(5));
  assert.equal(written(side.flush()), [['reply']]);
});

sending('an answer that is done frees no credit, as it took none', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  side.send(reply(1), message(2), message(3));
  side.flush();
  side.arrive(ackOf({ received: 2, done: 1 }));
  assert.equal(side.flush(), []);
  assert.equal(side.state.inFlight, { messages: 1, size: 10 });
});

sending('a batch is capped by items, and what is left follows in further ones', () => {
  const side = new Side({ batchItemsMax: 2 });
  side.send(message(1), message(2), reply(3), message(4), message(5));
  assert.equal(written(side.flush()), [['message', 'message'], ['reply', 'message'], ['message']]);
});

sending('a batch of several items is capped by size; a larger one goes by itself', () => {
  const side = new Side({ batchSizeMax: 100 });
  side.send(message(1, 60), message(2, 40), message(3, 10), message(4, 500), reply(5, 1, 90), message(6, 11));
  assert.equal(writtenSizes(side.flush()), [[60, 40], [10], [500], [90], [11]]);
});

sending('no empty batch follows one that was exactly full', () => {
  const side = new Side({ batchItemsMax: 2 });
  side.send(message(1), message(2));
  assert.equal(written(side.flush()), [['message', 'message']]);
});

sending('past the bound of the buffer a send is refused with BufferFullError, and nothing that was accepted is lost', () => {
  const side = new Side({ buffer: { messages: 2, size: 100 } });
  assert.equal(side.send(message(1), request(2)), []);
  const before = side.state;
  assert.equal(side.send(message(3)), [{ type: 'refused', ticket: 3, code: 'BufferFullError' }]);
  assert.is(side.state, before);
  side.flush();
  assert.equal(types(side.send(message(4))), ['refused'], 'what is shipped and not done is held too');
  side.arrive(ackOf({ received: 2, done: 1 }));
  assert.equal(side.send(message(5)), []);
  assert.equal(
    unconfirmed(side.state).map(({ ticket }) => ticket),
    [2, 5],
  );
});

sending('the buffer is bounded by size as well', () => {
  const side = new Side({ buffer: { messages: 10, size: 100 } });
  assert.equal(side.send(message(1, 60), message(2, 40)), []);
  assert.equal(side.send(message(3, 2)), [{ type: 'refused', ticket: 3, code: 'BufferFullError' }]);
});

sending("an answer is taken where the buffer is full: its room is its request's", () => {
  const side = new Side({ buffer: { messages: 1, size: 100 } });
  side.send(message(1));
  assert.equal(side.send(reply(2), cancel(3)), []);
  assert.equal(written(side.flush()), [['message', 'reply', 'cancel']]);
});

sending('what is withdrawn before it is shipped is handed back and never shipped', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  const entries = [message(1), message(2), message(3), message(4)] as const;
  side.send(...entries);
  side.flush();
  assert.equal(side.withdraw(3), [{ type: 'withdrawn', entry: entries[2] }]);
  assert.equal(side.withdraw(2), [{ type: 'withdrawn', entry: entries[1] }]);
  assert.equal(
    toArray(side.state.queued).map(({ ticket }) => ticket),
    [4],
  );
  assert.is(unconfirmedCount(side.state), 2);
});

sending('what is shipped can not be withdrawn, nor what never was there, nor twice', () => {
  const side = new Side();
  side.send(message(2));
  side.flush();
  side.send(message(4), reply(5), message(7));
  side.withdraw(4);
  const before = side.state;
  for (const ticket of [-1, 1, 2, 3, 4, 5, 6, 8]) assert.equal(side.withdraw(ticket), [], `ticket ${ticket}`);
  assert.is(side.state, before);
});

sending('a withdrawn item makes room in the buffer', () => {
  const side = new Side({ buffer: { messages: 1, size: 100 } });
  side.send(message(1));
  side.withdraw(1);
  assert.equal(side.send(message(2)), []);
});

sending('a confirmation brings back the very entries, each with its number', () => {
  const side = new Side();
  const entries = [message(1), reply(2), request(3)] as const;
  side.send(...entries);
  side.flush();
  assert.equal(side.arrive(ackOf({ received: 3, done: 1 })), [
    { type: 'confirmed', entries: [{ number: 1, entry: entries[0] }], exceptions: [] },
  ]);
  const [confirmed] = only(side.arrive(ackOf({ received: 3, done: 3 })), 'confirmed');
  assert.is(confirmed?.entries.length, 1);
  assert.is(confirmed?.entries[0]?.number, 3);
  assert.is(confirmed?.entries[0]?.entry, entries[2]);
  assert.is(unconfirmedCount(side.state), 0);
});

sending('what is not known as done is told oldest first, shipped or not, without answers and ends', () => {
  const side = new Side({ peerWindow: { messages: 2, size: 100 } });
  side.send(message(1), reply(2), request(3), message(4), reply(5));
  side.end();
  side.flush();
  assert.equal(
    unconfirmed(side.state).map(({ ticket }) => ticket),
    [1, 3, 4],
  );
  assert.is(unconfirmedCount(side.state), 3);
});

sending('an acknowledgement of nothing new changes nothing', () => {
  const side = new Side();
  side.send(message(1));
  side.flush();
  side.arrive(ackOf({ received: 1, done: 1 }));
  assert.equal(side.arrive(ackOf({ received: 1, done: 1 })), []);
});

sending('what arrives takes nothing of what this side may send', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  side.arrive(aMessage, aMessage);
  side.send(message(1));
  assert.equal(written(side.flush()), [['message', 'ack']]);
});

sending.run();
