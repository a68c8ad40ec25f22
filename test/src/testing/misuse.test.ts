/** What somebody is told who uses the test kit in a way that can not work. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mock } from 'node:test';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Calls } from '../../../src/testing/calls.js';
import { type TestWorldOptions, testWorld } from '../../../src/testing/index.js';

const test = suite('a test kit that is misused');

/** What a promise is rejected with. */
const rejection = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'not rejected',
    (error: Error) => `${error.name}: ${error.message}`,
  );

test('says that an await is missing, where a call begins while another one goes on', async () => {
  const world = testWorld();
  const forgotten = world.advance(1_000);
  assert.match(
    await rejection(world.settle()),
    /^Error: settle\(\) was called while advance\(\) still goes on: is an `await` missing before world\.advance\(\)\?/,
  );
  assert.throws(() => world.assertGuarantees(), /assertGuarantees\(\) was called while advance\(\)/);
  await forgotten;
  const at = world.now();
  await world.advance(10);
  assert.is(world.now() - at, 10);
  await world.close();
});

test('lets several sessions start together', async () => {
  const world = testWorld();
  const sessions = await Promise.all(['jane', 'joe', 'ann'].map((username) => world.start(world.client(), { username })));
  assert.equal(
    sessions.map(({ user }) => user.name),
    ['jane', 'joe', 'ann'],
  );
  await world.close();
});

test('says that a closed world is closed; to close it again does nothing', async () => {
  const world = testWorld();
  const kitty = world.client();
  await world.close();
  await world.close();
  assert.match(await rejection(world.advance(1)), /^Error: advance\(\) was called on a world that is closed\. Make one for each test/);
  assert.match(await rejection(world.start(kitty, { username: 'jane' })), 'start() was called on a world that is closed');
  assert.throws(() => world.client(), /client\(\) was called on a world that is closed/);
});

test('says that fake timers are on, whoever faked them', async () => {
  const world = testWorld();
  mock.timers.enable();
  try {
    assert.throws(() => testWorld(), /^Fake timers are on, .*vi\.useRealTimers\(\), jest\.useRealTimers\(\), mock\.timers\.reset\(\)/);
    assert.match(await rejection(world.advance(1)), /Fake timers are on/);
  } finally {
    mock.timers.reset();
  }
  // As the fake timers of jest, vitest and sinon do it, also where they were on before the kit was loaded.
  const marked = queueMicrotask as { clock?: object };
  marked.clock = {};
  try {
    assert.match(await rejection(world.advance(1)), /Fake timers are on/);
  } finally {
    delete marked.clock;
  }
  await world.close();
});

test('says what a time, an end or a way may be', async () => {
  const world = testWorld();
  const badly = (value: unknown) => value as never;
  for (const ms of ['10', Number.NaN, -5, Number.POSITIVE_INFINITY, undefined])
    assert.match(await rejection(world.advance(badly(ms))), /^TypeError: advance: its time is a number of milliseconds, 0 or more, not /);
  assert.throws(() => world.network.slow(badly(200)), /slow: `latencyMs` is a number/);
  assert.throws(() => world.network.slow({ latencyMs: 1, jitterMs: -1 }), /slow: `jitterMs` is a number/);
  assert.throws(() => world.network.stall(badly('left')), "stall: the way is one of 'both', 'up', 'down', not 'left'");
  assert.throws(
    () => world.network.cut(badly('clients')),
    "cut: who is told is one of 'both', 'client', 'server', 'nobody', not 'clients'",
  );
  assert.match(await rejection(world.result(badly(() => 1))), /^TypeError: A promise is awaited here, not \[Function/);
  assert.match(await rejection(world.until(badly(null))), /^TypeError: A promise is awaited here, not null/);
  await world.close();
});

test('says which options a world and its clients take', async () => {
  const refused = (options: unknown, why: string | RegExp) => assert.throws(() => testWorld(options as TestWorldOptions), why);
  refused(() => undefined, 'testWorld takes options: write testWorld({ app })');
  refused({ apps: 1 }, "testWorld: an option is one of 'app', 'server', 'client', 'seed', not 'apps'");
  refused({ app: {} }, /`app` is a function of the server/);
  refused({ server: { host: {} } }, /the host of the server is the world/);
  refused({ client: { url: 'ws://localhost:1' } }, /leave `url` out/);
  const world = testWorld();
  assert.throws(() => world.client({ transport: 1 } as object), /leave `transport` out/);
  await world.close();
});

test('says that a server of a world has no port', async () => {
  assert.throws(() => testWorld({ app: (server) => void server.listen(0) }), /A server in a test world has no port/);
  const world = testWorld();
  assert.throws(() => world.server.attach(createServer()), /Keep listen\(\) and attach\(\) out of the `app` function/);
  await world.close();
});

test('says whose client it is not, and where the client of a page is that was loaded again', async () => {
  const [world, other] = [testWorld(), testWorld()];
  const kitty = world.client();
  assert.throws(() => other.networkOf(kitty), /no client of this world/);
  assert.match(await rejection(other.start(kitty, { username: 'jane' })), /no client of this world/);
  await world.reload(kitty);
  assert.match(await rejection(world.start(kitty, { username: 'jane' })), /reload\(\) gives the client of the new page/);
  await Promise.all([world.close(), other.close()]);
});

test('says how to wait for something real, and waits for it without letting time pass', async () => {
  const world = testWorld({
    app: (server) =>
      void server.on('session', (session) => {
        session.onRequest('ask', () => new Promise((resolve) => setTimeout(() => resolve('real'), 5)));
      }),
  });
  const session = await world.start(world.client(), { username: 'jane' });
  const at = world.now();
  const { reply } = await world.until(session.request('ask', null));
  assert.equal([reply, world.now() - at], ['real', 0]);
  assert.match(
    await rejection(world.result(new Promise(() => undefined), { withinMs: 5 })),
    /something real .*: await world\.until\(promise\)/,
  );
  assert.match(
    await rejection(world.until(new Promise(() => undefined), { realMs: 1 })),
    /1 ms of real time in vain for a promise\. Where it needs time in the world: advance\(\), or result\(\)/,
  );
  await world.close();
});

test('says that a world stands still where a start or a request is awaited and no time can pass', async () => {
  const said: string[] = [];
  const warned = (): Promise<string> =>
    new Promise((resolve) => {
      const { warn } = console;
      console.warn = (message: string) => {
        console.warn = warn;
        said.push(message);
        resolve(message);
      };
    });
  const world = testWorld({ app: (server) => void server.on('session', (session) => void session.onRequest('ask', () => 1)) });
  const kitty = world.client();
  const starting = kitty.startSession({ username: 'jane' });
  assert.match(await warned(), /startSession\(\) waits, and its world stands still: .*`await world\.result\(promise\)`/);
  const { session } = await world.result(starting);
  const asking = session?.request('ask', null);
  assert.match(await warned(), /request\(\) waits/);
  await world.settle();
  assert.is((await asking)?.reply, 1);
  assert.is(said.length, 2);
  await world.close();
});

test('is silent once nothing is awaited any more', async () => {
  const said: string[] = [];
  const calls = new Calls((message) => said.push(message));
  let settle = (): void => undefined;
  const awaited = new Promise<void>((resolve) => {
    settle = resolve;
  });
  calls.awaited('request', awaited);
  settle();
  await awaited;
  const active = (process as unknown as { getActiveResourcesInfo(): string[] }).getActiveResourcesInfo();
  assert.is(active.includes('Timeout'), false);
  assert.equal(said, []);
});

test('holds no process where a world is not closed', async () => {
  const program = `
    import { testWorld } from './src/testing/index.ts';
    const world = testWorld();
    await world.start(world.client(), { username: 'jane' });
    console.log('started');
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  const [code] = await once(child, 'close');
  assert.equal([code, said], [0, 'started\n']);
});

test.run();
