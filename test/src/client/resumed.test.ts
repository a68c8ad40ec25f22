/** What a client makes of the welcome to a session that goes on, and of the link before it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Positions } from '../../../machines/stream/packets.js';
import { next, scripted } from './support.js';

const nothing: Positions = { received: 0, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 };

/** A client with a session, two messages that it has shipped, the first of which is done; the link is lost, and the next one is open. */
const returning = async () => {
  const world = scripted();
  const starting = world.kitty.startSession({ username: 'jane' });
  const first = await world.wire.link();
  await first.hello();
  first.welcomed({ sessionId: 'first', resumeWindowMs: 60_000 });
  const { session } = await starting;
  const heard: unknown[] = [];
  session?.on('chat', (payload) => void heard.push(payload));
  for (const n of [1, 2]) session?.send('chat', n);
  await first.wrote(2);
  await world.host.settle();
  first.received({ kind: 'ack', received: 2, done: 1, last: 0, seen: 0, exceptions: [] });
  first.lost('ConnectionLostError');
  await world.host.advance(600);
  const second = await world.wire.link();
  await second.hello();
  return { ...world, first, second, heard };
};

const resumed = suite('a welcome to a session that goes on');

resumed('of the same life of the server: what it has not received is shipped again, with no mark, since it was not handled', async () => {
  const { host, second } = await returning();
  second.welcomed({ sessionId: 'first', outcome: 'resumed' }, { ...nothing, received: 1, done: 1 });
  await host.settle();
  assert.equal(second.written, [{ kind: 'message', type: 'chat', payload: '2' }]);
});

resumed('of a later life of the server: what is shipped again is marked, since the former one may have handled it', async () => {
  const { host, second } = await returning();
  second.welcomed({ sessionId: 'first', outcome: 'resumed', incarnation: 2 }, { ...nothing, received: 1, done: 1, incarnation: 2 });
  await host.settle();
  assert.equal(second.written, [{ kind: 'message', type: 'chat', payload: '2', options: { redelivered: true } }]);
});

resumed('where the server has forgotten what it had done is not taken for whole: the session begins anew', async () => {
  const { kitty, host, wire, second } = await returning();
  second.welcomed({ sessionId: 'first', outcome: 'resumed' }, nothing);
  assert.is(kitty.getSnapshot().status, 'lost');
  assert.is(kitty.getSnapshot().error?.code, 'ProtocolError');
  const gap = next(kitty, 'gap');
  await host.advance(5_000);
  const third = await wire.link();
  assert.is(third.openings.resume, null);
  await third.hello();
  third.welcomed({ sessionId: 'anew' });
  assert.equal(
    (await gap).unconfirmed.map(({ payload }) => payload),
    [2],
  );
});

resumed('makes the client deaf to the link before it, also where that one goes on talking', async () => {
  const { host, first, second, heard } = await returning();
  second.welcomed({ sessionId: 'first', outcome: 'resumed' }, { ...nothing, received: 1, done: 1 });
  const said = (payload: string) => ({ kind: 'message', type: 'chat', payload, size: 8 }) as const;
  first.insists.received([said('former')]);
  second.received(said('present'));
  await host.settle();
  assert.equal(heard, ['present']);
});

resumed.run();
