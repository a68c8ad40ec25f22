/** The faults of the proxy that change how bytes pass, or happen at a moment of the stream. Those of whole connections: ../proxy.test.ts. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket, WebSocketServer } from 'ws';
import { seededRandom } from '../../../adapters/hosts/seeded.js';
import { type FaultProxy, startProxy } from '../proxy.js';
import { listen, stop } from '../tcp.js';
import { until } from '../until.js';

interface Ends {
  readonly proxy: FaultProxy;
  readonly near: Socket;
  readonly far: Socket;
}

const faults = suite('faults of the proxy');

/** A proxy to a target that accepts, and both ends of a connection through it that has carried nothing. */
const withEnds = (title: string, run: (ends: Ends & { readonly open: () => Promise<Socket> }) => Promise<void>) =>
  faults(title, async () => {
    const sockets: Socket[] = [];
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      sockets.push(socket);
    });
    const port = await listen(server);
    const proxy = await startProxy({ target: { host: '127.0.0.1', port }, random: seededRandom(1) });
    const open = async (): Promise<Socket> => {
      const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
      socket.on('error', () => socket.destroy());
      sockets.push(socket);
      await once(socket, 'connect');
      return socket;
    };
    try {
      const near = await open();
      const far = await until(() => sockets.find((socket) => socket !== near), 'the target has a connection');
      await run({ proxy, near, far, open });
    } finally {
      for (const socket of sockets) socket.destroy();
      await proxy.close();
      await stop(server);
    }
  });

/** What comes, chunk by chunk, with its time. */
const kept = (socket: Socket) => {
  const chunks: { readonly text: string; readonly at: number }[] = [];
  socket.on('data', (data) => chunks.push({ text: `${data}`, at: performance.now() }));
  const text = () => chunks.map((chunk) => chunk.text).join('');
  return { chunks, text, until: (expected: string) => until(() => text() === expected, `${expected} came`) };
};

withEnds('jitter delays each chunk by another time, up to what it was told, and keeps their order', async ({ proxy, near, far }) => {
  const heard = kept(far);
  proxy.jitter(40);
  const delays: number[] = [];
  for (const letter of 'abcdefghijkl') {
    const before = performance.now();
    const have = heard.chunks.length;
    near.write(letter);
    await until(() => heard.chunks.length > have, 'it came');
    delays.push((heard.chunks.at(-1)?.at ?? 0) - before);
  }
  assert.ok(Math.max(...delays) - Math.min(...delays) > 15, `they differ: ${delays.map(Math.round)}`);
  proxy.jitter(20);
  for (const letter of 'mnopqrstuvwxyz') {
    near.write(letter);
    await new Promise(setImmediate);
  }
  await heard.until('abcdefghijklmnopqrstuvwxyz');
});

withEnds('a throttled connection carries so many bytes a second and no more, each way by itself', async ({ proxy, near, far }) => {
  proxy.throttle(100_000);
  const heard = kept(far);
  const back = kept(near);
  const startedAt = performance.now();
  near.write('x'.repeat(10_000));
  await until(() => heard.text().length === 10_000, 'all came');
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs >= 99, `100 ms at least, not ${tookMs}`);
  assert.ok(heard.chunks.length > 1, 'bit by bit');
  proxy.throttle(Infinity);
  far.write('quick');
  await back.until('quick');
});

withEnds('a split chunk comes in pieces', async ({ proxy, near, far }) => {
  proxy.split(3);
  const heard = kept(far);
  near.write('abcdefgh');
  await heard.until('abcdefgh');
  // Pieces that wait for a busy reader come to it as one.
  const texts = heard.chunks.map(({ text }) => text);
  assert.is(texts.join(''), 'abcdefgh');
  assert.ok(texts.length > 1, texts.join(' | '));
});

withEnds('merged chunks come as one', async ({ proxy, near, far }) => {
  const heard = kept(far);
  proxy.merge(60);
  for (const letter of 'abc') {
    near.write(letter);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await heard.until('abc');
  // The three may lie on both sides of a span's end, and then there are two.
  assert.ok(heard.chunks.length <= 2, `${heard.chunks.length} chunks`);
});

for (const direction of ['up', 'down'] as const)
  withEnds(`after so many bytes ${direction} something is done between two of them`, async ({ proxy, near, far }) => {
    const [from, to] = direction === 'up' ? [near, far] : [far, near];
    const heard = kept(to);
    // The other direction does not count.
    const other = kept(from);
    to.write('not counted');
    await other.until('not counted');
    proxy.after(direction, 5, 'bytes', () => proxy.stall(direction));
    from.write('abc');
    await heard.until('abc');
    from.write('defgh');
    await heard.until('abcde');
    proxy.resume();
    await heard.until('abcdefgh');
    from.write('and it is done once');
    await heard.until('abcdefghand it is done once');
  });

withEnds('a cut after so many bytes lets these pass and no more', async ({ proxy, near, far }) => {
  proxy.after('up', 4, 'bytes', () => proxy.cut('server'));
  const heard = kept(far);
  // Who reads the last bytes and the reset at once is told of an end instead.
  const closed = once(far, 'close');
  near.write('abcdef');
  await closed;
  assert.is(heard.text(), 'abcd');
  assert.is(proxy.bytes.up, 4);
});

withEnds('what was asked for can be taken back', async ({ proxy, near, far }) => {
  const heard = kept(far);
  proxy.after('up', 1, 'bytes', () => proxy.cut('both'))();
  near.write('abc');
  await heard.until('abc');
});

withEnds('an ignored connection is open and hears nothing, and those before it go on', async ({ proxy, near, far, open }) => {
  proxy.ignore();
  const ignored = kept(await open());
  const socket = await open();
  socket.write('is anybody there?');
  const heard = kept(far);
  near.write('here');
  await heard.until('here');
  await proxy.accept();
  near.write(' and here');
  await heard.until('here and here');
  assert.is(proxy.bytes.up, 'here and here'.length);
  assert.is(ignored.text(), '');
  const left = proxy.connections;
  socket.end();
  await once(socket, 'close');
  await until(() => proxy.connections === left - 1, 'who goes away is forgotten');
});

withEnds('what a cut left half-open can be dropped', async ({ proxy, near, far }) => {
  near.write('x');
  await once(far, 'data');
  proxy.cut('client');
  const ended = once(far, 'close');
  proxy.dropHalfOpen();
  await ended;
});

withEnds('new connections can be led elsewhere', async ({ proxy, open }) => {
  const server = createServer((socket) => socket.end('the other one'));
  proxy.leadTo({ host: '127.0.0.1', port: await listen(server) });
  const heard = kept(await open());
  await heard.until('the other one');
  await stop(server);
});

faults('at a given frame something is done before it passes: whole frames come before, and nothing of it', async () => {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(wss, 'listening');
  wss.on('connection', (ws) => ws.on('message', (data) => ws.send(`${data}!`)));
  const proxy = await startProxy({ target: { host: '127.0.0.1', port: (wss.address() as { port: number }).port } });
  const heard: string[] = [];
  const open = async (): Promise<WebSocket> => {
    const ws = new WebSocket(proxy.url, { perMessageDeflate: false });
    ws.on('message', (data) => heard.push(`${data}`));
    await once(ws, 'open');
    return ws;
  };
  const first = await open();
  for (const text of ['one', 'two']) first.send(text);
  await until(() => heard.length === 2, 'both are answered');
  // An open connection counts from now, one that comes later from its beginning.
  proxy.after('down', 2, 'frames', () => proxy.cut('both'));
  for (const text of ['three', 'x'.repeat(200), 'five']) first.send(text);
  await once(first, 'close');
  assert.equal(heard, ['one!', 'two!', 'three!']);
  proxy.after('up', 2, 'frames', () => proxy.cut('both'));
  const second = await open();
  second.send('six');
  await until(() => heard.length === 4, 'the first is answered');
  second.send('seven');
  await once(second, 'close');
  assert.equal(heard.at(-1), 'six!');
  await proxy.close();
  wss.close();
});

faults.run();
