import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket, WebSocketServer } from 'ws';
import { type FaultProxy, startProxy } from './proxy.js';
import { freePort, listen, stop } from './tcp.js';

const proxied = suite('proxy for tests');

/** A server that keeps what it is told, and may answer. */
const startTarget = async (onConnection: (socket: Socket) => void = () => undefined) => {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
    server.emit('taken', socket);
  });
  const port = await listen(server);
  return {
    port,
    /** Resolves to the connection that this call makes the target see. */
    taken: async (act: () => Promise<unknown>): Promise<Socket> => {
      const taking = once(server, 'taken') as Promise<[Socket]>;
      await act();
      return (await taking)[0];
    },
    count: () => sockets.length,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return stop(server);
    },
  };
};
type Target = Awaited<ReturnType<typeof startTarget>>;

const echo = (socket: Socket) => {
  socket.on('data', (data) => socket.write(data));
  socket.on('end', () => socket.end());
};

const withProxy = (title: string, onConnection: (socket: Socket) => void, run: (proxy: FaultProxy, target: Target) => Promise<void>) =>
  proxied(title, async () => {
    const target = await startTarget(onConnection);
    const proxy = await startProxy({ target: { host: '127.0.0.1', port: target.port } });
    try {
      await run(proxy, target);
    } finally {
      await proxy.close();
      await target.close();
    }
  });

const open = async (port: number): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
};
const text = async (socket: Socket): Promise<string> => `${(await once(socket, 'data'))[0]}`;
const errorOf = async (socket: Socket) => ((await once(socket, 'error'))[0] as NodeJS.ErrnoException).code;
const ask = (socket: Socket, question: string) => {
  const answer = text(socket);
  socket.write(question);
  return answer;
};
/** Both ends of a connection that works: a silence or a cut has something to show. */
const openPair = async (proxy: FaultProxy, target: Target) => {
  let near: Socket | undefined;
  const far = await target.taken(async () => {
    near = await open(proxy.port);
  });
  return { near: near as Socket, far };
};

withProxy('bytes pass both ways, unchanged and counted', echo, async (proxy) => {
  const socket = await open(proxy.port);
  assert.is(await ask(socket, 'hello'), 'hello');
  assert.equal([proxy.bytes, proxy.accepted, proxy.connections], [{ up: 5, down: 5 }, 1, 1]);
  socket.end();
  await once(socket.resume(), 'close');
  assert.equal([proxy.accepted, proxy.connections], [1, 0]);
});

withProxy('much arrives whole and in order, also where it has to wait', echo, async (proxy) => {
  proxy.delay(5);
  const socket = await open(proxy.port);
  const sent = Buffer.alloc(40 * 1024 * 1024);
  for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.end(sent);
  await once(socket, 'end');
  assert.ok(Buffer.concat(chunks).equals(sent));
});

const timed = async (act: () => Promise<unknown>) => {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
};
/** What a quiet machine takes: other work on it only ever adds to a time. */
const lowerQuartile = (times: readonly number[]) => [...times].sort((one, other) => one - other)[times.length >> 2] ?? Number.NaN;

const ONE_WAY_MS = 20;
const ROUNDS = 15;
/** What a delivery may be late by at the lower quartile, in milliseconds: some 0.3 is usual. */
const LATE_MAX_MS = 1.5;

/** Does something take this many round trips more with latency than without? In turn, so that a busy machine is busy for both. */
const takesRoundTrips = async (proxy: FaultProxy, expected: number, act: () => Promise<unknown>) => {
  await act();
  const without: number[] = [];
  const delayed: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    proxy.delay(0);
    without.push(await timed(act));
    proxy.delay(ONE_WAY_MS);
    delayed.push(await timed(act));
  }
  const lateMs = lowerQuartile(delayed) - lowerQuartile(without) - expected * 2 * ONE_WAY_MS;
  assert.ok(lateMs > -LATE_MAX_MS && lateMs < LATE_MAX_MS, `${lateMs} ms beside ${expected} round trips`);
};

withProxy('a first answer takes two round trips, connecting included', echo, (proxy) =>
  takesRoundTrips(proxy, 2, async () => {
    const socket = await open(proxy.port);
    await ask(socket, 'first');
    socket.destroy();
  }),
);

withProxy('a client that thinks before its first words still pays for its connect with them', echo, async (proxy) => {
  proxy.delay(ONE_WAY_MS);
  const socket = await open(proxy.port);
  // It thinks for as long as another one takes for its first answer: two round trips.
  const other = await open(proxy.port);
  await ask(other, 'first');
  other.destroy();
  assert.ok((await timed(() => ask(socket, 'first'))) >= 4 * ONE_WAY_MS);
});

withProxy('a later answer takes one round trip', echo, async (proxy) => {
  const socket = await open(proxy.port);
  await takesRoundTrips(proxy, 1, () => ask(socket, 'later'));
});

withProxy(
  'a server that speaks first is heard after two round trips',
  (socket) => socket.write('welcome'),
  (proxy) =>
    takesRoundTrips(proxy, 2, async () => {
      const socket = await open(proxy.port);
      await text(socket);
      socket.destroy();
    }),
);

proxied('a WebSocket opens in two round trips', async () => {
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(wss, 'listening');
  const proxy = await startProxy({ target: { host: '127.0.0.1', port: (wss.address() as { port: number }).port } });
  await takesRoundTrips(proxy, 2, async () => {
    const ws = new WebSocket(proxy.url);
    await once(ws, 'open');
    ws.terminate();
  });
  await proxy.close();
  wss.close();
});

withProxy('nothing arrives before its time', echo, async (proxy) => {
  proxy.delay(ONE_WAY_MS);
  const socket = await open(proxy.port);
  assert.ok((await timed(() => ask(socket, 'first'))) >= 4 * ONE_WAY_MS - 1);
  for (let round = 0; round < ROUNDS; round += 1) assert.ok((await timed(() => ask(socket, 'later'))) >= 2 * ONE_WAY_MS);
});

withProxy('bytes keep their order when the latency falls', echo, async (proxy, target) => {
  const { near, far } = await openPair(proxy, target);
  await ask(near, 'x');
  proxy.delay(30);
  far.write('slow');
  await new Promise(setImmediate);
  proxy.delay(0);
  far.write('fast');
  let heard = '';
  while (heard.length < 8) heard += await text(near);
  assert.is(heard, 'slowfast');
});

for (const [direction, other] of [
  ['up', 'down'],
  ['down', 'up'],
] as const) {
  withProxy(
    `a stall ${direction} holds one direction, and resume lets what was held pass`,
    () => undefined,
    async (proxy, target) => {
      const { near, far } = await openPair(proxy, target);
      const [from, to] = direction === 'up' ? [near, far] : [far, near];
      const heard: string[] = [];
      to.on('data', (data) => heard.push(`${data}`));
      proxy.stall(direction);
      from.write('held');
      // The other direction still works, which takes longer than what is held would have taken.
      for (const word of ['one', 'two']) {
        const answer = text(from);
        to.write(word);
        assert.is(await answer, word, other);
      }
      assert.equal(heard, []);
      proxy.resume();
      await once(to, 'data');
      assert.equal(heard, ['held']);
    },
  );
}

withProxy('under a stall a new connection is not made; after it, it is', echo, async (proxy, target) => {
  for (const direction of ['both', 'up', 'down'] as const) {
    proxy.stall(direction);
    const [before, known] = [target.count(), proxy.accepted];
    const socket = await open(proxy.port);
    const answer = ask(socket, direction);
    while (proxy.accepted === known) await new Promise(setImmediate);
    // A conversation beside the proxy: what goes to the target has arrived by its end.
    await ask(await open(target.port), 'fence');
    assert.is(target.count(), before + 1);
    proxy.resume();
    assert.is(await answer, direction);
  }
});

withProxy(
  'cut resets the side that is named, and the other side hears nothing',
  () => undefined,
  async (proxy, target) => {
    const cut = async (side: 'both' | 'client' | 'server') => {
      const { near, far } = await openPair(proxy, target);
      const told: string[] = [];
      for (const [name, socket] of [
        ['client', near],
        ['server', far],
      ] as const) {
        socket.resume();
        socket.on('error', ({ code }: NodeJS.ErrnoException) => told.push(`${name} ${code}`));
        socket.on('end', () => told.push(`${name} end`));
      }
      const named = side === 'server' ? far : near;
      const error = errorOf(named);
      proxy.cut(side);
      assert.is(await error, 'ECONNRESET');
      // A new connection through the proxy takes longer than the news of a reset.
      const after = await openPair(proxy, target);
      assert.is(await Promise.all([text(after.far), after.near.write('fence')]).then(([word]) => word), 'fence');
      after.near.destroy();
      return told.sort();
    };
    assert.equal(await cut('client'), ['client ECONNRESET']);
    assert.equal(await cut('server'), ['server ECONNRESET']);
    assert.equal(await cut('both'), ['client ECONNRESET', 'server ECONNRESET']);
  },
);

withProxy(
  'a reset by one end reaches the other',
  () => undefined,
  async (proxy, target) => {
    const { near, far } = await openPair(proxy, target);
    const farError = errorOf(far.resume());
    near.resetAndDestroy();
    assert.is(await farError, 'ECONNRESET');
  },
);

withProxy(
  'a half-closed connection still carries the other direction',
  () => undefined,
  async (proxy, target) => {
    const { near, far } = await openPair(proxy, target);
    const ended = once(far.resume(), 'end');
    near.end();
    await ended;
    const answer = text(near);
    far.end('answer');
    assert.is(await answer, 'answer');
    await once(near, 'close');
  },
);

withProxy('refused connections are refused, open ones go on, and the port stays the same', echo, async (proxy) => {
  const before = await open(proxy.port);
  await ask(before, 'x');
  proxy.refuse();
  assert.is(await errorOf(connect(proxy.port, '127.0.0.1')), 'ECONNREFUSED');
  assert.is(await ask(before, 'still here'), 'still here');
  await proxy.accept();
  assert.is(await ask(await open(proxy.port), 'again'), 'again');
});

proxied('a target that refuses is seen as a reset', async () => {
  const proxy = await startProxy({ target: { host: '127.0.0.1', port: await freePort() }, delayMs: 1 });
  assert.is(await errorOf((await open(proxy.port)).resume()), 'ECONNRESET');
  await proxy.close();
});

withProxy(
  'who is not read is not read from: what is under way has a bound',
  (socket) => socket.pause(),
  async (proxy, target) => {
    proxy.delay(1);
    const { near } = await openPair(proxy, target);
    const piece = Buffer.alloc(1024 * 1024);
    let sent = 0;
    // Far more than two kernels and the proxy hold together.
    while (sent < 200 && near.write(piece)) sent += 1;
    for (; sent < 200; sent += 1) near.write(piece);
    const before = near.writableLength;
    assert.ok(before > 0);
    assert.is(proxy.connections, 1);
    assert.ok(near.writableLength > 100 * piece.length, `${near.writableLength} bytes wait at the sender`);
  },
);

proxied.run();
