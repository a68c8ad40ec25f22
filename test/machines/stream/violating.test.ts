/** The rules that a peer can break. Each breach is told as a ProtocolError and changes nothing. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { InboundPacket } from '../../../machines/stream/packets.js';
import { ackOf, aMessage, anEnd, aReply, aRequest, message, only, reply, Side, types } from './rig.js';

const violating = suite('violating');

const assertViolated = (side: Side, packet: InboundPacket, what: RegExp): void => {
  const before = side.state;
  const effects = side.arrive(packet);
  assert.equal(types(effects), ['violated']);
  const [violated] = only(effects, 'violated');
  assert.is(violated?.failure.code, 'ProtocolError');
  assert.match(violated?.failure.message ?? '', what);
  assert.is(side.state, before);
};

/** Two messages shipped, three items received of which two are done, and both told. */
const midway = (): Side => {
  const side = new Side();
  side.send(message(1), message(2));
  side.flush();
  side.arrive(aMessage, aMessage, aMessage, ackOf({ last: 3, received: 2, done: 1 }));
  side.settle(1);
  side.settle(2);
  side.ackDue();
  return side;
};
const honest = { last: 3, received: 2, done: 1 };

violating('an honest acknowledgement breaks nothing', () => {
  assert.equal(midway().arrive(ackOf({ ...honest, seen: 2 })), []);
  assert.equal(types(midway().arrive(ackOf({ ...honest, done: 2, seen: 2, exceptions: [{ number: 2, outcome: 'failed' }] }))), [
    'confirmed',
  ]);
});

violating('a last number other than what arrived: something was lost, or came twice', () => {
  assertViolated(midway(), ackOf({ ...honest, last: 4 }), /shipped up to 4; up to 3 arrived/);
  assertViolated(midway(), ackOf({ ...honest, last: 2 }), /shipped up to 2; up to 3 arrived/);
});

violating('acknowledging what was never shipped', () => {
  assertViolated(midway(), ackOf({ ...honest, received: 3 }), /never shipped/);
  assertViolated(midway(), ackOf({ ...honest, received: 3, done: 3 }), /never shipped/);
});

violating('being done with more than was received', () => {
  const side = new Side();
  side.send(message(1), message(2));
  side.flush();
  assertViolated(side, ackOf({ received: 1, done: 2 }), /never shipped/);
});

violating('taking an acknowledgement back', () => {
  assertViolated(midway(), ackOf({ ...honest, received: 1 }), /takes an acknowledgement back/);
  assertViolated(midway(), ackOf({ ...honest, done: 0 }), /takes an acknowledgement back/);
});

violating('having seen what was never told', () => {
  const side = midway();
  side.settle(3);
  assert.is(side.state.done, 3);
  assertViolated(side, ackOf({ ...honest, seen: 3 }), /never given/);
});

violating('an exception beyond what is done', () => {
  assertViolated(midway(), ackOf({ ...honest, exceptions: [{ number: 2, outcome: 'failed' }] }), /not part of what is done/);
});

violating('an item after the end; acknowledgements still may come', () => {
  const side = new Side();
  side.send(message(1));
  side.flush();
  side.arrive(aMessage, anEnd);
  for (const item of [aMessage, aReply, anEnd]) assertViolated(side, item, /after the end/);
  assert.equal(types(side.arrive(ackOf({ received: 1, done: 1, last: 2 }))), ['confirmed']);
});

violating('more messages and requests in flight than this side can hold', () => {
  const side = new Side({ ownWindow: { messages: 2, size: 1_000 } });
  side.arrive(aMessage, aRequest);
  assertViolated(side, aMessage, /More messages/);
  assertViolated(side, aRequest, /More messages/);
  assert.equal(types(side.arrive(aReply)), ['deliver'], 'an answer takes none of it');
});

violating('more text in flight than this side can hold', () => {
  const side = new Side({ openSizeMax: 100 });
  side.arrive({ ...aMessage, size: 60 }, { ...aRequest, size: 40 });
  assertViolated(side, { ...aMessage, size: 1 }, /More text/);
  assert.equal(types(side.arrive({ ...aReply, size: 500 })), ['deliver'], 'an answer takes none of it');
});

violating('saying or skipping more than can be counted: no number is beyond what is exact', () => {
  const countMax = Number.MAX_SAFE_INTEGER - 1;
  assertViolated(new Side(), { kind: 'skip', count: countMax + 1, size: 1 }, /More was said than can be counted/);
  const side = new Side();
  assert.equal(side.arrive({ kind: 'skip', count: countMax, size: 1 }), []);
  assert.is(side.state.received, countMax);
  for (const item of [aMessage, aReply, anEnd]) assertViolated(side, item, /More was said than can be counted/);
});

violating('answers count in the last number like everything else', () => {
  const [side, peer] = [new Side(), new Side()];
  peer.send(reply(1), message(2));
  peer.flush();
  side.arrive(aReply, aMessage);
  assert.equal(side.arrive(ackOf({ last: peer.state.shipped })), []);
});

violating.run();
