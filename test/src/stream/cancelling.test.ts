/** Nothing is run that nobody waits for any more: requests whose time is over or that are taken back, also across a link that is cut. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RequestHandlerInfo } from '../../../src/stream/requests.js';
import { arriving, namesIn, type Pair, pairOf } from './support.js';

const test = suite('a request that nobody waits for');

interface Ran {
  readonly payload: unknown;
  readonly signal: AbortSignal;
}

/** The handler of the type `ask` on the other side, and what it was run with. */
const runsOf = ({ down }: Pair, handler: (info: RequestHandlerInfo) => unknown = () => 'reply'): Ran[] => {
  const runs: Ran[] = [];
  down.conversation.registry.requests.on('ask', (payload, info) => {
    runs.push({ payload, signal: info.signal });
    return handler(info);
  });
  return runs;
};

const ask = ({ up }: Pair, payload: unknown, timeoutMs: number, signal?: AbortSignal) =>
  up.conversation.request('ask', payload, timeoutMs, signal).then(({ error, maybeHandled, reply }) => [error?.code, maybeHandled, reply]);

/** Both sides notice that the link is gone. */
const lose = ({ up, down }: Pair): void => {
  for (const { conversation } of [up, down]) conversation.stop();
};

/** What was on its way is lost, and both go on over another link. */
const resume = async ({ host, up, down }: Pair): Promise<void> => {
  await host.settle();
  const own = { up: up.conversation.positions(), down: down.conversation.positions() };
  down.conversation.resume(own.down, { ...own.up, incarnation: 1 }, false);
  up.conversation.resume(own.up, { ...own.down, incarnation: 1 }, false);
};

test('is never shipped where its time was over before: it was certainly not handled', async () => {
  const pair = pairOf();
  const runs = runsOf(pair);
  lose(pair);
  const asked = ask(pair, 1, 50);
  await pair.host.advance(50);
  assert.equal(await asked, ['RequestTimeoutError', false, undefined]);
  await resume(pair);
  await pair.host.advance(100);
  assert.equal(pair.up.wrote, []);
  assert.equal(runs, []);
});

test('is not shipped late by a process whose timers were held up: the time is looked at when it would be', async () => {
  const pair = pairOf();
  const runs = runsOf(pair);
  lose(pair);
  pair.host.clock.setTimeout(() => {
    // The moment at which its own timer would ring next.
    const own = { up: pair.up.conversation.positions(), down: pair.down.conversation.positions() };
    pair.up.conversation.resume(own.up, { ...own.down, incarnation: 1 }, false);
  }, 50);
  const asked = ask(pair, 1, 50);
  await pair.host.advance(50);
  assert.equal(await asked, ['RequestTimeoutError', false, undefined]);
  await pair.host.advance(100);
  assert.equal(pair.up.wrote, []);
  assert.equal(runs, []);
});

test('that was shipped on a link that is lost is not run where its time was over before the next one', async () => {
  const pair = pairOf();
  const runs = runsOf(pair);
  // It is written, and does not arrive.
  pair.down.conversation.stop();
  const asked = ask(pair, 1, 50);
  await pair.host.settle();
  lose(pair);
  await pair.host.advance(60);
  assert.equal(await asked, ['RequestTimeoutError', true, undefined], 'whoever was asked may have run it, for all that this side knows');
  await resume(pair);
  await pair.host.advance(100);
  assert.equal(
    pair.up.wrote.map((packets) => packets.map(({ kind }) => kind)),
    [['request'], ['request', 'cancel']],
  );
  assert.equal(runs, []);
  assert.is(pair.up.conversation.unconfirmedCount, 0);
});

test('that was shipped on a link that is lost is not run where it was taken back meanwhile: its cancel comes with it', async () => {
  const pair = pairOf();
  const runs = runsOf(pair);
  const controller = new AbortController();
  pair.down.conversation.stop();
  const asked = ask(pair, 1, 5_000, controller.signal);
  await pair.host.settle();
  lose(pair);
  controller.abort();
  assert.equal(await asked, ['RequestAbortedError', true, undefined]);
  await resume(pair);
  await pair.host.advance(100);
  assert.equal(runs, []);
  assert.is(pair.up.conversation.unconfirmedCount, 0);
});

test('and that runs already is told so by its signal, and answered no more', async () => {
  const pair = pairOf();
  const runs = runsOf(pair, () => new Promise((resolve) => void pair.host.clock.setTimeout(() => resolve('late'), 100)));
  const asked = ask(pair, 1, 50);
  await pair.host.advance(60);
  assert.equal(await asked, ['RequestTimeoutError', true, undefined]);
  assert.is(runs[0]?.signal.aborted, true);
  await pair.host.advance(100);
  assert.equal(
    pair.down.wrote.flat().filter(({ kind }) => kind === 'reply'),
    [],
  );
});

test('that waited for handlers to be registered is not run once its time is over there, and its asker hears that it was not', async () => {
  const pair = pairOf({}, {}, false);
  const runs = runsOf(pair);
  pair.up.conversation.release();
  // Asked for longer than it is told to be waited for: as by a side whose clock runs slower.
  const packets = arriving([{ kind: 'request', type: 'ask', payload: '1', timeoutMs: 30 }]);
  pair.down.conversation.received(packets);
  await pair.host.advance(30);
  pair.down.conversation.received(arriving([{ kind: 'request', type: 'ask', payload: '2', timeoutMs: 30 }]));
  await pair.host.advance(29);
  pair.down.conversation.release();
  await pair.host.advance(100);
  assert.equal(
    runs.map(({ payload }) => payload),
    [2],
  );
  assert.equal(pair.down.wrote.flat().at(-1), {
    kind: 'ack',
    received: 2,
    done: 2,
    last: 1,
    seen: 0,
    exceptions: [{ number: 1, outcome: 'expired' }],
  });
});

test('ends for its asker when the other side says that its time was over', async () => {
  const pair = pairOf();
  pair.down.conversation.stop();
  const asked = ask(pair, 1, 5_000);
  await pair.host.settle();
  pair.up.conversation.received(
    arriving([{ kind: 'ack', received: 1, done: 1, last: 0, seen: 0, exceptions: [{ number: 1, outcome: 'expired' }] }]),
  );
  assert.equal(await asked, ['RequestTimeoutError', false, undefined]);
});

test('and whose handler ignores its signal does not delay the goodbye; one that is waited for does', async () => {
  const pair = pairOf();
  const ends: (() => void)[] = [];
  runsOf(pair, () => new Promise((resolve) => void ends.push(() => resolve('reply'))));
  const controller = new AbortController();
  void ask(pair, 'ignored', 60_000, controller.signal);
  const waited = ask(pair, 'waited for', 60_000);
  await pair.host.advance(10);
  controller.abort();
  await pair.host.advance(10);
  pair.up.conversation.end();
  await pair.host.advance(100);
  assert.not(namesIn(pair.down).includes('peerEnded'));
  ends[1]?.();
  await pair.host.advance(100);
  assert.equal(await waited, [undefined, undefined, 'reply']);
  assert.ok(namesIn(pair.down).includes('peerEnded'));
  ends[0]?.();
  await pair.host.advance(100);
});

test.run();
