import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { connect, conversation, ear, request, type SocketBench } from './socket-bench.js';

export type { SocketBench } from './socket-bench.js';

/** How a test runner takes a test: `suite` of uvu, `test` of `node:test`, ... */
export type Test = (title: string, run: () => Promise<void>) => void;

/** Long enough for frames with an extended length (RFC 6455 §5.2), in characters. */
const LONG = 70_000;
/** A wait that is long for an opening on one machine and short for a person, in milliseconds. */
const SHORT_TIMEOUT_MS = 50;
/** By when it is certainly not that timeout any more, on the busiest machine, in milliseconds. */
const TOOK_MAX_MS = 2_000;

/**
 * What every adapter of the Socket port must do, as tests. `make` gives a fresh bench for each of them.
 *
 * @example
 * const test = suite('my sockets');
 * socketContract(test, makeMyBench);
 * test.run();
 */
export const socketContract = (test: Test, make: () => SocketBench | Promise<SocketBench>): void => {
  const on = (title: string, run: (bench: SocketBench) => Promise<void>) =>
    test(title, async () => {
      const bench = await make();
      try {
        await run(bench);
      } finally {
        await bench.close();
      }
    });

  on('the peer is given the subprotocols offered, in order', async (bench) => {
    const told = ear();
    const offered = new Promise<readonly string[]>((resolve) => {
      bench.accept((socket, { protocols }) => {
        socket.listen(ear().events);
        resolve(protocols);
      });
    });
    const socket = bench.open({ ...request, protocols: ['contract.v1', 'b', 'a'] }, told.events);
    deepStrictEqual([...(await offered)], ['contract.v1', 'b', 'a']);
    await told.heard(1);
    deepStrictEqual(told.told, ['opened']);
    socket.close();
  });

  on('nothing is told from inside the call that opens', async (bench) => {
    for (const open of [bench.open, bench.openRefused]) {
      const { told, events } = ear();
      const socket = open(request, events);
      deepStrictEqual(told, []);
      socket.close();
    }
  });

  on('text crosses both ways, whole, unchanged and in order', async (bench) => {
    const texts = ['plain', '', 'ärger 漢字 😀 \u0000', 'x'.repeat(LONG), 'last'];
    const { near, far, nearEar, farEar } = await connect(bench);
    for (const text of texts) near.send(text);
    for (const text of texts) far.send(text);
    await Promise.all([farEar.heard(texts.length), nearEar.heard(1 + texts.length)]);
    const received = texts.map((text) => ({ received: text }));
    deepStrictEqual(farEar.told, received);
    deepStrictEqual(nearEar.told, ['opened', ...received]);
    near.close();
  });

  on('what the peer sends in the moment it accepts comes after opened', async (bench) => {
    const { near, nearEar } = await connect(bench, (far) => far.send('welcome'));
    await nearEar.heard(2);
    deepStrictEqual(nearEar.told, ['opened', { received: 'welcome' }]);
    near.close();
  });

  on('an opening that is refused is told by closed, once, with a sentence that says why', async (bench) => {
    const told = ear();
    const socket = bench.openRefused(request, told.events);
    const close = await told.closed();
    strictEqual(close.code, 1006);
    ok(close.error && close.error.length > 0);
    notStrictEqual(close.error, 'timedOut');
    await conversation(bench);
    strictEqual(told.told.length, 1);
    socket.send('too late');
    socket.close();
  });

  on('an opening that takes too long is told by closed, with the error timedOut', async (bench) => {
    const told = ear();
    const startedAt = performance.now();
    bench.openSilent({ ...request, openTimeoutMs: SHORT_TIMEOUT_MS }, told.events);
    deepStrictEqual(await told.closed(), { code: 1006, reason: '', error: 'timedOut' });
    const tookMs = performance.now() - startedAt;
    ok(tookMs >= SHORT_TIMEOUT_MS - 1 && tookMs < TOOK_MAX_MS, `it took ${tookMs} ms`);
    await conversation(bench);
    strictEqual(told.told.length, 1);
  });

  on('the peer closes: what it sent before is received, then its code and reason are told, then nothing', async (bench) => {
    const { near, far, nearEar, farEar } = await connect(bench);
    far.send('before');
    far.close(4403, 'no entry');
    far.send('after');
    await nearEar.closed();
    near.send('into the void');
    near.close();
    await conversation(bench);
    deepStrictEqual(nearEar.told, ['opened', { received: 'before' }, { closed: { code: 4403, reason: 'no entry' } }]);
    deepStrictEqual(farEar.told, []);
  });

  on('the peer refuses by closing in the moment it accepts: its code arrives after opened', async (bench) => {
    const { nearEar } = await connect(bench, (far) => far.close(4401, 'unknown key'));
    await nearEar.closed();
    deepStrictEqual(nearEar.told, ['opened', { closed: { code: 4401, reason: 'unknown key' } }]);
  });

  on('after its own close an end is told nothing more, and the peer is told the code and the reason', async (bench) => {
    const { near, far, nearEar, farEar } = await connect(bench);
    near.send('before');
    far.send('under way');
    near.close(4000, 'leaving');
    near.send('after');
    near.close(4001, 'again');
    far.send('crossing');
    deepStrictEqual(await farEar.closed(), { code: 4000, reason: 'leaving' });
    far.send('too late');
    far.close(1000, 'too late');
    await conversation(bench);
    deepStrictEqual(nearEar.told, ['opened']);
    deepStrictEqual(farEar.told, [{ received: 'before' }, { closed: { code: 4000, reason: 'leaving' } }]);
  });

  on('closed before it opened, a socket is told nothing, wherever it was going', async (bench) => {
    bench.accept((socket) => socket.listen(ear().events));
    const ears = [bench.open, bench.openRefused, bench.openSilent].map((open) => {
      const told = ear();
      open(request, told.events).close();
      return told;
    });
    await conversation(bench);
    for (const { told } of ears) deepStrictEqual(told, []);
  });

  on('what is sent before opened is not kept', async (bench) => {
    const nearEar = ear();
    const farEar = ear();
    bench.accept((socket) => socket.listen(farEar.events));
    const near = bench.open(request, nearEar.events);
    near.send('too early');
    await nearEar.heard(1);
    near.send('in time');
    await farEar.heard(1);
    deepStrictEqual(farEar.told, [{ received: 'in time' }]);
    near.close();
  });

  on('a connection that breaks is told to both ends as 1006', async (bench) => {
    const { nearEar, farEar } = await connect(bench);
    bench.cut();
    strictEqual((await nearEar.closed()).code, 1006);
    strictEqual((await farEar.closed()).code, 1006);
    await conversation(bench);
    strictEqual(nearEar.told.length, 2);
    strictEqual(farEar.told.length, 1);
  });

  on('a binary message is given as an ArrayBuffer', async (bench) => {
    const { near, far, nearEar } = await connect(bench);
    bench.sendBinary(far, Uint8Array.of(1, 2, 3).buffer);
    await nearEar.heard(2);
    const last = nearEar.told[1];
    ok(typeof last === 'object' && 'received' in last && last.received instanceof ArrayBuffer);
    deepStrictEqual([...new Uint8Array(last.received)], [1, 2, 3]);
    near.close();
  });

  on('nothing is buffered at either end once all has arrived', async (bench) => {
    const { near, far, nearEar, farEar } = await connect(bench);
    near.send('x'.repeat(LONG));
    far.send('x'.repeat(LONG));
    await Promise.all([farEar.heard(1), nearEar.heard(2)]);
    // Only an answer proves that the sender has heard of the arrival.
    near.send('last');
    far.send('last');
    await Promise.all([farEar.heard(2), nearEar.heard(3)]);
    deepStrictEqual([near.bufferedAmount, far.bufferedAmount], [0, 0]);
    near.close();
  });

  on('two connections are kept apart', async (bench) => {
    const one = await connect(bench);
    const two = await connect(bench);
    one.near.send('one');
    two.near.send('two');
    await Promise.all([one.farEar.heard(1), two.farEar.heard(1)]);
    one.near.close();
    await one.farEar.closed();
    two.far.send('still here');
    await two.nearEar.heard(2);
    deepStrictEqual(two.farEar.told, [{ received: 'two' }]);
    deepStrictEqual(two.nearEar.told, ['opened', { received: 'still here' }]);
    two.near.close();
  });
};
