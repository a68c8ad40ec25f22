/** What a side keeps of its answers: until they are received, and no more than it may. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { lengthOf, toArray } from '../../../machines/stream/queue.js';
import type { Entry } from '../../../machines/stream/state.js';
import { unconfirmed, unconfirmedCount } from '../../../machines/stream/stream.js';
import { jane } from '../session/support.js';
import { ackOf, aMessage, aRequest, cancel, failure, message, only, reply, request, Side, types, written } from './rig.js';

const answers = suite('answers');

const numbersOf = (side: Side): readonly number[] => toArray(side.state.answers).map(({ number }) => number);

answers('an answer is kept, with its number, until the peer has received it: a resume ships again what it has not', () => {
  const side = new Side();
  const entries = [reply(1), reply(3), cancel(4)] as const;
  side.send(entries[0], message(2), entries[1], entries[2]);
  side.flush();
  assert.equal(toArray(side.state.answers), [
    { number: 1, entry: entries[0] },
    { number: 3, entry: entries[1] },
    { number: 4, entry: entries[2] },
  ]);
  assert.equal(side.state.heldAnswers, { messages: 3, size: 20 });
  side.arrive(ackOf({ received: 3 }));
  assert.equal(numbersOf(side), [4]);
  assert.equal(side.state.heldAnswers, { messages: 1, size: 0 });
  side.arrive(ackOf({ received: 4 }));
  assert.equal(numbersOf(side), []);
});

const identity = (ticket: number): Entry => ({
  ticket,
  item: { kind: 'identity', user: jane, expiresAt: null, to: 1 },
  size: 10,
});

answers('an identity has its place behind what was sent before it, takes no credit, and is kept until it is received', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 1_000 } });
  side.send(message(1), message(2), identity(3), reply(4));
  side.flush();
  assert.equal(
    toArray(side.state.answers).map(({ entry }) => entry.ticket),
    [4],
    'what was sent before it waits for credit, and so does it',
  );
  side.arrive(ackOf({ received: 2, done: 1 }));
  side.flush();
  assert.equal(
    toArray(side.state.answers).map(({ entry }) => entry.ticket),
    [3],
  );
  side.arrive(ackOf({ received: 4, done: 4 }));
  assert.equal([numbersOf(side), side.state.heldAnswers], [[], { messages: 0, size: 0 }]);
});

answers('an identity has no way to go behind the end', () => {
  const side = new Side();
  side.end();
  assert.equal(types(side.send(identity(1))), ['refused']);
});

answers('a sign-in takes credit as a message does, and is told its number', () => {
  const side = new Side({ peerWindow: { messages: 1, size: 1_000 } });
  const signIn: Entry = { ticket: 2, item: { kind: 'signIn', credential: () => assert.unreachable() as never }, size: 10 };
  side.send(message(1), signIn);
  assert.not.ok(types(side.flush()).includes('numbered'));
  side.arrive(ackOf({ received: 1, done: 1 }));
  assert.ok(types(side.flush()).includes('numbered'));
  assert.is(unconfirmedCount(side.state), 1);
});

answers('a message is kept until it is done, however long that takes, and the answers behind it are not', () => {
  const side = new Side();
  side.send(message(1));
  side.flush();
  for (let round = 0; round < 500; round += 1) {
    side.send(reply(round + 2));
    side.flush();
    side.arrive(ackOf({ received: round + 2 }));
  }
  assert.equal(numbersOf(side), []);
  assert.is(lengthOf(side.state.sent), 1);
  assert.is(unconfirmedCount(side.state), 1);
  assert.equal(
    unconfirmed(side.state).map(({ ticket }) => ticket),
    [1],
  );
});

answers('an answer that is done is told to nobody: who answered does not wait for that', () => {
  const side = new Side();
  side.send(reply(1), reply(2));
  side.flush();
  assert.equal(side.arrive(ackOf({ received: 2, done: 2 })), []);
});

answers('what is confirmed comes with its number, whatever was shipped between', () => {
  const side = new Side();
  const [first, second] = [message(2), request(5)];
  side.send(reply(1), first, reply(3), cancel(4), second);
  side.flush();
  assert.equal(side.arrive(ackOf({ received: 5, done: 5, exceptions: [{ number: 5, outcome: 'expired' }] })), [
    {
      type: 'confirmed',
      entries: [
        { number: 2, entry: first },
        { number: 5, entry: second },
      ],
      exceptions: [{ number: 5, outcome: 'expired' }],
    },
  ]);
});

answers('the own end is kept until it is done, as a peer that forgets what it received has to hear it again; it takes no room', () => {
  const side = new Side({ answers: { messages: 1, size: 100 } });
  side.send(reply(1));
  side.end();
  side.flush();
  assert.equal(numbersOf(side), [1, 2]);
  assert.equal(side.state.heldAnswers, { messages: 1, size: 10 });
  side.arrive(ackOf({ received: 2 }));
  assert.equal(numbersOf(side), [2]);
  assert.equal(side.state.heldAnswers, { messages: 0, size: 0 });
  side.arrive(ackOf({ received: 2, done: 2 }));
  assert.equal(numbersOf(side), []);
});

const refused = (ticket: number) => ({ type: 'refused', ticket, code: 'NoActiveSessionError' });

answers('a peer that leaves more answers unacknowledged than may be kept is too slow: told once, and no further answer is kept', () => {
  const side = new Side({ answers: { messages: 2, size: 1_000 } });
  assert.equal(side.send(reply(1), failure(2)), []);
  assert.equal(side.send(reply(3)), [refused(3), { type: 'tooSlow' }]);
  assert.equal(side.send(reply(4), cancel(5)), [refused(4), refused(5)]);
  assert.is(lengthOf(side.state.prompt), 2);
});

answers('shipped and not received counts as well as not shipped', () => {
  const side = new Side({ answers: { messages: 2, size: 1_000 } });
  side.send(reply(1));
  side.flush();
  side.send(reply(2));
  assert.equal(types(side.send(reply(3))), ['refused', 'tooSlow']);
});

answers('their text is bounded too', () => {
  const side = new Side({ answers: { messages: 10, size: 100 } });
  assert.equal(side.send(reply(1, 1, 60), reply(2, 1, 40), cancel(3)), []);
  assert.equal(types(side.send(reply(4, 1, 2))), ['refused', 'tooSlow']);
});

answers('what is received makes room', () => {
  const side = new Side({ answers: { messages: 2, size: 100 } });
  for (let round = 0; round < 50; round += 1) {
    assert.equal(side.send(reply(round, 1, 60)), []);
    side.flush();
    side.arrive(ackOf({ received: round + 1 }));
  }
});

answers('what is done does not matter: a handler that stands still may await more answers than may be kept', () => {
  const [asker, answerer] = [new Side(), new Side({ answers: { messages: 2, size: 100 } })];
  // Its handler of this one awaits all the rest.
  answerer.send(message(1));
  answerer.flush();
  asker.arrive(aMessage);
  for (let round = 1; round <= 50; round += 1) {
    asker.send(request(round));
    asker.flush();
    answerer.arrive(aRequest);
    answerer.settle(round);
    assert.equal(answerer.send(reply(round + 1, round)), []);
    assert.equal(written(answerer.flush())[0]?.[0], 'reply');
    asker.arrive({ kind: 'reply', to: round, payload: null, size: 10 }, ackOf({ received: round, done: round, last: round + 1 }));
    const [acknowledged] = only(asker.ackDue(), 'write');
    const ack = acknowledged?.packets.find((packet) => packet.kind === 'ack');
    assert.equal([ack?.received, ack?.done], [round + 1, 0]);
    if (ack !== undefined) answerer.arrive(ack);
  }
});

answers('messages are refused, not their peer given up, where the answers are at their bound', () => {
  const side = new Side({ answers: { messages: 1, size: 100 }, buffer: { messages: 1, size: 100 } });
  assert.equal(side.send(reply(1), message(2)), []);
  assert.equal(side.send(message(3)), [{ type: 'refused', ticket: 3, code: 'BufferFullError' }]);
});

answers('a peer that never says that it knows of exceptions is too slow past their bound: they are kept and restated until then', () => {
  const side = new Side({ exceptionsMax: 2 });
  side.arrive(aMessage, aMessage, aMessage, aMessage);
  assert.equal(side.settle(1, 'failed'), []);
  assert.equal(side.settle(2, 'unhandled'), []);
  assert.equal(side.settle(3, 'failed'), [{ type: 'tooSlow' }]);
  assert.equal(side.settle(3, 'failed'), [], 'told once');
  assert.is(lengthOf(side.state.exceptions), 2);
  assert.is(side.state.done, 2);
});

answers('exceptions that are known make room', () => {
  const side = new Side({ exceptionsMax: 2 });
  for (let number = 1; number <= 50; number += 1) {
    side.arrive(aMessage);
    assert.equal(side.settle(number, 'failed'), []);
    side.ackDue();
    side.arrive(ackOf({ last: number, seen: number }));
  }
});

answers('a peer is given up once, whatever it is that it leaves', () => {
  const side = new Side({ exceptionsMax: 1, answers: { messages: 1, size: 100 } });
  side.arrive(aMessage, aMessage);
  side.settle(1, 'failed');
  assert.equal(types(side.send(reply(1), reply(2))), ['refused', 'tooSlow']);
  assert.equal(side.settle(2, 'failed'), []);
});

answers.run();
