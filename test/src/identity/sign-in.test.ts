/** A session that becomes another user's where it is: a numbered barrier in both streams (docs/protocol.md, [R62]). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ServerOptions } from '../../../src/server/index.js';
import { found, started, withServer } from '../../support/server.js';
import { until } from '../../support/until.js';

/** Admits with the right password, when the test lets it. */
const gate = () => {
  const asked: { readonly username: string; readonly settle: () => void }[] = [];
  const options: ServerOptions = {
    resumeWindowMs: 60_000,
    authenticate: ({ username, authParams }) =>
      new Promise<boolean | undefined>((resolve) => {
        asked.push({ username, settle: () => resolve(authParams.password === 'right' ? undefined : false) });
      }),
  };
  return { asked, options };
};

const open: ServerOptions = {
  resumeWindowMs: 60_000,
  authenticate: ({ authParams }) => (authParams.password === 'right' ? undefined : false),
};
const right = { password: 'right' };

const signIn = suite('a guest who signs in');

signIn(
  'is the user that the credential is for, on the same session, on both sides and in every list',
  withServer(open, async ({ client, server, sessionOf, sessions }) => {
    const identities: unknown[] = [];
    server.on('identity', (session, { former }) => void identities.push([session.user.name, former.name, former.isGuest]));
    const kitty = client();
    const heard: unknown[] = [];
    kitty.on('identity', ({ user, former }) => void heard.push([user.name, former.name]));
    const session = await started(kitty, 'visitor');
    await sessionOf('visitor');
    const { id } = session;
    const { user } = await found(session.signIn({ username: 'jane', authParams: right }));
    assert.equal([user.name, user.isGuest, user.presence.online], ['jane', false, true]);
    assert.is(session.user, user);
    assert.equal([session.id, kitty.getSnapshot().user, kitty.getSnapshot().status], [id, user, 'active']);
    assert.equal(heard, [['jane', 'visitor']]);
    assert.equal(identities, [['jane', 'visitor', true]]);
    assert.is(sessions.length, 1, 'no other session');
    assert.equal([sessions[0]?.user.name, sessions[0]?.user.isGuest], ['jane', false]);

    const { session: record } = await found(server.sessions.find(id));
    assert.equal([record?.user.name, record?.state], ['jane', 'ACTIVE']);
    assert.is((await found(server.sessions.list({ username: 'visitor' }))).sessions.total, 0);
    const to: string[] = [];
    session.on('note', (payload) => void to.push(payload));
    assert.is(server.to('visitor').send('note', 'to the guest').sessions, 0);
    assert.is(server.to('jane').send('note', 'to the user').sessions, 1);
    await until(() => to.length === 1, 'the message has come');
    assert.equal(to, ['to the user']);
    await until(async () => (await found(server.users.find({ name: 'jane' }))).user?.presence.online, 'jane is online');
  }),
);

signIn(
  'speaks as the guest before the sign-in and as the user behind it, with messages queued on both sides',
  (() => {
    const { asked, options } = gate();
    return withServer(options, async ({ client, server, sessionOf }) => {
      const seen: unknown[] = [];
      const blocked: (() => void)[] = [];
      server.on('session', (session) => {
        session.on('say', async (n, message) => {
          if (n === 1) await new Promise<void>((resolve) => void blocked.push(resolve));
          seen.push([n, message.user.name, session.user.name]);
          session.send('echo', n);
        });
        session.onRequest('who', (_, request) => [request.user.name, session.user.name]);
      });
      const session = await started(client(), 'visitor');
      const echoes: unknown[] = [];
      session.on('echo', (n, message) => void echoes.push([n, message.user.name]));
      const far = await sessionOf('visitor');
      for (const n of [1, 2, 3]) session.send('say', n);
      const before = session.request('who', null);
      const signing = session.signIn({ username: 'jane', authParams: right });
      for (const n of [4, 5, 6]) session.send('say', n);
      const behind = session.request('who', null);
      far.send('echo', 'queued');
      assert.equal((await found(before)).reply, ['visitor', 'visitor']);
      await until(() => blocked.length === 1, 'the first message is being handled');
      assert.is(asked.length, 0, 'it is judged once it has its turn');
      blocked[0]?.();
      await until(() => asked.length === 1, 'it is judged');
      assert.equal(seen.length, 3, 'nothing behind it is handled before it is judged');
      asked[0]?.settle();
      assert.is((await found(signing)).user.name, 'jane');
      assert.equal((await found(behind)).reply, ['jane', 'jane']);
      await until(() => seen.length === 6 && echoes.length === 7, 'all is handled');
      const by = (name: string) => (n: number) => [n, name, name];
      assert.equal(seen, [...[1, 2, 3].map(by('visitor')), ...[4, 5, 6].map(by('jane'))]);
      assert.equal(echoes, [['queued', 'visitor'], ...[1, 2, 3].map((n) => [n, 'visitor']), ...[4, 5, 6].map((n) => [n, 'jane'])]);
    });
  })(),
);

signIn(
  'is still the guest for what was said to the guest, also where it is handled only when the user is there',
  withServer(open, async ({ client, sessionOf }) => {
    const session = await started(client(), 'visitor');
    const far = await sessionOf('visitor');
    const heard: unknown[] = [];
    const blocked: (() => void)[] = [];
    session.on('note', async (n, message) => {
      if (n === 1) await new Promise<void>((resolve) => void blocked.push(resolve));
      heard.push([n, message.user.name]);
    });
    for (const n of [1, 2]) far.send('note', n);
    await until(() => blocked.length === 1, 'the first message is being handled');
    assert.is((await found(session.signIn({ username: 'jane', authParams: right }))).user.name, 'jane');
    far.send('note', 3);
    blocked[0]?.();
    await until(() => heard.length === 3, 'all is handled');
    assert.equal(heard, [
      [1, 'visitor'],
      [2, 'visitor'],
      [3, 'jane'],
    ]);
  }),
);

signIn(
  'and is refused goes on as the guest, with what was sent behind it',
  withServer(open, async ({ client, server, log }) => {
    const seen: unknown[] = [];
    server.on('session', (session) => void session.on('say', (n, message) => void seen.push([n, message.user.name])));
    const kitty = client();
    const session = await started(kitty, 'visitor');
    const signing = session.signIn({ username: 'jane', authParams: { password: 'wrong' } });
    session.send('say', 1);
    const { failed, error } = await signing;
    assert.equal([failed, error?.code, error?.retryable], [true, 'AccessDeniedError', false]);
    await until(() => seen.length === 1, 'the message is handled');
    assert.equal(seen, [[1, 'visitor']]);
    assert.equal([session.user.name, kitty.getSnapshot().status], ['visitor', 'active']);
    assert.is((await found(session.signIn({ username: 'jane', authParams: right }))).user.name, 'jane');
    assert.not.match(log.text(), 'wrong');
    assert.not.match(log.text(), 'right');
  }),
);

signIn.run();
