/** How long a lost session is kept, what it is meanwhile, and what is left of it. On a clock that the test moves. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ServerOptions, ServerSession, Unconfirmed } from '../../../src/server/index.js';
import { helloFor, newToken, resumeFor } from '../../support/raw.js';
import { found } from '../../support/server.js';
import { type VirtualWorld, withVirtualWorld } from '../../support/virtual.js';

const resumeWindowMs = 60_000;
const presenceGraceMs = 5_000;
const options: ServerOptions = { resumeWindowMs, presenceGraceMs };

/** A client with its session, the server's side of it, and a cable. */
const startOf = async ({ host, server, ...world }: VirtualWorld, username = 'jane') => {
  const sessions: ServerSession[] = [];
  const off = server.on('session', (session) => void sessions.push(session));
  const { client, sockets } = world.client();
  const starting = client.startSession({ username });
  await host.advance(0);
  const { session, error } = await starting;
  off();
  if (error) throw error;
  return {
    client,
    session,
    onServer: sessions[0] as ServerSession,
    /** Break the connection, and let no new one through until `plug`. */
    pull: async () => {
      sockets.accept(() => undefined)();
      sockets.cut();
      await host.settle();
    },
    plug: () => void sockets.accept((socket, request) => server.accept(socket, request)),
  };
};

/** A bare socket that has said these frames. */
const saying = async ({ host, socket }: VirtualWorld, ...frames: readonly unknown[]) => {
  const bare = socket();
  await host.settle();
  bare.socket.send(JSON.stringify(frames));
  await host.settle();
  return bare;
};

/** Longer than a client waits between two tries. */
const retryMaxMs = 31_000;

const isOnline = async ({ server }: VirtualWorld, name = 'jane') => (await found(server.users.find({ name }))).user?.presence.online;

const bounded = suite('lost sessions');

bounded(
  'are kept up to a number: past it the one that was lost first has expired',
  withVirtualWorld({ ...options, limits: { lostSessions: 2 } }, async ({ host, server, client, ended }) => {
    const all = ['a', 'b', 'c', 'd'].map((name) => ({ name, ...client() }));
    for (const { name, client: kitty } of all) {
      void kitty.startSession({ username: name });
      await host.advance(10);
    }
    const cut = (...indices: readonly number[]) => {
      for (const index of indices) {
        all[index]?.sockets.accept(() => undefined)();
        all[index]?.sockets.cut();
      }
    };
    cut(0, 1);
    await host.settle();
    assert.equal(ended, []);
    // One that comes back is not lost any more.
    all[0]?.sockets.accept((socket, request) => server.accept(socket, request));
    await host.advance(10_000);
    cut(2);
    await host.settle();
    assert.equal(ended, []);
    cut(0);
    await host.settle();
    assert.equal(ended, [{ user: 'b', reason: 'expired' }]);
    cut(3);
    await host.settle();
    assert.equal(
      ended.map(({ user }) => user),
      ['b', 'c'],
    );
  }),
);

bounded(
  'do not expire while their clients are told to wait',
  withVirtualWorld({ ...options, resumeWindowMs: 3_150, limits: { admissionsPerSecond: 1 } }, async (world) => {
    const { host, log } = world;
    const { client: kitty, pull, plug, onServer } = await startOf(world);
    const others = [world.client(), world.client(), world.client()];
    await host.advance(1_000);
    for (const [index, { client: other }] of others.entries()) void other.startSession({ username: `u${index}` });
    await host.settle();
    await pull();
    plug();
    // Its turn comes when its time would be over, had it not asked meanwhile.
    await host.advance(10_000);
    assert.ok(log.with('session resumed').length === 1);
    assert.is(kitty.session?.id, onServer.id);
    assert.is(kitty.getSnapshot().status, 'active');
  }),
);

bounded.run();

const windowed = suite('the window of a lost session');

windowed(
  'is counted from the loss: until it is over the session is kept, then it has expired, and the app is told what is not confirmed',
  withVirtualWorld(options, async (world) => {
    const { pull, onServer } = await startOf(world);
    const ends: { readonly reason: string; readonly unconfirmed: readonly Unconfirmed[]; readonly at: number }[] = [];
    world.server.on('ended', (_, end) => void ends.push({ ...end, at: world.host.clock.now() }));
    // Not from the start.
    await world.host.advance(resumeWindowMs * 2);
    await pull();
    const lostAt = world.host.clock.now();
    const sent = onServer.send('note', 'for later');
    await world.host.advance(resumeWindowMs - 1);
    assert.equal([ends.length, world.server.counts.active], [0, 1]);
    await world.host.advance(1);
    assert.equal(ends, [
      {
        reason: 'expired',
        unconfirmed: [{ kind: 'message', type: 'note', payload: 'for later', shipped: false, handled: 'no' }],
        at: lostAt + resumeWindowMs,
      },
    ]);
    assert.equal(sent.accepted && (await sent.confirmed), { status: 'unknown' });
    assert.is(world.server.counts.active, 0);
    assert.is((await found(world.server.sessions.find(onServer.id))).session?.endReason, 'expired');
    assert.is(onServer.send('note', 'too late').error?.code, 'NoActiveSessionError');
  }),
);

windowed(
  'begins anew with each loss',
  withVirtualWorld(options, async (world) => {
    const { pull, plug, client } = await startOf(world);
    for (let loss = 0; loss < 3; loss += 1) {
      await world.host.advance(10_000);
      await pull();
      await world.host.advance(resumeWindowMs - retryMaxMs - 1_000);
      plug();
      await world.host.advance(retryMaxMs);
      assert.is(client.getSnapshot().status, 'active');
    }
    assert.is(world.ended.length, 0);
  }),
);

windowed(
  'that is over leaves a client to begin anew, on the same object, told of what is not confirmed',
  withVirtualWorld(options, async (world) => {
    const { pull, plug, client, session } = await startOf(world);
    const former = session.id;
    const gaps: { readonly formerSessionId: string; readonly unconfirmed: readonly Unconfirmed[] }[] = [];
    client.on('gap', ({ formerSessionId, unconfirmed }) => void gaps.push({ formerSessionId, unconfirmed }));
    await pull();
    session.send('note', 1);
    await world.host.advance(resumeWindowMs + 1);
    plug();
    await world.host.advance(retryMaxMs);
    assert.is(client.session, session);
    assert.is.not(session.id, former);
    assert.equal(gaps, [
      { formerSessionId: former, unconfirmed: [{ kind: 'message', type: 'note', payload: 1, shipped: false, handled: 'no' }] },
    ]);
  }),
);

windowed(
  'is that of the confirm where the client never confirmed: then the session never was',
  withVirtualWorld({ ...options, confirmWithinMs: 2_000 }, async (world) => {
    const bare = await saying(world, ['hello', helloFor('jane', { features: ['resume'] })]);
    assert.is(world.server.counts.unconfirmed, 1);
    bare.socket.close(1001);
    await world.host.advance(1_999);
    assert.is(world.server.counts.unconfirmed, 1);
    await world.host.advance(1);
    assert.is(world.server.counts.unconfirmed, 0);
    assert.is((await found(world.server.sessions.list())).sessions.total, 0);
    assert.is(world.ended.length, 0);
  }),
);

const meanwhile = suite('while a session is lost');

meanwhile(
  'what the server sends is kept, and arrives after the resume: once, in order, before what is new; its listener is not told again',
  withVirtualWorld(options, async (world) => {
    const { pull, plug, session, onServer } = await startOf(world);
    let told = 0;
    world.server.on('session', () => {
      told += 1;
    });
    const heard: unknown[] = [];
    session.on('count', (payload) => void heard.push(payload));
    onServer.send('count', 0);
    await pull();
    for (const n of [1, 2]) onServer.send('count', n);
    world.server.to('jane').send('count', 3);
    await world.host.advance(1_000);
    plug();
    await world.host.advance(retryMaxMs);
    onServer.send('count', 4);
    await world.host.advance(100);
    assert.equal(heard, [0, 1, 2, 3, 4]);
    assert.is(told, 0);
  }),
);

meanwhile(
  'no more is kept than the buffer has room for: what is beyond is refused, not lost',
  withVirtualWorld({ ...options, limits: { buffer: { messages: 3, size: 300_000 } } }, async (world) => {
    const { pull, onServer } = await startOf(world);
    await pull();
    const sent = [1, 2, 3, 4].map((n) => onServer.send('count', n));
    assert.equal(
      sent.map(({ accepted }) => accepted),
      [true, true, true, false],
    );
    assert.is(sent[3]?.error?.code, 'BufferFullError');
  }),
);

meanwhile(
  'a handler that was running goes on, and its outcome is told after the resume',
  withVirtualWorld(options, async (world) => {
    const { pull, plug, session, onServer } = await startOf(world);
    onServer.on('slow', () => new Promise((resolve) => world.host.clock.setTimeout(() => resolve(undefined), 5_000)));
    const sent = session.send('slow', 1);
    await world.host.advance(100);
    await pull();
    await world.host.advance(6_000);
    plug();
    await world.host.advance(retryMaxMs);
    assert.equal(sent.accepted && (await sent.confirmed), { status: 'handled' });
  }),
);

meanwhile(
  'its user is offline once the grace time is over, and online again with the resume',
  withVirtualWorld(options, async (world) => {
    const { pull, plug, client } = await startOf(world);
    await pull();
    await world.host.advance(presenceGraceMs - 1);
    assert.is(await isOnline(world), true, 'within the grace time');
    await world.host.advance(1);
    assert.is(await isOnline(world), false);
    plug();
    await world.host.advance(retryMaxMs);
    assert.is(client.getSnapshot().status, 'active');
    assert.is(await isOnline(world), true);
  }),
);

meanwhile(
  'its user goes offline once however it ends, and another session of theirs keeps them online',
  withVirtualWorld(options, async (world) => {
    const one = await startOf(world);
    await startOf(world);
    await one.pull();
    await world.host.advance(presenceGraceMs * 2);
    one.onServer.end();
    await world.host.advance(presenceGraceMs * 2);
    assert.is(await isOnline(world), true);
  }),
);

meanwhile(
  'its user is counted once, however often it is taken over from links that look alive, and is offline after its end',
  withVirtualWorld(options, async (world) => {
    const first = newToken();
    const bare = await saying(world, ['hello', helloFor('jane', { features: ['resume'], token: first })]);
    bare.socket.send('[["confirm"]]');
    await world.host.settle();
    const [session] = [...world.server.keeper.live.all()];
    let token = first;
    for (let time = 0; time < 3; time += 1) {
      const next = newToken();
      await saying(world, ['hello', resumeFor(session?.id ?? '', [token], { next })]);
      token = next;
    }
    assert.equal(bare.closes, [1000]);
    session?.revoke();
    await world.host.advance(presenceGraceMs);
    assert.is(await isOnline(world), false);
  }),
);

meanwhile(
  'a server that closes ends it, writes that down, and leaves no timer',
  withVirtualWorld(options, async (world) => {
    const { pull, client, onServer } = await startOf(world);
    await pull();
    void client.endSession();
    await world.host.settle();
    assert.ok(world.host.pendingTimers > 0);
    const closed = world.server.close();
    await world.host.settle();
    await closed;
    assert.equal(world.ended, [{ user: 'jane', reason: 'expired' }]);
    assert.is(world.server.counts.active, 0);
    assert.is(onServer.send('note', 1).accepted, false);
    assert.is(world.host.pendingTimers, 0);
  }),
);

meanwhile(
  'a server that closes ends those too whose link it breaks itself',
  withVirtualWorld(options, async (world) => {
    const { client } = await startOf(world);
    const closed = world.server.close();
    await world.host.settle();
    await closed;
    assert.equal(world.ended, [{ user: 'jane', reason: 'expired' }]);
    void client.endSession();
    await world.host.settle();
    assert.is(world.host.pendingTimers, 0);
  }),
);

meanwhile(
  'its user may give it up: the next start names it, and the server ends it',
  withVirtualWorld(options, async (world) => {
    const { pull, plug, client } = await startOf(world);
    await pull();
    const ending = client.endSession();
    await world.host.settle();
    assert.is((await ending).reason, 'ended');
    plug();
    const starting = client.startSession({ username: 'jane' });
    await world.host.advance(0);
    assert.is((await starting).succeeded, true);
    assert.equal(world.ended, [{ user: 'jane', reason: 'ended' }]);
    assert.is(world.server.counts.active, 1);
    assert.is(world.log.with('security').length, 0);
  }),
);

windowed.run();
meanwhile.run();
