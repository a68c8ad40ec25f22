/** When the server pings, whom it gives up, and what it makes of its own pauses. On a clock that the test moves. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { memorySockets } from '../../../adapters/sockets/memory.js';
import { type Ticked, Ticker } from '../../../src/server/ticker.js';
import { helloFor } from '../../support/raw.js';
import { type VirtualWorld, withVirtualWorld } from '../../support/virtual.js';

const pingEveryMs = 5_000;

/** A confirmed session on a bare socket. */
const session = async ({ host, socket: open }: VirtualWorld, username = 'jane') => {
  const bare = open();
  await host.advance(0);
  bare.socket.send(JSON.stringify([['hello', helloFor(username)]]));
  await host.advance(0);
  bare.socket.send('[["confirm"]]');
  await host.advance(0);
  return { ...bare, pingsAt: () => bare.texts.filter(({ text }) => text.startsWith('[["ping"')).map(({ at }) => at) };
};

/** Answers every ping, as a client does. */
const answering = async ({ host }: VirtualWorld, { socket, texts }: Awaited<ReturnType<typeof session>>, forMs: number) => {
  const until = host.clock.now() + forMs;
  for (let answered = texts.length; host.clock.now() < until; ) {
    await host.advance(50);
    for (; answered < texts.length; answered += 1) {
      const [tag, id] = JSON.parse(texts[answered]?.text ?? '[[]]')[0];
      if (tag === 'ping') socket.send(JSON.stringify([['pong', id]]));
    }
  }
};

const pings = suite('pings');

pings(
  'come where the server says nothing else, never later than the rhythm that the welcome names and at most a tick early',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    // Off the tick, where a ping is most easily late.
    await world.host.advance(333);
    const bare = await session(world);
    const from = world.host.clock.now();
    await answering(world, bare, 60_000);
    const gaps = bare.pingsAt().map((at, index, all) => at - (index === 0 ? from : (all[index - 1] ?? 0)));
    assert.ok(gaps.length >= 12, `${gaps}`);
    assert.ok(
      gaps.every((gap) => gap <= pingEveryMs + 50 && gap >= pingEveryMs - 1_000),
      `${gaps}`,
    );
  }),
);

pings(
  'keep an idle client from ever being suspicious',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    await world.host.advance(333);
    const { client } = world.client();
    const starting = client.startSession({ username: 'jane' });
    await world.host.advance(0);
    await starting;
    const substates = new Set<unknown>();
    client.subscribe(() => substates.add(client.getSnapshot().substate));
    await world.host.advance(120_000);
    assert.is(client.getSnapshot().status, 'active');
    assert.not.ok(substates.has('suspect'), `${[...substates]}`);
  }),
);

pings(
  'are not needed where something else is said often enough, both ways',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    const bare = await session(world);
    for (let n = 1; n <= 40; n += 1) {
      bare.socket.send(JSON.stringify([['m', 'unhandled', n]]));
      await world.host.advance(1_000);
    }
    assert.equal(bare.pingsAt(), []);
  }),
);

for (const short of [20, 200, 1_000])
  pings(
    `come in a rhythm as short as ${short} ms too`,
    withVirtualWorld({ pingEveryMs: short }, async (world) => {
      const bare = await session(world);
      await answering(world, bare, short * 20);
      const gaps = bare.pingsAt().map((at, index, all) => at - (all[index - 1] ?? at));
      assert.ok(gaps.length > 10);
      assert.ok(
        gaps.every((gap) => gap <= short + 50),
        `${gaps}`,
      );
    }),
  );

pings(
  'come as slowly as a client asks, which the welcome says',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    const bare = world.socket();
    await world.host.advance(0);
    bare.socket.send(JSON.stringify([['hello', { ...helloFor('jane'), pingEveryMs: 25_000 }]]));
    await world.host.advance(0);
    bare.socket.send('[["confirm"]]');
    assert.match(bare.texts[0]?.text ?? '', /"pingEveryMs":25000/);
    await world.host.advance(23_000);
    assert.is(bare.texts.length, 1);
    await world.host.advance(2_000);
    assert.match(bare.texts[1]?.text ?? '', /^\[\["ping"/);
    assert.is(world.server.counts.active, 1);
  }),
);

const silence = suite('a client that says nothing any more');

silence(
  'is given up once it answers no ping either, within ten seconds, and its session is lost for good',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    const bare = await session(world);
    await world.host.advance(pingEveryMs + 2_000);
    assert.is(world.server.counts.active, 1, 'not before it was asked and had time to answer');
    await world.host.advance(3_000);
    assert.equal(world.ended, [{ user: 'jane', reason: 'expired' }]);
    assert.equal(bare.closes, [1006], 'and its socket is closed, without a handshake that nobody would answer');
  }),
);

silence(
  'is given up within two seconds where it leaves something unacknowledged',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    const bare = await session(world);
    world.server.to('jane').send('news', 1);
    await world.host.advance(1_800);
    assert.is(world.server.counts.active, 1, 'not before it was asked and had time to answer');
    await world.host.advance(400);
    assert.equal([world.ended, bare.closes], [[{ user: 'jane', reason: 'expired' }], [1006]]);
  }),
);

silence(
  'is not one that acknowledges, and costs no second look once it has',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    const bare = await session(world);
    const timers = world.host.pendingTimers;
    world.server.to('jane').send('news', 1);
    await world.host.advance(0);
    assert.is(world.host.pendingTimers, timers + 1, 'those that wait are looked at more often');
    bare.socket.send('[["a",1,1,0,0]]');
    await world.host.advance(200);
    assert.is(world.host.pendingTimers, timers);
    await world.host.advance(2_000);
    assert.is(world.server.counts.active, 1);
  }),
);

silence(
  'is not one of whose long message more and more arrives',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    const sockets = memorySockets({ clock: world.host.clock });
    let bytesReceived = 0;
    sockets.accept((socket, request) => {
      const counted = Object.defineProperty(Object.create(socket), 'bytesReceived', { get: () => bytesReceived });
      world.server.accept(counted, request);
    });
    const silent = { opened: () => undefined, received: () => undefined, closed: () => undefined };
    const socket = sockets.open({ protocols: ['ninelives.v1'], openTimeoutMs: 1_000 }, silent);
    await world.host.advance(0);
    socket.send(JSON.stringify([['hello', helloFor('jane')]]));
    await world.host.advance(0);
    socket.send('[["confirm"]]');
    for (let second = 0; second < 60; second += 1) {
      bytesReceived += 1_000;
      await world.host.advance(1_000);
    }
    assert.is(world.server.counts.active, 1);
    await world.host.advance(10_000);
    assert.is(world.server.counts.active, 0, 'no more of it comes');
  }),
);

silence(
  'is not one that answers pings and says nothing else, for hours',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    const { client } = world.client();
    const starting = client.startSession({ username: 'jane' });
    await world.host.advance(0);
    await starting;
    await world.host.advance(2 * 3_600_000);
    assert.equal([client.getSnapshot().status, world.server.counts.active, world.ended.length], ['active', 1, 0]);
  }),
);

silence(
  'costs the others nothing',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    await session(world, 'silent');
    const answers = await session(world, 'jane');
    await answering(world, answers, 60_000);
    assert.equal(world.ended, [{ user: 'silent', reason: 'expired' }]);
    assert.is(world.server.counts.active, 1);
  }),
);

const pause = suite('a server that stood still');

pause(
  'gives nobody up for what it could not hear: it asks first',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    const bare = await session(world);
    const pinged = bare.pingsAt().length;
    world.host.sleep(60_000);
    await world.host.advance(0);
    assert.equal(world.ended, []);
    await answering(world, bare, 60_000);
    assert.ok(bare.pingsAt().length > pinged);
    assert.equal([world.server.counts.active, world.ended.length], [1, 0]);
  }),
);

pause(
  'gives up who then stays silent, as at any other time',
  withVirtualWorld({ pingEveryMs }, async (world) => {
    await session(world);
    world.host.sleep(60_000);
    await world.host.advance(0);
    await world.host.advance(pingEveryMs + 12_000);
    assert.equal(world.ended, [{ user: 'jane', reason: 'expired' }]);
  }),
);

const ticker = suite('the one timer of all connections');

const member = () => {
  const ticks: { now: number; nextAt: number; lostMs: number }[] = [];
  return { ticks, tick: (now: number, nextAt: number, lostMs: number) => void ticks.push({ now, nextAt, lostMs }) };
};

ticker('runs only while there is someone to tick, and is one however many there are', async () => {
  const host = virtualHost({ seed: 1 });
  const timer = new Ticker(host.clock, 5_000);
  const [one, two] = [member(), member()];
  assert.is(host.pendingTimers, 0);
  timer.add(one);
  timer.add(two);
  assert.is(host.pendingTimers, 1);
  await host.advance(2_000);
  assert.equal([one.ticks.length, two.ticks.length], [2, 2]);
  timer.remove(one);
  timer.remove(two);
  assert.is(host.pendingTimers, 0);
  timer.remove(two);
});

ticker('ends with its last member, also where that one goes in its own tick', async () => {
  const host = virtualHost({ seed: 1 });
  const timer = new Ticker<Ticked>(host.clock, 5_000);
  const last = { tick: () => timer.remove(last) };
  timer.add(last);
  await host.advance(5_000);
  assert.is(host.pendingTimers, 0);
});

ticker('stays one where a member comes in a tick', async () => {
  const host = virtualHost({ seed: 1 });
  const timer = new Ticker<Ticked>(host.clock, 5_000);
  const newcomer = member();
  const first = {
    tick: () => {
      timer.remove(first);
      timer.add(newcomer);
    },
  };
  timer.add(first);
  await host.advance(1_000);
  assert.is(host.pendingTimers, 1);
  await host.advance(3_000);
  assert.is(host.pendingTimers, 1);
});

ticker('says how long the process stood still, past what timers are late by themselves', async () => {
  const host = virtualHost({ seed: 1 });
  const timer = new Ticker(host.clock, 5_000);
  const one = member();
  timer.add(one);
  await host.advance(1_000);
  host.sleep(2_000);
  await host.advance(0);
  host.sleep(31_000);
  await host.advance(0);
  assert.equal(
    one.ticks.map(({ lostMs }) => lostMs),
    [0, 0, 30_000],
  );
  timer.remove(one);
});

/** The same host whose members take time: what a tick costs passes on its clock. */
const busy = () => {
  const host = virtualHost({ seed: 1 });
  let spentMs = 0;
  const now = (): number => host.clock.now() + spentMs;
  return {
    host,
    clock: { ...host.clock, now, setTimeout: (run: () => void, ms: number) => host.clock.setTimeout(run, ms) },
    spend: (ms: number) => {
      spentMs += ms;
    },
  };
};

ticker('comes on a grid, however long its members take', async () => {
  const { host, clock, spend } = busy();
  const timer = new Ticker<Ticked>(clock, 5_000);
  const at: number[] = [];
  const slow = {
    tick: (now: number, nextAt: number) => {
      at.push(now);
      assert.is(nextAt % 1_000, 0);
      spend(70);
    },
  };
  timer.add(slow);
  for (let second = 0; second < 5; second += 1) await host.advance(1_000 - (second === 0 ? 0 : 70));
  assert.equal(at, [1_000, 2_000, 3_000, 4_000, 5_000]);
  timer.remove(slow);
});

ticker('lets the event loop go on between many members, has each of them once, and outlives one that throws', async () => {
  const { host, clock, spend } = busy();
  const runs: (() => void)[] = [];
  const timer = new Ticker<Ticked>({ ...clock, macrotask: (run) => void runs.push(run) }, 5_000);
  const had: number[] = [];
  const members = Array.from({ length: 40 }, (_, index) => ({
    tick: (now: number) => {
      had.push(index);
      // What passes meanwhile is nobody's silence.
      assert.is(now, 1_000);
      spend(1);
      if (index === 20) throw new Error('broken');
    },
  }));
  for (const one of members) timer.add(one);
  await host.advance(1_000);
  assert.is(had.length, 16);
  assert.is(host.pendingTimers, 0);
  // One that comes meanwhile is no reason for another timer.
  const late = member();
  timer.add(late);
  assert.is(host.pendingTimers, 0);
  assert.throws(() => runs.shift()?.(), 'broken');
  for (let run = runs.shift(); run !== undefined; run = runs.shift()) run();
  assert.equal(
    had,
    members.map((_, index) => index),
  );
  assert.is(late.ticks.length, 1);
  assert.is(host.pendingTimers, 1);
  for (const one of [...members, late]) timer.remove(one);
  assert.is(host.pendingTimers, 0);
});

pings.run();
silence.run();
pause.run();
ticker.run();
