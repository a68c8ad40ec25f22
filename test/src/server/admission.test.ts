/** Who may enter (docs/protocol.md, [R20] to [R22]; the design's "Who may enter"), over real sockets, with the store looked into. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memory } from '../../../adapters/stores/memory.js';
import type { ServerOptions } from '../../../src/server/index.js';
import { helloEntry, helloFor, openRaw, startRaw } from '../../support/raw.js';
import { found, started, startServer, type TestServer, withServer } from '../../support/server.js';
import { turns, until } from '../../support/until.js';

const password = 'correct-horse';
const authenticate: ServerOptions['authenticate'] = ({ authParams }) => authParams.password === password;
const right = { authParams: { password } };

const userOf = async ({ server }: TestServer, name: string) => (await found(server.users.find({ name }))).user;
const sessionsIn = async ({ server }: TestServer) => (await found(server.sessions.list({ size: 200 }))).sessions.items;

/** Denied, and nothing is left of it anywhere. */
const assertDenied = async (
  test: TestServer,
  start: Promise<{ readonly failed: boolean; readonly error?: { readonly code: string } | undefined }>,
) => {
  const before = await sessionsIn(test);
  const result = await start;
  assert.is(result.error?.code, 'AccessDeniedError');
  assert.equal(await sessionsIn(test), before, 'no session is in the store');
  assert.equal(test.server.counts, { pending: 0, unconfirmed: 0, active: before.filter(({ state }) => state === 'ACTIVE').length });
};

const guests = suite('guests');

guests(
  'a start under an unknown name creates the user, as a guest',
  withServer({}, async (test) => {
    const session = await started(test.client(), 'jane');
    assert.equal(
      {
        name: session.user.name,
        isGuest: session.user.isGuest,
        displayName: session.user.displayName,
        online: session.user.presence.online,
      },
      { name: 'jane', isGuest: true, displayName: 'jane', online: true },
    );
    assert.is((await userOf(test, 'jane'))?.isGuest, true);
  }),
);

guests(
  'a second guest of the same name is the same user, in a session of their own',
  withServer({}, async (test) => {
    const [one, other] = [await started(test.client(), 'jane'), await started(test.client(), 'jane')];
    assert.is(one.user.id, other.user.id);
    assert.is.not(one.id, other.id);
  }),
);

guests(
  'where guests are off, nobody enters without authParams and no user is made',
  withServer({ guests: false, authenticate }, async (test) => {
    await assertDenied(test, test.client().startSession({ username: 'jane' }));
    assert.is(await userOf(test, 'jane'), null);
    assert.ok((await test.client().startSession({ username: 'jane', ...right })).succeeded);
  }),
);

guests(
  'a guest can not take a registered name',
  withServer({}, async (test) => {
    await found(test.server.users.create({ name: 'jane' }));
    await assertDenied(test, test.client().startSession({ username: 'jane' }));
    assert.is((await userOf(test, 'jane'))?.isGuest, false);
  }),
);

const asked: string[] = [];
const functions: readonly (readonly [string, ServerOptions['guests'], 'in' | 'out'])[] = [
  ['says true', ({ username }) => asked.push(username) > 0, 'in'],
  ['resolves to true', async () => true, 'in'],
  ['says false', () => false, 'out'],
  ['resolves to false', async () => false, 'out'],
  ['says something that is only truthy', (() => 'yes') as never, 'out'],
  [
    'throws',
    () => {
      throw new Error('the guest book is lost');
    },
    'out',
  ],
  ['rejects', () => Promise.reject(new Error('the guest book is lost')), 'out'],
];
for (const [what, decide, verdict] of functions)
  guests(
    `a \`guests\` function that ${what} keeps a guest ${verdict}`,
    withServer({ guests: decide, authenticate }, async (test) => {
      if (verdict === 'in') return void (await started(test.client(), 'jane'));
      await assertDenied(test, test.client().startSession({ username: 'jane' }));
      if (what === 'throws' || what === 'rejects') assert.match(test.log.text(), 'the guest book is lost');
      assert.ok((await test.client().startSession({ username: 'jane', ...right })).succeeded, 'who has a credential is not asked about');
    }),
  );

guests('a `guests` function is asked with the name', () => assert.equal(asked, ['jane']));

guests(
  'a `guests` function that never answers is not waited for past the limit of authentication',
  withServer({ guests: () => new Promise(() => undefined), authenticateTimeoutMs: 40 }, async (test) => {
    const result = await test.client({ retry: { firstMs: 10_000 } as never }).startSession({ username: 'jane', deadlineMs: 500 });
    assert.ok(result.failed);
    assert.match(test.log.text(), 'did not answer');
    await until(() => test.server.counts.pending === 0, 'nothing waits for its verdict');
  }),
);

guests(
  'what a `guests` function throws is logged without the credentials of the request',
  withServer(
    {
      guests: ({ request }) => {
        throw new Error(`no account for ${request.headers.cookie}`);
      },
    },
    async (test) => {
      const raw = await openRaw(test.url, { entries: [helloEntry(helloFor('jane'))], headers: { cookie: 'sid=s3cr3t-cookie' } });
      assert.is((await raw.refusal()).code, 'AccessDeniedError');
      assert.match(test.log.text(), 'no account for');
      assert.not.match(test.log.text(), 's3cr3t-cookie');
      assert.not.match(raw.text, 'no account');
    },
  ),
);

guests('a server whose `guests` is not set says so when it opens, and one whose is set does not', async () => {
  for (const [options, times] of [
    [{ guests: undefined }, 1],
    [{ guests: true }, 0],
    [{ guests: false }, 0],
  ] as const) {
    const test = await startServer(options);
    assert.is(test.log.with('guests are let in').length, times, JSON.stringify(options));
    await test.close();
  }
});

const registered = suite('authenticated users');

registered(
  'an admitted unknown name is created and is no guest',
  withServer({ authenticate }, async (test) => {
    const session = await started(test.client(), 'jane', right);
    assert.is(session.user.isGuest, false);
    assert.is((await userOf(test, 'jane'))?.isGuest, false);
  }),
);

registered(
  'authParams on a server without `authenticate` are denied, and nobody is let in as a guest instead',
  withServer({}, async (test) => {
    await assertDenied(test, test.client().startSession({ username: 'jane', ...right }));
    await assertDenied(test, test.client().startSession({ username: 'jane', authParams: {} }));
    assert.is(await userOf(test, 'jane'), null);
    assert.match(test.log.text(), 'no `authenticate` to judge them');
  }),
);

registered(
  'a wrong credential is denied and makes no user',
  withServer({ authenticate }, async (test) => {
    await assertDenied(test, test.client().startSession({ username: 'jane', authParams: { password: 'wrong' } }));
    assert.is(await userOf(test, 'jane'), null);
  }),
);

registered(
  'what the app says about a user is written, and what it leaves out stays',
  withServer(
    {
      authenticate: ({ authParams }) =>
        ({
          user: authParams.again
            ? { properties: { team: 'blue' } }
            : { displayName: 'Jane Doe', displayPictureUrl: 'https://example.com/j.png' },
        }) as never,
    },
    async (test) => {
      const first = await started(test.client(), 'jane', { authParams: {} });
      assert.is(first.user.displayName, 'Jane Doe');
      await started(test.client(), 'jane', { authParams: { again: true } });
      const user = await userOf(test, 'jane');
      assert.equal(
        [user?.displayName, user?.displayPictureUrl, user?.properties],
        ['Jane Doe', 'https://example.com/j.png', { team: 'blue' }],
      );
    },
  ),
);

registered(
  'the end of the authentication is told in the welcome',
  withServer({ authenticate: () => ({ expiresAt: Date.now() + 60_000 }) }, async (test) => {
    const { welcome } = await startRaw(test.url, 'jane', { authParams: {} });
    assert.ok(Math.abs(welcome.expiresAt - Date.now() - 60_000) < 5_000);
  }),
);

registered(
  "when a guest's name becomes registered, the other guests of that name lose their sessions, for good",
  withServer({ authenticate }, async (test) => {
    const guest = test.client();
    const other = test.client();
    const session = await started(guest, 'jane');
    await started(other, 'bob');
    const ended = new Promise<{ reason: string; error: { code: string } | null }>((resolve) => guest.on('ended', resolve));
    const owner = await started(test.client(), 'jane', right);
    assert.is(owner.user.id, session.user.id, 'the user is the same');
    const { reason, error } = await ended;
    assert.equal([reason, error?.code], ['revoked', 'SessionRevokedError']);
    assert.is(guest.getSnapshot().status, 'ended', 'the client stays away');
    assert.is(other.getSnapshot().status, 'active', 'nobody else is concerned');
    const record = (await found(test.server.sessions.find(session.id))).session;
    assert.equal([record?.state, record?.endReason], ['ENDED', 'revoked']);
    await assertDenied(test, test.client().startSession({ username: 'jane' }));
  }),
);

registered(
  'a guest who was welcomed and has not confirmed yet loses the session too, and can not confirm it into life',
  withServer({ authenticate }, async (test) => {
    const raw = await openRaw(test.url);
    raw.send(['hello', helloFor('jane')]);
    const [, welcome] = (await raw.take('welcome')) as never as [string, { session: string }];
    await started(test.client(), 'jane', right);
    raw.send(['confirm']);
    const { tag, code, closeCode } = await raw.refusal();
    assert.equal([tag, code, closeCode], ['bye', 'SessionRevokedError', 4410]);
    assert.equal(
      test.sessions.map(({ user }) => user.isGuest),
      [false],
      'the app never heard of the guest',
    );
    const record = (await found(test.server.sessions.find(welcome.session))).session;
    assert.equal([record?.state, record?.endReason], ['ENDED', 'revoked']);
  }),
);

registered('a name that is registered while a guest of it is decided on is not given to the guest', async () => {
  const decided: (() => void)[] = [];
  const guestsAllowed = () =>
    new Promise<boolean>((resolve) => {
      decided.push(() => resolve(true));
    });
  await withServer({ guests: guestsAllowed }, async (test) => {
    const start = test.client().startSession({ username: 'jane' });
    await until(() => decided.length === 1, 'it is asked about');
    await found(test.server.users.create({ name: 'jane' }));
    decided[0]?.();
    await assertDenied(test, start);
    assert.match(test.log.text(), 'The name was registered meanwhile');
  })();
});

registered('a guest loses the session also where whoever registered the name is gone by then', async () => {
  const kept = memory();
  let slow = false;
  const store: typeof kept = {
    ...kept,
    admit: (admission) => async () => {
      const admitted = await kept.admit(admission)();
      if (slow) await turns();
      return admitted;
    },
  };
  await withServer({ authenticate, store }, async (test) => {
    const guest = test.client();
    await started(guest, 'jane');
    await test.sessionOf('jane');
    slow = true;
    const owner = await openRaw(test.url, { entries: [helloEntry(helloFor('jane', right))] });
    await until(async () => (await userOf(test, 'jane'))?.isGuest === false, 'the name is registered');
    owner.drop();
    await until(() => guest.getSnapshot().status === 'ended', 'the guest is told');
    assert.is(guest.getSnapshot().endReason, 'revoked');
    assert.equal(test.server.counts, { pending: 0, unconfirmed: 0, active: 0 });
  })();
});

registered(
  "registering a name by create leaves the sessions of that name's guests alone, as no name is taken from anyone",
  withServer({ authenticate }, async (test) => {
    await started(test.client(), 'jane');
    const created = await test.server.users.create({ name: 'jane' });
    assert.is(created.error?.code, 'UserExistsError');
  }),
);

const keys = suite('API keys and this machine');

keys(
  'with keys, a client needs one of them',
  withServer({ apiKeys: ['one', 'two'] }, async (test) => {
    assert.ok((await test.client({ apiKey: 'two' }).startSession({ username: 'jane' })).succeeded);
    assert.is((await test.client({ apiKey: 'three' }).startSession({ username: 'jane' })).error?.code, 'InvalidApiKeyError');
    assert.is((await test.client().startSession({ username: 'jane' })).error?.code, 'InvalidApiKeyError');
  }),
);

keys(
  'without keys, this machine is served whatever the key, and the server says so when it opens',
  withServer({}, async (test) => {
    assert.ok((await test.client({ apiKey: 'any' }).startSession({ username: 'jane' })).succeeded);
    assert.is(test.log.with('no `apiKeys` are set').length, 1);
  }),
);

guests.run();
registered.run();
keys.run();
