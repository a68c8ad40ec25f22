/** Sessions beside an app's own routes and WebSockets, in the frameworks that people use, on real ports. */
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { serve } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket, WebSocketServer } from 'ws';
import { createClient } from '../../../src/client/index.node.js';
import { SessionServer } from '../../../src/server/server.js';
import { started } from '../../support/server.js';
import { listen, stop } from '../../support/tcp.js';
import { until, within } from '../../support/until.js';

/** Starts an app with a route `/hello`, on a free port. */
interface AppHost {
  readonly http: HttpServer;
  readonly port: number;
  close(): Promise<unknown>;
}

const hosts: Readonly<Record<string, () => Promise<AppHost>>> = {
  'node:http': async () => {
    const http = createHttpServer((_, response) => response.end('hello'));
    return { http, port: await listen(http), close: () => stop(http) };
  },
  'Express 5': async () => {
    const app = express();
    app.get('/hello', (_, response) => void response.send('hello'));
    const http = createHttpServer(app);
    return { http, port: await listen(http), close: () => stop(http) };
  },
  'Fastify 5': async () => {
    const app = fastify();
    app.get('/hello', async () => 'hello');
    await app.listen({ port: 0, host: '127.0.0.1' });
    const address = app.server.address();
    return { http: app.server, port: typeof address === 'object' && address ? address.port : 0, close: () => app.close() };
  },
  'Hono on Node': async () => {
    const app = new Hono();
    app.get('/hello', (context) => context.text('hello'));
    const http = await new Promise<HttpServer>((resolve) => {
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(server as HttpServer));
    });
    const address = http.address();
    return { http, port: typeof address === 'object' && address ? address.port : 0, close: () => stop(http) };
  },
};

/** The app's own WebSocket on `/other`, which leaves all other paths alone. */
const ownSocket = (http: HttpServer): void => {
  const sockets = new WebSocketServer({ noServer: true });
  http.on('upgrade', (incoming: IncomingMessage, socket, head) => {
    if (incoming.url === '/other')
      sockets.handleUpgrade(incoming, socket, head, (ws) => ws.on('message', (data) => ws.send(`echo ${data}`)));
  });
};

const echoed = async (port: number): Promise<string> => {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/other`);
  const answer = new Promise<string>((resolve, reject) => {
    ws.on('open', () => ws.send('hi'));
    ws.on('message', (data) => resolve(data.toString()));
    ws.on('error', reject);
  });
  try {
    return await within(answer, 'the echo');
  } finally {
    ws.close();
  }
};

const beside = suite("beside an app's own");

for (const [name, start] of Object.entries(hosts))
  beside(`${name}: sessions, routes and other WebSockets all work, before and after the sessions' server is closed`, async () => {
    const app = await start();
    ownSocket(app.http);
    const server = new SessionServer({ guests: true, logger: false });
    await server.attach(app.http, { path: '/session' });
    server.on('session', (session) => void session.onRequest('double', (n) => n * 2));
    const kitty = createClient({ url: `ws://127.0.0.1:${app.port}/session` });
    const session = await started(kitty, 'jane');
    assert.is((await session.request('double', 21)).reply, 42);
    const route = async () => (await fetch(`http://127.0.0.1:${app.port}/hello`, { headers: { connection: 'close' } })).text();
    assert.is(await route(), 'hello');
    assert.is(await echoed(app.port), 'echo hi');
    await kitty.endSession();
    await server.close();
    assert.is(await route(), 'hello');
    assert.is(await echoed(app.port), 'echo hi');
    await app.close();
  });

beside('a session server in a path with a query serves it', async () => {
  const http = createHttpServer();
  const port = await listen(http);
  const server = new SessionServer({ guests: true, logger: false });
  await server.attach(http, { path: '/session' });
  const origins: string[] = [];
  server.on('session', ({ origin }) => void origins.push(origin.url));
  const kitty = createClient({ url: `ws://127.0.0.1:${port}/session?tab=2` });
  await started(kitty, 'jane');
  await kitty.endSession();
  assert.equal(origins, ['/session?tab=2']);
  await server.close();
  await stop(http);
});

const alone = suite('where nobody else takes upgrades');

/** What an upgrade request for a target is answered with, in whole; the answer's end is awaited, which takes the server to close. */
const answerTo = (port: number, target: string): Promise<string> =>
  within(
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      let text = '';
      socket.on('data', (data) => {
        text += data;
      });
      socket.on('end', () => {
        resolve(text);
        socket.destroy();
      });
      socket.on('error', reject);
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
    }),
    `an answer to ${target}`,
  );

const withListening = (run: (port: number, server: SessionServer) => Promise<void>) => async () => {
  const server = new SessionServer({ guests: true, logger: false });
  const { port } = await server.listen(0, { host: '127.0.0.1', path: '/session' });
  await run(port, server);
  await server.close();
};

for (const target of ['/', '/elsewhere', '/session/', '/session/more', '//', '*', 'http://', '//session', '/%', '/session%00'])
  alone(
    `an upgrade of ${target} is answered with 404 and the right path, and closed`,
    withListening(async (port) => {
      const answer = await answerTo(port, target);
      assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n/);
      assert.match(answer, 'Sessions are served at /session.');
    }),
  );

alone(
  'a socket that is refused is given up although its client keeps its own end open',
  withListening(async (port) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    const gone = new Promise<void>((resolve) => socket.on('end', resolve));
    socket.resume();
    socket.write('GET /elsewhere HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await within(gone, 'the end');
    // The server has destroyed its end: what is written now is answered with a reset.
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    const writing = setInterval(() => socket.write('x'), 1);
    await within(closed, 'the reset');
    clearInterval(writing);
  }),
);

alone(
  'clients that reset their connection in the middle of an upgrade cost nobody anything',
  withListening(async (port) => {
    for (let n = 0; n < 50; n += 1) {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.on('error', () => undefined);
      const target = n % 2 === 0 ? '/elsewhere' : '/session';
      await new Promise<void>((resolve) => socket.on('connect', resolve));
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
        () => (n % 3 === 0 ? socket.resetAndDestroy() : setImmediate(() => socket.resetAndDestroy())),
      );
      await new Promise<void>((resolve) => socket.on('close', () => resolve()));
    }
    const kitty = createClient({ url: `ws://127.0.0.1:${port}/session` });
    await started(kitty, 'jane');
    await kitty.endSession();
  }),
);

alone(
  'a plain HTTP request is told what this is',
  withListening(async (port) => {
    const response = await fetch(`http://127.0.0.1:${port}/session`, { headers: { connection: 'close' } });
    assert.is(response.status, 426);
    assert.match(await response.text(), 'ninelives');
  }),
);

alone(
  'a handshake that is no WebSocket is refused by its status',
  withListening(async (port) => {
    const status = await within(
      new Promise<number>((resolve, reject) => {
        request({ port, host: '127.0.0.1', path: '/session', headers: { connection: 'Upgrade', upgrade: 'h2c' } }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      }),
      'an answer',
    );
    assert.is(status, 400);
  }),
);

alone('a port that is taken rejects, and the server can still listen elsewhere', async () => {
  const http = createHttpServer();
  const taken = await listen(http);
  const server = new SessionServer({ guests: true, logger: false });
  assert.is(
    await server.listen(taken, { host: '127.0.0.1' }).then(
      () => 'listens',
      (error) => error.code,
    ),
    'EADDRINUSE',
  );
  await server.listen(0, { host: '127.0.0.1' });
  await server.close();
  await stop(http);
});

alone('the URL that listening gives can be connected to, whatever address it listens on', async () => {
  for (const host of [undefined, '127.0.0.1', '0.0.0.0', 'localhost']) {
    const server = new SessionServer({ guests: true, logger: false });
    const { url } = await server.listen(0, { host, path: '/session' });
    const kitty = createClient({ url });
    await started(kitty, 'jane');
    await kitty.endSession();
    await server.close();
  }
});

alone('sessions of an HTTP server that is closing are not waited for by anyone but their own server', async () => {
  const http = createHttpServer();
  const port = await listen(http);
  const server = new SessionServer({ guests: true, logger: false });
  await server.attach(http);
  const kitty = createClient({ url: `ws://127.0.0.1:${port}` });
  await started(kitty, 'jane');
  const stopped = stop(http);
  await server.close();
  await within(stopped, 'the HTTP server to stop');
  await until(() => kitty.getSnapshot().status === 'lost', 'the client notices');
  await kitty.endSession();
});

beside.run();
alone.run();
