/** Starts against servers that fail in every way and at every step, over real sockets. */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket, WebSocketServer } from 'ws';
import type { ReasonCode } from '../../../machines/reasons.js';
import { createClient, type StartResult } from '../../../src/client/index.node.js';
import { encodeBatch } from '../../../src/wire/encode.js';
import type { OutboundFrame } from '../../../src/wire/frames.js';
import { welcomeFields } from '../../support/ninelives-bench.js';
import { freePort, listen, reset, startSilentServer, stop } from '../../support/tcp.js';
import { until } from '../../support/until.js';
import { causeOf } from './support.js';

/** The deadline of a start, and the limits of one try: several tries fit in. Milliseconds. */
const deadlineMs = 400;
const tryMs = 100;
/** How much later than its deadline a start may settle on a busy machine, in milliseconds. */
const lateMs = 400;

interface Faulty {
  readonly port: number;
  close(): Promise<void>;
}

const say = (ws: WebSocket, ...frames: OutboundFrame[]): void => ws.send(encodeBatch(frames));
const welcome: OutboundFrame = { kind: 'welcome', welcome: welcomeFields() };

const closeHttp = async (http: HttpServer): Promise<void> => {
  http.closeAllConnections();
  await stop(http);
};

/** Takes connections, and does this with each of them. */
const tcpServer = async (each: (socket: Socket) => void): Promise<Faulty> => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    each(socket);
  });
  const port = await listen(server);
  return {
    port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return stop(server);
    },
  };
};

/** Answers every upgrade with this status. */
const httpServer = async (status: number): Promise<Faulty> => {
  const http = createHttpServer();
  http.on('upgrade', (_request, socket) => socket.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`));
  return { port: await listen(http), close: () => closeHttp(http) };
};

/** Opens WebSockets, and does this with each of them. */
const wsServer = async (each: (ws: WebSocket) => void, handleProtocols?: () => string | false): Promise<Faulty> => {
  const http = createHttpServer();
  const wss = new WebSocketServer({ server: http, ...(handleProtocols && { handleProtocols }) });
  wss.on('connection', (ws) => {
    ws.on('error', () => ws.terminate());
    each(ws);
  });
  return {
    port: await listen(http),
    close: async () => {
      for (const ws of wss.clients) ws.terminate();
      wss.close();
      await closeHttp(http);
    },
  };
};

const nowhere = async (): Promise<Faulty> => ({ port: await freePort(), close: async () => undefined });

/** What the server does, and what the start fails with: the cause of its timeout, or a verdict. */
type Row = readonly [string, () => Promise<Faulty>, ReasonCode, 'cause' | 'verdict'];
const table: readonly Row[] = [
  ['nobody listens', nowhere, 'ConnectionFailedError', 'cause'],
  ['the upgrade is never answered', startSilentServer, 'ConnectTimeoutError', 'cause'],
  ['the connection is reset before the upgrade', () => tcpServer(reset), 'ConnectionFailedError', 'cause'],
  [
    'the connection is closed on the upgrade request',
    () => tcpServer((s) => s.once('data', () => s.end())),
    'ConnectionFailedError',
    'cause',
  ],
  [
    'no HTTP is spoken',
    () => tcpServer((s) => s.once('data', () => s.end('220 mail.example ESMTP\r\n'))),
    'ConnectionFailedError',
    'cause',
  ],
  ...[401, 404, 500, 200].map(
    (status) => [`the upgrade is answered with ${status}`, () => httpServer(status), 'ConnectionFailedError', 'cause'] satisfies Row,
  ),
  [
    'another subprotocol is chosen',
    () =>
      wsServer(
        () => undefined,
        () => 'v12.stomp',
      ),
    'ConnectionFailedError',
    'cause',
  ],
  [
    'no subprotocol is chosen',
    () =>
      wsServer(
        () => undefined,
        () => false,
      ),
    'ConnectionFailedError',
    'cause',
  ],
  ['the hello is never answered', () => wsServer(() => undefined), 'HelloTimeoutError', 'cause'],
  ['garbage answers the hello', () => wsServer((ws) => ws.send('<html>')), 'ProtocolError', 'cause'],
  ['JSON that is no batch answers the hello', () => wsServer((ws) => ws.send('{"welcome":true}')), 'ProtocolError', 'cause'],
  ['a binary message answers the hello', () => wsServer((ws) => ws.send(Buffer.of(1, 2, 3))), 'ProtocolError', 'cause'],
  [
    'data comes before the welcome',
    () => wsServer((ws) => say(ws, { kind: 'message', type: 'a', payload: '1' })),
    'ProtocolError',
    'cause',
  ],
  ['a resume is answered where a start was asked for', () => wsServer((ws) => say(ws, { kind: 'gone' })), 'ProtocolError', 'cause'],
  [
    'a start is welcomed as resumed',
    () => wsServer((ws) => say(ws, { kind: 'welcome', welcome: welcomeFields({ outcome: 'resumed' }) })),
    'ProtocolError',
    'cause',
  ],
  ['it closes after the upgrade', () => wsServer((ws) => ws.close(1011)), 'ConnectionLostError', 'cause'],
  ['it closes normally after the upgrade', () => wsServer((ws) => ws.close(1000)), 'ConnectionLostError', 'cause'],
  ['it is cut after the upgrade', () => wsServer((ws) => ws.terminate()), 'ConnectionLostError', 'cause'],
  ['it closes with the code of a verdict', () => wsServer((ws) => ws.close(4401)), 'InvalidApiKeyError', 'verdict'],
  [
    'it denies for good',
    () => wsServer((ws) => say(ws, { kind: 'deny', deny: { code: 'AccessDeniedError', message: 'No.' } })),
    'AccessDeniedError',
    'verdict',
  ],
  [
    'it denies for now',
    () => wsServer((ws) => say(ws, { kind: 'deny', deny: { code: 'ServerBusyError', message: 'Later.', retryAfterMs: 50 } })),
    'ServerBusyError',
    'cause',
  ],
];

const failures = suite('a start against a server where');

/** Timers, sockets and requests of this process; the test runner's own aside. */
const pending = (): readonly string[] =>
  process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocketWrap|TCPConnect|GetAddrInfo/.test(name));

/** A server on the port that was tried: it sees the one client that connects now, and nobody else. */
const seesOnlyTheSentinel = async (port: number): Promise<void> => {
  const http = createHttpServer();
  const wss = new WebSocketServer({ server: http });
  let connections = 0;
  http.on('connection', () => {
    connections += 1;
  });
  wss.on('connection', (ws) => ws.on('message', (data) => ws.send(data)));
  await listen(http, port);
  const sentinel = new WebSocket(`ws://127.0.0.1:${port}`);
  await new Promise((resolve) => sentinel.once('open', resolve));
  const echoed = new Promise((resolve) => sentinel.once('message', resolve));
  sentinel.send('anybody else?');
  await echoed;
  assert.is(connections, 1);
  const closed = new Promise((resolve) => sentinel.once('close', resolve));
  sentinel.terminate();
  await closed;
  wss.close();
  await closeHttp(http);
};

for (const [title, make, code, how] of table)
  failures(title, async () => {
    const before = pending().length;
    const server = await make();
    const kitty = createClient({
      url: `ws://127.0.0.1:${server.port}`,
      connectTimeoutMs: tryMs,
      helloTimeoutMs: tryMs,
      retry: { baseMs: 20, capMs: 50 },
    });
    const startedAt = performance.now();
    const { failed, error }: StartResult<unknown> = await kitty.startSession({ username: 'jane', deadlineMs });
    const tookMs = performance.now() - startedAt;
    assert.is(failed, true);
    if (how === 'cause') {
      assert.is(error?.code, 'StartTimeoutError');
      assert.is(causeOf(error)?.code, code, causeOf(error)?.message);
      assert.ok(tookMs < deadlineMs + lateMs, `${tookMs} ms`);
    } else {
      assert.is(error?.code, code);
      assert.ok(tookMs < deadlineMs, `${tookMs} ms`);
    }
    assert.is(kitty.getSnapshot().status, 'idle');
    await server.close();
    await seesOnlyTheSentinel(server.port);
    // Closing handshakes go on in the background, in bounded time.
    await until(() => pending().length <= before, 'nothing is left of them');
  });

failures('it closes right after the welcome: the start has succeeded, and the session is lost', async () => {
  const server = await wsServer((ws) => {
    say(ws, welcome);
    ws.close(1011);
  });
  const kitty = createClient({ url: `ws://127.0.0.1:${server.port}` });
  const lost = new Promise((resolve) => kitty.on('lost', resolve));
  assert.is((await kitty.startSession({ username: 'jane', deadlineMs })).succeeded, true);
  await lost;
  assert.is(kitty.getSnapshot().status, 'lost');
  assert.is((await kitty.endSession()).reason, 'ended');
  await server.close();
});

failures.run();
