/** Who is online: whoever has an active session, and for a grace time whoever just had one. On a clock that the test moves. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import type { SessionClient } from '../../../src/client/client.js';
import { Presence } from '../../../src/server/presence.js';
import { found } from '../../support/server.js';
import { type VirtualWorld, withVirtualWorld } from '../../support/virtual.js';

const graceMs = 5_000;

const isOnline = async ({ server }: VirtualWorld, name = 'jane') => (await found(server.users.find({ name }))).user?.presence.online;
const start = async ({ host }: VirtualWorld, client: SessionClient, username = 'jane') => {
  const starting = client.startSession({ username });
  await host.advance(0);
  const { session, error } = await starting;
  if (error) throw error;
  return session;
};
const end = async ({ host }: VirtualWorld, client: SessionClient) => {
  const ending = client.endSession();
  await host.advance(100);
  await ending;
};

const test = suite('presence');

test(
  'a user is online from their first session on, and offline when the grace time after the last one is over',
  withVirtualWorld({ presenceGraceMs: graceMs }, async (world) => {
    const { client } = world.client();
    await start(world, client);
    assert.is(await isOnline(world), true);
    await end(world, client);
    await world.host.advance(graceMs - 200);
    assert.is(await isOnline(world), true, 'within the grace time');
    await world.host.advance(200);
    assert.is(await isOnline(world), false);
  }),
);

test(
  'a return within the grace time, as on a reload, is no news',
  withVirtualWorld({ presenceGraceMs: graceMs }, async (world) => {
    const { client } = world.client();
    await start(world, client);
    await end(world, client);
    await world.host.advance(graceMs - 200);
    await start(world, client);
    await world.host.advance(graceMs * 2);
    assert.is(await isOnline(world), true);
  }),
);

test(
  'a user with two sessions stays online until the second one is gone too',
  withVirtualWorld({ presenceGraceMs: graceMs }, async (world) => {
    const [one, two] = [world.client().client, world.client().client];
    await start(world, one);
    await start(world, two);
    await end(world, one);
    await world.host.advance(graceMs * 2);
    assert.is(await isOnline(world), true);
    await end(world, two);
    await world.host.advance(graceMs + 1);
    assert.is(await isOnline(world), false);
  }),
);

test(
  'the session sees its own user online, on either side',
  withVirtualWorld({}, async (world) => {
    const seen: boolean[] = [];
    world.server.on('session', ({ user }) => void seen.push(user.presence.online));
    const session = await start(world, world.client().client);
    assert.equal([session.user.presence.online, ...seen], [true, true]);
  }),
);

test(
  'a start that was never confirmed puts nobody online',
  withVirtualWorld({}, async (world) => {
    const { client } = world.client();
    await start(world, client, 'bob');
    await found(world.server.users.create({ name: 'jane' }));
    assert.is(await isOnline(world, 'jane'), false);
  }),
);

test(
  'the user a guest of that name signs in as keeps being online through the change',
  withVirtualWorld({ authenticate: () => true, presenceGraceMs: graceMs }, async (world) => {
    await start(world, world.client().client);
    const starting = world.client().client.startSession({ username: 'jane', authParams: {} });
    await world.host.advance(0);
    assert.ok((await starting).succeeded);
    await world.host.advance(graceMs * 2);
    assert.is(await isOnline(world), true);
  }),
);

const sessionOf = (id: number) => ({ user: { id }, isPresent: false });

test('what is no news is not told: a second session, and its end', () => {
  const told: [number, boolean][] = [];
  const host = virtualHost({ seed: 1 });
  const presence = new Presence(host.clock, graceMs, (id, online) => void told.push([id, online]));
  const second = sessionOf(1);
  presence.entered(sessionOf(1));
  presence.entered(second);
  presence.left(second);
  assert.equal(told, [[1, true]]);
  assert.is(host.pendingTimers, 0);
});

test('a session counts once, however many links it has, and for the user that it speaks for', () => {
  const told: [number, boolean][] = [];
  const host = virtualHost({ seed: 1 });
  const presence = new Presence(host.clock, graceMs, (id, online) => void told.push([id, online]));
  const session = sessionOf(1);
  presence.entered(session);
  presence.entered(session);
  const former = session.user;
  session.user = { id: 2 };
  presence.moved(session, former);
  presence.left(session);
  presence.left(session);
  presence.moved(session, former);
  presence.close();
  assert.equal(told, [
    [1, true],
    [2, true],
    [1, false],
    [2, false],
  ]);
});

test('a server that closes leaves nobody online, and no timer', async () => {
  const told: [number, boolean][] = [];
  const host = virtualHost({ seed: 1 });
  const presence = new Presence(host.clock, graceMs, (id, online) => void told.push([id, online]));
  const sessions = [sessionOf(1), sessionOf(2)];
  for (const session of sessions) presence.entered(session);
  for (const session of sessions) presence.left(session);
  presence.close();
  assert.equal(told, [
    [1, true],
    [2, true],
    [1, false],
    [2, false],
  ]);
  assert.is(host.pendingTimers, 0);
});

test.run();
