/** What a server remembers of sessions that are over, and what their clients learn of it (docs/protocol.md, R67 and R68). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure } from '../../../machines/reasons.js';
import { type EndedSession, EndedSessions } from '../../../src/server/ended-sessions.js';
import { type Fields, helloFor, newToken, openRaw, resumeRaw, startResumable } from '../../support/raw.js';
import { found, started, withServer } from '../../support/server.js';
import { until } from '../../support/until.js';
import { withVirtualWorld } from '../../support/virtual.js';

const kept = { resumeWindowMs: 60_000 };

const memory = suite('the memory of sessions that are over');

const positions = { received: 0, done: 0, seen: 0, last: 0, exceptions: [] };
const endedAs = (code: 'SessionRevokedError' | null): EndedSession => ({
  tokenHash: 'hash',
  failure: code === null ? null : failure(code),
  positions,
});

memory('has each for as long as it could have been resumed', () => {
  const ended = new EndedSessions(100);
  ended.add('a', endedAs('SessionRevokedError'), 1_000);
  assert.is(ended.find('a', 1_099)?.failure?.code, 'SessionRevokedError');
  assert.is(ended.find('a', 1_100), null);
  assert.is(ended.find('b', 1_000), null);
});

memory('lets go of those whose time is over when another one comes', () => {
  const ended = new EndedSessions(100);
  for (const id of ['a', 'b']) ended.add(id, endedAs(null), 1_000);
  ended.add('c', endedAs(null), 1_050);
  assert.is(ended.size, 3);
  ended.add('d', endedAs(null), 1_100);
  assert.is(ended.size, 2);
});

memory('has the last ten thousand, and of one that is added again the latest word', () => {
  const ended = new EndedSessions(100);
  for (let index = 0; index < 10_001; index += 1) ended.add(`${index}`, endedAs('SessionRevokedError'), 1_000);
  assert.is(ended.size, 10_000);
  assert.is(ended.find('0', 1_000), null);
  ended.add('1', endedAs(null), 1_000);
  assert.is(ended.size, 10_000);
  assert.is(ended.find('1', 1_000)?.failure, null);
});

memory.run();

const told = suite('a client that comes back to a session that is over');

const lostOf = async (url: string, log: { with(part: string): readonly unknown[] }, username = 'jane') => {
  const lost = await startResumable(url, username);
  lost.raw.drop();
  await until(() => log.with('lost its link').length > 0, 'the link is lost');
  return { id: lost.welcome.session as string, token: lost.token };
};

told(
  'hears that it was revoked, superseded or ended, each as a goodbye with its own code, whichever token is its current one',
  withServer({ ...kept, sessionsPerUser: 'newest' }, async ({ url, server, log, client, endOf }) => {
    const revoked = await lostOf(url, log);
    await found(server.sessions.revoke(revoked.id));
    const again = await resumeRaw(url, revoked.id, [newToken(), revoked.token]);
    assert.equal(await again.refusal().then(({ tag, code, closeCode }) => [tag, code, closeCode]), ['bye', 'SessionRevokedError', 4410]);

    const superseded = await lostOf(url, log, 'bob');
    await started(client(), 'bob');
    assert.is((await endOf(superseded.id)).reason, 'superseded');
    assert.is((await (await resumeRaw(url, superseded.id, [superseded.token])).refusal()).code, 'SessionSupersededError');

    const ended = await lostOf(url, log, 'zoe');
    const next = await openRaw(url);
    next.send(['hello', helloFor('zoe', { abandoned: { session: ended.id, tokens: [ended.token] } })]);
    await next.take('welcome');
    assert.is((await (await resumeRaw(url, ended.id, [ended.token])).refusal()).code, 'SessionEndedError');
  }),
);

told(
  'is told nothing without its current token, which is a security event',
  withServer(kept, async ({ url, server, log }) => {
    const { id } = await lostOf(url, log);
    await found(server.sessions.revoke(id));
    assert.is((await (await resumeRaw(url, id, [newToken()])).refusal()).code, 'AccessDeniedError');
    assert.is(log.with('security: a resume').length, 1);
  }),
);

told(
  'hears `gone` where its window or its authentication is over, with what had become of its stream, and begins anew on the same socket',
  async () => {
    let expiresAt = 0;
    const authenticate = () => {
      expiresAt = Date.now() + 40;
      return { expiresAt };
    };
    for (const options of [{ resumeWindowMs: 40 }, { ...kept, authenticate }])
      await withServer(options, async ({ url, server, log, endOf }) => {
        server.on('session', (session) => void session.on('chat', () => undefined));
        const token = newToken();
        const raw = await openRaw(url);
        raw.send(['hello', helloFor('jane', { features: ['resume'], token, ...('authenticate' in options ? { authParams: {} } : {}) })]);
        const { session } = await raw.confirmed();
        raw.send(['m', 'chat', 1], ['m', 'chat', 2]);
        await raw.take('a');
        raw.drop();
        await until(() => log.with('lost its link').length === 1, 'the link is lost');
        if ('authenticate' in options) await until(() => Date.now() > expiresAt, 'the authentication is over');
        else await endOf(session);
        const back = await resumeRaw(url, session, [token], { positions: { last: 2 } });
        const [, where] = (await back.take('gone')) as [string, Fields];
        assert.equal(where, { received: 2, done: 2, seen: 0, last: 0 });
        back.send(['start', { username: 'joe', token: newToken() }]);
        assert.is((await back.confirmed()).outcome, 'started');
      })();
  },
);

told(
  'is told no positions where it heard another life of the server last',
  withServer(kept, async ({ url, server, log }) => {
    const { id, token } = await lostOf(url, log);
    await found(server.sessions.revoke(id));
    const other = await openRaw(url);
    const { start: _, ...hello } = helloFor('');
    const resume = {
      session: id,
      tokens: [token],
      next: newToken(),
      positions: { received: 0, done: 0, seen: 0, last: 0 },
      incarnation: 7,
    };
    other.send(['hello', { ...hello, features: ['resume'], resume }]);
    const [, bye] = (await other.take('bye')) as [string, Fields];
    assert.equal([bye.code, bye.positions], ['SessionRevokedError', undefined]);
  }),
);

told(
  'ends as revoked, and does not come straight back as a guest; what it had sent meanwhile was certainly not handled',
  withVirtualWorld(kept, async ({ host, server, client }) => {
    const { client: kitty, sockets } = client();
    const start = kitty.startSession({ username: 'jane' });
    await host.advance(100);
    const { session } = await start;
    server.on('session', () => assert.unreachable('nobody comes back'));
    sockets.cut();
    session?.send('chat', 1);
    await server.sessions.revokeUser('jane');
    const over = new Promise<{ reason: string; unconfirmed: readonly unknown[] }>((resolve) => kitty.on('ended', resolve));
    await host.advance(60_000);
    const { reason, unconfirmed } = await over;
    assert.is(reason, 'revoked');
    assert.equal(unconfirmed, [{ kind: 'message', type: 'chat', payload: 1, shipped: false, handled: 'no' }]);
    assert.is(kitty.getSnapshot().status, 'ended');
  }),
);

told.run();

const goodbyes = suite('a goodbye');

goodbyes(
  'says what had become of the stream: what is handled is confirmed, and what was not begun is handed back as not handled',
  withVirtualWorld(kept, async ({ host, server, client }) => {
    server.on('session', (session) => {
      session.on('quick', () => undefined);
      session.on('slow', () => new Promise(() => undefined));
    });
    const { client: kitty } = client();
    const start = kitty.startSession({ username: 'jane' });
    await host.advance(100);
    const { session } = await start;
    const sent = ['quick', 'slow', 'quick'].map((type) => session?.send(type, type));
    const over = new Promise<{ unconfirmed: readonly { readonly handled: string }[] }>((resolve) => kitty.on('ended', resolve));
    // They are on their way up when the session is taken away.
    host.clock.macrotask(() => void server.sessions.revokeUser('jane'));
    await host.advance(100);
    assert.equal(
      (await over).unconfirmed.map(({ handled }) => handled),
      ['unknown', 'no'],
    );
    assert.equal(await sent[0]?.confirmed, { status: 'handled' });
  }),
);

goodbyes(
  'from a client says the same to the server',
  withServer(kept, async ({ url, sessionOf, endOf }) => {
    const { raw, welcome } = await startResumable(url, 'jane');
    const session = await sessionOf('jane');
    const sent = [session.send('a', 1), session.send('b', 2), session.send('c', 3)];
    await raw.take('m');
    const done = { received: 2, done: 1, seen: 0, last: 0, exceptions: [[1, 'failed']] };
    raw.send(['bye', { code: 'SessionEndedError', message: '', positions: done }]);
    const { unconfirmed } = await endOf(welcome.session);
    assert.equal(
      unconfirmed.map(({ payload, handled }) => [payload, handled]),
      [
        [2, 'unknown'],
        [3, 'no'],
      ],
    );
    assert.equal(await sent[0]?.confirmed, { status: 'failed' });
  }),
);

goodbyes.run();
