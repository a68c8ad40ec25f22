/** What has a time, and what is replaced by something newer. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toArray } from '../../../machines/stream/queue.js';
import type { Entry } from '../../../machines/stream/state.js';
import { unconfirmedCount } from '../../../machines/stream/stream.js';
import { ackOf, message, only, pureStep, reply, request, Side, types, written } from './rig.js';

const until = (entry: Entry, expiresAt: number): Entry => ({ ...entry, expiresAt });

const narrow = { peerWindow: { messages: 1, size: 1_000 } };

const timed = suite('an item with a time');

const left = (side: Side): readonly unknown[] =>
  only(side.flush(), 'write')
    .flatMap(({ packets }) => packets)
    .map((packet) => (packet.kind === 'message' ? packet.options : packet.kind === 'request' ? packet.timeoutMs : packet.kind));

timed('is shipped with what is left of it, in whole milliseconds, and a request with what is left of its wait', () => {
  const side = new Side();
  side.send(until(message(1), 1_000), until(request(2), 500.2), message(3));
  side.now = 400;
  assert.equal(left(side), [{ ttlMs: 600 }, 101, undefined]);
});

timed('keeps the other options that it has', () => {
  const side = new Side();
  const { item, ...rest } = message(1);
  if (item.kind !== 'message') return assert.unreachable();
  side.send({ ...rest, item: { ...item, options: { redelivered: true } }, expiresAt: 10 });
  assert.equal(left(side), [{ redelivered: true, ttlMs: 10 }]);
});

timed('is dropped where its time is over before it is shipped: it gets no number, its room is free, and its sender is told', () => {
  const side = new Side();
  const entries = [until(message(1), 10), message(2), until(request(3), 11)] as const;
  side.send(...entries);
  side.now = 10;
  const effects = side.flush();
  assert.equal(types(effects), ['dropped', 'numbered', 'write']);
  assert.equal(only(effects, 'dropped'), [{ type: 'dropped', entry: entries[0], why: 'expired' }]);
  assert.equal(written(effects), [['message', 'request']]);
  assert.is(side.state.shipped, 2);
  assert.is(unconfirmedCount(side.state), 2);
});

timed('that is dropped leaves its place in the batch to what is behind it', () => {
  const side = new Side({ batchItemsMax: 1 });
  side.send(message(1), until(message(2), 5), message(3), until(message(4), 5));
  side.now = 5;
  assert.equal(written(side.flush()), [['message'], ['message']]);
  assert.is(side.state.shipped, 2);
});

timed('that waits for credit is dropped when its time has come, wherever it waits', () => {
  const side = new Side(narrow);
  const entries = [message(1), message(2), until(message(3), 10), until(message(4), 20), until(request(5), 10)] as const;
  side.send(...entries);
  side.flush();
  assert.is(side.state.nextExpiry, 10);
  assert.equal(side.do({ type: 'expire', now: 9 }), []);
  assert.equal(
    only(side.do({ type: 'expire', now: 10 }), 'dropped').map(({ entry, why }) => [entry.ticket, why]),
    [
      [3, 'expired'],
      [5, 'expired'],
    ],
  );
  assert.equal(
    toArray(side.state.queued).map(({ ticket }) => ticket),
    [2, 4],
  );
  assert.is(side.state.nextExpiry, 20);
  assert.is(unconfirmedCount(side.state), 3);
  side.do({ type: 'expire', now: 20 });
  assert.is(side.state.nextExpiry, null);
});

timed('makes the next look no later than any of them is due, and none is needed once all is shipped', () => {
  const side = new Side(narrow);
  side.send(until(message(1), 30), until(message(2), 20), until(message(3), 25));
  assert.is(side.state.nextExpiry, 20);
  side.flush();
  assert.is(side.state.nextExpiry, 20, 'two still wait');
  side.arrive(ackOf({ received: 1, done: 1 }));
  side.flush();
  side.arrive(ackOf({ received: 2, done: 2 }));
  side.flush();
  assert.is(side.state.nextExpiry, null);
});

timed('that is shipped is never dropped: shipped again, it has what is left, and nothing where that is over', () => {
  const side = new Side();
  side.send(until(message(1), 100), until(request(2), 300));
  side.flush();
  assert.equal(side.do({ type: 'expire', now: 500 }), []);
  const positions = { received: 0, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 };
  side.do({ type: 'resumed', own: { received: 0, done: 0 }, peer: positions, reborn: false });
  side.now = 200;
  assert.equal(left(side), [{ ttlMs: 0 }, 100]);
  assert.is(side.state.shipped, 2);
});

const keyed = suite('an item that replaces another');

const replacing = (side: Side, entry: Entry, replaces: number) => side.do({ type: 'send', entry, replaces });

keyed('takes the room of one that is not shipped, and goes behind all that was sent before it', () => {
  const side = new Side({ buffer: { messages: 3, size: 100 } });
  const former = message(1, 40);
  side.send(former, message(2, 30), message(3, 30));
  assert.equal(replacing(side, message(4, 40), 1), [{ type: 'dropped', entry: former, why: 'replaced' }]);
  assert.equal(
    toArray(side.state.queued).map(({ ticket }) => ticket),
    [2, 3, 4],
  );
  assert.is(unconfirmedCount(side.state), 3);
});

keyed('is refused where there is no room even so, and the other one stays', () => {
  const side = new Side({ buffer: { messages: 2, size: 100 } });
  side.send(message(1, 40), message(2, 40));
  const before = side.state;
  assert.equal(replacing(side, message(3, 61), 1), [{ type: 'refused', ticket: 3, code: 'BufferFullError' }]);
  assert.is(side.state, before);
});

keyed('replaces nothing that is shipped, or that never was', () => {
  const side = new Side(narrow);
  side.send(message(1), message(3));
  side.flush();
  for (const former of [1, 2, 4]) assert.equal(replacing(side, message(10 + former), former), []);
  assert.is(unconfirmedCount(side.state), 5);
});

keyed('is refused behind the goodbye', () => {
  const side = new Side();
  side.send(message(1));
  side.end();
  assert.equal(replacing(side, message(2), 1), [{ type: 'refused', ticket: 2, code: 'NoActiveSessionError' }]);
  assert.is(unconfirmedCount(side.state), 1);
});

keyed('may have a time of its own', () => {
  const side = new Side(narrow);
  side.send(message(1), until(message(2), 10));
  side.flush();
  replacing(side, until(message(3), 50), 2);
  assert.equal(types(side.do({ type: 'expire', now: 10 })), []);
  assert.is(side.state.nextExpiry, 50);
});

keyed('is dropped like any other: an answer has neither key nor time', () => {
  const side = new Side();
  side.send(reply(1));
  assert.equal(replacing(side, message(2), 1), []);
  const [, effects] = pureStep(side.state, { type: 'flush' });
  assert.equal(written(effects), [['reply', 'message']]);
});

timed.run();
keyed.run();
