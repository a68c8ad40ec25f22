/** What a world's server, store and pages can be made to suffer. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CrashPoint } from '../../../src/testing/index.js';
import { type TestWorldOptions, testWorld } from '../../../src/testing/index.js';

/** A world whose servers keep what each of them handled. */
const rigOf = (options: TestWorldOptions = {}) => {
  const handled: unknown[] = [];
  const world = testWorld({
    ...options,
    app: (server) =>
      void server.on('session', (session) => {
        session.on('order', (payload, { redelivered }) => void handled.push(redelivered ? `${payload} again` : payload));
      }),
  });
  return { world, handled };
};

const crash = suite('a server that is killed at a moment');

const crashes: readonly (readonly [CrashPoint, string, readonly unknown[]])[] = [
  ['handler', 'has run the handler, and the next one runs it again, marked', ['tea', 'tea again']],
  ['beforeCommit', 'has not written what it handled, and the next one handles it again, marked', ['tea', 'tea again']],
  ['afterCommit', 'has written what it handled, and the next one does not handle it', ['tea']],
];
for (const [at, title, expected] of crashes)
  crash(`"${at}" ${title}`, async () => {
    const { world, handled } = rigOf();
    const session = await world.start(world.client(), { username: 'jane' });
    await world.advance(1_000);
    await world.killServer({ at });
    assert.is(world.isServerAlive, true);
    session.send('order', 'tea');
    await world.advance(1_000);
    assert.is(world.isServerAlive, false);
    assert.equal(handled, ['tea']);
    await world.restartServer();
    await world.advance(30_000);
    assert.equal(handled, expected);
    world.assertGuarantees();
    assert.is(world.guarantees().redelivered.length, expected.length - 1);
    await world.close();
  });

crash('is told which moments there are', async () => {
  const { world } = rigOf();
  const error = await world.killServer({ at: 'midnight' as CrashPoint }).catch((thrown: Error) => thrown);
  assert.match(String(error), "`at` is one of 'handler', 'beforeCommit', 'afterCommit'");
  await world.close();
});

crash('is not seen any more, whatever its app still does', async () => {
  let say: () => unknown = () => undefined;
  const world = testWorld({
    app: (server) =>
      void server.on('session', (session) => {
        say = () => session.send('late', 1);
      }),
  });
  await world.start(world.client(), { username: 'jane' });
  await world.killServer();
  say();
  await world.settle();
  assert.is(world.guarantees().sent, 0);
  await world.close();
});

crash.run();

const store = suite("a world's store");

store('that fails lets nobody in and confirms nothing, until it is healed', async () => {
  const { world, handled } = rigOf();
  const session = await world.start(world.client(), { username: 'jane' });
  world.store.fail();
  const refused = await world.result(world.client().startSession({ username: 'joe' }));
  assert.is(refused.failed, true);
  session.send('order', 'tea');
  await world.advance(5_000);
  assert.equal([handled, world.guarantees().pending.length], [['tea'], 0]);
  const other = world.client();
  world.store.heal();
  await world.advance(10_000);
  await world.start(other, { username: 'joe' });
  world.assertGuarantees();
  assert.equal(handled, ['tea']);
  await world.close();
});

store('that is slow takes its time, in order', async () => {
  const { world } = rigOf();
  const session = await world.start(world.client(), { username: 'jane' });
  world.store.slow(300);
  const at = world.now();
  const sent = session.send('order', 'tea');
  assert.is((await world.result(sent.accepted ? sent.confirmed : Promise.reject())).status, 'handled');
  assert.ok(world.now() - at >= 300);
  world.store.slow(200);
  const first = world.server.users.create({ name: 'ann' });
  await world.settle();
  world.store.slow(0);
  // It is asked later, and so it is answered later, however quick the store is by now.
  const second = world.server.users.find({ name: 'ann' });
  await world.result(first);
  assert.is((await world.result(second)).user?.name, 'ann');
  await world.close();
});

store.run();

const pages = suite("a world's pages");

pages('that are hidden have late timers, which fire at once when they are shown', async () => {
  const { world } = rigOf();
  const kitty = world.client();
  await world.start(kitty, { username: 'jane' });
  world.network.refuse();
  world.hide(kitty);
  world.network.cut();
  await world.advance(700);
  // A responsive client tries again after a fifth of a second; a hidden page does so at the next whole one.
  const { attempt } = kitty.getSnapshot();
  await world.advance(299);
  assert.is(kitty.getSnapshot().attempt, attempt);
  await world.advance(1);
  assert.ok(kitty.getSnapshot().attempt > attempt);
  world.network.heal();
  world.show(kitty);
  await world.advance(10_000);
  assert.is(kitty.getSnapshot().status, 'active');
  await world.close();
});

pages('and servers whose date is wrong keep their sessions', async () => {
  const dates: number[] = [];
  const world = testWorld({
    server: {
      authenticate: () => true,
    },
    app: (server) => void server.on('session', () => void dates.push(world.now())),
  });
  const kitty = world.client();
  world.skew(kitty, 3_600_000);
  world.skew('server', -7_200_000);
  await world.start(kitty, { username: 'jane', authParams: {} });
  const since = (await world.result(world.server.sessions.list())).sessions;
  assert.ok(since !== undefined);
  world.skew('server', 86_400_000);
  world.network.cut();
  await world.advance(1_000);
  await world.restartServer();
  await world.advance(30_000);
  assert.is(kitty.getSnapshot().status, 'active');
  await world.close();
});

pages.run();
