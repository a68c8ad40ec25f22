/** The goodbye: what may be said around it, and that both sides come to its end. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StreamLimits } from '../../../machines/stream/state.js';
import { unconfirmed } from '../../../machines/stream/stream.js';
import { explore, type Script } from './explore.js';
import { ackIn, ackOf, aMessage, anEnd, limitsOf, message, reply, request, Side, types, written } from './rig.js';

const ending = suite('ending');

const noSession = (ticket: number) => ({ type: 'refused', ticket, code: 'NoActiveSessionError' });

ending('the end is said behind all that was sent before it', () => {
  const side = new Side();
  side.send(message(1), request(2));
  assert.equal(side.end(), []);
  assert.equal(written(side.flush()), [['message', 'request', 'end']]);
  assert.is(side.state.shipped, 3);
});

ending('after the end a send is refused', () => {
  const side = new Side();
  side.end();
  assert.equal(side.send(message(1), request(2)), [noSession(1), noSession(2)]);
  side.flush();
  assert.equal(side.send(message(3)), [noSession(3)]);
});

ending('said twice, the end is said once', () => {
  const side = new Side();
  side.end();
  side.end();
  assert.equal(written(side.flush()), [['end']]);
  side.end();
  assert.equal(side.flush(), []);
});

ending('answers that are ready before the end is shipped go before it; later ones are refused', () => {
  const side = new Side();
  side.send(message(1), reply(2));
  side.end();
  assert.equal(side.send(reply(3)), []);
  assert.equal(written(side.flush()), [['message', 'reply', 'reply', 'end']]);
  assert.equal(side.send(reply(4)), [noSession(4)]);
});

ending('the end waits for credit behind the messages that do, and answers still pass', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  side.send(message(1), message(2));
  side.end();
  side.flush();
  side.send(reply(3));
  assert.equal(written(side.flush()), [['reply']]);
  side.arrive(ackOf({ received: 2, done: 1 }));
  assert.equal(written(side.flush()), [['message', 'end']]);
});

ending('the end takes no credit and no room in the buffer', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 }, buffer: { messages: 1, size: 100 } });
  side.send(message(1));
  side.end();
  assert.equal(written(side.flush()), [['message', 'end']]);
  assert.equal(side.state.held, { messages: 1, size: 10 });
});

ending('the end can not be withdrawn, and what stands before it can', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 100 } });
  side.send(message(1));
  side.end();
  for (const ticket of [-1, 0, 2]) assert.equal(side.withdraw(ticket), []);
  assert.equal(types(side.withdraw(1)), ['withdrawn']);
  assert.equal(written(side.flush()), [['end']]);
});

ending('after its end a side still handles and acknowledges what comes', () => {
  const side = new Side();
  side.end();
  side.flush();
  assert.equal(types(side.arrive(aMessage)), ['deliver']);
  side.settle(1);
  assert.equal(ackIn(side.ackDue()), ackOf({ received: 1, done: 1, last: 1 }));
});

ending('the side that hears of the end first is not complete before it has ended itself and is known to be done', () => {
  const side = new Side();
  side.arrive(aMessage, anEnd);
  side.settle(1);
  side.flush();
  side.end();
  assert.equal(types(side.flush()), ['write']);
  assert.equal(types(side.arrive(ackOf({ received: 1, last: 2, seen: 2 }))), []);
  assert.equal(types(side.arrive(ackOf({ received: 1, done: 1, last: 2, seen: 2 }))), ['complete']);
});

ending('it is complete with the acknowledgement that tells the peer so, where that is the last thing that was missing', () => {
  const inFlush = new Side();
  const whenDue = new Side();
  for (const side of [inFlush, whenDue]) {
    side.end();
    side.flush();
    side.arrive(anEnd, ackOf({ received: 1, done: 1, last: 1 }));
  }
  assert.equal(types(inFlush.flush()), ['write', 'complete']);
  assert.equal(types(whenDue.ackDue()), ['write', 'complete']);
});

ending('complete is told once, and after it nothing is said, not even that exceptions are known', () => {
  const side = new Side();
  side.send(message(1));
  side.end();
  side.flush();
  side.arrive(anEnd);
  side.flush();
  const last = ackOf({ received: 2, done: 2, last: 1, seen: 1, exceptions: [{ number: 1, outcome: 'failed' }] });
  assert.equal(types(side.arrive(last)), ['confirmed', 'complete']);
  for (const effects of [side.flush(), side.ackDue(), side.arrive(last), side.end()]) assert.equal(effects, []);
});

ending('what stays unconfirmed after the end is there to be handed back', () => {
  const side = new Side();
  side.send(message(1), message(2));
  side.end();
  side.flush();
  side.arrive(ackOf({ received: 3, done: 1 }));
  assert.equal(
    unconfirmed(side.state).map(({ ticket }) => ticket),
    [2],
  );
});

/** Every order of two ends, of what is sent before them, of its slow handlers, of flushes, delays and arrivals. */
const assertAlwaysEnds = (a: Script, b: Script, worldsMin: number, narrowed: Partial<StreamLimits> = {}): void => {
  const { worlds, ends } = explore({ a, b }, limitsOf(narrowed));
  assert.ok(worlds >= worldsMin, `${worlds} worlds`);
  assert.ok(ends.length > 0);
  for (const world of ends)
    for (const half of [world.a, world.b]) {
      assert.equal([...half.told].sort(), ['complete', 'peerEnded'], 'each is told once');
      assert.equal(unconfirmed(half.state), []);
      assert.equal([half.waiting, half.asked], [[], []]);
    }
};

ending('in every order of two ends, both sides complete once and fall silent', () => {
  assertAlwaysEnds([], [], 40);
});

ending('so they do with a request in flight, answered or not', () => {
  assertAlwaysEnds(['request'], [], 2_000);
});

ending('so they do with messages behind each other in a window of one', () => {
  const one = { messages: 1, size: 10 };
  assertAlwaysEnds(['message', 'message'], [], 2_000, { peerWindow: one, ownWindow: one });
});

ending('so they do with messages in flight both ways and slow handlers that fail', () => {
  assertAlwaysEnds(['message'], ['message'], 30_000);
});

ending.run();
