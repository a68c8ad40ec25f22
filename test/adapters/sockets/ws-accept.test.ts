import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket } from 'ws';
import { connect, ear, type Pair } from '../../../adapters/contracts/socket-bench.js';
import { clipReason } from '../../../adapters/sockets/ws-accept.js';
import type { AcceptedSocket } from '../../../machines/ports/socket.js';
import { within } from '../../support/until.js';
import { startWsBench, type WsBench } from '../../support/ws-bench.js';

const accepted = suite('sockets accepted from ws');

// The contract that this end shares with the client's runs in websocket.test.ts.

const withBench = (title: string, run: (bench: WsBench) => Promise<void>, options = {}) =>
  accepted(title, async () => {
    const bench = await startWsBench(options);
    try {
      await run(bench);
    } finally {
      await bench.close();
    }
  });

/** A client that says what it likes, and the server's end of it. */
const rawClient = async (bench: WsBench) => {
  const told = ear();
  const accepting = new Promise<AcceptedSocket>((resolve) => {
    bench.accept((socket) => {
      socket.listen(told.events);
      resolve(socket);
    });
  });
  const ws = new WebSocket(bench.url, { perMessageDeflate: false });
  const closing = new Promise<{ code: number; reason: string }>((resolve) =>
    ws.on('close', (code, reason) => resolve({ code, reason: `${reason}` })),
  );
  const opening = new Promise((resolve) => ws.on('open', resolve));
  const [socket] = await Promise.all([accepting, opening]);
  return { ws, socket, told, closing };
};

const send = async ({ near, farEar }: Pair, text: string) => {
  near.send(text);
  return farEar.closed();
};

withBench(
  'a message over the limit is told as 1009 with the sentence of ws, to the peer too, and nothing after it is received',
  async (bench) => {
    const pair = await connect(bench);
    assert.equal(await send(pair, 'x'.repeat(101)), { code: 1009, reason: '', error: 'Max payload size exceeded' });
    assert.is((await pair.nearEar.closed()).code, 1009);
    assert.is(pair.farEar.told.length, 1);
  },
  { maxPayload: 100 },
);

withBench('text that is not UTF-8 is told as 1007 with the sentence of ws, to the peer too', async (bench) => {
  const { ws, told, closing } = await rawClient(bench);
  ws.send(Uint8Array.of(0xff), { binary: false });
  assert.equal(await told.closed(), { code: 1007, reason: '', error: 'Invalid WebSocket frame: invalid UTF-8 sequence' });
  assert.is((await closing).code, 1007);
});

withBench('what is no WebSocket frame at all is told as 1002', async (bench) => {
  const { ws, told } = await rawClient(bench);
  (ws as unknown as { _socket: { write(data: Uint8Array): void } })._socket.write(Uint8Array.of(0xff, 0xff, 0xff));
  assert.is((await told.closed()).code, 1002);
});

withBench('binary is given as an ArrayBuffer that holds the message and nothing else', async (bench) => {
  const { ws, told } = await rawClient(bench);
  ws.send(Uint8Array.of(7, 8));
  await told.heard(1);
  const [first] = told.told;
  assert.ok(typeof first === 'object' && 'received' in first && first.received instanceof ArrayBuffer);
  assert.equal([...new Uint8Array(first.received)], [7, 8]);
  ws.terminate();
});

withBench('a peer that never answers the close frame is gone after a second, and closed is not told', async (bench) => {
  const { ws, socket, told } = await rawClient(bench);
  ws.pause();
  const closedAt = performance.now();
  const gone = new Promise((resolve) => bench.wsOf(socket).once('close', resolve));
  socket.close(4410, 'revoked');
  await gone;
  const tookMs = performance.now() - closedAt;
  assert.ok(tookMs > 900 && tookMs < 2000, `it took ${tookMs} ms`);
  assert.equal(told.told, []);
  ws.terminate();
});

withBench('a code that stands for "no close frame came" sends none', async (bench) => {
  const { socket, told, closing } = await rawClient(bench);
  socket.close(1006, 'never sent');
  assert.equal(await closing, { code: 1006, reason: '' });
  assert.equal(told.told, []);
});

withBench('a reason that is too long for a close frame is clipped', async (bench) => {
  const { socket, closing } = await rawClient(bench);
  socket.close(4400, 'é'.repeat(100));
  assert.equal(await closing, { code: 4400, reason: 'é'.repeat(61) });
});

withBench('a socket that closed before anyone listened is told as 1006, later', async (bench) => {
  const socketOf = new Promise<AcceptedSocket>((resolve) => bench.accept(resolve));
  const ws = new WebSocket(bench.url);
  const socket = await socketOf;
  const gone = new Promise((resolve) => bench.wsOf(socket).once('close', resolve));
  ws.on('error', () => undefined).terminate();
  await gone;
  const told = ear();
  socket.listen(told.events);
  assert.equal(told.told, []);
  assert.is((await told.closed()).code, 1006);
});

accepted('a clipped reason is at most 123 bytes long and ends with a whole character', () => {
  assert.is(clipReason('x'.repeat(123)), 'x'.repeat(123));
  assert.is(clipReason('x'.repeat(124)), 'x'.repeat(123));
  assert.is(clipReason(`${'x'.repeat(122)}é`), 'x'.repeat(122));
  assert.is(clipReason(`${'x'.repeat(121)}😀`), 'x'.repeat(121));
  assert.is(clipReason(`${'x'.repeat(119)}😀`), `${'x'.repeat(119)}😀`);
});

withBench('a peer that floods is read in turns, so that others have theirs, and all that it sent arrives', async (bench) => {
  const ENOUGH = 4_000;
  let inTurn = 0;
  let most = 0;
  let came = 0;
  const all = new Promise<void>((resolve) => {
    bench.accept((socket) => {
      socket.listen({
        received: (data) => {
          if (inTurn === 0)
            setImmediate(() => {
              inTurn = 0;
            });
          inTurn += (data as string).length;
          most = Math.max(most, inTurn);
          came += 1;
          if (came === ENOUGH) resolve();
        },
        closed: () => undefined,
      });
      // Before that, so much would be too much.
      socket.welcomed?.();
    });
  });
  const ws = new WebSocket(bench.url, { perMessageDeflate: false });
  await new Promise((resolve) => ws.on('open', resolve));
  for (let n = 0; n < ENOUGH; n += 1) ws.send('x'.repeat(1_000));
  await within(all, 'all that was sent');
  // A turn is over with the chunk that is being read, and what waits behind a pause comes with the next one.
  assert.ok(most <= 131_072 + 2 * 65_536, `${most} in one turn`);
  ws.terminate();
});

/** Around each border of what a frame's head says, and with characters of one to three bytes. */
const texts = [0, 1, 125, 126, 127, 255, 256, 65_535, 65_536].flatMap((length) => ['a', 'é', '語'].map((one) => one.repeat(length)));

for (const [how, options] of [
  ['with the network below known', {}],
  ['with it unknown', { isBare: true }],
  ['and compressed where that was agreed on', { perMessageDeflate: true }],
] as const)
  withBench(
    `texts of all lengths and alphabets arrive as they were said and in their order, ${how}`,
    async (bench) => {
      const accepting = new Promise<AcceptedSocket>((resolve) => bench.accept((socket) => resolve(socket)));
      const ws = new WebSocket(bench.url);
      const came: string[] = [];
      const all = new Promise<void>((resolve) =>
        ws.on('message', (data, isBinary) => {
          assert.not(isBinary);
          if (came.push(`${data}`) === texts.length) resolve();
        }),
      );
      const socket = await accepting;
      socket.listen(ear().events);
      for (const text of texts) socket.send(text);
      await within(all, 'all texts');
      assert.ok(came.every((text, index) => text === texts[index]));
      ws.terminate();
    },
    options,
  );

accepted.run();
