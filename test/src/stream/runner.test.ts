import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import type { InboundItem, InboundPacket, OutboundPacket } from '../../../machines/stream/packets.js';
import type { Entry } from '../../../machines/stream/state.js';
import { limitsOf } from '../../../src/stream/limits.js';
import { StreamRunner } from '../../../src/stream/runner.js';
import { defaults, defaultTerms } from './support.js';

const runner = suite('the runner of a stream');

const make = ({ held = false, ackDelayMs = 25 } = {}) => {
  const host = virtualHost({ seed: 1 });
  const did: unknown[][] = [];
  let deliver = (_number: number, _item: InboundItem): void => undefined;
  const stream: StreamRunner = new StreamRunner(
    {
      write: (packets) => void did.push(['write', ...packets.map(({ kind }) => kind)]),
      deliver: (number, item) => {
        did.push(['deliver', number]);
        deliver(number, item);
      },
      confirmed: ({ entries }) => void did.push(['confirmed', ...entries.map(({ number }) => number)]),
      handedBack: () => undefined,
      volatile: ({ type }) => void did.push(['volatile', type]),
      dropped: ({ ticket }, why) => void did.push(['dropped', ticket, why]),
      numbered: (ticket, number) => void did.push(['numbered', ticket, number]),
      peerEnded: () => void did.push(['peerEnded']),
      complete: () => void did.push(['complete']),
      violated: ({ code }) => void did.push(['violated', code]),
      tooSlow: () => void did.push(['tooSlow']),
    },
    { limits: limitsOf(defaults, defaultTerms), ackDelayMs, clock: host.clock, held },
  );
  return {
    host,
    did,
    stream,
    onDeliver: (handler: typeof deliver) => {
      deliver = handler;
    },
  };
};

let tickets = 0;
const entry = (item: OutboundPacket = { kind: 'message', type: 'a', payload: '1' }): Entry => {
  tickets += 1;
  return { ticket: tickets, item: item as Entry['item'], size: 1 };
};
const message: InboundPacket = { kind: 'message', type: 'a', payload: 1, size: 1 };
const ack = (more: Partial<Extract<InboundPacket, { kind: 'ack' }>>): InboundPacket => ({
  kind: 'ack',
  received: 0,
  done: 0,
  last: 0,
  seen: 0,
  exceptions: [],
  ...more,
});

runner('ships once a turn what the turn produced', async () => {
  const { host, did, stream } = make();
  stream.send(entry());
  stream.send(entry());
  assert.equal(did, [], 'not from inside the call');
  await host.settle();
  assert.equal(did, [['write', 'message', 'message']]);
  assert.is(stream.unconfirmedCount, 2);
});

runner('answers a send that it refuses with the reason, and has nothing of it', async () => {
  const { host, stream } = make();
  for (let count = 0; count < defaults.buffer.messages; count += 1) assert.is(stream.send(entry()), null);
  assert.is(stream.send(entry()), 'BufferFullError');
  assert.is(stream.unconfirmedCount, defaults.buffer.messages);
  stream.end();
  assert.is(stream.send(entry()), 'NoActiveSessionError');
  await host.settle();
});

runner('takes back what is not shipped, and says whether it could', async () => {
  const { host, stream } = make();
  const one = entry();
  stream.send(one);
  assert.is(stream.withdraw(one.ticket), true);
  assert.is(stream.withdraw(one.ticket), false);
  const two = entry();
  stream.send(two);
  await host.settle();
  assert.is(stream.withdraw(two.ticket), false);
});

runner('delivers, confirms, and acknowledges after the agreed delay, or with data that goes before', async () => {
  const { host, did, stream, onDeliver } = make();
  onDeliver((number) => stream.settled(number, 'handled'));
  stream.received([message]);
  await host.settle();
  assert.equal(did, [['deliver', 1]]);
  assert.is(host.pendingTimers, 1);
  await host.advance(25);
  assert.equal(did.at(-1), ['write', 'ack']);
  stream.received([message]);
  stream.send(entry());
  await host.settle();
  assert.equal(did.at(-1), ['write', 'message', 'ack']);
  await host.advance(100);
  assert.is(host.pendingTimers, 0);
  stream.received([ack({ received: 1, done: 1, last: 2, seen: 2 })]);
  assert.equal(did.at(-1), ['confirmed', 1]);
});

runner('tells the number of a request before it is written', async () => {
  const { host, did, stream } = make();
  const asked = entry({ kind: 'request', type: 'q', payload: '1', timeoutMs: 1 });
  stream.send(asked);
  await host.settle();
  assert.equal(did, [
    ['numbered', asked.ticket, 1],
    ['write', 'request'],
  ]);
});

runner('ends with both goodbyes', async () => {
  const { host, did, stream } = make();
  stream.end();
  stream.end();
  await host.settle();
  assert.equal(did, [['write', 'end']]);
  stream.received([{ kind: 'end', size: 0 }, ack({ received: 1, done: 1, last: 1 })]);
  await host.settle();
  assert.equal(did.slice(1), [['peerEnded'], ['write', 'ack'], ['complete']]);
});

runner('stops at a breach of the rules, and takes nothing that comes behind it', async () => {
  const { host, did, stream } = make();
  stream.received([message, ack({ received: 9 }), message]);
  await host.settle();
  assert.equal(did, [
    ['deliver', 1],
    ['violated', 'ProtocolError'],
  ]);
  assert.is(host.pendingTimers, 0);
});

runner('gives up a peer that leaves too much unacknowledged', async () => {
  const { host, did, stream } = make();
  const { messages } = stream.state.limits.answers;
  for (let count = 0; count <= messages; count += 1) stream.send(entry({ kind: 'cancel', to: 1 }));
  await host.settle();
  assert.equal(did.at(-1), ['tooSlow']);
  stream.received([message]);
  assert.equal(did.at(-1), ['tooSlow']);
});

runner('stopped, writes nothing and leaves no timer; what is sent is kept', async () => {
  const { host, did, stream } = make();
  stream.received([message]);
  await host.settle();
  assert.is(host.pendingTimers, 1);
  stream.send(entry());
  stream.stop();
  assert.is(host.pendingTimers, 0);
  assert.is(stream.send(entry()), null);
  stream.settled(1, 'handled');
  await host.advance(1_000);
  assert.equal(did, [['deliver', 1]]);
  assert.is(stream.unconfirmedCount, 2);
  assert.is(stream.unconfirmed().length, 2);
});

runner('stopped from inside a delivery, delivers what had arrived with it and takes nothing more', () => {
  const { did, stream, onDeliver } = make();
  onDeliver(() => stream.stop());
  stream.received([message, message]);
  stream.received([message]);
  assert.equal(did, [
    ['deliver', 1],
    ['deliver', 2],
  ]);
  assert.is(stream.state.received, 2);
});

runner('takes nothing of a piece that is behind a violation', () => {
  const { did, stream } = make();
  stream.received([message, ack({ received: 1, done: 1, last: 1 }), message]);
  assert.equal(did[0], ['deliver', 1]);
  assert.is(did.length, 2);
  assert.is(stream.state.received, 1);
});

runner('gives its state as a value, which nothing that happens later changes', () => {
  const { stream } = make();
  stream.received([message]);
  const seen = stream.state;
  stream.received([message]);
  stream.send(entry());
  assert.is(seen.received, 1);
  assert.is(stream.state.received, 2);
  assert.is(seen.held.messages, 0);
});

runner('held, does its effects one by one when told to', async () => {
  const { host, did, stream } = make({ held: true });
  stream.send(entry());
  stream.received([message, { kind: 'end', size: 0 }]);
  await host.settle();
  assert.equal(did, []);
  assert.is(stream.steps.length, 3);
  assert.is(stream.steps.step(), true);
  assert.equal(did, [['deliver', 1]]);
  assert.is(stream.steps.step(), true);
  assert.is(stream.steps.step(), true);
  assert.equal(did, [['deliver', 1], ['peerEnded'], ['write', 'message', 'ack']]);
  assert.is(stream.steps.step(), false);
});

runner('held and stopped, still hears of what had arrived, and does nothing more on the link', async () => {
  const { host, did, stream } = make({ held: true });
  stream.send(entry());
  await host.settle();
  while (stream.steps.step());
  did.length = 0;
  stream.received([message, ack({ received: 1, done: 1, last: 1 }), { kind: 'end', size: 0 }]);
  await host.settle();
  stream.stop();
  while (stream.steps.step());
  assert.equal(did, [
    ['deliver', 1],
    ['confirmed', 1],
  ]);
  assert.is(host.pendingTimers, 0);
});

runner.run();
