/** What an app's own hooks and options do when they are wrong: a call is refused, a line is lost, and nothing else. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createClient, memory } from '../../src/client/index.node.js';
import { createServer } from '../../src/server/index.js';
import { withServer } from '../support/server.js';
import { until } from '../support/until.js';

const test = suite('wrong hooks and options');

test(
  'an inspector that throws stops no start: its error is told by the platform, and the client works on',
  withServer({}, async ({ url }) => {
    const uncaught: unknown[] = [];
    const listen = (error: unknown): void => void uncaught.push(error);
    process.on('uncaughtException', listen);
    try {
      let throwing = true;
      const kitty = createClient({
        url,
        inspect: () => {
          if (!throwing) return;
          throwing = false;
          throw new Error('the inspector broke');
        },
      });
      assert.ok((await kitty.startSession({ username: 'jane' })).succeeded);
      assert.is((await kitty.endSession()).reason, 'ended');
      assert.ok((await kitty.startSession({ username: 'jane' })).succeeded);
      await kitty.endSession();
      assert.equal(
        uncaught.map((error) => (error as Error).message),
        ['the inspector broke'],
      );
    } finally {
      process.off('uncaughtException', listen);
    }
  }),
);

test(
  'a signal or a deadline that is none is refused, and so are options whose getters throw; the next start works',
  withServer({}, async ({ url }) => {
    const kitty = createClient({ url });
    const wrong = [
      { username: 'jane', signal: {} as AbortSignal },
      { username: 'jane', deadlineMs: Number.NaN },
      { username: 'jane', deadlineMs: '5' as unknown as number },
      {
        get username(): string {
          throw new Error('a getter broke');
        },
      },
    ];
    for (const options of wrong) {
      const result = await kitty.startSession(options);
      assert.is(result.error?.code, 'InvalidOptionError');
      assert.is(kitty.getSnapshot().status, 'idle');
    }
    const started = await kitty.startSession({ username: 'jane' });
    assert.ok(started.succeeded);
    const asked = await started.session.request('anything', null, { signal: {} as AbortSignal });
    assert.is(asked.error?.code, 'InvalidOptionError');
    assert.is(kitty.getSnapshot().status, 'active');
    await kitty.endSession();
  }),
);

test('a time that is none is a mistake that createClient tells at once', () => {
  assert.throws(() => createClient({ url: 'ws://localhost:1', connectTimeoutMs: -1 }), /`connectTimeoutMs` is a number of milliseconds/);
  assert.throws(() => createClient({ url: 'ws://localhost:1', giveUpAfterMs: Number.NaN }), /`giveUpAfterMs`/);
  createClient({ url: 'ws://localhost:1', giveUpAfterMs: null });
});

test('an authenticator of the app that never answers is given up, and the server can be closed', async () => {
  const server = createServer({
    logger: false,
    authenticateTimeoutMs: 30,
    authenticate: { name: 'mine', authenticate: () => new Promise(() => undefined) },
  });
  const kitty = createClient({ transport: memory(server) });
  const result = await kitty.startSession({ username: 'jane', authParams: { password: 'x' } });
  assert.is(result.error?.code, 'AuthenticationTimeoutError');
  await server.close();
});

test('a logger that throws costs its line, and nobody a session', async () => {
  const { error } = console;
  const told: unknown[] = [];
  console.error = (...words: unknown[]) => void told.push(words[0]);
  const fail = (): never => {
    throw new Error('the log is full');
  };
  try {
    const server = createServer({ guests: true, logger: { debug: fail, info: fail, warn: fail, error: fail } });
    const kitty = createClient({ transport: memory(server) });
    assert.ok((await kitty.startSession({ username: 'jane' })).succeeded);
    await kitty.endSession();
    await server.close();
  } finally {
    console.error = error;
  }
  assert.ok(told.length > 0 && told.every((text) => String(text).startsWith('ninelives: the logger failed')));
});

test(
  "a handler that still runs when a new session takes a lost one's place is waited for: never two at once",
  withServer({}, async ({ server, client, sessions }) => {
    server.on('session', (session) => void session.send('step', null));
    const kitty = client({ retry: { baseMs: 1, capMs: 2 } });
    const started = await kitty.startSession({ username: 'jane' });
    assert.ok(started.succeeded);
    const order: string[] = [];
    const ends: (() => void)[] = [];
    started.session.on('step', async () => {
      order.push('begin');
      await new Promise<void>((resolve) => ends.push(resolve));
      order.push('end');
    });
    await until(() => (order.length === 1 ? true : undefined), 'the first handler runs');
    const gap = new Promise<void>((resolve) => kitty.on('gap', () => resolve()));
    const [first] = sessions as unknown as { connection: { input(input: unknown): void } }[];
    first?.connection.input({ type: 'violated', failure: { code: 'ProtocolError', message: 'For the test.' } });
    await gap;
    const answered = started.session.request('nobody', null);
    assert.is((await answered).error?.code, 'RequestUnhandledError');
    assert.equal(order, ['begin'], 'the new message has arrived by now, and waits');
    ends[0]?.();
    await until(() => (order.length === 3 ? true : undefined), 'the second handler runs');
    assert.equal(order, ['begin', 'end', 'begin']);
    ends[1]?.();
  }),
);

test.run();
