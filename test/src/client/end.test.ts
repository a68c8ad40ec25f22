import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { admits, greetsOnly, inTurn, isSilent } from '../../support/scripted-transport.js';
import { deferred, inMemory, leftovers, namesOf, next, nothingLeft, scripted } from './support.js';

const end = suite('endSession');

end('has nothing to do where there is no session, however often it is asked', async () => {
  const world = scripted(admits);
  assert.equal(await world.kitty.endSession(), { reason: null, unconfirmed: [] });
  assert.equal(await world.kitty.endSession(), { reason: null, unconfirmed: [] });
  assert.equal(namesOf(world.kitty), []);
  assert.is(world.kitty.getSnapshot().status, 'idle');
});

end('waits until what was sent is confirmed, then says goodbye', async () => {
  const world = inMemory();
  const { promise, resolve } = deferred<void>();
  const handled: unknown[] = [];
  world.server.on('session', (session) => {
    session.on('chat', async (payload) => {
      await promise;
      handled.push(payload);
    });
  });
  const over = new Promise((settle) => world.server.on('ended', (_session, { reason }) => settle(reason)));
  const { session } = await world.kitty.startSession({ username: 'jane' });
  const sent = session?.send('chat', 1);
  const ending = world.kitty.endSession();
  await world.host.settle();
  assert.is(world.kitty.getSnapshot().status, 'ending');
  assert.is(session?.send('chat', 2).error?.code, 'NoActiveSessionError');
  resolve();
  await world.host.advance(100);
  assert.equal(await ending, { reason: 'ended', unconfirmed: [] });
  assert.equal(handled, [1]);
  assert.equal(await sent?.confirmed, { status: 'handled' });
  assert.is(await over, 'ended');
  await world.server.close();
  await world.host.advance(10_000);
  assert.is(world.host.pendingTimers, 0);
  assert.is(world.host.hintListeners, 0);
});

end('asked twice, answers both alike', async () => {
  const world = inMemory();
  await world.kitty.startSession({ username: 'jane' });
  const both = [world.kitty.endSession(), world.kitty.endSession()];
  await world.host.advance(100);
  assert.equal(await Promise.all(both), [
    { reason: 'ended', unconfirmed: [] },
    { reason: 'ended', unconfirmed: [] },
  ]);
  assert.equal(await world.kitty.endSession(), { reason: null, unconfirmed: [] });
  await world.server.close();
});

end('hands back at its deadline what is not confirmed, oldest first, and leaves nothing running', async () => {
  const world = scripted(admits, { endDeadlineMs: 500, window: { messages: 4, size: 1_000 } });
  const { session } = await world.kitty.startSession({ username: 'jane' });
  const sent = session?.send('chat', { text: 'a' });
  const asked = session?.request('price', { sku: 1 });
  const ended = next(world.kitty, 'ended');
  const ending = world.kitty.endSession();
  await world.host.advance(499);
  assert.is(world.kitty.getSnapshot().status, 'ending');
  await world.host.advance(1);
  const unconfirmed = [
    { kind: 'message', type: 'chat', payload: { text: 'a' }, shipped: true, handled: 'unknown' },
    { kind: 'request', type: 'price', payload: { sku: 1 }, shipped: true, handled: 'unknown' },
  ];
  assert.equal(await ending, { reason: 'ended', unconfirmed });
  assert.equal((await ended).unconfirmed, unconfirmed);
  assert.equal(await sent?.confirmed, { status: 'unknown' });
  const reply = await asked;
  assert.is(reply?.error?.code, 'SessionEndedError');
  assert.is(reply?.maybeHandled, true);
  assert.is(world.kitty.getSnapshot().unconfirmed, 2);
  assert.equal(leftovers(world), nothingLeft);
  assert.is(world.kitty.session, null);
  assert.is(session?.send('chat', 1).error?.code, 'NoActiveSessionError');
  assert.is((await session?.request('price', 1))?.error?.code, 'NoActiveSessionError');
  void world.kitty.startSession({ username: 'jane' });
  assert.is(world.kitty.getSnapshot().unconfirmed, 0, 'another start is another matter');
  await world.kitty.endSession();
});

end('settles at once while the session is lost, and says what was never sent', async () => {
  for (const script of [isSilent, greetsOnly]) {
    const world = scripted(inTurn(admits, script));
    const { session } = await world.kitty.startSession({ username: 'jane' });
    world.wire.links[0]?.lost('ConnectionLostError');
    session?.send('chat', 1);
    await world.host.advance(600);
    assert.equal(await world.kitty.endSession(), {
      reason: 'ended',
      unconfirmed: [{ kind: 'message', type: 'chat', payload: 1, shipped: false, handled: 'no' }],
    });
    assert.equal(leftovers(world), nothingLeft);
  }
});

end('that meets a lost link is over with it', async () => {
  const world = scripted(admits);
  await world.kitty.startSession({ username: 'jane' });
  const ending = world.kitty.endSession();
  world.wire.links[0]?.lost('ConnectionLostError');
  assert.is((await ending).reason, 'ended');
  assert.equal(leftovers(world), nothingLeft);
});

end('leaves nothing for the next hello to abandon where both sides have said goodbye', async () => {
  const world = scripted();
  const starting = world.kitty.startSession({ username: 'jane' });
  const link = await world.wire.link();
  await link.hello();
  link.welcomed();
  await starting;
  const ending = world.kitty.endSession();
  await link.wrote(1);
  assert.equal(link.written, [{ kind: 'end' }]);
  link.received({ kind: 'end' }, { kind: 'ack', received: 1, done: 1, last: 1, seen: 0, exceptions: [] });
  assert.is((await ending).reason, 'ended');
  void world.kitty.startSession({ username: 'jane' });
  assert.is((await world.wire.link()).openings.abandoned, null);
  await world.kitty.endSession();
});

const byServer = suite('a session that the server');

byServer('ends is ended, once what was sent before is handled', async () => {
  const world = inMemory();
  world.server.on('session', (session) => {
    session.send('chat', 1);
    session.end();
  });
  const heard: unknown[] = [];
  const ended = next(world.kitty, 'ended');
  const { session } = await world.kitty.startSession({ username: 'jane' });
  session?.on('chat', async (payload) => {
    await world.host.settle();
    heard.push(payload);
  });
  await world.host.advance(200);
  const { reason, error } = await ended;
  assert.is(reason, 'ended');
  assert.is(error, null);
  assert.equal(heard, [1]);
  await world.server.close();
});

byServer('takes away is over at once, with the reason', async () => {
  for (const [code, reason] of [
    ['SessionRevokedError', 'revoked'],
    ['SessionSupersededError', 'superseded'],
    ['AccessDeniedError', 'denied'],
    ['SlowConsumerError', 'tooSlow'],
    ['SessionExpiredError', 'expired'],
    ['SessionEndedError', 'ended'],
  ] as const) {
    const world = scripted(admits);
    const { session } = await world.kitty.startSession({ username: 'jane' });
    const asked = session?.request('price', 1);
    await world.host.settle();
    const ended = next(world.kitty, 'ended');
    world.wire.links[0]?.lost(code);
    const event = await ended;
    assert.is(event.reason, reason);
    assert.is(event.error?.code, reason === 'ended' ? undefined : code);
    assert.is(world.kitty.getSnapshot().endReason, reason);
    assert.is((await asked)?.maybeHandled, true);
    assert.equal(leftovers(world), nothingLeft);
  }
});

end.run();
byServer.run();
