/** A server whose store fails: what is decided stays until it is written, nothing of it leaves before, and all goes on once it can. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import { reasons } from '../../../machines/reasons.js';
import type { SessionClient } from '../../../src/client/client.js';
import type { ServerOptions, ServerSession } from '../../../src/server/index.js';
import { type FailingStore, failingStore } from '../../support/failing-store.js';
import { startResumable } from '../../support/raw.js';
import { withServer } from '../../support/server.js';
import { until } from '../../support/until.js';
import { type VirtualWorld, virtualWorld } from '../../support/virtual.js';

const test = suite('a server whose store fails');

const second = 1_000;

interface World extends VirtualWorld {
  readonly failing: FailingStore;
  readonly sessions: ServerSession[];
  /** What the server's handlers had, in order. */
  readonly handled: unknown[];
}

const withFailing =
  (run: (world: World) => Promise<void>, options: ServerOptions = {}) =>
  async (): Promise<void> => {
    const failing = failingStore(sqlite(':memory:'));
    const world = virtualWorld({ store: failing.store, resumeWindowMs: 120 * second, ...options });
    const sessions: ServerSession[] = [];
    const handled: unknown[] = [];
    world.server.on('session', (session) => {
      sessions.push(session);
      session.on('note', (value) => {
        handled.push(value);
        session.send('echo', value);
      });
      session.onRequest('double', (value: number) => {
        handled.push({ request: value });
        return value * 2;
      });
    });
    try {
      await run({ ...world, failing, sessions, handled });
    } finally {
      failing.how = 'written';
      await world.close();
    }
  };

const started = async ({ host }: World, client: SessionClient, username = 'jane') => {
  const starting = client.startSession({ username });
  await host.advance(second);
  const result = await starting;
  if (result.failed) throw result.error;
  return result.session;
};

/** A client with its session, and what it hears of a type. */
const opened = async (world: World, type = 'echo') => {
  const { client, sockets } = world.client();
  const session = await started(world, client);
  const heard: unknown[] = [];
  session.on(type, (value) => void heard.push(value));
  return { client, sockets, session, heard };
};

test(
  'nothing of a turn leaves before it is written: neither what it sent, nor what it replied, nor that anything was handled',
  withFailing(async (world) => {
    const { host, failing, handled } = world;
    const { client, session, heard: echoes } = await opened(world);
    const release = failing.hold();
    const sent = session.send('note', 1);
    const asked = session.request('double', 21);
    await host.advance(second);
    assert.equal(handled, [1, { request: 21 }], 'it is handled');
    assert.equal([echoes, client.getSnapshot().unconfirmed], [[], 2], 'and nobody knows');
    release();
    await host.advance(second);
    assert.equal(echoes, [1]);
    assert.is(sent.accepted && (await sent.confirmed).status, 'handled');
    const reply = await asked;
    assert.is(reply.succeeded && reply.reply, 42);
  }),
);

test(
  'while it fails, new sends are refused with its error, and what was decided leaves once it is written: once, in order',
  withFailing(async (world) => {
    const { host, failing, sessions, handled, log } = world;
    const { client, session, heard: echoes } = await opened(world);
    session.on('news', (value) => void echoes.push(value));
    failing.how = 'failed';
    sessions[0]?.send('news', 'accepted before anybody knew');
    const sent = session.send('note', 1);
    await host.advance(10);
    const refused = sessions[0]?.send('news', 'refused');
    assert.is(refused?.error?.code, 'StoreUnavailableError');
    assert.is((await sessions[0]?.request('price', 1))?.error?.code, 'StoreUnavailableError');
    session.send('note', 2);
    await host.advance(20 * second);
    assert.equal([handled, echoes], [[1, 2], []]);
    assert.is(log.with('the store does not write').length, 1, 'told once');
    failing.how = 'written';
    await host.advance(6 * second);
    assert.is(log.with('the store writes again').length, 1);
    // What a handler sends while it fails is refused as well: the first echo was, the second too.
    assert.equal(
      [echoes, handled],
      [
        ['accepted before anybody knew', 1],
        [1, 2],
      ],
    );
    assert.is(sent.accepted && (await sent.confirmed).status, 'handled');
    assert.is(client.getSnapshot().unconfirmed, 0);
    assert.is(sessions[0]?.send('news', 'again').accepted, true);
  }),
);

test(
  'a link that is lost while it fails is not resumed before it writes; then all that was held back is there, once',
  withFailing(async (world) => {
    const { host, failing, sessions, handled } = world;
    const { client, sockets, session, heard: echoes } = await opened(world);
    client.on('gap', () => assert.unreachable('nothing is lost'));
    failing.how = 'failed';
    session.send('note', 1);
    await host.advance(50);
    sockets.cut();
    await host.advance(30 * second);
    assert.is(client.getSnapshot().status, 'lost');
    assert.is(client.getSnapshot().error?.code, 'StoreUnavailableError');
    failing.how = 'written';
    await host.advance(60 * second);
    assert.equal([client.getSnapshot().status, client.getSnapshot().unconfirmed], ['active', 0]);
    assert.equal([handled, echoes, sessions.length], [[1], [1], 1]);
  }),
);

test(
  'it is asked again at its own times, however many want to resume, and they are told when',
  withFailing(async (world) => {
    const { host, failing } = world;
    const clients = Array.from({ length: 20 }, () => world.client());
    const sessions = [];
    for (const [index, { client }] of clients.entries()) sessions.push(await started(world, client, `user ${index}`));
    failing.how = 'failed';
    sessions[0]?.send('note', 1);
    await host.advance(50);
    for (const { sockets } of clients) sockets.cut();
    const before = failing.commits;
    await host.advance(30 * second);
    assert.ok(failing.commits - before < 15, `${failing.commits - before} times`);
    failing.how = 'written';
    await host.advance(40 * second);
    assert.equal(
      clients.filter(({ client }) => client.getSnapshot().status !== 'active'),
      [],
    );
  }),
);

test(
  'a start is refused while it fails, and its client tries again until its deadline',
  withFailing(async (world) => {
    const { host, failing } = world;
    await started(world, world.client().client);
    failing.how = 'failed';
    const [late, patient] = [world.client().client, world.client().client];
    const refused = late.startSession({ username: 'late', deadlineMs: 2 * second });
    const admitted = patient.startSession({ username: 'patient', deadlineMs: 60 * second });
    await host.advance(5 * second);
    const result = await refused;
    assert.ok(result.error?.code === 'StoreUnavailableError' || /StoreUnavailable|store/.test(result.error?.message ?? ''));
    failing.how = 'written';
    await host.advance(55 * second);
    assert.ok((await admitted).succeeded);
    assert.is(reasons.StoreUnavailableError.start, 'retries');
  }),
);

test(
  'a session that ends meanwhile has ended, and the store is told once it can be: it is not there again in a later life',
  withFailing(async (world) => {
    const { host, failing, sessions, ended } = world;
    for (const name of ['revoked', 'left', 'expired']) await started(world, world.client().client, name);
    failing.how = 'failed';
    sessions[0]?.revoke();
    sessions[1]?.end();
    await host.advance(20 * second);
    assert.equal(
      ended.map(({ user }) => user),
      ['revoked', 'left'],
    );
    const states = async (): Promise<unknown> => {
      const ids = sessions.slice(0, 2).map(({ id }) => failing.store.findSession(id)());
      return (await Promise.all(ids)).map((found) => found._tag === 'Right' && found.right?.state);
    };
    assert.equal(await states(), ['ACTIVE', 'ACTIVE']);
    failing.how = 'written';
    await host.advance(6 * second);
    assert.equal(await states(), ['ENDED', 'ENDED']);
  }),
);

test(
  'a write that was done and said to have failed is done again, and changes nothing',
  withFailing(async (world) => {
    const { host, failing, handled } = world;
    const { client, session, heard: echoes } = await opened(world);
    failing.how = 'unheard';
    session.send('note', 1);
    await host.advance(3 * second);
    assert.equal([handled, echoes], [[1], []]);
    failing.how = 'written';
    await host.advance(6 * second);
    assert.equal([handled, echoes, client.getSnapshot().unconfirmed], [[1], [1], 0]);
  }),
);

test(
  'volatile messages are dropped while it fails: they would come too late, and pile up',
  withFailing(async (world) => {
    const { host, failing, sessions } = world;
    const { session, heard: seen } = await opened(world, 'tick');
    failing.how = 'failed';
    session.send('note', 1);
    await host.advance(50);
    for (let index = 0; index < 100; index += 1) {
      sessions[0]?.send('tick', index, { volatile: true });
      await host.advance(1);
    }
    failing.how = 'written';
    await host.advance(6 * second);
    assert.equal(seen, []);
    sessions[0]?.send('tick', 'now', { volatile: true });
    await host.advance(second);
    assert.equal(seen, ['now']);
  }),
);

test(
  'a session that its app ends while a resume is being written says goodbye on the new link',
  withFailing(async (world) => {
    const { host, failing, sessions, ended } = world;
    const { client, sockets } = await opened(world);
    sockets.cut();
    await host.advance(1);
    const release = failing.hold();
    await host.advance(second);
    assert.is(client.getSnapshot().status, 'lost');
    sessions[0]?.end();
    await host.advance(second);
    release();
    await host.advance(second);
    assert.equal([client.getSnapshot().status, ended], ['ended', [{ user: 'jane', reason: 'ended' }]]);
  }),
);

test(
  'a session that its app ends while a resume is being written, which is then refused, has ended',
  withFailing(async (world) => {
    const { host, failing, sessions, ended } = world;
    const { sockets } = await opened(world);
    sockets.cut();
    await host.advance(1);
    const release = failing.hold();
    await host.advance(second);
    sessions[0]?.end();
    failing.how = 'failed';
    release();
    await host.advance(second);
    assert.equal(ended, [{ user: 'jane', reason: 'ended' }]);
  }),
);

test(
  'what a link was to carry when it was lost in mid-write comes with the next one, once',
  withFailing(async (world) => {
    const { host, failing, sessions } = world;
    const { client, sockets, heard: seen } = await opened(world, 'news');
    const release = failing.hold();
    sessions[0]?.send('news', 1);
    await host.advance(10);
    sockets.cut();
    await host.advance(second);
    sessions[0]?.send('news', 2);
    await host.advance(second);
    assert.equal(seen, []);
    release();
    await host.advance(3 * second);
    assert.equal([seen, client.getSnapshot().status], [[1, 2], 'active']);
  }),
);

test('a goodbye tells what is handled only where that is written: the client would take it for done', async () => {
  const failing = failingStore(sqlite(':memory:'));
  await withServer({ store: failing.store, resumeWindowMs: 120 * second }, async ({ url, server }) => {
    const handled: unknown[] = [];
    server.on('session', (session) => void session.on('note', (value) => void handled.push(value)));
    /** What is told by the goodbye to a link that breaks a rule behind a message. */
    const told = async (username: string, isWritten: boolean): Promise<unknown> => {
      const { raw } = await startResumable(url, username);
      raw.send(['m', 'note', username]);
      if (isWritten) await raw.take('a');
      else await until(() => handled.includes(username), 'it is handled');
      raw.send(['confirm']);
      const [, bye] = await raw.take('bye');
      return (bye as { readonly positions?: { readonly done: number } }).positions?.done;
    };
    assert.is(await told('jane', true), 1);
    const release = failing.hold();
    try {
      assert.is(await told('joe', false), undefined);
    } finally {
      release();
    }
  })();
});

test.run();
