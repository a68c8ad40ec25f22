/** A lost session that comes back as itself. In one process and one virtual time, where a connection can be cut between any two deliveries. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { memorySockets } from '../../../adapters/sockets/memory.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import { createServer, type ServerOptions, type ServerSession } from '../../../src/server/index.js';
import type { SendResult } from '../../../src/stream/sent.js';
import { keptLog } from '../../support/server.js';
import { clientOn, inMemory, namesOf, next } from './support.js';

const resumed = suite('a resumed session');

/** A client with a session that is healthy, so that it comes back at once. */
const running = async (options: ServerOptions = {}) => {
  const world = inMemory(options);
  const onServer: ServerSession[] = [];
  world.server.on('session', (session) => void onServer.push(session));
  const names = namesOf(world.kitty);
  const starting = world.kitty.startSession({ username: 'jane' });
  await world.host.settle();
  const { session, error } = await starting;
  if (error) throw error;
  await world.host.advance(6_000);
  return {
    ...world,
    names,
    session,
    onServer,
    server: world.server,
    stop: async () => {
      void world.kitty.endSession();
      await world.host.advance(1_000);
      const closed = world.server.close();
      await world.host.advance(1_000);
      await closed;
      assert.is(world.host.pendingTimers, 0);
    },
  };
};

resumed('is told as that: the same object, the same id, active again, and nothing to hand back', async () => {
  const { host, kitty, session, cut, names, onServer, stop } = await running();
  const { id } = session;
  const event = next(kitty, 'resumed');
  cut();
  await host.settle();
  assert.is(kitty.getSnapshot().status, 'lost');
  await host.advance(10);
  const { sessionId, user } = await event;
  assert.equal([sessionId, user.name], [id, 'jane']);
  assert.is(kitty.session, session);
  assert.is(session.id, id);
  const { status, error, unconfirmed } = kitty.getSnapshot();
  assert.equal([status, error, unconfirmed], ['active', null, 0]);
  assert.equal(names, ['active', 'lost', 'resumed']);
  assert.is(onServer.length, 1);
  await stop();
});

resumed('confirms what was sent before the loss, and what was sent while it was lost, in order', async () => {
  const { host, session, cut, onServer, stop } = await running();
  const heard: unknown[] = [];
  onServer[0]?.on('count', (payload) => void heard.push(payload));
  const before = session.send('count', 1);
  cut();
  await host.settle();
  const meanwhile = session.send('count', 2);
  await host.advance(100);
  assert.equal(before.accepted && (await before.confirmed), { status: 'handled' });
  assert.equal(meanwhile.accepted && (await meanwhile.confirmed), { status: 'handled' });
  assert.equal(heard, [1, 2]);
  await stop();
});

resumed('still has its requests, both ways: each runs once, and its answer arrives', async () => {
  const { host, session, cut, onServer, stop } = await running();
  const runs = { up: 0, down: 0 };
  const slow = (way: 'up' | 'down') => async () => {
    runs[way] += 1;
    await new Promise((resolve) => host.clock.setTimeout(() => resolve(undefined), 500));
    return way;
  };
  onServer[0]?.onRequest('slow', slow('up'));
  session.onRequest('slow', slow('down'));
  const up = session.request('slow', null);
  const down = onServer[0]?.request('slow', null);
  await host.advance(100);
  assert.equal(runs, { up: 1, down: 1 });
  cut();
  await host.advance(1_000);
  assert.equal([(await up).reply, (await down)?.reply], ['up', 'down']);
  assert.equal(runs, { up: 1, down: 1 });
  await stop();
});

resumed('may be given up in the middle of a rotation: the server ends it with the next start, whichever token is current', async () => {
  const log = keptLog();
  const { host, kitty, cut, server, serve, stop } = await running({ logger: log.logger });
  const ended: string[] = [];
  server.on('ended', (_, { reason }) => void ended.push(reason));
  // The server makes the next token current, and its welcome reaches nobody.
  serve({
    ...server,
    accept: (socket, request) => {
      server.accept(socket, request);
      serve(server);
      cut();
    },
  });
  cut();
  await host.advance(1);
  assert.is(kitty.getSnapshot().status, 'lost');
  assert.is(log.with('session resumed').length, 1);
  const ending = kitty.endSession();
  await host.settle();
  await ending;
  const starting = kitty.startSession({ username: 'jane' });
  await host.settle();
  assert.is((await starting).succeeded, true);
  assert.equal(ended, ['ended']);
  assert.is(log.with('security').length, 0);
  await stop();
});

/** What each side says to the other. */
const counts = [1, 2, 3, 4, 5];

interface Run {
  /** How many deliveries it took until all was said and done. */
  readonly deliveries: number;
  readonly events: readonly string[];
  readonly sessions: number;
  readonly heard: { readonly up: readonly unknown[]; readonly down: readonly unknown[] };
  readonly asked: { readonly up: number; readonly down: number };
  readonly replies: readonly unknown[];
  readonly confirmed: readonly unknown[];
  readonly left: Record<string, unknown>;
}

/** A whole conversation, whose connections are cut behind these deliveries: what was under way is gone, whoever it was for. */
const conversation = async (cutsAt: readonly number[]): Promise<Run> => {
  const host = virtualHost({ seed: 3 });
  const held: (() => void)[] = [];
  const sockets = memorySockets({ clock: host.clock, schedule: (deliver) => void held.push(deliver) });
  const server = createServer({ logger: false, guests: true, host });
  sockets.accept((socket, request) => server.accept(socket, request));
  const kitty = clientOn(host, {
    transport: ninelivesTransport({ openSocket: sockets.open, host }),
    retry: { baseMs: 20, capMs: 100 },
  });
  const events = namesOf(kitty);
  const heard = { up: [] as unknown[], down: [] as unknown[] };
  const asked = { up: 0, down: 0 };
  const replies: unknown[] = [];
  const confirmed: unknown[] = [];
  let sessions = 0;
  let open = 2 * counts.length + 2;
  const note = (list: unknown[]) => (value: unknown) => {
    list.push(value);
    open -= 1;
  };
  // Spread over the time that a few losses and returns take.
  const speak = (send: (n: number) => SendResult | undefined): void => {
    for (const n of counts)
      host.clock.setTimeout(() => {
        const sent = send(n);
        if (sent?.accepted) void sent.confirmed.then(note(confirmed));
      }, n * 15);
  };
  server.on('session', (session) => {
    sessions += 1;
    session.on('count', (payload) => void heard.up.push(payload));
    session.onRequest('double', (n) => {
      asked.up += 1;
      return (n as number) * 2;
    });
    speak((n) => session.send('count', n));
    void session.request('double', 4, { timeoutMs: 60_000 }).then(({ reply }) => note(replies)(reply));
  });
  void kitty.startSession({ username: 'jane' }).then(({ session }) => {
    session?.on('count', (payload) => void heard.down.push(payload));
    session?.onRequest('double', (n) => {
      asked.down += 1;
      return (n as number) * 2;
    });
    speak((n) => session?.send('count', n));
    void session?.request('double', 5, { timeoutMs: 60_000 }).then(({ reply }) => note(replies)(reply));
  });
  let deliveries = 0;
  const deliverAll = async (): Promise<void> => {
    await host.settle();
    for (let deliver = held.shift(); deliver !== undefined; deliver = held.shift()) {
      deliver();
      deliveries += 1;
      await host.settle();
      if (cutsAt.includes(deliveries)) sockets.cut();
    }
  };
  for (let waited = 0; open > 0 && waited < 10_000; waited += 10) {
    await deliverAll();
    await host.advance(10);
  }
  const atRest = deliveries;
  void kitty.endSession();
  for (let waited = 0; waited < 100; waited += 10) {
    await deliverAll();
    await host.advance(10);
  }
  const closed = server.close();
  for (let waited = 0; waited < 100; waited += 10) {
    await deliverAll();
    await host.advance(10);
  }
  await closed;
  const left = { open, timers: host.pendingTimers };
  return { deliveries: atRest, events, sessions, heard, asked, replies: replies.sort(), confirmed, left };
};

const assertWhole = ({ events, sessions, heard, asked, replies, confirmed, left }: Run, what: string): void => {
  assert.equal(left, { open: 0, timers: 0 }, what);
  assert.equal(heard, { up: counts, down: counts }, `${what}: once, and in order`);
  assert.equal(asked, { up: 1, down: 1 }, `${what}: each request runs once`);
  assert.equal(replies, [10, 8], what);
  assert.equal(confirmed, Array(2 * counts.length).fill({ status: 'handled' }), what);
  assert.is(sessions, 1, `${what}: one session`);
  // What is lost comes back as itself, never with a gap; it may be lost when all is said.
  assert.match(events.join(' '), /^active( lost resumed)*( lost)? ended$/, what);
};

const cuts = suite('a connection that is cut');

cuts('nowhere: a conversation takes as many deliveries as it takes', async () => {
  assertWhole(await conversation([]), 'uncut');
});

cuts('behind any one delivery loses nothing, doubles nothing, reorders nothing, and makes no second session', async () => {
  const { deliveries } = await conversation([]);
  for (let at = 1; at <= deliveries; at += 1) assertWhole(await conversation([at]), `cut behind delivery ${at}`);
});

cuts('behind any two deliveries, the resume of the first loss among them, does no harm either', async () => {
  const { deliveries } = await conversation([]);
  for (let first = 1; first <= deliveries; first += 1) {
    // Longer than a return takes, so that the answer to the resume and what it ships again are cut too.
    for (let gap = 1; gap <= 12; gap += 1) assertWhole(await conversation([first, first + gap]), `cut behind ${first} and ${first + gap}`);
  }
});

cuts('behind each one of many deliveries in a row still comes to rest when it holds', async () => {
  for (const until of [5, 10, 20, 40])
    assertWhole(await conversation(Array.from({ length: until }, (_, index) => index + 1)), `cut behind all up to ${until}`);
});

resumed.run();
cuts.run();
