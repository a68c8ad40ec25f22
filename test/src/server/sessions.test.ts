/** The sessions and users that a server knows: their records, lists, ends, and sending to some of them. */
import { either as E } from 'fp-ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memory } from '../../../adapters/stores/memory.js';
import type { SessionStore } from '../../../machines/ports/store.js';
import { failure } from '../../../machines/reasons.js';
import { startRaw } from '../../support/raw.js';
import { found, started, withServer } from '../../support/server.js';
import { until } from '../../support/until.js';

const records = suite('what is recorded');

records(
  'a session has its id, state, user, user agent and when it was created, and once it is over when and why it ended',
  withServer({}, async ({ server, client, endOf }) => {
    const before = Date.now();
    const kitty = client();
    const { id } = await started(kitty, 'jane');
    const active = (await found(server.sessions.find(id))).session;
    assert.equal([active?.id, active?.state, active?.user.name, active?.endedAt, active?.endReason], [id, 'ACTIVE', 'jane', null, null]);
    assert.match(active?.userAgent ?? '', /^ninelives\/\S+ node\//);
    assert.ok((active?.createdAt ?? 0) >= before && (active?.createdAt ?? 0) <= Date.now());
    await kitty.endSession();
    await endOf(id);
    const ended = (await found(server.sessions.find(id))).session;
    assert.equal([ended?.state, ended?.endReason], ['ENDED', 'ended']);
    assert.ok((ended?.endedAt ?? 0) >= (ended?.createdAt ?? 1));
  }),
);

records(
  'an agent that is too long is cut, and one that is not said is null',
  withServer({}, async ({ url, server }) => {
    const agentOf = async (more: object) => {
      const { welcome } = await startRaw(url, 'jane', { ...more });
      return (await found(server.sessions.find(welcome.session))).session?.userAgent;
    };
    assert.is((await agentOf({ agent: 'x'.repeat(1_000) }))?.length, 256);
    assert.is(await agentOf({}), null);
  }),
);

records(
  'an unknown session or user is null, and no error',
  withServer({}, async ({ server }) => {
    assert.is((await found(server.sessions.find('none'))).session, null);
    assert.is((await found(server.users.find({ name: 'none' }))).user, null);
    assert.is((await found(server.users.find({ id: 99 }))).user, null);
  }),
);

const lists = suite('lists');

lists(
  'sessions are listed newest first, by state, by user and in pages',
  withServer({}, async ({ server, client, endOf, url }) => {
    const janes = [client(), client()];
    const ids: string[] = [];
    for (const kitty of janes) ids.push((await started(kitty, 'jane')).id);
    const bob = await startRaw(url, 'bob');
    await janes[0]?.endSession();
    await endOf(ids[0] as string);
    const list = async (query?: Parameters<typeof server.sessions.list>[0]) => (await found(server.sessions.list(query))).sessions;
    const idsOf = async (query?: Parameters<typeof server.sessions.list>[0]) => (await list(query)).items.map(({ id }) => id);
    assert.equal(await idsOf(), [bob.welcome.session, ids[1], ids[0]]);
    assert.equal(await idsOf({ state: 'ACTIVE' }), [bob.welcome.session, ids[1]]);
    assert.equal(await idsOf({ state: 'ENDED' }), [ids[0]]);
    assert.equal(await idsOf({ username: 'jane' }), [ids[1], ids[0]]);
    assert.equal(await idsOf({ username: 'jane', state: 'ACTIVE' }), [ids[1]]);
    assert.equal(await idsOf({ size: 2 }), [bob.welcome.session, ids[1]]);
    assert.equal(await idsOf({ size: 2, page: 1 }), [ids[0]]);
    const { page, size, total } = await list({ size: 2, page: 1 });
    assert.equal({ page, size, total }, { page: 1, size: 2, total: 3 });
    assert.is((await list()).size, 25, 'where no size is named');
    assert.is((await list({ size: 100_000 })).size, 200, 'and no size is more than this');
  }),
);

lists(
  'users are listed by id, by presence, and by whether they are guests',
  withServer({ authenticate: () => true }, async ({ server, client }) => {
    await found(server.users.create({ name: 'zoe', displayName: 'Zoe' }));
    await started(client(), 'jane');
    await started(client(), 'bob', { authParams: {} });
    const names = async (query?: Parameters<typeof server.users.list>[0]) =>
      (await found(server.users.list(query))).users.items.map(({ name }) => name);
    assert.equal(await names(), ['zoe', 'jane', 'bob']);
    assert.equal(await names({ isGuest: true }), ['jane']);
    assert.equal(await names({ isGuest: false }), ['zoe', 'bob']);
    await until(async () => (await names({ online: true })).length === 2, 'both are online');
    assert.equal(await names({ online: false }), ['zoe']);
    assert.equal(await names({ size: 1, page: 2 }), ['bob']);
  }),
);

lists(
  'users are created, changed and given a status; what can not be is an error with its code',
  withServer({}, async ({ server }) => {
    const { user } = await found(server.users.create({ name: 'zoe', properties: { team: 'red' } }));
    assert.equal([user.isGuest, user.presence.online, user.properties], [false, false, { team: 'red' }]);
    assert.is((await found(server.users.update(user.id, { displayName: 'Zoe' }))).user.displayName, 'Zoe');
    assert.is((await found(server.users.setStatus(user.id, 'away'))).user.presence.status, 'away');
    assert.is((await server.users.create({ name: 'zoe' })).error?.code, 'UserExistsError');
    assert.is((await server.users.create({ name: '' })).error?.code, 'InvalidUsernameError');
    assert.is((await server.users.update(99, {})).error?.code, 'UserUnknownError');
    assert.is((await server.users.setStatus(99, 'away')).error?.code, 'UserUnknownError');
  }),
);

const revoking = suite('taking sessions away');

revoking(
  'by id: the client is told, ends as revoked and stays away; the answer is the record as it is now',
  withServer({}, async ({ server, client, ended, sessionOf }) => {
    const kitty = client();
    const { id } = await started(kitty, 'jane');
    await sessionOf('jane');
    const over = new Promise<{ reason: string }>((resolve) => kitty.on('ended', resolve));
    const { session } = await found(server.sessions.revoke(id));
    assert.equal([session.state, session.endReason], ['ENDED', 'revoked']);
    assert.is((await over).reason, 'revoked');
    assert.equal([kitty.getSnapshot().status, kitty.session], ['ended', null]);
    assert.equal(
      ended.map(({ reason }) => reason),
      ['revoked'],
    );
    assert.equal(server.counts.active, 0);
  }),
);

revoking(
  'by user: all of theirs and nobody else',
  withServer({}, async ({ server, client }) => {
    const [one, two, other] = [client(), client(), client()];
    await started(one, 'jane');
    await started(two, 'jane');
    await started(other, 'bob');
    assert.is((await found(server.sessions.revokeUser('jane'))).revoked, 2);
    await until(() => one.getSnapshot().status === 'ended' && two.getSnapshot().status === 'ended', 'both are told');
    assert.is(other.getSnapshot().status, 'active');
    assert.is((await found(server.sessions.list({ state: 'ACTIVE' }))).sessions.total, 1);
    assert.is((await found(server.sessions.revokeUser('nobody'))).revoked, 0);
  }),
);

revoking(
  'by user: a start that is being decided at that moment is refused, and leaves no session; one of somebody else goes on',
  async () => {
    const decide: (() => void)[] = [];
    const authenticate = () => new Promise<void>((resolve) => void decide.push(resolve));
    await withServer({ authenticate }, async ({ server, client }) => {
      const [jane, bob] = [client(), client()].map((kitty, index) =>
        kitty.startSession({ username: index === 0 ? 'jane' : 'bob', authParams: { password: 'secret' } }),
      );
      await until(() => decide.length === 2, 'both are being decided');
      assert.is((await found(server.sessions.revokeUser('jane'))).revoked, 0);
      assert.is((await jane)?.error?.code, 'SessionRevokedError');
      for (const settle of decide) settle();
      assert.ok((await bob)?.succeeded);
      await until(async () => (await found(server.sessions.list({}))).sessions.total === 1, 'one session is there');
    })();
  },
);

revoking('by user: all is written by the time it answers, however many there are, and a store that fails says so', async () => {
  const store = memory();
  const failing: SessionStore = {
    ...store,
    endSession: (end) =>
      broken ? async () => E.left({ kind: 'unavailable', failure: failure('StoreUnavailableError') } as const) : store.endSession(end),
  };
  let broken = false;
  await withServer({ store: failing }, async ({ server }) => {
    for (let index = 0; index < 250; index += 1)
      await store.admit({
        username: 'jane',
        as: 'guest',
        profile: {},
        session: { id: `s${index}`, tokenHash: `t${index}`, userAgent: null, terms: null },
        now: 0,
      })();
    broken = true;
    assert.is((await server.sessions.revokeUser('jane')).error?.code, 'StoreUnavailableError');
    broken = false;
    assert.is((await found(server.sessions.revokeUser('jane'))).revoked, 250);
    assert.is((await found(server.sessions.list({ state: 'ACTIVE' }))).sessions.total, 0);
  })();
});

revoking(
  'one that nobody knows is an error; one that is over already is given as it is',
  withServer({}, async ({ server, client, endOf }) => {
    assert.is((await server.sessions.revoke('none')).error?.code, 'SessionUnknownError');
    const kitty = client();
    const { id } = await started(kitty, 'jane');
    await kitty.endSession();
    await endOf(id);
    assert.is((await found(server.sessions.revoke(id))).session.endReason, 'ended');
  }),
);

revoking(
  'through the session itself, even from its own session event',
  withServer({}, async ({ url, server }) => {
    server.on('session', (session) => session.revoke());
    const { raw } = await startRaw(url, 'jane');
    const { tag, code, closeCode } = await raw.refusal();
    assert.equal([tag, code, closeCode], ['bye', 'SessionRevokedError', 4410]);
  }),
);

const ending = suite('a session that the server ends');

ending(
  'confirms what is in flight first, both ways, and the client ends as ended',
  withServer({}, async ({ client, sessionOf, endOf }) => {
    const kitty = client();
    const session = await started(kitty, 'jane');
    const handled: unknown[] = [];
    session.on('down', async (n) => {
      await new Promise((resolve) => setImmediate(resolve));
      handled.push(n);
    });
    const served = await sessionOf('jane');
    const over = new Promise<{ reason: string; unconfirmed: readonly unknown[] }>((resolve) => kitty.on('ended', resolve));
    served.on('up', () => new Promise((resolve) => setImmediate(resolve)));
    const up = [session.send('up', 1), session.send('up', 2)];
    const down = [1, 2, 3].map((n) => served.send('down', n));
    served.end();
    const late = served.send('down', 4);
    assert.is(late.error?.code, 'NoActiveSessionError', 'nothing is accepted behind the goodbye');
    assert.equal(
      await Promise.all([...up, ...down].map(async (sent) => sent.accepted && (await sent.confirmed).status)),
      Array.from({ length: 5 }, () => 'handled'),
    );
    assert.equal(handled, [1, 2, 3]);
    const { reason, unconfirmed } = await over;
    assert.equal([reason, unconfirmed], ['ended', []]);
    assert.equal((({ reason: why, unconfirmed: left }) => [why, left])(await endOf(session.id)), ['ended', []]);
  }),
);

ending(
  'is not waited for longer than its limit where the client says nothing, and what is not confirmed is handed back',
  withServer({ endDeadlineMs: 40 }, async ({ url, sessionOf, endOf }) => {
    const { raw, welcome } = await startRaw(url, 'jane');
    const served = await sessionOf('jane');
    const sent = served.send('down', 'nobody acknowledges this');
    served.end();
    const { tag, code, closeCode } = await raw.refusal();
    assert.equal([tag, code, closeCode], ['bye', 'SessionEndedError', 1000]);
    const { reason, unconfirmed } = await endOf(welcome.session);
    assert.equal(
      [reason, unconfirmed],
      ['ended', [{ kind: 'message', type: 'down', payload: 'nobody acknowledges this', shipped: true, handled: 'unknown' }]],
    );
    assert.is(sent.accepted && (await sent.confirmed).status, 'unknown');
  }),
);

ending(
  'twice, or by both sides at once, ends once',
  withServer({}, async ({ client, sessionOf, ended }) => {
    const kitty = client();
    await started(kitty, 'jane');
    const served = await sessionOf('jane');
    served.end();
    served.end();
    await kitty.endSession();
    await until(() => ended.length > 0, 'it has ended');
    served.end();
    served.revoke();
    assert.equal(
      ended.map(({ reason }) => reason),
      ['ended'],
    );
  }),
);

ending(
  'a link that breaks ends the session as expired, and its unconfirmed messages are handed back',
  withServer({}, async ({ url, sessionOf, endOf }) => {
    const { raw, welcome } = await startRaw(url, 'jane');
    (await sessionOf('jane')).send('down', 1);
    await raw.take('m');
    raw.drop();
    const { reason, unconfirmed } = await endOf(welcome.session);
    assert.equal([reason, unconfirmed.length], ['expired', 1]);
  }),
);

const audiences = suite('sending to some');

audiences(
  'to a user, to one session and to everyone, with how many took it',
  withServer({}, async ({ server, client }) => {
    const got: string[] = [];
    const start = async (name: string, as: string) => {
      const session = await started(client(), name);
      session.on('note', (text) => void got.push(`${as}:${text}`));
      return session;
    };
    const one = await start('jane', 'jane1');
    await start('jane', 'jane2');
    await start('bob', 'bob');
    await until(() => server.counts.active === 3, 'all are active');
    assert.equal(server.to('jane').send('note', 'a'), { accepted: true, sessions: 2, refused: 0 });
    assert.equal(server.toSession(one.id).send('note', 'b'), { accepted: true, sessions: 1, refused: 0 });
    assert.equal(server.toEveryone().send('note', 'c'), { accepted: true, sessions: 3, refused: 0 });
    assert.equal(server.to('nobody').send('note', 'd'), { accepted: true, sessions: 0, refused: 0 });
    assert.equal(server.toSession('none').send('note', 'e'), { accepted: true, sessions: 0, refused: 0 });
    await until(() => got.length === 6, 'all have theirs');
    assert.equal(got.sort(), ['bob:c', 'jane1:a', 'jane1:b', 'jane1:c', 'jane2:a', 'jane2:c']);
  }),
);

audiences(
  'a payload is serialised once, however many receive it',
  withServer({}, async ({ server, client }) => {
    for (const name of ['jane', 'bob', 'zoe']) await started(client(), name);
    await until(() => server.counts.active === 3, 'all are active');
    let read = 0;
    const payload = {
      get text() {
        read += 1;
        return 'hi';
      },
    };
    assert.is(server.toEveryone().send('note', payload).sessions, 3);
    const once = read;
    read = 0;
    assert.is(server.to('jane').send('note', payload).sessions, 1);
    assert.is(read, once, 'to three it is read as often as to one');
  }),
);

audiences(
  'what can not be sent is refused before anybody gets it, and who is ending is counted as refused',
  withServer({ endDeadlineMs: 100 }, async ({ server, url, sessionOf }) => {
    await startRaw(url, 'jane');
    const served = await sessionOf('jane');
    assert.is(server.toEveryone().send('note', { when: new Date() }).error?.code, 'InvalidPayloadError');
    assert.is(server.toEveryone().send('', 1).error?.code, 'InvalidTypeError');
    assert.is(server.toEveryone().send('x'.repeat(129), 1).error?.code, 'InvalidTypeError');
    assert.is(server.toEveryone().send('note', 'x'.repeat(300_000)).error?.code, 'MessageTooLargeError');
    served.end();
    assert.equal(server.to('jane').send('note', 1), { accepted: true, sessions: 0, refused: 1 });
  }),
);

records.run();
lists.run();
revoking.run();
ending.run();
audiences.run();
