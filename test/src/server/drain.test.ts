/** A server that drains: handlers finish, goodbyes say what had become of the stream and when to come back, and nothing begins. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import { Drain, drainPlanOf } from '../../../src/server/drain.js';
import { SessionServer } from '../../../src/server/server.js';
import type { LiveSession } from '../../../src/server/session.js';
import { type Fields, helloEntry, helloFor, openRaw, resumeRaw, startResumable } from '../../support/raw.js';
import { keptLog, startServer, withServer } from '../../support/server.js';
import { turns, until } from '../../support/until.js';
import { type VirtualWorld, withVirtualWorld } from '../../support/virtual.js';

const resumeWindowMs = 60_000;

const draining = suite('a server that drains');

/** A client that is active. */
const startOf = async ({ host, client }: VirtualWorld, username: string) => {
  const made = client();
  const start = made.client.startSession({ username });
  await host.advance(0);
  const { session, error } = await start;
  if (error) throw error;
  return { ...made, session };
};

draining(
  'lets what runs come to its end, begins nothing more, and says in each goodbye what was handled and what never will be',
  withVirtualWorld({ resumeWindowMs }, async (world) => {
    const { host, server } = world;
    const finish: (() => void)[] = [];
    const begun: unknown[] = [];
    server.on('session', (session) =>
      session.on('job', (payload) => {
        begun.push(payload);
        return new Promise<void>((resolve) => void finish.push(resolve));
      }),
    );
    const { client, session } = await startOf(world, 'jane');
    const sent = [1, 2, 3].map((job) => session.send('job', job));
    await host.advance(100);
    const lost = new Promise<{ error: { code: string; retryAfterMs?: number } }>((resolve) => void client.on('lost', resolve as never));
    const drained = server.drain();
    await host.advance(5_000);
    assert.is(client.getSnapshot().status, 'active', 'its handler still runs');
    finish[0]?.();
    await host.advance(50);
    const { error } = await lost;
    assert.is(error.code, 'ServerDrainingError');
    assert.ok((error.retryAfterMs ?? 0) >= 1_000);
    assert.equal(begun, [1]);
    assert.equal(await sent[0]?.confirmed, { status: 'handled' });
    await drained;
    const ended = client.endSession();
    await host.advance(10);
    assert.equal(
      (await ended).unconfirmed.map(({ payload, handled }) => [payload, handled]),
      [
        [2, 'no'],
        [3, 'no'],
      ],
    );
  }),
);

draining(
  'waits for requests that are being answered too, and what their handlers say arrives',
  withVirtualWorld({ resumeWindowMs }, async (world) => {
    const { host, server } = world;
    const finish: ((reply: string) => void)[] = [];
    server.on('session', (session) => session.onRequest('price', () => new Promise<string>((resolve) => void finish.push(resolve))));
    const { session } = await startOf(world, 'jane');
    const asked = session.request('price', 1);
    await host.advance(100);
    const drained = server.drain();
    await host.advance(100);
    // What is asked from now on is not begun.
    const late = session.request('price', 2);
    await host.advance(100);
    finish[0]?.('5');
    await host.advance(100);
    assert.is((await asked).reply, '5');
    assert.is(finish.length, 1);
    await drained;
    void late;
  }),
);

draining(
  'does not wait longer than its limit for handlers that do not end, nor for one whose client is gone',
  withVirtualWorld({ resumeWindowMs }, async (world) => {
    const { host, server, log } = world;
    server.on('session', (session) => session.on('job', () => new Promise(() => undefined)));
    const [stuck, gone] = [await startOf(world, 'jane'), await startOf(world, 'joe')];
    for (const { session } of [stuck, gone]) session.send('job', 1);
    await host.advance(100);
    const drained = server.drain({ withinMs: 3_000 });
    await host.advance(1_000);
    gone.sockets.cut();
    await host.advance(1_990);
    assert.is(stuck.client.getSnapshot().status, 'active');
    await host.advance(10);
    await drained;
    assert.is(stuck.client.getSnapshot().status, 'lost');
    assert.is(log.with('drained')[0]?.fields.cutShort, 1);
  }),
);

draining(
  'says goodbye in batches, each with a time that is past the last of them',
  withVirtualWorld({ resumeWindowMs }, async (world) => {
    const { host, server } = world;
    const told: (readonly [at: number, retryAfterMs: number])[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      const bare = await startOf(world, name);
      bare.client.on('lost', ({ error }) => void told.push([host.clock.now(), error.retryAfterMs ?? -1]));
    }
    const from = host.clock.now();
    const drained = server.drain({ batch: 2, everyMs: 500, retryAfterMs: 2_000 });
    await host.advance(1_100);
    await drained;
    assert.equal(
      told.map(([at]) => Math.round((at - from) / 100) * 100),
      [0, 0, 500, 500, 1_000],
    );
    for (const [at, retryAfterMs] of told)
      assert.ok(Math.abs(at + retryAfterMs - from - 3_000) < 10, 'nobody is back before all are told and the next server had its time');
  }),
);

draining(
  'refuses who comes meanwhile, whatever they have come to, and says when to come back',
  withServer(
    { resumeWindowMs, authenticate: () => new Promise(() => undefined), authenticateTimeoutMs: 60_000 },
    async ({ url, server, sessionOf, sessions }) => {
      const never = new Promise<void>(() => undefined);
      server.on('session', (session) => void session.on('job', () => never));
      const { raw } = await startResumable(url, 'jane');
      await sessionOf('jane');
      raw.send(['m', 'job', 1], ['ping', 1]);
      await raw.take('pong');
      const silent = await openRaw(url);
      const deciding = await openRaw(url, { entries: [helloEntry(helloFor('joe', { authParams: {} }))] });
      const unconfirmed = await openRaw(url, { entries: [helloEntry(helloFor('zoe'))] });
      await unconfirmed.take('welcome');
      await until(() => server.counts.pending === 2, 'all are where they are to be');
      const drained = server.drain({ retryAfterMs: 7_000, spreadMs: 3_000 });
      const late = await openRaw(url, { entries: [helloEntry(helloFor('bob'))] });
      for (const refused of [silent, deciding, unconfirmed, late]) {
        assert.is((await refused.refusal()).code, 'ServerDrainingError');
        const [, said] = refused.frames.at(-1) as [string, Fields];
        assert.equal([said.retryAfterMs, said.spreadMs], [7_000, 3_000]);
      }
      assert.is(server.drain(), drained, 'asked again, it is the same one');
      for (const call of [() => server.listen(0), () => server.attach({ on: () => undefined } as never)])
        await call().then(
          () => assert.unreachable(),
          (error) => assert.is(error.code, 'ServerDrainingError'),
        );
      assert.is(raw.frames.filter(([tag]) => tag === 'bye').length, 0);
      // A close cuts it short.
      await server.close();
      await drained;
      assert.is((await raw.refusal()).code, 'ServerDrainingError');
      assert.is(sessions.length, 1);
    },
  ),
);

draining('without clients, or that is closed already, is over at once', async () => {
  const { server } = await startServer();
  await server.drain();
  await server.drain();
  await server.close();
  const other = new SessionServer({ logger: keptLog().logger });
  await other.close();
  await other.drain();
});

draining('refuses options that can not be used', async () => {
  const { server, close } = await startServer();
  for (const options of [
    { batch: 0 },
    { everyMs: -1 },
    { withinMs: Number.NaN },
    { retryAfterMs: Number.POSITIVE_INFINITY },
    { spreadMs: -5 },
  ])
    assert.throws(() => server.drain(options), /^drain: `/);
  assert.equal(drainPlanOf({}, 2_000, 400), { batch: 100, everyMs: 100, withinMs: 20_000, retryAfterMs: 1_000, spreadMs: 6_250 });
  await turns();
  await close();
});

draining(
  'has sessions that only this process has end as expired, lost ones too',
  withVirtualWorld({ resumeWindowMs }, async (world) => {
    const { host, server, ended } = world;
    const lost = await startOf(world, 'lost');
    await startOf(world, 'here');
    lost.sockets.accept(() => undefined)();
    lost.sockets.cut();
    await host.advance(10);
    const drained = server.drain();
    await host.advance(100);
    await drained;
    assert.equal(ended.map(({ user, reason }) => [user, reason]).sort(), [
      ['here', 'expired'],
      ['lost', 'expired'],
    ]);
    assert.is(host.pendingTimers > 0, true, 'the clients wait for their time');
  }),
);

draining('leaves sessions active that outlive the process, having told what is written: the next server resumes them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ninelives-drain-'));
  try {
    const store = () => sqlite(join(folder, 'drain.db'));
    const first = await startServer({ store: store(), resumeWindowMs });
    const finish: (() => void)[] = [];
    first.server.on('session', (session) => session.on('job', () => new Promise<void>((resolve) => void finish.push(resolve))));
    const { raw, welcome, token } = await startResumable(first.url, 'jane');
    raw.send(['m', 'job', 1], ['m', 'job', 2]);
    await until(() => finish.length === 1, 'the first runs');
    const drained = first.server.drain();
    await turns();
    finish[0]?.();
    await drained;
    const [, bye] = (await raw.take('bye')) as [string, Fields];
    assert.equal([bye.code, bye.positions.done], ['ServerDrainingError', 1]);
    assert.is(finish.length, 1);
    assert.equal(first.ended, []);

    const second = await startServer({ store: store(), resumeWindowMs });
    const back = await resumeRaw(second.url, welcome.session, [token], { positions: { last: 2 } });
    const [, resumed] = (await back.take('welcome')) as [string, Fields];
    assert.equal([resumed.outcome, resumed.session, resumed.positions.done], ['resumed', welcome.session, 1]);
    await second.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

draining('forgets sessions that end by themselves meanwhile', async () => {
  const session = { id: 'a', durable: null, conversation: { pause: () => undefined } } as unknown as LiveSession;
  const clock = { now: () => 0, setTimeout: () => 1, clearTimeout: () => undefined, macrotask: () => undefined };
  const drain = new Drain([session], drainPlanOf({}, 1, 400), clock as never);
  drain.gone({ id: 'unknown' });
  drain.gone(session);
  assert.is(await drain.done, 0);
});

draining.run();
