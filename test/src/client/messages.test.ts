import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { InboundItem } from '../../../machines/stream/packets.js';
import { admits } from '../../support/scripted-transport.js';
import { deferred, inMemory, next, scripted } from './support.js';

const message = (type: string, payload: unknown): InboundItem => ({ kind: 'message', type, payload });

const messages = suite('messages');

messages('arrive in the order in which they were sent, both ways', async () => {
  const world = inMemory();
  const up: unknown[] = [];
  const down: unknown[] = [];
  world.server.on('session', (session) => {
    session.on('up', (payload) => {
      up.push(payload);
      session.send('down', payload);
    });
  });
  const { session } = await world.kitty.startSession({ username: 'jane' });
  session?.on('down', (payload) => down.push(payload));
  const expected = Array.from({ length: 2_000 }, (_, index) => index);
  for (const payload of expected) assert.is(session?.send('up', payload).accepted, true);
  await world.host.advance(1_000);
  assert.equal(up, expected);
  assert.equal(down, expected);
  await world.server.close();
});

messages('that the server sends at once are not lost: handlers registered right after the start hear them', async () => {
  const world = inMemory();
  world.server.on('session', (session) => {
    for (let n = 1; n <= 3; n += 1) session.send('early', n);
    void session.request('ask', null);
  });
  const heard: unknown[] = [];
  const started = (async () => {
    // As far from the start as awaiting goes without a macrotask in between.
    const { session } = await (async () => await world.kitty.startSession({ username: 'jane' }))();
    await Promise.resolve();
    session?.on('early', (payload) => heard.push(payload));
    session?.onRequest('ask', () => heard.push('asked'));
  })();
  await started;
  await world.host.advance(100);
  assert.equal([...heard].sort(), [1, 2, 3, 'asked']);
  await world.server.close();
});

messages('have handlers before the first session where createClient is given them, in each session anew', async () => {
  const heard: unknown[] = [];
  const world = inMemory({}, { handlers: { early: (payload: unknown) => heard.push(payload), none: undefined } as object });
  world.server.on('session', (session) => session.send('early', session.user.name));
  for (const username of ['jane', 'joe']) {
    await world.kitty.startSession({ username });
    const ending = world.kitty.endSession();
    await world.host.advance(200);
    await ending;
  }
  assert.equal(heard, ['jane', 'joe']);
  await world.server.close();
});

messages('go to each handler of their type, in the order of registering, until it is taken out', async () => {
  const { kitty, wire, host } = scripted(admits);
  const { session } = await kitty.startSession({ username: 'jane' });
  const heard: string[] = [];
  const note = (name: string) => () => void heard.push(name);
  const same = note('same');
  const offFirst = session?.on('chat', note('first'));
  session?.on('chat', note('second'));
  const offSame = session?.on('chat', same);
  session?.on('chat', same);
  session?.on('other', note('other'));
  await host.settle();
  wire.links[0]?.received(message('chat', 1));
  assert.equal(heard.splice(0), ['first', 'second', 'same', 'same']);
  offFirst?.();
  offFirst?.();
  offSame?.();
  wire.links[0]?.received(message('chat', 2));
  assert.equal(heard, ['second', 'same']);
});

messages('that nobody handles are told to the client and to their sender', async () => {
  const world = inMemory();
  const unhandled = next(world.kitty, 'unhandled');
  let confirmed: Promise<unknown> | undefined;
  world.server.on('session', (session) => {
    confirmed = session.send('nobody', 1).confirmed;
  });
  const { session } = await world.kitty.startSession({ username: 'jane' });
  await world.host.advance(100);
  assert.equal(await unhandled, { id: `${session?.id}:down:1`, type: 'nobody' });
  assert.equal(await confirmed, { status: 'unhandled' });
  await world.server.close();
});

messages('whose handler fails are told to the client with the error, and to their sender without', async () => {
  for (const fail of [
    () => {
      throw new Error('why');
    },
    () => Promise.reject(new Error('why')),
  ]) {
    const world = inMemory();
    const failed = next(world.kitty, 'handlerFailed');
    let confirmed: Promise<unknown> | undefined;
    world.server.on('session', (session) => {
      confirmed = session.send('chat', 1).confirmed;
    });
    const { session } = await world.kitty.startSession({ username: 'jane' });
    session?.on('chat', fail);
    await world.host.advance(100);
    const { type, error } = await failed;
    assert.is(type, 'chat');
    assert.is((error as Error).message, 'why');
    assert.equal(await confirmed, { status: 'failed' });
    await world.server.close();
  }
});

messages('whose handler fails while nobody listens are reported to the console', async () => {
  const { kitty, wire, host } = scripted(admits);
  const { session } = await kitty.startSession({ username: 'jane' });
  session?.on('chat', () => {
    throw new Error('why');
  });
  await host.settle();
  const reported: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => reported.push(args);
  try {
    wire.links[0]?.received(message('chat', 1));
  } finally {
    console.error = error;
  }
  assert.is(reported.length, 1);
  assert.match(String(reported[0]?.[0]), 'the handler for chat failed');
});

messages('wait for the handler before them, whose slowness is told', async () => {
  const { kitty, wire, host } = scripted(admits, { handlerTimeoutMs: 1_000 });
  const { session } = await kitty.startSession({ username: 'jane' });
  const { promise, resolve } = deferred<void>();
  const heard: unknown[] = [];
  let signal: AbortSignal | undefined;
  session?.on('chat', (payload, info) => {
    heard.push(payload);
    signal ??= info.signal;
    return promise;
  });
  const slow = next(kitty, 'handlerSlow');
  await host.settle();
  wire.links[0]?.received(message('chat', 1), message('chat', 2));
  await host.advance(999);
  assert.is(signal?.aborted, false);
  await host.advance(1);
  assert.is((await slow).afterMs, 1_000);
  assert.is(signal?.aborted, true);
  assert.equal(heard, [1]);
  resolve();
  await host.settle();
  assert.equal(heard, [1, 2]);
});

messages('are refused with a reason, at once, and nothing of them is sent', async () => {
  const { kitty, wire, host } = scripted(admits, { buffer: { messages: 2, size: 1_000 } });
  const { session } = await kitty.startSession({ username: 'jane' });
  const cases: readonly [unknown, unknown, string][] = [
    ['', 1, 'InvalidTypeError'],
    ['x'.repeat(129), 1, 'InvalidTypeError'],
    [7, 1, 'InvalidTypeError'],
    ['chat', undefined, 'InvalidPayloadError'],
    ['chat', { at: undefined, of: () => 1 }, 'InvalidPayloadError'],
    ['chat', 1n, 'InvalidPayloadError'],
    ['chat', Number.NaN, 'InvalidPayloadError'],
    ['chat', 'x'.repeat(262_144), 'MessageTooLargeError'],
    // It would never fit, however much is confirmed.
    ['chat', 'x'.repeat(2_000), 'MessageTooLargeError'],
  ];
  for (const [type, payload, code] of cases) {
    const sent = session?.send(type as string, payload);
    assert.is(sent?.accepted, false);
    assert.is(sent?.error?.code, code);
    assert.is(sent?.confirmed, undefined);
    const asked = await session?.request(type as string, payload);
    assert.is(asked?.error?.code, code);
    assert.is(asked?.maybeHandled, false);
  }
  session?.send('chat', 'x'.repeat(500));
  assert.is(session?.send('chat', 'x'.repeat(600)).error?.code, 'BufferFullError', 'by its size');
  session?.send('chat', 2);
  assert.is(session?.send('chat', 3).error?.code, 'BufferFullError', 'by its count');
  assert.is(session?.send('chat', 3).error?.retryable, true);
  await host.settle();
  assert.is(wire.links[0]?.written.length, 2);
});

messages('tell what became of them whenever they are asked, and never reject', async () => {
  const world = inMemory();
  world.server.on('session', (session) => {
    session.on('chat', () => undefined);
    session.on('bad', () => {
      throw new Error('why');
    });
  });
  const { session } = await world.kitty.startSession({ username: 'jane' });
  const sent = ['chat', 'bad', 'nobody'].map((type) => session?.send(type, 1));
  const asked = sent.map((one) => one?.confirmed);
  await world.host.advance(100);
  const statuses = [{ status: 'handled' }, { status: 'failed' }, { status: 'unhandled' }];
  assert.equal(await Promise.all(asked), statuses);
  assert.equal(await Promise.all(sent.map((one) => one?.confirmed)), statuses, 'asked again');
  const late = session?.send('chat', 1);
  await world.host.advance(100);
  assert.equal(await late?.confirmed, { status: 'handled' }, 'asked late');
  await world.server.close();
});

const requests = suite('requests');

requests('are answered by the other side, either way', async () => {
  const world = inMemory();
  let answered: unknown;
  world.server.on('session', (session) => {
    session.onRequest('double', (n: number) => n * 2);
    session.onRequest('nothing', () => undefined);
    session.onRequest('later', async (n: number) => n + 1);
    session.onRequest('fails', () => {
      throw new Error('pa55word');
    });
    void session.request('name', null).then((result) => {
      answered = result;
    });
  });
  const { session } = await world.kitty.startSession({ username: 'jane' });
  session?.onRequest('name', () => 'kitty');
  const results = Promise.all(['double', 'nothing', 'later', 'fails', 'nobody'].map((type) => session?.request(type, 21)));
  await world.host.advance(100);
  const [double, nothing, later, fails, nobody] = await results;
  assert.equal(double, { succeeded: true, failed: false, reply: 42 });
  assert.is(nothing?.reply, null);
  assert.is(later?.reply, 22);
  assert.is(fails?.error?.code, 'RequestFailedError');
  assert.is(fails?.maybeHandled, true);
  assert.not.match(String(fails?.error), 'pa55word');
  assert.is(nobody?.error?.code, 'RequestUnhandledError');
  assert.is(nobody?.maybeHandled, false);
  assert.equal(answered, { succeeded: true, failed: false, reply: 'kitty' });
  await world.server.close();
});

requests('time out, and the other side is told to stop', async () => {
  const world = inMemory();
  let signal: AbortSignal | undefined;
  world.server.on('session', (session) => {
    session.onRequest('never', (_payload, request) => {
      signal = request.signal;
      return new Promise(() => undefined);
    });
  });
  const { session } = await world.kitty.startSession({ username: 'jane' });
  const asked = session?.request('never', 1, { timeoutMs: 500 });
  await world.host.advance(499);
  assert.is(signal?.aborted, false);
  await world.host.advance(101);
  const result = await asked;
  assert.is(result?.error?.code, 'RequestTimeoutError');
  assert.is(result?.maybeHandled, true);
  assert.is(signal?.aborted, true);
  await world.server.close();
});

requests('are given up by their signal: before they are shipped, nothing leaves', async () => {
  const { kitty, wire, host } = scripted(admits);
  const { session } = await kitty.startSession({ username: 'jane' });
  const aborted = await session?.request('price', 1, { signal: AbortSignal.abort() });
  assert.is(aborted?.error?.code, 'RequestAbortedError');
  assert.is(aborted?.maybeHandled, false);

  const controller = new AbortController();
  const unshipped = session?.request('price', 1, { signal: controller.signal });
  controller.abort();
  assert.is((await unshipped)?.maybeHandled, false);
  await host.settle();
  assert.equal(wire.links[0]?.written, []);
  assert.is(kitty.getSnapshot().unconfirmed, 0);

  const later = new AbortController();
  const shipped = session?.request('price', 1, { signal: later.signal });
  await host.settle();
  later.abort();
  assert.is((await shipped)?.maybeHandled, true);
  await host.settle();
  assert.equal(
    wire.links[0]?.written.map(({ kind }) => kind),
    ['request', 'cancel'],
  );
});

requests('with a wait that the wire can not carry are asked with one that it can, and without any they are not asked', async () => {
  const world = inMemory();
  const { session } = await world.kitty.startSession({ username: 'jane' });
  for (const timeoutMs of [Number.POSITIVE_INFINITY, 1e300, 2 ** 31, 1.5, 0, -1, Number.NaN]) {
    const asked = session?.request('nobody', 1, { timeoutMs });
    await world.host.advance(10);
    const code = timeoutMs > 0 ? 'RequestUnhandledError' : 'RequestTimeoutError';
    assert.is((await asked)?.error?.code, code, `${timeoutMs}`);
  }
  assert.is(world.kitty.getSnapshot().status, 'active');
  await world.server.close();
});

requests('have one handler for each type', async () => {
  const { kitty } = scripted(admits);
  const { session } = await kitty.startSession({ username: 'jane' });
  const off = session?.onRequest('price', () => 1);
  assert.throws(() => session?.onRequest('price', () => 2), /already/);
  off?.();
  session?.onRequest('price', () => 2);
  off?.();
  assert.throws(() => session?.onRequest('price', () => 3), /already/);
});

messages.run();
requests.run();
