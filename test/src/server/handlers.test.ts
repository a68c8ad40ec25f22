/** What an app's handlers may count on, and what they may do: over real sockets, both ways. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { found, started, type TestServer, withServer } from '../../support/server.js';
import { turns, until } from '../../support/until.js';

const bothOf = async (test: TestServer, name = 'jane') => {
  const kitty = test.client();
  const client = await started(kitty, name);
  return { kitty, client, server: await test.sessionOf(name) };
};

const statusOf = async (sent: { readonly accepted: boolean; readonly confirmed?: Promise<{ readonly status: string }> | undefined }) =>
  (await sent.confirmed)?.status;

const messages = suite('message handlers');

messages(
  'run one at a time and in order, however slow each is, and each message is confirmed as handled',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    const log: string[] = [];
    let release: () => void = () => undefined;
    server.on('slow', async (n) => {
      log.push(`begin ${n}`);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      log.push(`end ${n}`);
    });
    server.on('quick', (n) => void log.push(`quick ${n}`));
    const sent = [client.send('slow', 1), client.send('quick', 2), client.send('slow', 3)];
    await until(() => log.length === 1, 'the first has begun');
    await turns();
    assert.equal(log, ['begin 1'], 'nothing starts beside it');
    release();
    await until(() => log.includes('begin 3'), 'the third has begun');
    release();
    assert.equal(await Promise.all(sent.map(statusOf)), ['handled', 'handled', 'handled']);
    assert.equal(log, ['begin 1', 'end 1', 'quick 2', 'begin 3', 'end 3']);
  }),
);

messages(
  'of one type that throw or reject confirm as failed, with an event and a line in the log, and the next message is handled',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    const failed: [string, string, unknown][] = [];
    test.server.on('handlerFailed', (session, { type, error }) => void failed.push([session.id, type, (error as Error).message]));
    server.on('throws', () => {
      throw new Error('thrown');
    });
    server.on('rejects', async () => {
      throw new Error('rejected');
    });
    server.on('fine', () => undefined);
    const sent = ['throws', 'rejects', 'fine'].map((type) => client.send(type, 1));
    assert.equal(await Promise.all(sent.map(statusOf)), ['failed', 'failed', 'handled']);
    assert.equal(failed, [
      [client.id, 'throws', 'thrown'],
      [client.id, 'rejects', 'rejected'],
    ]);
    assert.is(test.log.with('a handler failed').length, 2);
  }),
);

messages(
  'that are not there confirm as unhandled, with an event',
  withServer({}, async (test) => {
    const { client } = await bothOf(test);
    const unhandled: unknown[] = [];
    test.server.on('unhandled', (session, event) => void unhandled.push([session.id, event.type, event.id]));
    assert.is(await statusOf(client.send('nobody', 1)), 'unhandled');
    assert.equal(unhandled, [[client.id, 'nobody', `${client.id}:up:1`]]);
  }),
);

messages(
  'are told the id, the type and a signal; the same message has the same id on both sides for good',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    const infos: { id: string; type: string; redelivered: boolean; aborted: boolean }[] = [];
    server.on('a', (_, { id, type, redelivered, signal }) => void infos.push({ id, type, redelivered, aborted: signal.aborted }));
    await statusOf(client.send('a', 1));
    await statusOf(client.send('a', 2));
    assert.equal(
      infos,
      [1, 2].map((n) => ({ id: `${client.id}:up:${n}`, type: 'a', redelivered: false, aborted: false })),
    );
  }),
);

messages(
  'that are registered in the session event miss nothing that the client sent with its first breath',
  withServer({}, async (test) => {
    const got: number[] = [];
    test.server.on('session', (session) => void session.on('n', (n) => void got.push(n)));
    const kitty = test.client();
    kitty.on('active', () => {
      for (let n = 1; n <= 5; n += 1) kitty.session?.send('n', n);
    });
    await started(kitty, 'jane');
    await until(() => got.length === 5, 'all are handled');
    assert.equal(got, [1, 2, 3, 4, 5]);
  }),
);

messages(
  'that take longer than handlerTimeoutMs have their signal aborted and a warning logged, and the next one still waits for them',
  withServer({ handlerTimeoutMs: 30 }, async (test) => {
    const { client, server } = await bothOf(test);
    const log: string[] = [];
    let release: () => void = () => undefined;
    server.on('slow', (_, { signal }) => {
      signal.addEventListener('abort', () => log.push('aborted'));
      return new Promise<void>((resolve) => {
        release = () => {
          log.push('settled');
          resolve();
        };
      });
    });
    server.on('next', () => void log.push('next'));
    client.send('slow', 1);
    const next = client.send('next', 2);
    await until(() => log.includes('aborted'), 'the signal is aborted');
    await turns();
    assert.equal(log, ['aborted']);
    assert.is(test.log.with('handler is slow').length, 1);
    release();
    assert.is(await statusOf(next), 'handled');
    assert.equal(log, ['aborted', 'settled', 'next']);
  }),
);

messages(
  'that run when the session ends have their signal aborted, and what waits behind them is not handled',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    const log: string[] = [];
    server.on('slow', (_, { signal }) => {
      log.push('begun');
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          log.push('aborted');
          resolve(undefined);
        });
      });
    });
    server.on('next', () => void log.push('next'));
    client.send('slow', 1);
    client.send('next', 2);
    await until(() => log.length === 1, 'it runs');
    server.revoke();
    await turns();
    assert.equal(log, ['begun', 'aborted']);
  }),
);

const requests = suite('requests');

requests(
  'are answered both ways, side by side',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    server.onRequest('double', async (n) => n * 2);
    client.onRequest('shout', (text) => `${text}!`);
    const [up, down] = await Promise.all([client.request('double', 21), server.request('shout', 'hi')]);
    assert.equal([(await found(Promise.resolve(up))).reply, (await found(Promise.resolve(down))).reply], [42, 'hi!']);
  }),
);

requests(
  'whose handler throws are told that it failed and not why; the log and an event know',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    const failed: string[] = [];
    test.server.on('handlerFailed', (_, { error }) => void failed.push((error as Error).message));
    server.onRequest('broken', () => {
      throw new Error('row 4711 is locked');
    });
    const { error, maybeHandled } = await client.request('broken', 1);
    assert.equal([error?.code, maybeHandled], ['RequestFailedError', true]);
    assert.not.match(String(error?.message) + error?.stack, '4711');
    assert.equal(failed, ['row 4711 is locked']);
  }),
);

requests(
  'that nobody handles are told so, and certainly did not run',
  withServer({}, async (test) => {
    const { client } = await bothOf(test);
    const { error, maybeHandled } = await client.request('nobody', 1);
    assert.equal([error?.code, maybeHandled], ['RequestUnhandledError', false]);
  }),
);

for (const [what, value] of [
  ['a function', () => () => undefined],
  ['a cycle', () => Object.assign([], { 0: undefined })],
  ['a BigInt', () => 1n],
  ['a Map', () => new Map()],
  ['more than a message may hold', () => 'x'.repeat(300_000)],
] as const)
  requests(
    `whose reply is ${what} are told that they failed`,
    withServer({}, async (test) => {
      const { client, server } = await bothOf(test);
      server.onRequest('odd', value);
      assert.is((await client.request('odd', 1)).error?.code, 'RequestFailedError');
      assert.is(test.log.with('a handler failed').length, 1);
      server.onRequest('fine', () => 1);
      assert.is((await client.request('fine', 1)).reply, 1, 'the session lives on');
    }),
  );

requests(
  'that are answered with nothing get null',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    server.onRequest('nothing', () => undefined);
    assert.is((await client.request('nothing', 1)).reply, null);
  }),
);

requests(
  'that come too late are not waited for: the asker has its timeout, the handler its aborted signal',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    let aborted = false;
    server.onRequest('never', (_, { signal }) => {
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          resolve('too late');
        });
      });
    });
    const { error, maybeHandled } = await client.request('never', 1, { timeoutMs: 30 });
    assert.equal([error?.code, maybeHandled], ['RequestTimeoutError', true]);
    await until(() => aborted, 'the handler learns of it');
  }),
);

requests(
  'have one handler a type: a second one is a mistake that is told at once',
  withServer({}, async (test) => {
    const { server } = await bothOf(test);
    const off = server.onRequest('double', (n) => n * 2);
    assert.throws(() => server.onRequest('double', (n) => n * 2), /already/);
    off();
    server.onRequest('double', (n) => n * 2);
  }),
);

const crossing = suite('handlers that ask the other side');

crossing(
  'do not deadlock: message handlers of both sides await requests to each other at once',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    const done: string[] = [];
    server.onRequest('fromClient', () => 'server says');
    client.onRequest('fromServer', () => 'client says');
    server.on('go', async () => void done.push((await server.request('fromServer', 1)).reply));
    client.on('go', async () => void done.push((await client.request('fromClient', 1)).reply));
    const sent = [client.send('go', 1), server.send('go', 1)];
    assert.equal(await Promise.all(sent.map(statusOf)), ['handled', 'handled']);
    assert.equal(done.sort(), ['client says', 'server says']);
  }),
);

crossing(
  'do not deadlock where request handlers await requests in turn, to and fro',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    const depth = 10;
    const next =
      (ask: (n: number) => Promise<{ readonly reply?: number }>) =>
      async (n: number): Promise<number> =>
        n === 0 ? 0 : 1 + ((await ask(n - 1)).reply ?? Number.NaN);
    server.onRequest(
      'deeper',
      next((n) => server.request('deeper', n)),
    );
    client.onRequest(
      'deeper',
      next((n) => client.request('deeper', n)),
    );
    const [up, down] = await Promise.all([client.request('deeper', depth), server.request('deeper', depth)]);
    assert.equal([up.reply, down.reply], [depth, depth]);
  }),
);

crossing(
  'may end the session that they run in',
  withServer({}, async (test) => {
    const { client, server } = await bothOf(test);
    server.on('goodbye', () => server.end());
    client.send('goodbye', 1);
    assert.is((await test.endOf(client.id)).reason, 'ended');
  }),
);

const payloads = suite('a payload that JSON can not carry');

for (const [what, payload, path] of [
  ['undefined', { list: [1, undefined] }, 'payload.list[1]'],
  ['NaN', { n: Number.NaN }, 'payload.n'],
  ['a Date', { when: new Date() }, 'payload.when'],
  ['a BigInt', 1n, 'payload'],
  ['a function', { run: () => undefined }, 'payload.run'],
  ['a class instance', new Map(), 'payload'],
  [
    'a cycle',
    (() => {
      const cycle: { self?: unknown } = {};
      cycle.self = cycle;
      return cycle;
    })(),
    'payload',
  ],
] as const)
  payloads(
    `${what}: is refused by send and request on both sides, with its path, and nothing of it leaves`,
    withServer({}, async (test) => {
      const { client, server } = await bothOf(test);
      const got: unknown[] = [];
      server.on('x', (payload) => void got.push(payload));
      client.on('x', (payload) => void got.push(payload));
      for (const side of [client, server]) {
        const sent = side.send('x', payload);
        assert.is(sent.error?.code, 'InvalidPayloadError');
        assert.ok(sent.error?.message.includes(path), sent.error?.message);
        const asked = await side.request('x', payload);
        assert.equal([asked.error?.code, asked.maybeHandled], ['InvalidPayloadError', false]);
        assert.is(await statusOf(side.send('x', 'fine')), 'handled');
      }
      assert.equal(got, ['fine', 'fine']);
    }),
  );

const listeners = suite('listeners of the server');

listeners(
  'that throw or reject are logged, and neither the others nor the session are any the worse',
  withServer({}, async (test) => {
    const heard: string[] = [];
    test.server.on('session', () => {
      throw new Error('first');
    });
    test.server.on('session', (async () => {
      throw new Error('second');
    }) as never);
    const off = test.server.on('session', () => void heard.push('third'));
    const { client, server } = await bothOf(test);
    server.onRequest('double', (n) => n * 2);
    assert.is((await client.request('double', 2)).reply, 4);
    assert.equal(heard, ['third']);
    await until(() => test.log.with('a listener failed').length === 2, 'both are logged');
    off();
    await bothOf(test, 'bob');
    assert.equal(heard, ['third'], 'one that was taken away hears no more');
  }),
);

messages.run();
requests.run();
crossing.run();
payloads.run();
listeners.run();
