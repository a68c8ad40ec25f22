import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import type { InboundItem } from '../../../machines/stream/packets.js';
import { Answerer, Asker, type RequestHandlerInfo, RequestTable } from '../../../src/stream/requests.js';
import { jane } from '../../support/ninelives-bench.js';

const asking = suite('the asker');

const makeAsker = () => {
  const host = virtualHost({ seed: 1 });
  const told: [string, number][] = [];
  const asker = new Asker({
    clock: host.clock,
    withdraw: (ticket) => void told.push(['withdraw', ticket]),
    cancel: (number) => void told.push(['cancel', number]),
    unasked: () => undefined,
  });
  return { host, told, asker };
};

asking('settles a request with its reply, by the number that it was shipped under', async () => {
  const { host, asker } = makeAsker();
  const one = asker.ask(1, 'a', 1_000, undefined);
  const two = asker.ask(2, 'b', 1_000, undefined);
  asker.numbered(1, 10);
  asker.numbered(2, 11);
  asker.numbered(99, 12);
  assert.is(asker.waiting, 2);
  asker.answered({ kind: 'reply', to: 11, payload: 'two' });
  asker.answered({ kind: 'reply', to: 10, payload: 'one' });
  asker.answered({ kind: 'reply', to: 10, payload: 'again' });
  asker.answered({ kind: 'reply', to: 77, payload: 'to nothing' });
  assert.equal(await one, { succeeded: true, failed: false, reply: 'one' });
  assert.is((await two).reply, 'two');
  assert.is(asker.waiting, 0);
  assert.is(host.pendingTimers, 0);
});

asking('knows that a request is handled between its answer and the word that it is done, and remembers nothing behind that', () => {
  const { asker } = makeAsker();
  for (const ticket of [1, 2]) {
    void asker.ask(ticket, 'a', 1_000, undefined);
    asker.numbered(ticket, 10 + ticket);
  }
  asker.answered({ kind: 'reply', to: 11, payload: null });
  assert.is(asker.isAnswered(1), true);
  asker.confirmed(1);
  assert.is(asker.isAnswered(1), false);
  // A handler that takes its time: what is asked for is done once it is begun.
  asker.confirmed(2);
  asker.answered({ kind: 'reply', to: 12, payload: null });
  assert.is(asker.isAnswered(2), false);
});

asking('settles a request with its failure: only one that nobody handles was certainly not handled', async () => {
  for (const [code, maybeHandled] of [
    ['RequestFailedError', true],
    ['RequestUnhandledError', false],
  ] as const) {
    const { asker } = makeAsker();
    const asked = asker.ask(1, 'a', 1_000, undefined);
    asker.numbered(1, 1);
    asker.answered({ kind: 'failure', to: 1, code, message: 'Type: a.' });
    const { error, ...rest } = await asked;
    assert.is(error?.code, code);
    assert.equal({ ...rest }, { succeeded: false, failed: true, maybeHandled });
  }
});

asking('gives up after its time: what is not shipped is taken back, what is shipped is cancelled', async () => {
  const { host, told, asker } = makeAsker();
  const unshipped = asker.ask(1, 'a', 500, undefined);
  const shipped = asker.ask(2, 'a', 500, undefined);
  asker.numbered(2, 20);
  await host.advance(500);
  assert.equal([(await unshipped).error?.code, (await unshipped).maybeHandled], ['RequestTimeoutError', false]);
  assert.equal([(await shipped).error?.code, (await shipped).maybeHandled], ['RequestTimeoutError', true]);
  assert.equal(told, [
    ['withdraw', 1],
    ['cancel', 20],
  ]);
  asker.answered({ kind: 'reply', to: 20, payload: 'too late' });
  assert.is(asker.waiting, 0);
});

asking('gives up when its signal is aborted, and listens to it no longer than it waits', async () => {
  const { host, told, asker } = makeAsker();
  const controller = new AbortController();
  const aborted = asker.ask(1, 'a', 500, controller.signal);
  const answered = asker.ask(2, 'a', 500, controller.signal);
  asker.numbered(2, 20);
  asker.answered({ kind: 'reply', to: 20, payload: 1 });
  controller.abort();
  assert.is((await aborted).error?.code, 'RequestAbortedError');
  assert.is((await answered).reply, 1);
  assert.equal(told, [['withdraw', 1]]);
  assert.is(host.pendingTimers, 0);
});

asking('closed, settles all that wait: what was shipped may have been handled', async () => {
  const { host, asker } = makeAsker();
  const asked = [asker.ask(1, 'a', 500, undefined), asker.ask(2, 'a', 500, undefined)];
  asker.numbered(1, 1);
  asker.close('SessionEndedError', () => true);
  const results = await Promise.all(asked);
  assert.equal(
    results.map(({ error, maybeHandled }) => [error?.code, maybeHandled]),
    [
      ['SessionEndedError', true],
      ['SessionEndedError', false],
    ],
  );
  assert.is(host.pendingTimers, 0);
});

const answering = suite('the answerer');

const request = (type: string, payload: unknown = null): Extract<InboundItem, { kind: 'request' }> => ({
  kind: 'request',
  type,
  payload,
  timeoutMs: 1_000,
});

const makeAnswerer = (runningMax = 8) => {
  const table = new RequestTable();
  const said: unknown[][] = [];
  const failed: unknown[] = [];
  const answerer = new Answerer(table, {
    idPrefix: 's:up',
    runningMax,
    reply: (to, value) => void said.push(['reply', to, value]),
    fail: (to, code) => void said.push(['fail', to, code]),
    requestFailed: ({ error }) => void failed.push(error),
  });
  return { table, said, failed, answerer };
};

answering('replies with what the handler gives, at once or later, and fails where there is none', async () => {
  const { table, said, answerer } = makeAnswerer();
  table.on('double', (n) => (n as number) * 2);
  table.on('later', async () => 'later');
  await answerer.answer(1, request('double', 21), jane);
  await answerer.answer(2, request('later'), jane);
  await answerer.answer(3, request('nobody'), jane);
  assert.equal(said, [
    ['reply', 1, 42],
    ['reply', 2, 'later'],
    ['fail', 3, 'RequestUnhandledError'],
  ]);
});

answering('fails where the handler does, and keeps what it threw on its own side', async () => {
  const { table, said, failed, answerer } = makeAnswerer();
  const why = new Error('why');
  table.on('throws', () => {
    throw why;
  });
  table.on('rejects', () => Promise.reject(why));
  await answerer.answer(1, request('throws'), jane);
  await answerer.answer(2, request('rejects'), jane);
  assert.equal(said, [
    ['fail', 1, 'RequestFailedError'],
    ['fail', 2, 'RequestFailedError'],
  ]);
  assert.equal(failed, [why, why]);
});

answering('runs handlers side by side, up to a bound', async () => {
  const { table, said, answerer } = makeAnswerer(2);
  const waits: (() => void)[] = [];
  table.on('slow', () => new Promise<void>((resolve) => waits.push(resolve)));
  const all = [1, 2, 3].map((number) => answerer.answer(number, request('slow'), jane));
  assert.is(waits.length, 2);
  assert.equal(said, [['fail', 3, 'RequestFailedError']]);
  for (const go of waits) go();
  await Promise.all(all);
  assert.is(said.length, 3);
});

answering('aborts the signal of what is cancelled, and answers it no more; a handler that obeys has not failed', async () => {
  const { table, said, failed, answerer } = makeAnswerer();
  const infos: RequestHandlerInfo[] = [];
  const why = new Error('its own');
  table.on('obeys', (_payload, info) => {
    infos.push(info);
    return new Promise((_resolve, reject) => info.signal.addEventListener('abort', () => reject(info.signal.reason)));
  });
  table.on('fails', (_payload, info) => new Promise((_resolve, reject) => info.signal.addEventListener('abort', () => reject(why))));
  table.on('goes on', (_payload, info) => new Promise((resolve) => info.signal.addEventListener('abort', () => resolve('anyway'))));
  const running = ['obeys', 'fails', 'goes on'].map((type, index) => answerer.answer(index + 1, request(type), jane));
  for (const number of [1, 2, 3, 4]) answerer.cancelled(number);
  await Promise.all(running);
  assert.equal([infos[0]?.id, infos[0]?.type], ['s:up:1', 'obeys']);
  assert.equal(said, []);
  assert.equal(failed, [why]);
});

answering('says when it is idle: at once, or once all that runs has settled', async () => {
  const { table, answerer } = makeAnswerer();
  const waits: (() => void)[] = [];
  table.on('slow', () => new Promise<void>((resolve) => waits.push(resolve)));
  let idle = 0;
  const note = (): void => {
    idle += 1;
  };
  answerer.whenIdle(note);
  assert.is(idle, 1);
  const running = [1, 2].map((number) => answerer.answer(number, request('slow'), jane));
  answerer.whenIdle(note);
  waits[0]?.();
  await running[0];
  assert.is(idle, 1);
  waits[1]?.();
  await running[1];
  assert.is(idle, 2);
  const again = answerer.answer(3, request('slow'), jane);
  waits[2]?.();
  await again;
  assert.is(idle, 2, 'told once');
});

answering('closed, aborts all that runs and says nothing of what it comes to', async () => {
  const { table, said, failed, answerer } = makeAnswerer();
  const waits: ((error?: Error) => void)[] = [];
  const signals: AbortSignal[] = [];
  table.on('slow', (_payload, { signal }) => {
    signals.push(signal);
    return new Promise<void>((resolve, reject) => waits.push((error) => (error ? reject(error) : resolve())));
  });
  const running = [1, 2].map((number) => answerer.answer(number, request('slow'), jane));
  answerer.whenIdle(() => assert.unreachable());
  answerer.close();
  assert.equal(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );
  waits[0]?.();
  waits[1]?.(new Error('late'));
  await Promise.all(running);
  assert.equal(said, []);
  assert.equal(failed, []);
});

answering('waits for no handler whose request was cancelled, however often, and for all others', async () => {
  const { table, answerer } = makeAnswerer();
  const ends: (() => void)[] = [];
  table.on('a', () => new Promise<void>((resolve) => void ends.push(resolve)));
  const running = [1, 2].map((number) => answerer.answer(number, request('a'), jane));
  let idle = 0;
  answerer.whenIdle(() => {
    idle += 1;
  });
  for (let twice = 0; twice < 2; twice += 1) answerer.cancelled(1);
  answerer.cancelled(3);
  assert.is(idle, 0);
  ends[1]?.();
  await running[1];
  assert.is(idle, 1);
  answerer.whenIdle(() => {
    idle += 1;
  });
  assert.is(idle, 2);
  ends[0]?.();
  await running[0];
  assert.is(idle, 2);
});

const table = suite('request handlers');

table('are one for each type, and are taken out by their own function only', () => {
  const handlers = new RequestTable();
  const [a, b] = [() => 1, () => 2];
  const off = handlers.on('x', a);
  assert.throws(() => handlers.on('x', b), /"x" already/);
  off();
  handlers.on('x', b);
  off();
  assert.is(handlers.of('x'), b);
  assert.is(handlers.of('y'), undefined);
});

asking.run();
answering.run();
table.run();
