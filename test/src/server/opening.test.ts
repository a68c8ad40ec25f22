/** How a connection opens: where the hello travels, what a repeated, a resumed, an abandoned and a forgotten start come to (docs/protocol.md, chapters 2 and 3). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { websocket } from '../../../src/client/index.node.js';
import { type Fields, helloEntry, helloFor, newToken, openRaw, startRaw } from '../../support/raw.js';
import { found, started, withServer } from '../../support/server.js';
import { turns, until } from '../../support/until.js';

const travel = suite('where the hello travels');

travel(
  'in the upgrade, and the server echoes the protocol alone',
  withServer({}, async ({ url }) => {
    const raw = await openRaw(url, { entries: [helloEntry(helloFor('jane'))] });
    assert.is(raw.ws.protocol, 'ninelives.v1');
    assert.is((await raw.confirmed()).user.name, 'jane');
  }),
);

travel(
  'in the first frame',
  withServer({}, async ({ url }) => {
    assert.is((await startRaw(url, 'jane')).welcome.outcome, 'started');
  }),
);

for (const helloIn of ['upgrade', 'frame'] as const)
  travel(
    `the client's \`helloIn: '${helloIn}'\` starts a session that works`,
    withServer({}, async ({ url, client, sessionOf }) => {
      const session = await started(client({ url: undefined, transport: websocket({ url, helloIn }) }), 'jane');
      (await sessionOf('jane')).onRequest('double', (n) => n * 2);
      assert.is((await session.request('double', 21)).reply, 42);
    }),
  );

travel(
  'a hello that is too long for the upgrade goes as a frame by itself',
  withServer({ authenticate: () => true }, async ({ client }) => {
    await started(client(), 'jane', { authParams: { padding: 'x'.repeat(5_000) } });
  }),
);

travel(
  'nowhere: the connection is refused when the time for it is over',
  withServer({ helloTimeoutMs: 30 }, async ({ url }) => {
    const raw = await openRaw(url);
    const { tag, code, closeCode } = await raw.refusal();
    assert.equal([tag, code, closeCode], ['deny', 'HelloTimeoutError', 4409]);
  }),
);

travel(
  'a batch of the confirm and large data behind it is taken: the limit of a hello ends with the welcome',
  withServer({}, async ({ url, server }) => {
    const sizes: number[] = [];
    server.on('session', (session) => void session.on('text', (text) => void sizes.push(text.length)));
    const raw = await openRaw(url, { entries: [helloEntry(helloFor('jane'))] });
    await raw.take('welcome');
    raw.send(['confirm'], ['m', 'text', 'x'.repeat(20_000)]);
    await until(() => sizes.length === 1, 'it is handled');
    assert.equal(sizes, [20_000]);
  }),
);

travel(
  'pings are answered at any time from the hello on',
  withServer(
    { authenticate: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(false))) },
    async ({ url }) => {
      const waiting = await openRaw(url);
      waiting.send(['hello', helloFor('slow', { authParams: {} })], ['ping', 3]);
      assert.equal(await waiting.take('pong'), ['pong', 3]);
      waiting.drop();
      const welcomed = await openRaw(url, { entries: [helloEntry(helloFor('jane'))] });
      await welcomed.take('welcome');
      welcomed.send(['ping', 4], ['pong', 99]);
      assert.equal(await welcomed.take('pong'), ['pong', 4]);
      welcomed.send(['confirm'], ['ping', 5]);
      assert.equal(await welcomed.take('pong'), ['pong', 5]);
    },
  ),
);

for (const [code, closed] of [
  ['SessionEndedError', 1000],
  ['ServerBusyError', 1000],
] as const)
  travel(
    `a bye with ${code}, whenever it comes, is the end of the connection`,
    withServer({}, async ({ url, server, ended }) => {
      const early = await openRaw(url);
      early.send(['bye', { code, message: '' }]);
      assert.is((await early.closed).code, closed);
      const { raw, welcome } = await startRaw(url, 'jane');
      raw.send(['bye', { code, message: '' }], ['m', 'never', 'read']);
      assert.is((await raw.closed).code, closed);
      await until(() => server.counts.active === 0, 'the session is over');
      assert.equal(
        ended.map(({ session, reason }) => [session.id, reason]),
        [[welcome.session, code === 'SessionEndedError' ? 'ended' : 'expired']],
      );
    }),
  );

const resuming = suite('a resume, where sessions are not kept');
const resume = {
  session: 'none',
  tokens: [newToken()],
  next: newToken(),
  positions: { received: 3, done: 2, seen: 1, last: 4 },
  incarnation: 1,
};

resuming(
  'it is answered with gone, and a start on the same socket works',
  withServer({}, async ({ url, sessions }) => {
    const raw = await openRaw(url);
    raw.send(['hello', { ...helloFor('jane'), start: undefined, resume }]);
    await raw.take('gone');
    raw.send(['start', { username: 'jane', token: newToken() }]);
    const welcome = await raw.confirmed();
    await until(() => sessions.length === 1, 'the app hears of it');
    assert.is(sessions[0]?.id, welcome.session);
  }),
);

resuming(
  'a start that does not come then is not waited for longer than a hello',
  withServer({ helloTimeoutMs: 30 }, async ({ url }) => {
    const raw = await openRaw(url, { entries: [helloEntry({ ...helloFor('jane'), start: undefined, resume })] });
    await raw.take('gone');
    const { tag, code } = await raw.refusal();
    assert.equal([tag, code], ['deny', 'HelloTimeoutError']);
  }),
);

const repeated = suite('a start that is repeated');

repeated(
  'with the same token it is the same session, on the new link, once, and the old link is closed without a word',
  withServer({ authenticate: () => ({ expiresAt: 4_000_000_000_000 }) }, async ({ url, server, sessions, store }) => {
    const hello = helloFor('jane', { authParams: {} });
    const first = await openRaw(url, { entries: [helloEntry(hello)] });
    const [, lost] = (await first.take('welcome')) as [string, Fields];
    const second = await openRaw(url, { entries: [helloEntry(hello)] });
    const welcome = await second.confirmed();
    assert.equal(welcome, lost, 'the welcome is repeated, word by word');
    assert.is((await first.closed).code, 1000);
    assert.not.ok(first.frames.some(([tag]) => tag === 'bye'));
    await until(() => sessions.length > 0, 'the app hears of it');
    const page = await store.listSessions({ page: 0, size: 10 })();
    assert.is(page._tag === 'Right' ? page.right.total : -1, 1);
    assert.equal([sessions.length, server.counts.active], [1, 1]);
    // Everything goes over the new link.
    sessions[0]?.onRequest('double', (n) => n * 2);
    sessions[0]?.send('hi', 1);
    second.send(['q', 'double', 1_000, 21]);
    assert.equal(await second.take('m'), ['m', 'hi', 1]);
    assert.equal(await second.take('r'), ['r', 1, 42]);
    sessions[0]?.end();
    await second.take('e');
  }),
);

repeated('while the first one is still being decided, it is decided anew and there is one session', async () => {
  const verdicts: ((yes: boolean) => void)[] = [];
  const aborted: boolean[] = [];
  const authenticate = ({ signal }: { signal: AbortSignal }) =>
    new Promise((resolve) => {
      const index = verdicts.push(resolve) - 1;
      signal.addEventListener('abort', () => {
        aborted[index] = true;
      });
    });
  await withServer({ authenticate, authenticateTimeoutMs: 60_000 }, async ({ url, store, server }) => {
    const hello = helloFor('jane', { authParams: {} });
    const first = await openRaw(url, { entries: [helloEntry(hello)] });
    await until(() => verdicts.length === 1, 'the first is asked about');
    const second = await openRaw(url, { entries: [helloEntry(hello)] });
    await until(() => verdicts.length === 2, 'the second is asked about');
    assert.is((await first.closed).code, 1000);
    assert.equal(aborted, [true]);
    for (const admit of verdicts) admit(true);
    await second.confirmed();
    await until(() => server.counts.active === 1, 'it is active');
    const page = await store.listSessions({ page: 0, size: 10 })();
    assert.is(page._tag === 'Right' ? page.right.total : -1, 1);
  })();
});

repeated(
  "with another user's name the token finds nothing",
  withServer({}, async ({ url }) => {
    const token = newToken();
    const first = await openRaw(url, { entries: [helloEntry(helloFor('jane', { token }))] });
    const [, one] = (await first.take('welcome')) as [string, Fields];
    const second = await openRaw(url, { entries: [helloEntry(helloFor('bob', { token }))] });
    const other = await second.confirmed();
    assert.is.not(other.session, one.session);
    assert.is(other.user.name, 'bob');
  }),
);

repeated(
  'under another API key the same token is another start',
  withServer({ apiKeys: ['one', 'two'] }, async ({ url }) => {
    const token = newToken();
    const first = await openRaw(url, { entries: [helloEntry(helloFor('jane', { token, key: 'one' }))] });
    const [, one] = (await first.take('welcome')) as [string, Fields];
    const second = await openRaw(url, { entries: [helloEntry(helloFor('jane', { token, key: 'two' }))] });
    assert.is.not((await second.confirmed()).session, one.session);
  }),
);

const unconfirmed = suite('a start that is not confirmed');

const leftNothing = async ({ server, store, sessions }: Parameters<Parameters<typeof withServer>[1]>[0]) => {
  await until(() => server.counts.unconfirmed === 0, 'it is forgotten');
  for (const list of [store.listSessions({ page: 0, size: 10 }), store.listUsers({ page: 0, size: 10 })]) {
    const page = await list();
    assert.is(page._tag === 'Right' ? page.right.total : -1, 0, 'neither a session nor its user is left');
  }
  assert.is(sessions.length, 0, 'the app never heard of it');
};

unconfirmed(
  'is forgotten when its time is over, with a bye',
  withServer({ confirmWithinMs: 30 }, async (test) => {
    const raw = await openRaw(test.url, { entries: [helloEntry(helloFor('jane'))] });
    const { tag, code, closeCode } = await raw.refusal();
    assert.equal([tag, code, closeCode], ['bye', 'HelloTimeoutError', 4409]);
    await leftNothing(test);
  }),
);

unconfirmed(
  'is forgotten when its link breaks',
  withServer({}, async (test) => {
    const raw = await openRaw(test.url, { entries: [helloEntry(helloFor('jane'))] });
    await raw.take('welcome');
    raw.drop();
    await leftNothing(test);
  }),
);

unconfirmed(
  'that is revoked by id ends as revoked, and is listed so',
  withServer({}, async ({ url, server, sessions, ended }) => {
    const raw = await openRaw(url, { entries: [helloEntry(helloFor('jane'))] });
    const [, { session }] = (await raw.take('welcome')) as [string, Fields];
    await found(server.sessions.revoke(session));
    raw.send(['confirm']);
    assert.is((await raw.refusal()).code, 'SessionRevokedError');
    assert.is((await found(server.sessions.find(session))).session?.endReason, 'revoked');
    assert.equal([sessions.length, ended.length, server.counts.active], [0, 0, 0]);
  }),
);

unconfirmed(
  'is taken away with the rest of its user',
  withServer({}, async ({ url, server }) => {
    await startRaw(url, 'jane');
    const raw = await openRaw(url, { entries: [helloEntry(helloFor('jane'))] });
    await raw.take('welcome');
    await until(() => server.counts.active === 1, 'the first is active');
    assert.is((await found(server.sessions.revokeUser('jane'))).revoked, 2);
    assert.is((await raw.refusal()).code, 'SessionRevokedError');
    assert.equal(server.counts, { pending: 0, unconfirmed: 0, active: 0 });
  }),
);

const abandoned = suite('a session that is named as abandoned');

abandoned(
  'with its own token it ends before the new one starts',
  withServer({}, async ({ url, server, ended }) => {
    const token = newToken();
    const { raw, welcome } = await startRaw(url, 'jane', { token });
    await until(() => server.counts.active === 1, 'it is active');
    const next = await startRaw(url, 'jane', { abandoned: { session: welcome.session, tokens: [token] } });
    assert.is((await raw.closed).code, 1000);
    assert.is.not(next.welcome.session, welcome.session);
    assert.equal(
      ended.map(({ session, reason }) => [session.id, reason]),
      [[welcome.session, 'ended']],
    );
  }),
);

abandoned(
  'with a token that is not its own it lives on, and the log has it as a security event without the token',
  withServer({}, async ({ url, server, log, sessions }) => {
    const { raw, welcome } = await startRaw(url, 'jane');
    await until(() => server.counts.active === 1, 'it is active');
    const stolen = newToken();
    await startRaw(url, 'mallory', { abandoned: { session: welcome.session, tokens: [stolen] } });
    await until(() => server.counts.active === 2, 'both are active');
    sessions[0]?.send('still', 'here');
    assert.equal(await raw.take('m'), ['m', 'still', 'here']);
    assert.is(log.with('security').length, 1);
    assert.not.match(log.text(), stolen);
  }),
);

abandoned(
  'that nobody knows is passed over',
  withServer({}, async ({ url }) => {
    await startRaw(url, 'jane', { abandoned: { session: 'unknown', tokens: [newToken()] } });
  }),
);

const busy = suite('a server with too many connections that say nothing');

busy(
  'answers the next one with busy and when to come back, and takes connections again afterwards',
  withServer({ limits: { pendingConnections: 2 } }, async ({ url, server, client }) => {
    const silent = [await openRaw(url), await openRaw(url)];
    const refused = await openRaw(url, { entries: [helloEntry(helloFor('jane'))] });
    const { tag, code, closeCode } = await refused.refusal();
    assert.equal([tag, code, closeCode], ['deny', 'ServerBusyError', 4429]);
    assert.is((refused.frames[0] as [string, Fields])[1].retryAfterMs, 1_000);
    for (const raw of silent) raw.drop();
    await until(() => server.counts.pending === 0, 'they are gone');
    await started(client(), 'jane');
  }),
);

busy(
  'counts those too whose welcome is not confirmed, and tells each one later to come later',
  withServer({ limits: { pendingConnections: 1, admissionsPerSecond: 1 } }, async ({ url, server }) => {
    const welcomed = await openRaw(url, { entries: [helloEntry(helloFor('jane'))] });
    await welcomed.take('welcome');
    const waits: number[] = [];
    for (const name of ['joe', 'zoe']) {
      const refused = await openRaw(url, { entries: [helloEntry(helloFor(name))] });
      assert.is((await refused.refusal()).code, 'ServerBusyError');
      waits.push((refused.frames[0] as [string, Fields])[1].retryAfterMs);
    }
    assert.ok((waits[0] ?? 0) > 0 && (waits[0] ?? 0) <= 1_000);
    assert.ok((waits[1] ?? 0) - (waits[0] ?? 0) > 500);
    welcomed.send(['confirm']);
    await until(() => server.counts.unconfirmed === 0, 'it is confirmed');
    const open = await openRaw(url);
    await until(() => server.counts.pending === 1, 'there is room for one that says nothing');
    open.drop();
  }),
);

busy(
  'a client that is answered with busy comes back by itself',
  withServer({ limits: { pendingConnections: 1 } }, async ({ url, client }) => {
    const silent = await openRaw(url);
    const start = client().startSession({ username: 'jane' });
    await turns();
    silent.drop();
    assert.ok((await start).succeeded);
  }),
);

busy('the times of a connection run on the clock of the host', async () => {
  const host = virtualHost({ seed: 1 });
  await withServer({ host, helloTimeoutMs: 5_000 }, async ({ url, server }) => {
    const raw = await openRaw(url);
    await until(() => server.counts.pending === 1, 'it is there');
    await host.advance(4_999);
    assert.is(server.counts.pending, 1);
    await host.advance(1);
    assert.is((await raw.refusal()).code, 'HelloTimeoutError');
    assert.is(host.pendingTimers, 0);
  })();
});

travel.run();
resuming.run();
repeated.run();
unconfirmed.run();
abandoned.run();
busy.run();
