/** A server that closes: everyone is told, nothing is left running, and what is asked of it afterwards has an answer. */
import { createServer as createHttpServer } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memory } from '../../../adapters/stores/memory.js';
import type { Authenticator } from '../../../machines/ports/authenticator.js';
import { createClient } from '../../../src/client/index.node.js';
import { SessionServer } from '../../../src/server/server.js';
import { helloEntry, helloFor, openRaw, startRaw } from '../../support/raw.js';
import { keptLog, started, startServer } from '../../support/server.js';
import { listen, stop } from '../../support/tcp.js';
import { turns, until } from '../../support/until.js';
import { virtualWorld } from '../../support/virtual.js';

const never = () => new Promise<never>(() => undefined);

const test = suite('a server that closes');

test('says goodbye to every connection, whatever it was about, and their sessions are over', async () => {
  const served = await startServer({ authenticate: never, authenticateTimeoutMs: 60_000 });
  const { url, server, store, log } = served;
  const silent = await openRaw(url);
  const asked = await openRaw(url, { entries: [helloEntry(helloFor('slow', { authParams: {} }))] });
  const unconfirmed = await openRaw(url, { entries: [helloEntry(helloFor('bob'))] });
  await unconfirmed.take('welcome');
  const { raw: live, welcome } = await startRaw(url, 'jane');
  const { raw: ending } = await startRaw(url, 'zoe');
  await until(() => served.sessions.length === 2 && server.counts.pending === 2, 'all are where they are to be');
  served.sessions.find(({ user }) => user.name === 'zoe')?.end();
  await ending.take('e');
  await server.close();
  for (const raw of [silent, asked])
    assert.equal(await raw.refusal().then(({ tag, code, closeCode }) => [tag, code, closeCode]), ['deny', 'ServerDrainingError', 4503]);
  for (const raw of [unconfirmed, live, ending])
    assert.equal(await raw.refusal().then(({ tag, code, closeCode }) => [tag, code, closeCode]), ['bye', 'ServerDrainingError', 4503]);
  assert.equal(server.counts, { pending: 0, unconfirmed: 0, active: 0 });
  assert.equal(
    served.ended.map(({ session, reason }) => [session.user.name, reason]),
    [
      ['jane', 'expired'],
      ['zoe', 'ended'],
    ],
  );
  assert.equal(
    log.lines.filter(({ level }) => level === 'error'),
    [],
  );
  // The same store can be opened again, and shows how it was left.
  await store.open({ now: 0 })();
  const sessions = await store.listSessions({ page: 0, size: 10 })();
  assert.equal(
    sessions._tag === 'Right' &&
      sessions.right.items.map(({ id, state, user }) => [user.name, state, id === welcome.session, user.presence.online]),
    [
      ['zoe', 'ENDED', false, false],
      ['jane', 'ENDED', true, false],
    ],
  );
});

test('gives its port back', async () => {
  const first = await startServer();
  await startRaw(first.url, 'jane');
  await first.close();
  const second = new SessionServer({ guests: true, logger: false });
  const { port } = await second.listen(first.port, { host: '127.0.0.1' });
  assert.is(port, first.port);
  await second.close();
});

test('leaves no timer behind', async () => {
  const world = virtualWorld();
  const { client } = world.client();
  const starting = client.startSession({ username: 'jane' });
  world.socket();
  await world.host.advance(0);
  assert.ok((await starting).succeeded);
  const ending = client.endSession();
  await world.host.advance(100);
  await ending;
  assert.ok(world.host.pendingTimers > 0, 'presence has one, and the silent connection');
  const closed = world.server.close();
  await world.host.advance(0);
  await closed;
  assert.is(world.host.pendingTimers, 0);
});

test('is closed once, however often it is asked to be', async () => {
  const { server } = await startServer();
  assert.is(server.close(), server.close());
  await server.close();
});

test('that was never opened closes too, and its store stays unopened', async () => {
  const store = memory();
  await new SessionServer({ logger: false, store }).close();
  const opened = await store.open({ now: 0 })();
  assert.equal(opened._tag === 'Right' && opened.right.incarnation, 1);
});

test('does not listen again, and says so', async () => {
  const { server } = await startServer();
  await server.close();
  const http = createHttpServer();
  for (const again of [() => server.listen(0), () => server.attach(http)])
    assert.is(
      await again().then(
        () => 'listens',
        (error) => error.code,
      ),
      'ServerDrainingError',
    );
  assert.is(http.listenerCount('upgrade'), 0);
});

test('while it begins to listen does not go on listening', async () => {
  const server = new SessionServer({ guests: true, logger: false });
  const listening = server.listen(0, { host: '127.0.0.1' });
  await server.close();
  assert.is(
    await listening.then(
      () => 'listens',
      (error) => error.code,
    ),
    'ServerDrainingError',
  );
  // The process ends by itself: the port is not kept.
});

test('refuses sockets that come later, and answers questions about its store with a failure', async () => {
  const world = virtualWorld();
  await world.server.users.list();
  await world.server.close();
  const { texts, closes } = world.socket();
  await world.host.advance(0);
  assert.match(texts[0]?.text ?? '', '"ServerDrainingError"');
  assert.equal(closes, [4503]);
  assert.is((await world.server.users.list()).error?.code, 'StoreUnavailableError');
});

test('forgets what is being admitted meanwhile, before its store is closed', async () => {
  const log = keptLog();
  const store = memory();
  let admitted = 0;
  let giveAnswer = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    giveAnswer = resolve;
  });
  // As a store over a network: the answer comes later than the row.
  const slow: typeof store = {
    ...store,
    admit: (admission) => async () => {
      const answer = await store.admit(admission)();
      admitted += 1;
      await answered;
      return answer;
    },
  };
  const { url, server } = await startServer({ store: slow, logger: log.logger });
  await openRaw(url, { entries: [helloEntry(helloFor('jane'))] });
  await until(() => admitted === 1, 'the row is written');
  const closing = server.close();
  // The close has done all that it does before the answer.
  await turns();
  giveAnswer();
  await closing;
  await store.open({ now: 0 })();
  const users = await store.listUsers({ page: 0, size: 10 })();
  assert.is(users._tag === 'Right' ? users.right.total : -1, 0);
  assert.equal(
    log.lines.filter(({ level }) => level === 'error'),
    [],
  );
});

test('does not wait longer than its limit for an authenticator that does not listen to its signal', async () => {
  const stubborn: Authenticator = { name: 'stubborn', authenticate: never };
  const { url, server } = await startServer({ authenticate: stubborn, endDeadlineMs: 50 });
  await openRaw(url, { entries: [helloEntry(helloFor('jane', { authParams: {} }))] });
  await until(() => server.counts.pending === 1, 'it is asked about');
  await server.close();
});

test("leaves the app's own HTTP server alone", async () => {
  const http = createHttpServer((_, response) => response.end('still here'));
  const port = await listen(http);
  const server = new SessionServer({ guests: true, logger: false });
  await server.attach(http, { path: '/session' });
  const { raw } = await startRaw(`ws://127.0.0.1:${port}/session`, 'jane');
  await server.close();
  assert.is((await raw.refusal()).code, 'ServerDrainingError');
  assert.is(http.listenerCount('upgrade'), 0);
  assert.is(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'still here');
  http.closeAllConnections();
  await stop(http);
});

test('is noticed by its clients as lost, and they come back to the next one on the same port', async () => {
  const first = await startServer();
  const kitty = createClient({ url: first.url });
  const session = await started(kitty, 'jane');
  const lost = new Promise<{ error: { code: string } }>((resolve) => kitty.on('lost', resolve));
  const gap = new Promise((resolve) => kitty.on('gap', resolve));
  const before = session.id;
  await first.server.close();
  assert.is((await lost).error.code, 'ServerDrainingError');
  const second = new SessionServer({ guests: true, logger: false });
  await second.listen(first.port, { host: '127.0.0.1' });
  await gap;
  assert.is.not(session.id, before);
  assert.is(kitty.getSnapshot().status, 'active');
  await kitty.endSession();
  await second.close();
});

const store = suite('a store that fails');

store('at the opening: listening is refused with its reason, and the next try may succeed', async () => {
  const kept = memory();
  let fails = true;
  const server = new SessionServer({
    guests: true,
    logger: false,
    store: {
      ...kept,
      open: (at) =>
        fails
          ? async () => ({
              _tag: 'Left',
              left: { kind: 'unavailable', failure: { code: 'StoreUnavailableError', message: 'The disk is full.' } },
            })
          : kept.open(at),
    },
  });
  const tried = () => server.listen(0, { host: '127.0.0.1' });
  assert.match(
    await tried().then(
      () => 'listens',
      (error) => error.message,
    ),
    'The disk is full.',
  );
  fails = false;
  await tried();
  await server.close();
});

for (const [how, admit] of [
  [
    'throws',
    () => {
      throw new Error('the pool is empty');
    },
  ],
  [
    'rejects',
    () => async () => {
      throw new Error('the pool is empty');
    },
  ],
  [
    'answers that it is unavailable',
    () => async () => ({
      _tag: 'Left',
      left: { kind: 'unavailable', failure: { code: 'StoreUnavailableError', message: 'the pool is empty' } },
    }),
  ],
] as const)
  store(`at an admission, in that it ${how}: the client is told to come back, the log why, and the server lives on`, async () => {
    const kept = memory();
    let fails = true;
    const own = {
      ...kept,
      admit: (admission: Parameters<typeof kept.admit>[0]) => (fails ? (admit as () => never)() : kept.admit(admission)),
    };
    const served = await startServer({ store: own });
    const raw = await openRaw(served.url, { entries: [helloEntry(helloFor('jane'))] });
    const { tag, code, closeCode } = await raw.refusal();
    assert.equal([tag, code, closeCode], ['deny', 'StoreUnavailableError', 4507]);
    assert.match(served.log.text(), 'the pool is empty');
    fails = false;
    await startRaw(served.url, 'jane');
    await served.close();
  });

store('at a later write: it is logged and tried again, and the session goes on', async () => {
  const kept = memory();
  const served = await startServer({
    store: {
      ...kept,
      setPresence: () => {
        throw new Error('the pool is empty');
      },
    },
  });
  const { raw } = await startRaw(served.url, 'jane');
  (await served.sessionOf('jane')).send('still', 'here');
  assert.equal(await raw.take('m'), ['m', 'still', 'here']);
  await until(() => served.log.with('the store failed to set a presence').length > 1, 'it was tried again');
  await served.close();
});

test.run();
store.run();
