import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientSnapshot } from '../../../src/client/snapshot.js';
import { admits, denies } from '../../support/scripted-transport.js';
import { scripted } from './support.js';

const snapshots = suite('the snapshot');

snapshots('is plain data from the beginning, and survives JSON', () => {
  const { kitty } = scripted();
  assert.equal(kitty.getSnapshot(), {
    status: 'idle',
    substate: null,
    sessionId: null,
    user: null,
    attempt: 0,
    retryAt: null,
    roundTripMs: null,
    unconfirmed: 0,
    persisted: false,
    error: null,
    endReason: null,
  });
  assert.equal(JSON.parse(JSON.stringify(kitty.getSnapshot())), kitty.getSnapshot());
});

snapshots('is the same object until something changes, and another one then', async () => {
  const { kitty, wire, host } = scripted();
  const idle = kitty.getSnapshot();
  assert.is(kitty.getSnapshot(), idle);
  await host.advance(60_000);
  host.stepWall(60_000);
  assert.is(kitty.getSnapshot(), idle);
  const starting = kitty.startSession({ username: 'jane' });
  const connecting = kitty.getSnapshot();
  assert.is.not(connecting, idle);
  assert.is(connecting.status, 'connecting');
  assert.is(idle.status, 'idle', 'a former one is left as it was');
  const link = await wire.link();
  await link.hello();
  assert.is(kitty.getSnapshot().status, 'authenticating');
  link.welcomed();
  await starting;
  const active = kitty.getSnapshot();
  link.heard();
  link.measured(12.34);
  assert.is(kitty.getSnapshot().roundTripMs, 12.3);
  link.measured(12.31);
  assert.is(kitty.getSnapshot(), kitty.getSnapshot());
  assert.is(kitty.getSnapshot().user, active.user);
  link.lost('ConnectionLostError');
  await host.advance(1_000);
  const second = await wire.link();
  await second.hello();
  await second.gone();
  second.welcomed({ sessionId: 'second' });
  assert.is(kitty.getSnapshot().roundTripMs, null, 'not measured on this link yet');
});

snapshots('says in the listener of an event what the event said', async () => {
  const { kitty, wire } = scripted(admits);
  const seen: string[] = [];
  for (const name of ['active', 'lost', 'ended'] as const) kitty.on(name, () => seen.push(kitty.getSnapshot().status));
  await kitty.startSession({ username: 'jane' });
  wire.links[0]?.lost('ConnectionLostError');
  await kitty.endSession();
  assert.equal(seen, ['active', 'lost', 'ended']);
});

const subscribing = suite('subscribe');

subscribing('tells once a turn, after it, and only where the snapshot is another one', async () => {
  const { kitty, wire, host } = scripted();
  let told = 0;
  const off = kitty.subscribe(() => {
    told += 1;
  });
  const starting = kitty.startSession({ username: 'jane' });
  assert.is(told, 0, 'not from inside the call');
  await Promise.resolve();
  assert.is(told, 1);
  const link = await wire.link();
  await link.hello();
  assert.is(told, 2);
  link.welcomed();
  link.measured(5);
  link.suspected();
  await starting;
  await host.settle();
  assert.is(told, 3);
  link.suspected();
  link.measured(5);
  link.received();
  await host.settle();
  assert.is(told, 3);
  off();
  link.lost('ConnectionLostError');
  await host.settle();
  assert.is(told, 3);
});

subscribing('tells of what was sent and of what was confirmed', async () => {
  const { kitty, wire, host } = scripted(admits);
  const { session } = await kitty.startSession({ username: 'jane' });
  await host.settle();
  const counts: number[] = [];
  kitty.subscribe(() => counts.push(kitty.getSnapshot().unconfirmed));
  session?.send('chat', 1);
  session?.send('chat', 2);
  await host.settle();
  wire.links[0]?.received({ kind: 'ack', received: 2, done: 2, last: 0, seen: 0, exceptions: [] });
  await host.settle();
  const controller = new AbortController();
  void session?.request('price', 1, { signal: controller.signal });
  wire.links[0]?.lost('ConnectionLostError');
  await host.settle();
  controller.abort();
  await host.settle();
  assert.equal(counts, [2, 0, 1, 0]);
});

subscribing('tells all, also where somebody has looked before they could be told', async () => {
  const { kitty, wire, host } = scripted(admits);
  await kitty.startSession({ username: 'jane' });
  await host.settle();
  const seen: ClientSnapshot[] = [];
  kitty.subscribe(() => seen.push(kitty.getSnapshot()));
  wire.links[0]?.suspected();
  assert.is(kitty.getSnapshot().substate, 'suspect');
  await host.settle();
  assert.equal(
    seen.map(({ substate }) => substate),
    ['suspect'],
  );
});

subscribing('may be taken up and given up from inside a listener', async () => {
  const { kitty, wire, host } = scripted(admits);
  await kitty.startSession({ username: 'jane' });
  await host.settle();
  const told: string[] = [];
  const offs = new Map<string, () => void>();
  offs.set(
    'a',
    kitty.subscribe(() => {
      told.push('a');
      offs.get('b')?.();
      offs.get('a')?.();
      offs.set(
        'c',
        kitty.subscribe(() => told.push('c')),
      );
    }),
  );
  offs.set(
    'b',
    kitty.subscribe(() => told.push('b')),
  );
  wire.links[0]?.suspected();
  await host.settle();
  assert.equal(told, ['a']);
  wire.links[0]?.heard();
  await host.settle();
  assert.equal(told, ['a', 'c']);
});

subscribing('takes the same function twice as two, and each is stopped by its own', async () => {
  const { kitty } = scripted(denies('AccessDeniedError'));
  let told = 0;
  const listener = (): void => {
    told += 1;
  };
  const off = kitty.subscribe(listener);
  kitty.subscribe(listener);
  off();
  off();
  void kitty.startSession({ username: 'jane' });
  await Promise.resolve();
  assert.is(told, 1);
  await kitty.endSession();
});

/** What `useSyncExternalStore` does with a store, as React documents it: read, subscribe, read again, read on each call. */
subscribing('keeps the rules of useSyncExternalStore: no reading in between tears', async () => {
  const { kitty, wire, host } = scripted(admits);
  const rendered = [kitty.getSnapshot()];
  const render = (): void => {
    const snapshot = kitty.getSnapshot();
    assert.is(snapshot, kitty.getSnapshot());
    if (!Object.is(snapshot, rendered.at(-1))) rendered.push(snapshot);
  };
  const off = kitty.subscribe(render);
  render();
  await kitty.startSession({ username: 'jane' });
  await host.settle();
  wire.links[0]?.lost('ConnectionLostError');
  await host.settle();
  assert.is(rendered.at(-1), kitty.getSnapshot());
  assert.is(rendered.at(-1)?.status, 'lost');
  off();
});

const throwing = suite('a listener that throws');

/** What the process is told of as uncaught, instead of ending it. */
const uncaught = async (run: () => Promise<void>): Promise<unknown[]> => {
  const errors: unknown[] = [];
  const own = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => errors.push(error));
  try {
    await run();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of own) process.on('uncaughtException', listener);
  }
  return errors;
};

throwing('breaks nothing: the others are told, the session goes on, and its error is reported on its own', async () => {
  const { kitty, wire, host } = scripted(admits);
  const told: string[] = [];
  const first = new Error('of an event');
  const second = new Error('of a subscriber');
  kitty.on('active', () => {
    throw first;
  });
  kitty.on('active', () => told.push('active'));
  kitty.subscribe(() => {
    throw second;
  });
  kitty.subscribe(() => told.push('changed'));
  const errors = await uncaught(async () => {
    const { succeeded } = await kitty.startSession({ username: 'jane' });
    assert.is(succeeded, true);
    await host.settle();
    wire.links[0]?.lost('ConnectionLostError');
    assert.is(kitty.getSnapshot().status, 'lost');
  });
  assert.equal([...new Set(told)].sort(), ['active', 'changed']);
  assert.ok(errors.includes(first));
  assert.ok(errors.includes(second));
});

snapshots.run();
subscribing.run();
throwing.run();
