/** What a server may say about how it sends, and what becomes of a client that does not keep up. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AcceptedSocket, SocketEvents } from '../../../machines/ports/socket.js';
import { createServer, type SendOptions, type SendResult } from '../../../src/server/index.js';
import { SessionServer } from '../../../src/server/server.js';
import { helloFor, startRaw } from '../../support/raw.js';
import { started, type TestServer, withServer } from '../../support/server.js';
import { turns, until } from '../../support/until.js';

const small = { limits: { buffer: { messages: 4, size: 1_000_000 } } };
/** Whoever shows no more than this window and never acknowledges leaves the buffer full. */
const window = { messages: 1, size: 1_000_000 };

const statusOf = async (sent: SendResult): Promise<string | undefined> => (await sent.confirmed)?.status;

const full = suite('a client that leaves its buffer full');

/** Send what its buffer holds, and one more. */
const fill = async (test: TestServer, name: string) => {
  const session = await test.sessionOf(name);
  const results = [1, 2, 3, 4, 5].map((n) => session.send('n', n));
  assert.equal(
    results.map(({ error }) => error?.code),
    [undefined, undefined, undefined, undefined, 'BufferFullError'],
  );
  return session;
};

full(
  'keeps its session where nothing else is said: what has no room is refused',
  withServer(small, async (test) => {
    const { raw } = await startRaw(test.url, 'jane', { window });
    await fill(test, 'jane');
    await turns();
    assert.equal(test.ended, []);
    raw.ws.close();
  }),
);

full(
  'loses its session as too slow where the server says so, and what it did not confirm is handed back',
  withServer({ ...small, whenFull: 'end' }, async (test) => {
    const { raw } = await startRaw(test.url, 'jane', { window });
    const session = await fill(test, 'jane');
    const { reason, unconfirmed } = await test.endOf(session.id);
    assert.is(reason, 'tooSlow');
    assert.equal(
      unconfirmed.map(({ payload }) => payload),
      [1, 2, 3, 4],
    );
    const [, { code }] = (await raw.take('bye')) as [string, { code: string }];
    assert.is(code, 'SlowConsumerError');
    assert.is((await raw.closed).code, 4413);
    assert.is(session.send('n', 6).error?.code, 'NoActiveSessionError');
  }),
);

full(
  'loses its session where that is said for this session alone, whether its link is there or lost',
  withServer({ ...small, resumeWindowMs: 60_000 }, async (test) => {
    const others = [
      await startRaw(test.url, 'bob', { window }),
      await startRaw(test.url, 'jane', { window, features: ['resume'] }),
    ] as const;
    const jane = await test.sessionOf('jane');
    assert.is(jane.whenFull, 'refuse');
    jane.whenFull = 'end';
    others[1].raw.ws.terminate();
    await until(() => test.log.with('session lost its link').length === 1, 'the link is lost');
    await fill(test, 'bob');
    await fill(test, 'jane');
    assert.is((await test.endOf(jane.id)).reason, 'tooSlow');
    await turns();
    assert.is(test.ended.length, 1);
    others[0].raw.ws.close();
  }),
);

full(
  'loses its session also by a request that there is no room for',
  withServer({ ...small, whenFull: 'end' }, async (test) => {
    const { raw } = await startRaw(test.url, 'jane', { window });
    const session = await test.sessionOf('jane');
    for (let n = 1; n <= 4; n += 1) session.send('n', n);
    const { error, maybeHandled } = await session.request('q', 1);
    assert.equal([error?.code, maybeHandled], ['BufferFullError', false]);
    assert.is((await test.endOf(session.id)).reason, 'tooSlow');
    await raw.closed;
  }),
);

full('can not be met with anything else: that is a mistake when the server is written', () => {
  for (const whenFull of ['drop', true, null])
    assert.throws(
      () => createServer({ whenFull: whenFull as unknown as 'end', logger: false }),
      (error: unknown) => error instanceof TypeError && error.message.includes('`whenFull`'),
    );
});

const ready = suite('a server that waits for room');

ready(
  'sends ten thousand messages through a buffer of sixty-four without one that is refused, all handled in order',
  withServer({ limits: { buffer: { messages: 64, size: 1_000_000 } } }, async (test) => {
    // A window no larger than the buffer, so that half of it is acknowledged without a delay.
    const kitty = test.client({ window: { messages: 64, size: 1_000_000 } });
    const client = await started(kitty, 'jane');
    const got: number[] = [];
    client.on('row', (n) => void got.push(n));
    const session = await test.sessionOf('jane');
    for (let n = 0; n < 10_000; n += 1) {
      if (!(await session.ready())) break;
      assert.is(session.send('row', n).accepted, true);
    }
    assert.is(await session.ready({ messages: Number.POSITIVE_INFINITY }), true);
    assert.equal(
      got,
      Array.from({ length: 10_000 }, (_, n) => n),
    );
    await kitty.endSession();
    assert.is(await session.ready(), false);
  }),
);

const audience = suite('sending to many');

audience(
  'takes the options of a message, for each session by itself',
  withServer({}, async (test) => {
    const { raw } = await startRaw(test.url, 'jane', { window });
    const bob = await started(test.client(), 'bob');
    await Promise.all(['jane', 'bob'].map(test.sessionOf));
    const got: unknown[] = [];
    bob.on('at', (n, { volatile }) => void got.push([n, volatile]));
    const everyone = test.server.toEveryone();
    everyone.send('first', 0);
    await raw.take('m');
    for (const n of [1, 2])
      assert.equal(everyone.send('at', n, { replaceKey: 'k', ttlMs: 60_000 }), { accepted: true, sessions: 2, refused: 0 });
    await until(() => got.length === 1, 'bob has what was not replaced');
    raw.send(['a', 1, 1, 0, 0]);
    const [, type, payload, options] = await raw.take('m');
    assert.equal([type, payload], ['at', 2]);
    assert.ok((options as { ttlMs: number }).ttlMs <= 60_000);
    // Jane's client takes no volatile messages.
    assert.equal(everyone.send('at', 3, { volatile: true }), { accepted: true, sessions: 1, refused: 1 });
    await until(() => got.length === 2, 'bob has the volatile one');
    assert.equal(got, [
      [2, false],
      [3, true],
    ]);
    assert.is(everyone.send('at', 4, { ttlMs: -1 } as SendOptions).error?.code, 'InvalidOptionError');
    raw.ws.close();
  }),
);

const volatile = suite('volatile messages over a connection');

volatile(
  'go both ways between a client and a server that know them',
  withServer({}, async (test) => {
    const client = await started(test.client(), 'jane');
    const session = await test.sessionOf('jane');
    const got: unknown[] = [];
    session.on('up', (n, { volatile: is }) => void got.push([n, is]));
    client.on('down', (n, { volatile: is }) => void got.push([n, is]));
    assert.is(await statusOf(client.send('up', 1, { volatile: true })), 'unknown');
    await until(() => got.length === 1, 'it came');
    assert.is(await statusOf(session.send('down', 2, { volatile: true })), 'unknown');
    await until(() => got.length === 2, 'it came');
    assert.equal(got, [
      [1, true],
      [2, true],
    ]);
  }),
);

volatile(
  'hold where the hello lists them, and the welcome says so; otherwise the server says none and takes none',
  withServer({}, async (test) => {
    const { raw, welcome } = await startRaw(test.url, 'jane', { features: ['volatile', 'other'] });
    assert.equal(welcome.features, ['volatile']);
    const session = await test.sessionOf('jane');
    const got: unknown[] = [];
    session.on('at', (n) => void got.push(n));
    raw.send(['v', 'at', 1], ['m', 'at', 2], ['v', 'at', 3]);
    await until(() => got.length === 3, 'all came');
    assert.is(session.send('at', 4, { volatile: true }).accepted, true);
    assert.equal(await raw.take('v'), ['v', 'at', 4]);
    raw.ws.close();

    const bare = await startRaw(test.url, 'bob');
    assert.equal(bare.welcome.features, []);
    assert.is((await test.sessionOf('bob')).send('at', 1, { volatile: true }).error?.code, 'InvalidOptionError');
    bare.raw.send(['v', 'at', 1]);
    const [, { code }] = (await bare.raw.take('bye')) as [string, { code: string }];
    assert.is(code, 'ProtocolError');
  }),
);

volatile('are dropped where the socket has more than a little to send already, and other messages are not', async () => {
  const server = new SessionServer({ guests: true, logger: false, endDeadlineMs: 0 });
  const sent: string[] = [];
  let events: Omit<SocketEvents, 'opened'> | undefined;
  let bufferedAmount = 0;
  const socket: AcceptedSocket = {
    send: (text) => void sent.push(text),
    close: () => undefined,
    get bufferedAmount() {
      return bufferedAmount;
    },
    listen: (listener) => {
      events = listener;
    },
  };
  server.accept(socket, { protocols: [] });
  events?.received(JSON.stringify([['hello', helloFor('jane', { features: ['volatile'] })]]));
  await until(() => sent.length === 1, 'it is welcomed');
  events?.received('[["confirm"]]');
  const audienceOfAll = server.toEveryone();
  for (const [n, amount] of [
    [1, 65_536],
    [2, 65_537],
    [3, 0],
  ] as const) {
    bufferedAmount = amount;
    assert.is(audienceOfAll.send('at', n, { volatile: true }).sessions, 1);
    audienceOfAll.send('kept', n);
    await turns();
  }
  assert.equal(sent.slice(1), ['[["v","at",1]]', '[["m","kept",1]]', '[["m","kept",2]]', '[["v","at",3]]', '[["m","kept",3]]']);
  await server.close();
});

full.run();
ready.run();
audience.run();
volatile.run();
