/** A world of the test kit: what its network, its clients and its server do when they are told to. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type TestWorld, type TestWorldOptions, testWorld } from '../../../src/testing/index.js';

/** A test in a world of its own, whose server keeps what it hears as `chat`. */
const inWorld =
  (options: TestWorldOptions, run: (world: TestWorld, heard: unknown[]) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const heard: unknown[] = [];
    const world = testWorld({
      ...options,
      app: (server) =>
        void server.on('session', (session) => {
          session.on('chat', (payload) => void heard.push(payload));
          session.onRequest('double', (payload) => payload * 2);
        }),
    });
    try {
      await run(world, heard);
    } finally {
      await world.close();
    }
  };

/** Every lifecycle event of a client that says something of its link. */
const lifeOf = (kitty: ReturnType<TestWorld['client']>): readonly string[] => {
  const names: string[] = [];
  for (const name of ['lost', 'resumed', 'gap', 'ended'] as const) kitty.on(name, () => void names.push(name));
  return names;
};

const network = suite('the network of a world');

network(
  'is fine at first: what is sent arrives without time passing',
  inWorld({}, async (world, heard) => {
    const session = await world.start(world.client(), { username: 'jane' });
    const at = world.now();
    session.send('chat', 1);
    await world.settle();
    assert.equal(heard, [1]);
    assert.is(world.now(), at);
    const answer = await world.result(session.request('double', 21));
    assert.is(answer.reply, 42);
  }),
);

network(
  'cut, both ends are told, and the session is resumed',
  inWorld({}, async (world, heard) => {
    const kitty = world.client();
    const session = await world.start(kitty, { username: 'jane' });
    const life = lifeOf(kitty);
    world.network.cut();
    session.send('chat', 1);
    await world.advance(1_000);
    assert.equal([life, heard], [['lost', 'resumed'], [1]]);
    assert.is(world.network.connections, 1);
  }),
);

network(
  'cut without the client being told, is noticed by what is not acknowledged',
  inWorld({}, async (world, heard) => {
    const kitty = world.client();
    const session = await world.start(kitty, { username: 'jane' });
    const life = lifeOf(kitty);
    world.network.cut('server');
    session.send('chat', 1);
    await world.advance(1_000);
    assert.equal([life, heard], [[], []]);
    await world.advance(4_000);
    assert.equal([life, heard], [['lost', 'resumed'], [1]]);
  }),
);

network(
  'stalled one way, carries the other way',
  inWorld({}, async (world, heard) => {
    const down: unknown[] = [];
    const session = await world.start(world.client({ handlers: { news: (payload) => void down.push(payload) } }), { username: 'jane' });
    world.network.stall('up');
    session.send('chat', 1);
    world.server.to('jane').send('news', 2);
    await world.advance(500);
    assert.equal([down, heard], [[2], []]);
    world.network.heal();
    await world.settle();
    assert.equal(heard, [1]);
  }),
);

network(
  'stalled both ways, lets nobody in until it is healed',
  inWorld({}, async (world, heard) => {
    const kitty = world.client();
    const session = await world.start(kitty, { username: 'jane' });
    const life = lifeOf(kitty);
    world.network.stall();
    session.send('chat', 1);
    await world.advance(60_000);
    assert.equal([life, kitty.getSnapshot().status, heard], [['lost'], 'lost', []]);
    world.network.heal();
    await world.advance(30_000);
    assert.equal([life, heard], [['lost', 'resumed'], [1]]);
  }),
);

network(
  'slowed, takes its time for what is sent, in order',
  inWorld({}, async (world, heard) => {
    const session = await world.start(world.client(), { username: 'jane' });
    world.network.slow({ latencyMs: 200, jitterMs: 100 });
    for (let n = 0; n < 20; n += 1) {
      session.send('chat', n);
      await world.advance(5);
    }
    assert.equal(heard, []);
    await world.advance(400);
    assert.equal(heard, [...Array(20).keys()]);
  }),
);

network(
  'that refuses leaves what is there, and lets in nobody new',
  inWorld({}, async (world, heard) => {
    const session = await world.start(world.client(), { username: 'jane' });
    world.network.refuse();
    session.send('chat', 1);
    await world.settle();
    assert.equal(heard, [1]);
    const refused = await world.result(world.client().startSession({ username: 'joe' }));
    assert.is(refused.error?.code, 'StartTimeoutError');
  }),
);

network(
  'of one client leaves the others alone',
  inWorld({}, async (world) => {
    const [jane, joe] = [world.client(), world.client()];
    await world.start(jane, { username: 'jane' });
    await world.start(joe, { username: 'joe' });
    world.networkOf(jane).offline();
    await world.advance(1_000);
    assert.equal(
      [jane, joe].map((kitty) => kitty.getSnapshot().status),
      ['lost', 'active'],
    );
    assert.equal([world.networkOf(jane).connections, world.networkOf(joe).connections], [0, 1]);
    world.networkOf(jane).online();
    await world.advance(1_000);
    assert.is(jane.getSnapshot().status, 'active');
  }),
);

network(
  'that is offline, is so for clients to come too: they wait for it, and do not knock',
  inWorld({}, async (world) => {
    world.network.offline();
    const kitty = world.client();
    const starting = kitty.startSession({ username: 'jane' });
    await world.advance(2_000);
    assert.is(kitty.getSnapshot().substate, 'offline');
    world.network.online();
    assert.is((await world.result(starting)).succeeded, true);
  }),
);

network(
  'that repeats the opening of a connection makes no second session',
  inWorld({}, async (world, heard) => {
    const kitty = world.client();
    const session = await world.start(kitty, { username: 'jane' });
    const [duplicate] = world.network.duplicate();
    // Nobody confirms it.
    await world.advance(15_000);
    const listed = await world.result(world.server.sessions.list({ state: 'ACTIVE' }));
    assert.is(listed.sessions?.total, 1);
    assert.is(duplicate?.closed === null, false);
    session.send('chat', 1);
    await world.advance(3_000);
    assert.equal(heard, [1]);
    assert.is(kitty.getSnapshot().status, 'active');
  }),
);

network(
  'that repeats the opening of a resume is refused, as its token is not current any more',
  inWorld({}, async (world) => {
    const kitty = world.client();
    assert.throws(() => world.networkOf(kitty).duplicate(), 'There is no connection yet');
    await world.start(kitty, { username: 'jane' });
    world.network.cut();
    await world.advance(1_000);
    const [duplicate] = world.network.duplicate();
    await world.advance(1_000);
    assert.match(duplicate?.texts.join() ?? '', 'AccessDeniedError');
    assert.ok(duplicate?.closed);
    assert.ok(world.log.some(({ message }) => message.startsWith('security: ')));
    assert.is(kitty.getSnapshot().status, 'active');
  }),
);

network.run();

const server = suite('the server of a world');

server(
  'killed and started again has its sessions, and what they were sent',
  inWorld({}, async (world, heard) => {
    const down: unknown[] = [];
    const kitty = world.client({ handlers: { news: (payload) => void down.push(payload) } });
    const session = await world.start(kitty, { username: 'jane' });
    const { id } = session;
    const life = lifeOf(kitty);
    world.networkOf(kitty).stall();
    world.server.to('jane').send('news', 1);
    await world.settle();
    await world.killServer();
    session.send('chat', 1);
    world.network.heal();
    await world.advance(5_000);
    assert.is(kitty.getSnapshot().status, 'lost');
    await world.restartServer();
    await world.advance(10_000);
    assert.equal([life, heard, down, kitty.session?.id], [['lost', 'resumed'], [1], [1], id]);
  }),
);

server(
  'restarted as in a deploy has its sessions',
  inWorld({}, async (world, heard) => {
    const kitty = world.client();
    const session = await world.start(kitty, { username: 'jane' });
    const life = lifeOf(kitty);
    const former = world.server;
    await world.restartServer();
    session.send('chat', 1);
    await world.advance(30_000);
    assert.equal([life, heard], [['lost', 'resumed'], [1]]);
    assert.is.not(world.server, former);
  }),
);

server(
  'denies whom it is told to deny, guest or not, until it is told otherwise',
  inWorld({ server: { authenticate: () => true } }, async (world) => {
    world.deny('jane');
    assert.is((await world.result(world.client().startSession({ username: 'jane' }))).error?.code, 'AccessDeniedError');
    assert.is((await world.result(world.client().startSession({ username: 'jane', authParams: {} }))).error?.code, 'AccessDeniedError');
    await world.start(world.client(), { username: 'joe' });
    world.deny();
    assert.is((await world.result(world.client().startSession({ username: 'ann' }))).error?.code, 'AccessDeniedError');
    world.allow();
    await world.start(world.client(), { username: 'jane' });
  }),
);

server(
  'lets an authentication expire: renewed in time where there is time, or over',
  inWorld({ server: { authenticate: () => true } }, async (world) => {
    const kitty = world.client();
    let asked = 0;
    await world.start(kitty, {
      username: 'jane',
      authParams: () => {
        asked += 1;
        return {};
      },
    });
    world.expire(kitty, 60_000);
    await world.advance(120_000);
    assert.equal([asked, kitty.getSnapshot().status], [2, 'active']);
    world.expire(kitty);
    await world.advance(2_000);
    assert.equal([asked, kitty.getSnapshot().status, kitty.getSnapshot().endReason], [2, 'ended', 'denied']);
  }),
);

server(
  'says in the log of the world what it has to say',
  inWorld({}, async (world) => {
    await world.settle();
    assert.ok(world.log.some(({ level, message }) => level === 'warn' && message.includes('apiKeys')));
  }),
);

server.run();

const pages = suite('the pages of a world');

pages(
  'loaded again with persist, go on with their session; a duplicated tab has one of its own',
  inWorld({ client: { persist: 'tab' } }, async (world, heard) => {
    const kitty = world.client();
    const session = await world.start(kitty, { username: 'jane' });
    world.network.stall('up');
    session.send('chat', 1);
    const again = await world.reload(kitty);
    world.network.heal();
    const resumed = await world.start(again, { username: 'jane' });
    assert.is(resumed.id, session.id);
    await world.advance(1_000);
    assert.equal(heard, [1]);
    const other = await world.start(world.duplicateTab(again), { username: 'jane' });
    assert.is.not(other.id, session.id);
    assert.throws(() => world.networkOf(kitty), 'This is no client of this world');
  }),
);

pages(
  'loaded again without persist, start anew',
  inWorld({}, async (world) => {
    const kitty = world.client();
    const session = await world.start(kitty, { username: 'jane' });
    const again = await world.start(await world.reload(kitty), { username: 'jane' });
    assert.is.not(again.id, session.id);
  }),
);

pages(
  'frozen, do nothing and notice nothing; thawed, they go on',
  inWorld({}, async (world, heard) => {
    const down: unknown[] = [];
    const kitty = world.client({ handlers: { news: (payload) => void down.push(payload) } });
    const session = await world.start(kitty, { username: 'jane' });
    const life = lifeOf(kitty);
    world.freeze(kitty);
    world.server.to('jane').send('news', 1);
    await world.advance(500);
    assert.equal([down, kitty.getSnapshot().status], [[], 'active']);
    world.thaw(kitty);
    await world.advance(1_000);
    assert.equal([down, life], [[1], []]);
    world.freeze(kitty);
    world.server.to('jane').send('news', 2);
    await world.advance(60_000);
    assert.equal([down, life], [[1], []]);
    assert.ok(world.log.some(({ message }) => message === 'session lost its link'));
    world.thaw(kitty);
    session.send('chat', 3);
    await world.advance(10_000);
    assert.equal([down, heard, life], [[1, 2], [3], ['lost', 'resumed']]);
    world.thaw(kitty);
    world.assertGuarantees();
  }),
);

pages(
  'hear what their platform says',
  inWorld({}, async (world) => {
    const [kitty, other] = [world.client(), world.client()];
    await world.start(kitty, { username: 'jane' });
    await world.start(other, { username: 'joe' });
    world.networkOf(kitty).cut('server');
    world.networkOf(other).cut('server');
    world.hint(kitty, 'visible');
    await world.advance(3_000);
    assert.equal([world.networkOf(kitty).connections, world.networkOf(other).connections], [1, 0]);
  }),
);

pages.run();

const time = suite('time in a world');

time('that a promise needs passes, and no more than it may; what takes real time is waited for without', async () => {
  const world = testWorld();
  const at = world.now();
  await world.result(new Promise<void>((resolve) => void world.clock.setTimeout(resolve, 30_000)));
  assert.is(world.now() - at, 30_000);
  const never = world.result(new Promise(() => undefined), { withinMs: 10 });
  await never.then(
    () => assert.unreachable(),
    (error) => assert.match(error.message, 'nothing is left that could happen'),
  );
  world.clock.setTimeout(() => undefined, 1_000);
  await world.result(new Promise(() => undefined), { withinMs: 10 }).then(
    () => assert.unreachable(),
    (error) => assert.match(error.message, 'its 10 ms are over'),
  );
  const before = world.now();
  let isRead = false;
  setTimeout(() => {
    isRead = true;
  }, 5);
  await world.until(() => isRead);
  assert.is(world.now(), before);
  await world
    .until(() => false, { realMs: 1 })
    .then(
      () => assert.unreachable(),
      (error) => assert.match(error.message, 'in vain'),
    );
  await world.close();
});

time.run();
