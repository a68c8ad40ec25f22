/** Clients that are slow, greedy or lie. Each costs the server a bounded amount of memory, and nobody else anything. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { WebSocket } from 'ws';
import type { AcceptedSocket, SocketEvents } from '../../../machines/ports/socket.js';
import { lengthOf } from '../../../machines/stream/queue.js';
import type { SendResult } from '../../../src/server/index.js';
import { SessionServer } from '../../../src/server/server.js';
import type { LiveSession } from '../../../src/server/session.js';
import { helloFor, openRaw, startRaw } from '../../support/raw.js';
import { found, started, withServer } from '../../support/server.js';
import { turns, until, within } from '../../support/until.js';

const slow = suite('a client that never reads');

slow(
  'is sent no more than its window; what waits for it is bounded by the buffer, and past that a send is refused',
  withServer({ limits: { buffer: { messages: 50, size: 1_000_000 } } }, async ({ url, sessionOf, client }) => {
    const { raw } = await startRaw(url, 'slow', { window: { messages: 10, size: 1_000_000 } });
    raw.ws.pause();
    const session = await sessionOf('slow');
    const bob = await started(client(), 'bob');
    const got: number[] = [];
    bob.on('n', (n) => void got.push(n));
    const served = await sessionOf('bob');
    const results: SendResult[] = [];
    for (let n = 0; n < 200; n += 1) {
      results.push(session.send('n', n));
      const toBob = served.send('n', n);
      // Bob confirms as he goes.
      if (n % 25 === 24) await toBob.confirmed;
    }
    assert.is(results.filter(({ accepted }) => accepted).length, 50);
    assert.equal(new Set(results.slice(50).map(({ error }) => error?.code)), new Set(['BufferFullError']));
    assert.equal(
      got,
      Array.from({ length: 200 }, (_, n) => n),
    );
    raw.ws.resume();
    await raw.take('m');
    await turns();
    assert.is(raw.frames.filter(([tag]) => tag === 'm').length, 10, 'only the window was shipped');
  }),
);

slow(
  'and claims to hold everything is sent no more than the buffer',
  withServer({ limits: { buffer: { messages: 50, size: 1_000_000 } } }, async ({ url, sessionOf }) => {
    const everything = { messages: Number.MAX_SAFE_INTEGER, size: Number.MAX_SAFE_INTEGER };
    await startRaw(url, 'greedy', { window: everything });
    const session = (await sessionOf('greedy')) as LiveSession;
    for (let n = 0; n < 200; n += 1) session.send('n', n);
    await turns();
    assert.is(lengthOf(session.conversation.runner.state.sent), 50);
  }),
);

slow(
  'and claims to hold next to nothing is sent one message at a time',
  withServer({}, async ({ url, sessionOf }) => {
    const { raw } = await startRaw(url, 'small', { window: { messages: 1, size: 0 } });
    const session = await sessionOf('small');
    for (let n = 1; n <= 3; n += 1) session.send('n', n);
    for (let n = 1; n <= 3; n += 1) {
      assert.equal(await raw.take('m'), ['m', 'n', n]);
      assert.is(raw.frames.filter(([tag]) => tag === 'm').length, n);
      raw.send(['a', n, n, 0, 0]);
    }
  }),
);

/** An accepted socket whose peer takes nothing off it: what is sent stays in `bufferedAmount`. */
const stuckSocket = () => {
  let events: Omit<SocketEvents, 'opened'> | undefined;
  const sent: string[] = [];
  const closes: number[] = [];
  let size = 0;
  const socket: AcceptedSocket = {
    send: (text) => {
      size += text.length;
      sent.push(text);
    },
    close: (code) => void closes.push(code),
    get bufferedAmount() {
      return size;
    },
    listen: (told) => {
      events = told;
    },
  };
  return { socket, sent, closes, size: () => size, says: (...frames: readonly unknown[]) => events?.received(JSON.stringify(frames)) };
};

const stuck = suite('a client that asks for answers and does not take them off its socket');

const small = { messageSize: 1_000, batchSize: 4_000, buffer: { messages: 100, size: 2_000 } };
/** Three bytes for each unit of the buffer, and a batch. */
const bound = small.buffer.size * 3 + small.batchSize;
const pings = Array.from({ length: 100 }, (_, id) => ['ping', id]);

for (const [when, frames, ends, tag] of [
  ['while it is decided', [['hello', helloFor('jane', { authParams: {} })]], [], 'deny'],
  ['before it confirms', [['hello', helloFor('jane')]], [], 'bye'],
  ['in its session', [['hello', helloFor('jane')], ['confirm']], ['tooSlow'], 'bye'],
] as const)
  stuck(`${when} is given up when the socket holds more than the buffer comes to`, async () => {
    const server = new SessionServer({
      guests: true,
      logger: false,
      limits: small,
      authenticate: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(false))),
    });
    const reasons: string[] = [];
    server.on('ended', (_, { reason }) => void reasons.push(reason));
    const { socket, sent, closes, size, says } = stuckSocket();
    server.accept(socket, { protocols: [] });
    for (const frame of frames) {
      says(frame);
      await turns(3);
    }
    for (let round = 0; round < 50 && closes.length === 0; round += 1) says(...pings);
    assert.equal(closes, [4413]);
    assert.match(sent.at(-1) ?? '', `[["${tag}",{"code":"SlowConsumerError"`);
    // The answers to a batch go together.
    assert.ok(size() < bound + 2_000, `${size()}`);
    const count = sent.length;
    says(...pings);
    assert.is(sent.length, count, 'nothing is said to it any more');
    assert.equal(reasons, ends);
    assert.equal(server.counts, { pending: 0, unconfirmed: 0, active: 0 });
    assert.is((await found(server.sessions.list({ state: 'ACTIVE' }))).sessions.total, 0);
    await server.close();
  });

stuck('is answered no more pings than its socket takes, and is not given up for that', async () => {
  const server = new SessionServer({ guests: true, logger: false });
  const { socket, closes, size, says } = stuckSocket();
  server.accept(socket, { protocols: [] });
  for (const frame of [['hello', helloFor('jane')], ['confirm']]) {
    says(frame);
    await turns(3);
  }
  for (let round = 0; round < 1_000; round += 1) says(...pings);
  assert.equal(closes, []);
  assert.ok(size() < 70_000, `${size()}`);
  await server.close();
});

const credit = suite('a client that sends more than it may');

credit(
  'has its session ended, and what was within the window is handled once',
  withServer({ limits: { window: { messages: 5, size: 100_000 } } }, async ({ url, sessionOf, server, endOf }) => {
    const { raw, welcome } = await startRaw(url, 'greedy');
    const session = await sessionOf('greedy');
    let handled = 0;
    session.on('hold', () => {
      handled += 1;
      return new Promise(() => undefined);
    });
    raw.send(...Array.from({ length: 5 }, (_, n) => ['m', 'hold', n]));
    await until(() => handled === 1, 'the first is handled');
    assert.is(server.counts.active, 1, 'as many as the window are fine');
    raw.send(['m', 'hold', 5]);
    const { code, message } = await raw.refusal();
    assert.is(code, 'ProtocolError');
    assert.match(message, 'More messages are in flight');
    assert.is((await endOf(welcome.session)).reason, 'expired');
    assert.is(handled, 1);
  }),
);

credit(
  'does not get round it by requests: those past what may run at once are refused, one by one, and the session lives on',
  withServer({}, async ({ url, sessionOf }) => {
    const { raw } = await startRaw(url, 'greedy');
    const session = await sessionOf('greedy');
    let running = 0;
    session.onRequest('hold', () => {
      running += 1;
      return new Promise(() => undefined);
    });
    const sent = 1_024 + 10;
    for (let n = 0; n < sent; n += 1) raw.send(['q', 'hold', 1_000, n]);
    await until(() => raw.frames.filter(([tag]) => tag === 'x').length === 10, 'those past it are refused');
    assert.is(running, 1_024);
    session.revoke();
  }),
);

const many = suite('connections that come and go');

many(
  'without a word leave nothing behind',
  withServer({}, async ({ url, server, client }) => {
    for (let n = 0; n < 100; n += 1) (await openRaw(url)).drop();
    await until(() => server.counts.pending === 0, 'all are gone');
    await started(client(), 'jane');
  }),
);

many(
  'with sessions leave nothing behind either, and the store has each as ended',
  withServer({}, async ({ url, server, ended }) => {
    const raws = await Promise.all(Array.from({ length: 100 }, (_, n) => startRaw(url, `user${n}`)));
    await until(() => server.counts.active === 100, 'all are active');
    for (const { raw } of raws) raw.drop();
    await until(() => ended.length === 100, 'all have ended');
    assert.equal(server.counts, { pending: 0, unconfirmed: 0, active: 0 });
    assert.is((await found(server.sessions.list({ state: 'ENDED' }))).sessions.total, 100);
  }),
);

const strangers = suite('a stranger at the door');

strangers(
  'who takes too long for a request is answered with 408',
  withServer({ helloTimeoutMs: 50 }, async ({ port }) => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
    const [answer] = (await within(once(socket, 'data'), 'the answer to half a request')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1\.1 408 /);
    socket.destroy();
  }),
);

strangers(
  'who sends more than a start may have is refused before the message is whole, and one who was welcomed is not',
  withServer({}, async ({ url, log }) => {
    const most = `[["v","x","${'x'.repeat(200_000)}"]]`;
    const half = (ws: WebSocket): void => {
      ws.send(most, { fin: false });
    };
    const stranger = await openRaw(url);
    half(stranger.ws);
    assert.is((await within(stranger.closed, 'the close')).code, 1009);
    assert.ok(log.lines.some(({ fields }) => fields.code === 'MessageTooLargeError'));
    const { raw } = await startRaw(url, 'jane', { features: ['volatile'] });
    half(raw.ws);
    raw.ws.send('', { fin: true });
    raw.send(['ping', 1]);
    await raw.take('pong');
  }),
);

slow.run();
stuck.run();
credit.run();
many.run();
strangers.run();
