import { createServer } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { socketContract } from '../../../adapters/contracts/socket.js';
import { connect, ear, request } from '../../../adapters/contracts/socket-bench.js';
import { type WebSocketConstructor, websocketSocket } from '../../../adapters/sockets/websocket.js';
import type { SocketClose } from '../../../machines/ports/socket.js';
import { listen, stop } from '../../support/tcp.js';
import { startWsBench } from '../../support/ws-bench.js';
import { runChild } from './exit/run-child.js';

const websocket = suite('websocket over ws');

socketContract(websocket, startWsBench);

/** What an opening ends in that can not succeed. */
const failure = async (
  url: string,
  { WebSocket: given = WebSocket as WebSocketConstructor, protocols = request.protocols } = {},
): Promise<SocketClose> => {
  const told = ear();
  websocketSocket({ url, WebSocket: given })({ ...request, protocols }, told.events);
  const close = await told.closed();
  assert.is(told.told.length, 1);
  return close;
};

websocket('the error of an address where nobody listens names the address', async () => {
  assert.match((await failure('ws://127.0.0.1:1')).error ?? '', 'connect ECONNREFUSED 127.0.0.1:1');
});

websocket('the error of a refused upgrade names the HTTP status', async () => {
  const server = createServer();
  server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n'));
  const port = await listen(server);
  assert.equal(await failure(`ws://127.0.0.1:${port}`), { code: 1006, reason: '', error: 'Unexpected server response: 401' });
  await stop(server);
});

websocket('where each of several addresses failed, the first of them is named', async () => {
  class Failing extends EventTarget {
    readyState = 0;
    close() {}
    constructor() {
      super();
      const error = new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')]);
      queueMicrotask(() => this.dispatchEvent(Object.assign(new Event('error'), { message: '', error })));
    }
  }
  assert.is((await failure('ws://localhost:1', { WebSocket: Failing })).error, 'connect ECONNREFUSED ::1:1');
});

websocket('an error about which the platform says nothing still has a sentence', async () => {
  class Silent extends EventTarget {
    readyState = 0;
    close() {}
    constructor() {
      super();
      queueMicrotask(() => this.dispatchEvent(new Event('error')));
    }
  }
  assert.equal(await failure('ws://localhost:1', { WebSocket: Silent }), {
    code: 1006,
    reason: '',
    error: 'The connection failed; the platform does not say why.',
  });
});

websocket('a URL that is none, or one of HTTP, is told by closed', async () => {
  for (const url of ['http://127.0.0.1:1', 'https://127.0.0.1:1', 'localhost:4150', '']) {
    assert.is((await failure(url)).error, 'The URL of a server begins with ws:// or wss://.');
  }
  assert.is((await failure('ws://[')).error, 'Invalid URL: ws://[');
});

websocket('a list of subprotocols that the platform refuses is told by closed, without what is in the list', async () => {
  const refused = 'The platform refused the list of subprotocols.';
  assert.is((await failure('ws://127.0.0.1:1', { protocols: ['a', 'twice', 'twice'] })).error, refused);
  class Talkative extends EventTarget {
    readyState = 0;
    close() {}
    constructor(_: string, protocols: string[]) {
      super();
      throw new SyntaxError(`Failed to construct 'WebSocket': The subprotocol '${protocols[1]}' is invalid.`);
    }
  }
  assert.is((await failure('ws://127.0.0.1:1', { WebSocket: Talkative, protocols: ['a', 'secret'] })).error, refused);
});

websocket('a platform without a WebSocket is told by closed', async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  Reflect.deleteProperty(globalThis, 'WebSocket');
  const told = ear();
  websocketSocket({ url: 'ws://127.0.0.1:1' })(request, told.events);
  assert.match((await told.closed()).error ?? '', 'has no WebSocket');
  if (own) Object.defineProperty(globalThis, 'WebSocket', own);
});

websocket('a server that can not be read is told as 1006 with the sentence of ws', async () => {
  const bench = await startWsBench();
  const { far, nearEar } = await connect(bench);
  // A text frame of one byte that is no UTF-8.
  (bench.wsOf(far) as unknown as { _socket: { write(data: Uint8Array): void } })._socket.write(Uint8Array.of(0x81, 0x01, 0xff));
  assert.equal(await nearEar.closed(), { code: 1006, reason: '', error: 'Invalid WebSocket frame: invalid UTF-8 sequence' });
  await bench.close();
});

websocket('a close code or reason that the platform refuses still closes', async () => {
  const bench = await startWsBench();
  for (const [code, reason] of [
    [1006, ''],
    [4000, 'x'.repeat(124)],
  ] as const) {
    const { near, farEar } = await connect(bench);
    near.close(code, reason);
    assert.is((await farEar.closed()).code, 1005);
  }
  await bench.close();
});

websocket('compression is not offered', async () => {
  const bench = await startWsBench();
  const { near, far } = await connect(bench);
  assert.is(bench.wsOf(far).extensions, '');
  near.close();
  await bench.close();
});

websocket('a process whose sockets are closed exits by itself at once', async () => {
  const bench = await startWsBench();
  bench.accept((socket, { protocols }) => {
    socket.listen(ear().events);
    if (protocols[0] === 'close.me') socket.close(4000, 'closed');
  });
  const { exitAfterMs } = await runChild('ends.ts', bench.url);
  assert.ok(exitAfterMs < 500, `it took ${exitAfterMs} ms`);
  await bench.close();
});

websocket('a process whose peer never answers the close frame exits a second later', async () => {
  const bench = await startWsBench();
  bench.accept((socket) => bench.wsOf(socket).pause());
  const { exitAfterMs } = await runChild('dead-path.ts', bench.url);
  assert.ok(exitAfterMs > 500 && exitAfterMs < 2500, `it took ${exitAfterMs} ms`);
  await bench.close();
});

websocket('importing it touches nothing', async () => {
  const { exitAfterMs } = await runChild('import-only.ts', '');
  assert.ok(exitAfterMs < 500, `it took ${exitAfterMs} ms`);
});

websocket.run();
