import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import type { InboundItem } from '../../../machines/stream/packets.js';
import { HandlerTable, Inbox, isThenable, type MessageInfo } from '../../../src/stream/handlers.js';
import { jane } from '../../support/ninelives-bench.js';

const inbox = suite('the inbox');

const message = (type: string, payload: unknown = null, options?: { ttlMs?: number; redelivered?: boolean }) =>
  ({ kind: 'message', type, payload, ...(options && { options }) }) satisfies InboundItem;

const withThen = (then: unknown): object => Object.defineProperty({}, 'then', { value: then });

const make = (held = false) => {
  const host = virtualHost({ seed: 1 });
  const table = new HandlerTable();
  const told: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]): void =>
      void told.push([name, ...args]);
  const reports = { unhandled: note('unhandled'), handlerFailed: note('handlerFailed'), handlerSlow: note('handlerSlow') };
  const settled: [number, string][] = [];
  const box = new Inbox(
    table,
    {
      clock: host.clock,
      handlerTimeoutMs: 1_000,
      idPrefix: 's:up',
      reports,
      again: () => true,
      settled: (number, outcome) => void settled.push([number, outcome]),
    },
    held,
    jane,
  );
  return { host, table, told, settled, box };
};

inbox('handles what is synchronous at once, and settles it by what its handlers did', () => {
  const { table, settled, told, box } = make();
  const why = new Error('why');
  table.on('ok', () => 'whatever');
  table.on('bad', () => {
    throw why;
  });
  table.on('bad', () => undefined);
  box.add(1, message('ok'));
  box.add(2, message('bad'));
  box.add(3, message('nobody'));
  assert.equal(settled, [
    [1, 'handled'],
    [2, 'failed'],
    [3, 'unhandled'],
  ]);
  assert.equal(told, [
    ['handlerFailed', { id: 's:up:2', type: 'bad', error: why }],
    ['unhandled', { id: 's:up:3', type: 'nobody' }],
  ]);
});

inbox('gives a handler the payload, and a message that says which it is', () => {
  const { table, box } = make();
  const seen: [unknown, MessageInfo][] = [];
  table.on('chat', (payload, info) => void seen.push([payload, info]));
  box.add(7, message('chat', { a: 1 }));
  box.add(8, message('chat', null, { redelivered: true }));
  const [[payload, info], [, again]] = seen as [[unknown, MessageInfo], [unknown, MessageInfo]];
  assert.equal(payload, { a: 1 });
  assert.equal([info.id, info.type, info.redelivered], ['s:up:7', 'chat', false]);
  assert.equal([again.id, again.redelivered], ['s:up:8', true]);
  assert.is(info.signal, info.signal);
  assert.is(info.signal.aborted, false);
});

inbox('waits for a handler that takes its time before it begins the next, whatever that is', async () => {
  const { host, table, settled, box } = make();
  const order: string[] = [];
  const waits: (() => void)[] = [];
  table.on('slow', async () => {
    order.push('begun');
    await new Promise<void>((resolve) => waits.push(resolve));
    order.push('done');
  });
  table.on('fast', () => void order.push('fast'));
  box.add(1, message('slow'));
  box.add(2, message('fast'));
  await host.settle();
  assert.equal(order, ['begun']);
  assert.equal(settled, []);
  waits[0]?.();
  await host.settle();
  assert.equal(order, ['begun', 'done', 'fast']);
  assert.equal(settled, [
    [1, 'handled'],
    [2, 'handled'],
  ]);
  assert.is(host.pendingTimers, 0);
});

inbox('awaits all handlers of a message; one that fails fails it, each failure is told', async () => {
  const { host, table, settled, told, box } = make();
  table.on('chat', () => Promise.reject(new Error('one')));
  table.on('chat', async () => undefined);
  table.on('chat', () => {
    throw new Error('two');
  });
  // A thenable is none of the platform's promises.
  table.on('chat', () => withThen((_: unknown, reject: (error: Error) => void) => reject(new Error('three'))));
  box.add(1, message('chat'));
  await host.settle();
  assert.equal(settled, [[1, 'failed']]);
  assert.equal(told.map(([, event]) => ((event as { error: Error }).error as Error).message).sort(), ['one', 'three', 'two']);
});

inbox('tells of a handler that takes longer than it may, and aborts its signal whenever that is read', async () => {
  const { host, table, told, settled, box } = make();
  const infos: MessageInfo[] = [];
  const waits: (() => void)[] = [];
  table.on('slow', (_payload, info) => {
    infos.push(info);
    return new Promise<void>((resolve) => waits.push(resolve));
  });
  box.add(1, message('slow'));
  await host.advance(1_000);
  assert.equal(told, [['handlerSlow', { id: 's:up:1', type: 'slow', afterMs: 1_000 }]]);
  assert.is(infos[0]?.signal.aborted, true, 'read for the first time only now');
  assert.equal(settled, [], 'it is not interrupted');
  waits[0]?.();
  await host.settle();
  assert.equal(settled, [[1, 'handled']]);
});

inbox('passes over what is no longer worth handling', async () => {
  const { host, table, settled, box } = make(true);
  const seen: unknown[] = [];
  table.on('chat', (payload) => void seen.push(payload));
  box.add(1, message('chat', 'late', { ttlMs: 100 }));
  box.add(2, message('chat', 'in time', { ttlMs: 101 }));
  await host.advance(100);
  box.release();
  assert.equal(seen, ['in time']);
  assert.equal(settled, [
    [1, 'expired'],
    [2, 'handled'],
  ]);
});

inbox('holds everything until it is released', () => {
  const { table, settled, box } = make(true);
  box.add(1, message('chat'));
  table.on('chat', () => undefined);
  assert.equal(settled, []);
  box.release();
  assert.equal(settled, [[1, 'handled']]);
});

inbox('says when it is idle: at once, or once what waits is handled', async () => {
  const { host, table, box } = make();
  let idle = 0;
  const note = (): void => {
    idle += 1;
  };
  box.whenIdle(note);
  assert.is(idle, 1);
  const waits: (() => void)[] = [];
  table.on('slow', () => new Promise<void>((resolve) => waits.push(resolve)));
  box.add(1, message('slow'));
  box.add(2, message('slow'));
  box.whenIdle(note);
  waits[0]?.();
  await host.settle();
  assert.is(idle, 1);
  waits[1]?.();
  await host.settle();
  assert.is(idle, 2);
  box.add(3, message('nobody'));
  assert.is(idle, 2, 'told once');
});

inbox('closed, begins nothing more, aborts what runs, and forgets what that comes to', async () => {
  const { host, table, settled, box } = make();
  const waits: (() => void)[] = [];
  let signal: AbortSignal | undefined;
  table.on('slow', (_payload, info) => {
    signal = info.signal;
    return new Promise<void>((resolve) => waits.push(resolve));
  });
  box.add(1, message('slow'));
  box.add(2, message('slow'));
  box.whenIdle(() => assert.unreachable());
  box.close();
  assert.is(signal?.aborted, true);
  assert.is(host.pendingTimers, 0);
  waits[0]?.();
  await host.settle();
  assert.equal(settled, []);
  assert.is(waits.length, 1);
});

inbox('closed from inside a handler, settles nothing and begins nothing more', () => {
  const { table, settled, box } = make(true);
  const seen: unknown[] = [];
  table.on('chat', (payload) => {
    seen.push(payload);
    box.close();
  });
  box.add(1, message('chat', 1));
  box.add(2, message('chat', 2));
  box.release();
  assert.equal(seen, [1]);
  assert.equal(settled, []);
});

const table = suite('the handlers of a session');

table('are kept in the order of registering, and each is taken out by its own function, once', () => {
  const handlers = new HandlerTable();
  const [a, b] = [() => 1, () => 2];
  const off = handlers.on('x', a);
  handlers.on('x', b);
  handlers.on('x', a);
  assert.equal(handlers.of('x'), [a, b, a]);
  off();
  off();
  assert.equal(handlers.of('x'), [b, a]);
  assert.equal(handlers.of('__proto__'), []);
});

table('may change while they run: a message goes to those that were there when it came', () => {
  const { table: handlers, box } = make();
  const seen: string[] = [];
  const off = handlers.on('x', () => {
    seen.push('a');
    off();
    handlers.on('x', () => void seen.push('b'));
  });
  box.add(1, message('x'));
  box.add(2, message('x'));
  assert.equal(seen, ['a', 'b']);
});

table('a thenable is whatever has a then', () => {
  for (const value of [Promise.resolve(), withThen(() => undefined)]) assert.ok(isThenable(value));
  for (const value of [undefined, null, 1, 'then', {}, withThen(1), () => undefined]) assert.not.ok(isThenable(value));
});

inbox.run();
table.run();
