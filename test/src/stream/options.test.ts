/** Sending with options, and waiting for room, over two conversations that talk over the real wire text. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { Expiry } from '../../../src/stream/expiry.js';
import { Readiness } from '../../../src/stream/readiness.js';
import { ReplaceKeys } from '../../../src/stream/replace-keys.js';
import { problemOf, type SendOptions } from '../../../src/stream/send-options.js';
import type { SendResult } from '../../../src/stream/sent.js';
import { VolatileInbox, VolatileOutbox } from '../../../src/stream/volatile.js';
import { jane } from '../../support/ninelives-bench.js';
import { namesIn, type Pair, pairOf } from './support.js';

const statusOf = async (sent: SendResult): Promise<string | undefined> => (await sent.confirmed)?.status;
const kindsOf = ({ up }: Pair): readonly string[] => up.wrote.flat().map(({ kind }) => kind);
const heardBy = ({ down }: Pair, type: string): unknown[] => {
  const heard: unknown[] = [];
  down.conversation.registry.messages.on(type, (payload) => void heard.push(payload));
  return heard;
};

const options = suite('options of a message');

options('that can not be used are named, and nothing is sent', async () => {
  const { host, up } = pairOf();
  for (const [wrong, name] of [
    [{ ttlMs: -1 }, 'ttlMs'],
    [{ ttlMs: Number.NaN }, 'ttlMs'],
    [{ ttlMs: '5' }, 'ttlMs'],
    [{ replaceKey: 5 }, 'replaceKey'],
    [{ volatile: 'yes' }, 'volatile'],
  ] as const) {
    assert.is(problemOf(wrong as SendOptions), name);
    const { error } = up.conversation.send('a', 1, wrong as SendOptions);
    assert.is(error?.code, 'InvalidOptionError');
    assert.match(error?.message ?? '', name);
  }
  await host.settle();
  assert.equal(up.wrote, []);
});

options('that are there and undefined are no options', async () => {
  const pair = pairOf();
  const heard = heardBy(pair, 'a');
  pair.up.conversation.send('a', 1, { ttlMs: undefined, replaceKey: undefined, volatile: undefined } as SendOptions);
  pair.up.conversation.send('a', 2, { volatile: false });
  await pair.host.settle();
  assert.equal(heard, [1, 2]);
});

const time = suite('a time to live');

time('is told to the other side, a day at the most', async () => {
  const pair = pairOf();
  for (const ttlMs of [50, 1e300, Number.POSITIVE_INFINITY]) pair.up.conversation.send('a', 1, { ttlMs });
  await pair.host.settle();
  assert.equal(
    pair.up.wrote.flat().map((packet) => (packet.kind === 'message' ? packet.options?.ttlMs : null)),
    [50, 86_400_000, 86_400_000],
  );
});

time('that is over while a handler before it runs makes the receiver pass the message over, and say so', async () => {
  const pair = pairOf();
  const heard = heardBy(pair, 'a');
  pair.down.conversation.registry.messages.on('slow', () => new Promise<void>((resolve) => void pair.host.clock.setTimeout(resolve, 100)));
  const sent = [
    pair.up.conversation.send('slow', 1),
    pair.up.conversation.send('a', 2, { ttlMs: 99 }),
    pair.up.conversation.send('a', 3, { ttlMs: 200 }),
  ];
  await pair.host.advance(300);
  assert.equal(await Promise.all(sent.map(statusOf)), ['handled', 'expired', 'handled']);
  assert.equal(heard, [3]);
});

time('that is over while there is no link says so when it is, makes room, and leaves no timer behind', async () => {
  const { host, up } = pairOf({ buffer: { messages: 2, size: 1_000 } });
  up.conversation.stop();
  const short = up.conversation.send('a', 1, { ttlMs: 100 });
  const long = up.conversation.send('a', 2, { ttlMs: 60_000 });
  assert.is(up.conversation.send('a', 3).error?.code, 'BufferFullError');
  await host.advance(99);
  assert.is(up.conversation.unconfirmedCount, 2);
  await host.advance(1);
  assert.is(await statusOf(short), 'expired');
  assert.equal(up.conversation.send('a', 4).accepted, true);
  assert.equal(
    up.conversation.close('SessionEndedError').map(({ payload, shipped }) => [payload, shipped]),
    [
      [2, false],
      [4, false],
    ],
  );
  assert.is(await statusOf(long), 'unknown');
  assert.is(host.pendingTimers, 0);
});

time('is kept an eye on where the link goes in the turn of the sending', async () => {
  const { host, up } = pairOf();
  const sent = up.conversation.send('a', 1, { ttlMs: 100 });
  up.conversation.stop();
  await host.advance(100);
  assert.is(await statusOf(sent), 'expired');
  assert.is(host.pendingTimers, 0);
});

time('that was over when the session ended is known as that, and not handed back', async () => {
  const { host, up } = pairOf();
  up.conversation.stop();
  // Within the pause between two looks.
  const sent = up.conversation.send('a', 1, { ttlMs: 10 });
  await host.advance(20);
  assert.equal(up.conversation.close('SessionEndedError'), []);
  assert.is(await statusOf(sent), 'expired');
});

time('is looked at again after a pause, however many messages expire one behind the other', async () => {
  const host = virtualHost({ seed: 1 });
  const looks: number[] = [];
  const expiry = new Expiry(host.clock, () => void looks.push(host.clock.now()));
  const start = host.clock.now();
  expiry.set(start + 100);
  expiry.set(start + 200);
  expiry.set(start + 80);
  expiry.set(start + 90);
  await host.advance(80);
  assert.equal(looks, [start + 80], 'the earliest one rings, and whoever looks sets the next one');
  expiry.set(start + 81);
  await host.advance(49);
  assert.equal(looks, [start + 80]);
  await host.advance(1);
  assert.equal(looks, [start + 80, start + 130]);
  expiry.set(start + 500);
  expiry.set(null);
  assert.is(host.pendingTimers, 0);
});

const key = suite('a key to be replaced by');

key('leaves of what is not shipped only the newest of a type and key, in the order of sending', async () => {
  const pair = pairOf({}, { peerWindow: { messages: 1, size: 1_000 } });
  const heard: unknown[] = [];
  for (const type of ['at', 'other']) pair.down.conversation.registry.messages.on(type, (payload) => void heard.push(payload));
  const { conversation } = pair.up;
  const sent = [
    conversation.send('at', 1, { replaceKey: 'k' }),
    conversation.send('at', 2),
    conversation.send('other', 3, { replaceKey: 'k' }),
    conversation.send('at', 4, { replaceKey: 'k' }),
    conversation.send('at', 5, { replaceKey: 'l' }),
    conversation.send('at', 6, { replaceKey: 'k' }),
  ];
  await pair.host.advance(500);
  assert.equal(heard, [2, 3, 5, 6]);
  assert.equal(await Promise.all(sent.map(statusOf)), ['replaced', 'handled', 'handled', 'replaced', 'handled', 'handled']);
});

key('replaces nothing that is shipped', async () => {
  const pair = pairOf();
  const heard = heardBy(pair, 'at');
  for (const n of [1, 2]) {
    pair.up.conversation.send('at', n, { replaceKey: 'k' });
    await pair.host.settle();
  }
  assert.equal(heard, [1, 2]);
});

key('whose message is refused leaves the one before it', async () => {
  const pair = pairOf({ buffer: { messages: 4, size: 100 } });
  const heard = heardBy(pair, 'at');
  pair.up.conversation.send('other', 'x'.repeat(60));
  pair.up.conversation.send('at', 1, { replaceKey: 'k' });
  assert.is(pair.up.conversation.send('at', 'x'.repeat(60), { replaceKey: 'k' }).error?.code, 'BufferFullError');
  await pair.host.advance(100);
  assert.equal(heard, [1]);
});

key('is forgotten once what it is the key of is shipped: there are no more keys than messages that wait', () => {
  const keys = new ReplaceKeys();
  for (let ticket = 1; ticket <= 10; ticket += 1) keys.set('a', `${ticket}`, ticket, 1);
  assert.is(keys.of('a', '1'), 1);
  keys.set('a', '5', 11, 8);
  for (const [name, ticket] of [
    ['1', undefined],
    ['5', 11],
    ['7', undefined],
    ['8', 8],
    ['10', 10],
  ] as const)
    assert.is(keys.of('a', name), ticket, name);
});

key('is not confused with that of another type', () => {
  const keys = new ReplaceKeys();
  keys.set('a', 'bc', 1, 1);
  keys.set('ab', 'c', 2, 1);
  assert.equal([keys.of('a', 'bc'), keys.of('ab', 'c')], [1, 2]);
});

const volatile = suite('a volatile message');

const withVolatile = (released = true): Pair => pairOf({}, { volatile: true }, released);

volatile('is handled when it comes, passes a handler that runs, and says no more than that it is not known', async () => {
  const pair = withVolatile();
  const heard: unknown[] = [];
  pair.down.conversation.registry.messages.on('slow', () => new Promise(() => undefined));
  pair.down.conversation.registry.messages.on('at', (payload, message) => void heard.push([payload, message.volatile, message.id]));
  pair.up.conversation.send('slow', 1);
  pair.up.conversation.send('at', 2);
  await pair.host.settle();
  const sent = pair.up.conversation.send('at', 3, { volatile: true });
  assert.is(await statusOf(sent), 'unknown');
  await pair.host.settle();
  assert.equal(heard, [[3, true, 's:up:v1']]);
  assert.equal(kindsOf(pair), ['message', 'message', 'volatile']);
  assert.is(pair.up.conversation.unconfirmedCount, 2, 'it takes no room');
});

volatile('is dropped where there is no link, and where the link goes before the turn is over', async () => {
  const pair = withVolatile();
  pair.up.conversation.send('at', 1, { volatile: true });
  pair.up.conversation.stop();
  assert.is(pair.up.conversation.send('at', 2, { volatile: true }).accepted, true);
  const own = pair.up.conversation.positions();
  pair.up.conversation.resume(own, { ...pair.down.conversation.positions(), incarnation: 1 }, false);
  await pair.host.settle();
  assert.equal(kindsOf(pair), []);
});

volatile('is dropped where handlers can not be registered yet', async () => {
  const pair = withVolatile(false);
  const heard = heardBy(pair, 'at');
  pair.up.conversation.send('at', 1, { volatile: true });
  await pair.host.settle();
  pair.down.conversation.release();
  assert.equal(heard, []);
  assert.equal(pair.down.noted, []);
});

volatile('is refused where the other side takes none, where it is too large, and where the session is over', async () => {
  const bare = pairOf();
  assert.is(bare.up.conversation.send('at', 1, { volatile: true }).error?.code, 'InvalidOptionError');
  const { up } = withVolatile();
  const item = { kind: 'message', type: 'at', payload: ' '.repeat(5_001) } as const;
  assert.is(up.conversation.sendItem(item, { volatile: true }).error?.code, 'MessageTooLargeError');
  up.conversation.end();
  assert.is(up.conversation.send('at', 1, { volatile: true }).error?.code, 'NoActiveSessionError');
  up.conversation.close('SessionEndedError');
  assert.is(up.conversation.send('at', 1, { volatile: true }).error?.code, 'NoActiveSessionError');
});

volatile('goes with the others of its turn in one batch, and what does not fit is dropped', () => {
  const item = (size: number) => ({ kind: 'volatile', type: 'at', payload: ' '.repeat(size) }) as const;
  const box = new VolatileOutbox();
  for (let n = 0; n < 200; n += 1) box.add(item(1));
  assert.is(box.take().length, 128);
  assert.is(box.take().length, 0);
  for (const size of [262_145, 1]) box.add(item(size));
  assert.equal(
    box.take().map(({ payload }) => payload.length),
    [262_145],
    'one may always go',
  );
});

const takesVolatile = () => {
  const pair = withVolatile();
  const noted: unknown[][] = [];
  const note =
    (name: string) =>
    (event: { readonly id: string }): void =>
      void noted.push([name, event.id]);
  const { messages } = pair.down.conversation.registry;
  const inbox = new VolatileInbox(messages, {
    idPrefix: 's:up',
    reports: { unhandled: note('unhandled'), handlerFailed: note('handlerFailed'), handlerSlow: note('handlerSlow') },
  });
  return { noted, messages, inbox, take: (type: string) => inbox.handle({ kind: 'volatile', type, payload: null }, jane) };
};

volatile('that nobody handles is reported where it came, and so is one whose handler fails', async () => {
  const { noted, messages, take } = takesVolatile();
  messages.on('throws', () => {
    throw new Error('why');
  });
  messages.on('rejects', () => Promise.reject(new Error('why')));
  for (const type of ['nobody', 'throws', 'rejects']) take(type);
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(noted, [
    ['unhandled', 's:up:v1'],
    ['handlerFailed', 's:up:v2'],
    ['handlerFailed', 's:up:v3'],
  ]);
});

volatile('is dropped where too many of them are being handled, and the end of the session is told to those', async () => {
  const { messages, inbox, take } = takesVolatile();
  const runs: { signal: AbortSignal; done: () => void }[] = [];
  for (let twice = 0; twice < 2; twice += 1)
    messages.on('at', (_, { signal }) => new Promise<void>((done) => void runs.push({ signal, done })));
  for (let n = 0; n < 1_025; n += 1) take('at');
  assert.is(runs.length, 2 * 1_024);
  for (const { done } of runs.slice(0, 2)) done();
  await new Promise((resolve) => setImmediate(resolve));
  take('at');
  assert.is(runs.length, 2 * 1_025);
  inbox.close();
  assert.is(runs.at(-1)?.signal.aborted, true);
  take('at');
  assert.is(runs.length, 2 * 1_025);
});

const ready = suite('waiting for room');

const full = (pair: Pair): number => {
  let count = 0;
  while (pair.up.conversation.send('m', count).accepted) count += 1;
  return count;
};

ready('is over at once where half of the buffer is free, and when it is again where it is not', async () => {
  const pair = pairOf({ buffer: { messages: 10, size: 10_000 } }, { peerWindow: { messages: 1, size: 1_000 } });
  const heard = heardBy(pair, 'm');
  assert.is(await pair.up.conversation.ready(), true);
  assert.is(full(pair), 10);
  assert.equal(namesIn(pair.up), ['full']);
  let room: number | null = null;
  const waiting = pair.up.conversation.ready().then((hasRoom) => {
    assert.is(hasRoom, true);
    room = pair.up.conversation.unconfirmedCount;
  });
  await pair.host.advance(1_000);
  await waiting;
  assert.is(room, 5);
  assert.is(heard.length, 10);
});

ready('may be for more than half of the messages, and for all of them', async () => {
  const pair = pairOf({ buffer: { messages: 10, size: 10_000 } }, { peerWindow: { messages: 1, size: 1_000 } });
  heardBy(pair, 'm');
  full(pair);
  const rooms: number[] = [];
  for (const messages of [8, Number.POSITIVE_INFINITY, -1, Number.NaN])
    void pair.up.conversation.ready({ messages }).then(() => rooms.push(pair.up.conversation.unconfirmedCount));
  await pair.host.advance(1_000);
  assert.equal(
    rooms.sort((a, b) => a - b),
    [0, 2, 5, 5],
  );
});

ready('waits for as much as was refused last, so that trying again is no endless loop', async () => {
  const pair = pairOf({ buffer: { messages: 10, size: 1_000 } });
  const waits: (() => void)[] = [];
  pair.down.conversation.registry.messages.on('m', () => new Promise<void>((resolve) => void waits.push(resolve)));
  pair.up.conversation.send('m', 'x'.repeat(400));
  assert.is(await pair.up.conversation.ready(), true);
  assert.is(pair.up.conversation.send('m', 'x'.repeat(900)).accepted, false);
  let isReady = false;
  const waiting = pair.up.conversation.ready().then(() => {
    isReady = true;
  });
  await pair.host.settle();
  assert.is(isReady, false);
  waits.shift()?.();
  await pair.host.advance(100);
  await waiting;
  assert.is(pair.up.conversation.send('m', 'x'.repeat(900)).accepted, true);
});

ready(
  'is over where the goodbye is said or the session ends, where it is aborted, and from the start where any of this was before',
  async () => {
    const { host, up } = pairOf({ buffer: { messages: 2, size: 1_000 } });
    up.conversation.stop();
    for (const n of [1, 2]) up.conversation.send('m', n);
    const controller = new AbortController();
    const aborted = up.conversation.ready({ signal: controller.signal });
    controller.abort();
    assert.is(await aborted, false);
    assert.is(await up.conversation.ready({ signal: AbortSignal.abort() }), false);
    assert.is(await up.conversation.ready({ signal: 'no signal' as unknown as AbortSignal }), false);
    const waiting = up.conversation.ready();
    up.conversation.end();
    assert.is(await waiting, false);
    assert.is(await up.conversation.ready(), false);
    await host.settle();
  },
);

ready('forgets its signal once it is over', async () => {
  let room = false;
  const readiness = new Readiness(() => room);
  const controller = new AbortController();
  const waiting = readiness.wait({ signal: controller.signal });
  room = true;
  readiness.look();
  controller.abort();
  assert.is(await waiting, true);
});

ready('counts requests that wait for their answers, and ends when they are answered', async () => {
  const pair = pairOf({ buffer: { messages: 4, size: 1_000 } });
  const waits: ((value: number) => void)[] = [];
  pair.down.conversation.registry.requests.on('q', () => new Promise((resolve) => void waits.push(resolve)));
  for (let n = 0; n < 4; n += 1) void pair.up.conversation.request('q', n, 60_000, undefined);
  await pair.host.advance(100);
  assert.is(pair.up.conversation.unconfirmedCount, 0);
  let isReady = false;
  void pair.up.conversation.ready().then(() => {
    isReady = true;
  });
  waits.shift()?.(1);
  await pair.host.advance(100);
  assert.is(isReady, false);
  waits.shift()?.(1);
  await pair.host.advance(100);
  assert.is(isReady, true);
  pair.up.conversation.close('SessionEndedError');
});

ready('ends where what waited is taken back or over', async () => {
  const { host, up } = pairOf({ buffer: { messages: 2, size: 1_000 } });
  up.conversation.stop();
  const controller = new AbortController();
  void up.conversation.request('q', 1, 60_000, controller.signal);
  up.conversation.send('m', 1, { ttlMs: 500 });
  const one = up.conversation.ready();
  const all = up.conversation.ready({ messages: 2 });
  controller.abort();
  assert.is(await one, true);
  await host.advance(500);
  assert.is(await all, true);
  up.conversation.close('SessionEndedError');
});

options.run();
time.run();
key.run();
volatile.run();
ready.run();
