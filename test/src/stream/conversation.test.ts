import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { InboundItem, InboundPacket } from '../../../machines/stream/packets.js';
import type { Confirmation } from '../../../src/stream/sent.js';
import { defaults, namesIn, type Pair, pairOf } from './support.js';

const conversation = suite('a conversation');

const item = (of: InboundItem): InboundPacket => ({ ...of, size: 1 });
const statuses = (all: readonly ({ confirmed?: Promise<Confirmation> } | undefined)[]): Promise<(string | undefined)[]> =>
  Promise.all(all.map(async (one) => (await one?.confirmed)?.status));
const kindsOf = ({ up }: Pair): string[] => up.wrote.flat().map(({ kind }) => kind);

conversation('carries messages both ways, in order, and confirms each with what became of it', async () => {
  const { host, up, down } = pairOf();
  const heard: unknown[] = [];
  down.conversation.registry.messages.on('chat', (payload) => void heard.push(payload));
  down.conversation.registry.messages.on('bad', () => {
    throw new Error('why');
  });
  const sent = ['chat', 'bad', 'nobody', 'chat'].map((type, index) => up.conversation.send(type, index));
  assert.is(up.conversation.unconfirmedCount, 4);
  await host.advance(100);
  assert.equal(heard, [0, 3]);
  assert.equal(await statuses(sent), ['handled', 'failed', 'unhandled', 'handled']);
  assert.is(up.conversation.unconfirmedCount, 0);
  assert.equal(
    down.noted.map(([name, event]) => [name, (event as { id: string }).id]),
    [
      ['handlerFailed', 's:up:2'],
      ['unhandled', 's:up:3'],
    ],
  );
  down.conversation.send('nobody', 1);
  await host.advance(100);
  assert.equal(up.noted, [['unhandled', { id: 's:down:1', type: 'nobody' }]]);
});

conversation('sends what was serialised once for many', async () => {
  const { host, up, down } = pairOf();
  const heard: unknown[] = [];
  down.conversation.registry.messages.on('chat', (payload) => void heard.push(payload));
  assert.is(up.conversation.sendItem({ kind: 'message', type: 'chat', payload: '{"a":1}' }).accepted, true);
  assert.is(up.conversation.sendItem({ kind: 'message', type: 'chat', payload: ' '.repeat(5_001) }).error?.code, 'MessageTooLargeError');
  await host.advance(100);
  assert.equal(heard, [{ a: 1 }]);
});

conversation("does not go on past the other side's window: what is behind it waits for what is handled", async () => {
  const { host, up, down } = pairOf();
  const waits: (() => void)[] = [];
  down.conversation.registry.messages.on('slow', () => new Promise<void>((resolve) => waits.push(resolve)));
  const sent = Array.from({ length: 40 }, (_, index) => up.conversation.send('slow', index));
  await host.advance(100);
  assert.is(up.wrote.flat().filter(({ kind }) => kind === 'message').length, 16);
  while (waits.length > 0) {
    waits.shift()?.();
    await host.advance(100);
  }
  assert.is(new Set(await statuses(sent)).size, 1);
  assert.equal(namesIn(down), []);
});

conversation('answers requests, either way, without queueing behind messages', async () => {
  const { host, up, down } = pairOf();
  down.conversation.registry.messages.on('slow', () => new Promise(() => undefined));
  down.conversation.registry.requests.on('double', (n) => (n as number) * 2);
  up.conversation.send('slow', 1);
  const asked = up.conversation.request('double', 21, 1_000, undefined);
  await host.advance(100);
  assert.equal(await asked, { succeeded: true, failed: false, reply: 42 });
});

conversation('lets a handler await an answer of the side whose message it handles', async () => {
  const { host, up, down } = pairOf();
  const replies: unknown[] = [];
  up.conversation.registry.requests.on('which', () => 'this one');
  down.conversation.registry.messages.on('chat', async () => {
    replies.push((await down.conversation.request('which', null, 1_000, undefined)).reply);
  });
  const sent = up.conversation.send('chat', 1);
  await host.advance(100);
  assert.equal(await statuses([sent]), ['handled']);
  assert.equal(replies, ['this one']);
});

conversation('reads on where its inbox is full: the answer that a handler awaits passes what has no room', async () => {
  const { host, up, down } = pairOf();
  const count = 2 * defaults.ownWindow.messages;
  const replies: unknown[] = [];
  up.conversation.registry.requests.on('which', () => 'this one');
  down.conversation.registry.messages.on('chat', async () => {
    replies.push((await down.conversation.request('which', null, 1_000, undefined)).reply);
  });
  for (let sent = 0; sent < count; sent += 1) up.conversation.send('chat', sent);
  await host.advance(5_000);
  assert.equal(replies, Array(count).fill('this one'));
  assert.is(up.conversation.unconfirmedCount, 0);
});

conversation('answers with a failure where a reply can not be sent, and reports it', async () => {
  const { host, up, down } = pairOf();
  const { requests } = down.conversation.registry;
  requests.on('cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    return cycle;
  });
  requests.on('large', () => 'x'.repeat(5_001));
  requests.on('nothing', () => undefined);
  const asked = ['cycle', 'large', 'nothing'].map((type) => up.conversation.request(type, 1, 1_000, undefined));
  await host.advance(100);
  const [cycle, large, nothing] = await Promise.all(asked);
  assert.is(cycle?.error?.code, 'RequestFailedError');
  assert.is(large?.error?.code, 'RequestFailedError');
  assert.is(nothing?.reply, null);
  assert.equal(namesIn(down), ['requestFailed', 'requestFailed']);
});

conversation('keeps a reply that has no room from going, and not the session', async () => {
  const { host, up, down } = pairOf({ buffer: { messages: 64, size: 6_000 } });
  down.conversation.registry.requests.on('large', () => 'x'.repeat(4_000));
  const asked = [1, 2].map((n) => up.conversation.request('large', n, 1_000, undefined));
  await host.advance(100);
  const results = await Promise.all(asked);
  assert.equal(
    results.map(({ succeeded }) => succeeded),
    [true, false],
  );
  const [[name, event] = []] = down.noted;
  assert.equal([name, (event as { error: { code: string } } | undefined)?.error.code], ['requestFailed', 'BufferFullError']);
});

conversation('refuses what can not be sent, and asks nobody', async () => {
  const { host, up } = pairOf();
  for (const [type, payload, code] of [
    ['', 1, 'InvalidTypeError'],
    ['x'.repeat(129), 1, 'InvalidTypeError'],
    [Symbol('x'), 1, 'InvalidTypeError'],
    ['a', undefined, 'InvalidPayloadError'],
    ['a', 'x'.repeat(5_000), 'MessageTooLargeError'],
  ] as const) {
    const sent = up.conversation.send(type as string, payload);
    assert.is(sent.error?.code, code);
    assert.is((await up.conversation.request(type as string, payload, 1_000, undefined)).error?.code, code);
  }
  assert.is((await up.conversation.request('a', 1, 1_000, AbortSignal.abort())).error?.code, 'RequestAbortedError');
  assert.is(up.conversation.send('x'.repeat(128), 'x'.repeat(4_998)).accepted, true);
  await host.settle();
  assert.equal(
    up.wrote.map((packets) => packets.length),
    [1],
  );
});

conversation('has a bound on requests that wait for their answers', async () => {
  const { host, up, down } = pairOf({ buffer: { messages: 3, size: 1_000 } });
  down.conversation.registry.requests.on('never', () => new Promise(() => undefined));
  for (let n = 1; n <= 3; n += 1) {
    void up.conversation.request('never', n, 60_000, undefined);
    await host.advance(100);
  }
  assert.is(up.conversation.unconfirmedCount, 0);
  assert.is((await up.conversation.request('never', 4, 60_000, undefined)).error?.code, 'BufferFullError');
});

conversation('asks with whole milliseconds that the wire can carry, whatever it is given', async () => {
  const { host, up } = pairOf();
  for (const timeoutMs of [0.5, Number.POSITIVE_INFINITY, -7, Number.NaN]) void up.conversation.request('a', 1, timeoutMs, undefined);
  await host.settle();
  assert.equal(
    up.wrote.flat().map((packet) => (packet.kind === 'request' ? packet.timeoutMs : packet.kind)),
    [1, 86_400_000],
    'one without time to wait is over before it could be shipped',
  );
});

conversation('holds messages, requests and the end until it is released, in order, and starts no request that was cancelled', async () => {
  const { host, up, down } = pairOf({}, {}, false);
  up.conversation.release();
  const controller = new AbortController();
  up.conversation.send('chat', 1);
  const kept = up.conversation.request('ask', 'kept', 1_000, undefined);
  const cancelled = up.conversation.request('ask', 'cancelled', 1_000, controller.signal);
  await host.settle();
  controller.abort();
  up.conversation.end();
  await host.settle();
  assert.equal(down.noted, []);
  const heard: unknown[] = [];
  down.conversation.registry.messages.on('chat', (payload) => void heard.push(payload));
  down.conversation.registry.requests.on('ask', async (payload, { signal }) => {
    heard.push(payload);
    await Promise.resolve();
    heard.push(signal.aborted);
    return 'reply';
  });
  down.conversation.release();
  await host.advance(100);
  assert.equal(heard, [1, 'kept', false]);
  assert.is((await kept).reply, 'reply', 'answered before the end');
  assert.is((await cancelled).error?.code, 'RequestAbortedError');
  assert.equal(
    [namesIn(down), namesIn(up)],
    [
      ['peerEnded', 'complete'],
      ['peerEnded', 'complete'],
    ],
  );
});

for (const [title, order] of [
  ['handled and answered', [0, 1]],
  ['answered and handled', [1, 0]],
] as const)
  conversation(`passes the other side's end on once all that came before is ${title}`, async () => {
    const { host, up, down } = pairOf();
    const waits: (() => void)[] = [];
    const wait = () => new Promise<void>((resolve) => waits.push(resolve));
    down.conversation.registry.messages.on('slow', wait);
    down.conversation.registry.requests.on('slow', wait);
    up.conversation.send('slow', 1);
    const asked = up.conversation.request('slow', 1, 1_000, undefined);
    up.conversation.end();
    await host.advance(100);
    for (const which of order) {
      assert.equal(namesIn(down), []);
      waits[which]?.();
      await host.advance(100);
    }
    assert.equal(namesIn(down), ['peerEnded', 'complete']);
    assert.is((await asked).succeeded, true);
    assert.is(up.conversation.send('late', 1).error?.code, 'NoActiveSessionError');
    assert.is(host.pendingTimers, 0);
  });

conversation('stopped, keeps what is sent; closed, hands all of it back, oldest first', async () => {
  const pair = pairOf();
  const { host, up, down } = pair;
  const waits: (() => void)[] = [];
  down.conversation.registry.messages.on('slow', () => new Promise<void>((resolve) => waits.push(resolve)));
  down.conversation.registry.requests.on('never', () => new Promise(() => undefined));
  const shipped = up.conversation.send('slow', { a: 1 });
  const asked = up.conversation.request('never', [1], 1_000, undefined);
  await host.settle();
  pair.cut();
  up.conversation.stop();
  const kept = up.conversation.send('chat', 'kept');
  const askedLate = up.conversation.request('never', 2, 1_000, undefined);
  await host.settle();
  assert.equal(kindsOf(pair), ['message', 'request']);
  assert.equal(up.conversation.close('SessionGoneError'), [
    { kind: 'message', type: 'slow', payload: { a: 1 }, shipped: true, handled: 'unknown' },
    { kind: 'request', type: 'never', payload: [1], shipped: true, handled: 'unknown' },
    { kind: 'message', type: 'chat', payload: 'kept', shipped: false, handled: 'no' },
    { kind: 'request', type: 'never', payload: 2, shipped: false, handled: 'no' },
  ]);
  assert.equal(await statuses([shipped, kept]), ['unknown', 'unknown']);
  assert.equal(
    (await Promise.all([asked, askedLate])).map(({ error, maybeHandled }) => [error?.code, maybeHandled]),
    [
      ['SessionGoneError', true],
      ['SessionGoneError', false],
    ],
  );
  assert.equal(up.conversation.close('SessionGoneError'), [], 'once');
  assert.is(up.conversation.send('chat', 1).error?.code, 'NoActiveSessionError');
  assert.is((await up.conversation.request('chat', 1, 1_000, undefined)).error?.code, 'NoActiveSessionError');
});

conversation('that is over in the middle of a resume still knows what was shipped on the link before', async () => {
  const pair = pairOf();
  const { host, up } = pair;
  pair.cut();
  up.conversation.send('chat', 'shipped');
  await host.settle();
  up.conversation.stop();
  up.conversation.send('chat', 'kept');
  up.conversation.resume(up.conversation.positions(), { received: 0, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 }, false);
  assert.equal(
    up.conversation.close('SessionGoneError').map(({ payload, shipped }) => [payload, shipped]),
    [
      ['shipped', true],
      ['kept', false],
    ],
  );
});

conversation('closed, begins nothing more, neither of what waited for its release nor of what still arrives', async () => {
  const { host, up, down } = pairOf({}, {}, false);
  down.conversation.registry.messages.on('chat', () => assert.unreachable());
  down.conversation.registry.requests.on('ask', () => assert.unreachable());
  up.conversation.send('chat', 1);
  void up.conversation.request('ask', 1, 1_000, undefined);
  up.conversation.end();
  await host.settle();
  down.conversation.close('SessionEndedError');
  down.conversation.release();
  down.conversation.received([item({ kind: 'message', type: 'chat', payload: 1 })]);
  await host.settle();
  assert.equal(down.noted, []);
  up.conversation.close('SessionEndedError');
  assert.is(host.pendingTimers, 0);
});

conversation('closed while a handler runs, aborts it, and answers nothing of what it comes to', async () => {
  const { host, up, down } = pairOf();
  const waits: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  const wait = (_payload: unknown, { signal }: { signal: AbortSignal }) => {
    signals.push(signal);
    return new Promise<void>((resolve) => waits.push(resolve));
  };
  down.conversation.registry.messages.on('slow', wait);
  down.conversation.registry.requests.on('slow', wait);
  up.conversation.send('slow', 1);
  void up.conversation.request('slow', 1, 1_000, undefined);
  await host.settle();
  const before = down.wrote.length;
  down.conversation.close('SessionRevokedError');
  assert.equal(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );
  for (const go of waits) go();
  await host.settle();
  assert.is(down.wrote.length, before);
  up.conversation.close('SessionEndedError');
  assert.is(host.pendingTimers, 0);
});

conversation('held, hears of a message that had arrived before its close without handling it', async () => {
  const { up } = pairOf({ held: true });
  up.conversation.registry.messages.on('chat', () => assert.unreachable());
  up.conversation.received([item({ kind: 'message', type: 'chat', payload: 1 })]);
  up.conversation.close('SessionEndedError');
  while (up.conversation.runner.steps.step());
  assert.equal(up.noted, []);
});

conversation('tells of a breach of the rules', async () => {
  const { up } = pairOf();
  up.conversation.received([{ kind: 'ack', received: 5, done: 5, last: 0, seen: 0, exceptions: [] }]);
  assert.equal(up.noted, [['violated', 'ProtocolError']]);
});

conversation('keeps its handlers through one stream after the other', async () => {
  const { host, up, down } = pairOf();
  down.conversation.registry.messages.on('chat', () => undefined);
  up.conversation.send('chat', 1);
  await host.advance(100);
  assert.is(down.conversation.registry.messages.of('chat').length, 1);
});

conversation.run();
