/** What an app's `authenticate` may do to the server: nothing. Each way of it not saying yes is a denial in bounded time, whose reason stays in the log. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memory } from '../../../adapters/stores/memory.js';
import type { Authenticator } from '../../../machines/ports/authenticator.js';
import type { AuthenticateFunction } from '../../../src/server/index.js';
import { helloEntry, helloFor, newToken, openRaw } from '../../support/raw.js';
import { withServer } from '../../support/server.js';
import { turns, until } from '../../support/until.js';

/** What a client gives, and what a careless app quotes in its errors. */
const secret = 'hunter2-very-secret';
/** What the app knows and its clients must not. */
const inner = 'row 4711 of accounts is locked';
const token = newToken();
const apiKey = 'key-that-is-nobodys-business';
const timeoutMs = 60;

interface Way {
  readonly code: 'AccessDeniedError' | 'AuthenticationTimeoutError' | 'AuthenticationUnavailableError';
  readonly closeCode: number;
  /** What the log says of it. */
  readonly logged: RegExp;
  readonly authenticate: AuthenticateFunction | Authenticator;
}

const denied = (authenticate: AuthenticateFunction, logged: RegExp): Way => ({
  code: 'AccessDeniedError',
  closeCode: 4403,
  logged,
  authenticate,
});
const late = (authenticate: AuthenticateFunction): Way => ({
  code: 'AuthenticationTimeoutError',
  closeCode: 4408,
  logged: /No verdict came within 60 ms/,
  authenticate,
});
const broken = (authenticate: () => unknown, logged: RegExp): Way => ({
  code: 'AuthenticationUnavailableError',
  closeCode: 4424,
  logged,
  authenticate: { name: 'own', authenticate: authenticate as Authenticator['authenticate'] },
});

const ways: Readonly<Record<string, Way>> = {
  'throws an error': denied(({ authParams }) => {
    throw new Error(`${inner}, password ${authParams.password}`);
  }, /row 4711.*\[redacted\]/),
  'throws a string': denied(({ authParams }) => {
    throw `${inner} ${authParams.password}`;
  }, /row 4711/),
  'throws nothing': denied(() => {
    throw undefined;
  }, /threw undefined/),
  rejects: denied(async ({ authParams }) => {
    throw new Error(`${inner}, password ${authParams.password}`);
  }, /row 4711.*\[redacted\]/),
  'gives back false': denied(() => false, /gave back false/),
  'resolves to false': denied(async () => false, /gave back false/),
  'gives back null': denied(() => null, /gave back null/),
  'gives back a number': denied(() => 1, /the number 1/),
  'gives back a string': denied(({ authParams }) => String(authParams.password), /a string of \d+ characters/),
  'gives back an array': denied(() => [], /an array of 0/),
  'gives back an object that says no in its own words': denied(
    ({ authParams }) => ({ error: authParams.password }),
    /an object with error/,
  ),
  'gives back a user that is not there': denied(() => ({ user: undefined }), /user is undefined/),
  'gives back a user of the wrong shape': denied(() => ({ user: { displayName: 7 } }), /displayName is the number 7/),
  'gives back an end in the past': denied(() => ({ expiresAt: 1 }), /expired/),
  'gives back an end that is no number': denied(() => ({ expiresAt: 'tomorrow' }), /expiresAt is a string/),
  'gives back a class instance': denied(() => new Map(), /an instance of Map/),
  'gives back an object whose getter throws': denied(
    () => ({
      get user() {
        throw new Error(inner);
      },
    }),
    /row 4711/,
  ),
  'never settles': late(() => new Promise(() => undefined)),
  'settles too late': late(({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(true)))),
  // biome-ignore lint/suspicious/noThenProperty: it is what the test is about.
  'gives back a thenable that never calls back': late(() => ({ then: () => undefined })),
  'is an object whose method throws': broken(() => {
    throw new Error(`${inner} ${secret}`);
  }, /row 4711.*\[redacted\]/),
  'is an object whose method rejects': broken(() => Promise.reject(new Error(`${inner} ${secret}`)), /row 4711.*\[redacted\]/),
  'is an object whose method answers nonsense': broken(async () => undefined, /itself failed/),
  'is an object that says yes to nothing': broken(async () => ({ _tag: 'Right' }), /itself failed/),
};

const test = suite('an `authenticate` that does not say yes');

for (const [what, { code, closeCode, logged, authenticate }] of Object.entries(ways))
  test(
    `one that ${what}: ${code}, and why stays in the log`,
    withServer({ apiKeys: [apiKey], authenticate, authenticateTimeoutMs: timeoutMs }, async ({ url, log, server, store }) => {
      const hello = helloFor('jane', { authParams: { password: secret }, token, key: apiKey });
      const began = performance.now();
      const raw = await openRaw(url, {
        entries: [helloEntry(hello)],
        headers: { cookie: 'sid=cookie-secret', authorization: 'Bearer bearer-secret' },
      });
      const refusal = await raw.refusal();
      assert.equal([refusal.tag, refusal.code, refusal.closeCode], ['deny', code, closeCode]);
      assert.ok(performance.now() - began < timeoutMs + 2_000, 'in bounded time');
      for (const hidden of [inner, secret, token, apiKey, 'gave back', 'threw'])
        assert.not.ok(raw.text.includes(hidden), `the client is told ${hidden}`);
      assert.match(log.text(), logged);
      for (const hidden of [secret, token, apiKey, 'cookie-secret', 'bearer-secret', helloEntry(hello)])
        assert.not.ok(log.text().includes(hidden), `the log has ${hidden}`);
      const page = await store.listSessions({ page: 0, size: 10 })();
      assert.is(page._tag === 'Right' ? page.right.total : -1, 0, 'no session is left');
      await until(() => server.counts.pending === 0, 'nobody waits any more');
      assert.equal(server.counts, { pending: 0, unconfirmed: 0, active: 0 });
    }),
  );

test(
  'what the public client gets of it is the code, and nothing of the reason',
  withServer(
    {
      authenticate: ({ authParams }) => {
        throw new Error(`${inner}, password ${authParams.password}`);
      },
    },
    async ({ client }) => {
      const { error } = await client().startSession({ username: 'jane', authParams: { password: secret } });
      assert.is(error?.code, 'AccessDeniedError');
      const shown = JSON.stringify([error, error?.message, error?.stack, error?.cause, String(error)]);
      for (const hidden of [inner, secret]) assert.not.ok(shown.includes(hidden));
    },
  ),
);

const abandoned = suite('an attempt that nobody waits for');

abandoned('the signal is aborted when the client goes, and what is admitted then leaves no session', async () => {
  let admit: (verdict: boolean) => void = () => undefined;
  let aborted = false;
  const authenticate: AuthenticateFunction = ({ signal }) => {
    signal.addEventListener('abort', () => {
      aborted = true;
    });
    return new Promise((resolve) => {
      admit = resolve;
    });
  };
  await withServer({ authenticate, authenticateTimeoutMs: 60_000 }, async ({ url, server, store }) => {
    const raw = await openRaw(url, { entries: [helloEntry(helloFor('jane', { authParams: {} }))] });
    await until(() => server.counts.pending === 1, 'it is asked about');
    raw.drop();
    await until(() => aborted, 'the signal is aborted');
    admit(true);
    await until(() => server.counts.pending === 0, 'it is forgotten');
    const users = await store.listUsers({ page: 0, size: 10 })();
    assert.is(users._tag === 'Right' ? users.right.total : -1, 0, 'nor a user');
  })();
});

abandoned('an object that admits although its signal is aborted admits nobody: the store is not even asked', async () => {
  let admit: () => void = () => undefined;
  const authenticator: Authenticator = {
    name: 'stubborn',
    authenticate: () =>
      new Promise((resolve) => {
        admit = () => resolve({ _tag: 'Right', right: {} });
      }),
  };
  const kept = memory();
  let admissions = 0;
  const store: typeof kept = {
    ...kept,
    admit: (admission) => {
      admissions += 1;
      return kept.admit(admission);
    },
  };
  await withServer({ authenticate: authenticator, store }, async ({ url, server }) => {
    const raw = await openRaw(url, { entries: [helloEntry(helloFor('jane', { authParams: {} }))] });
    await until(() => server.counts.pending === 1, 'it is asked about');
    raw.drop();
    await until(() => server.counts.pending === 0, 'the connection is over');
    admit();
    await turns();
    assert.is(admissions, 0);
    assert.equal(server.counts, { pending: 0, unconfirmed: 0, active: 0 });
  })();
});

abandoned('whoever goes while their name is being looked up is not admitted: the store is not asked to', async () => {
  const kept = memory();
  const asked: (() => void)[] = [];
  let admissions = 0;
  const store: typeof kept = {
    ...kept,
    findUser: (by) => async () => {
      await new Promise<void>((resolve) => void asked.push(resolve));
      return kept.findUser(by)();
    },
    admit: (admission) => {
      admissions += 1;
      return kept.admit(admission);
    },
  };
  await withServer({ store }, async ({ url, server }) => {
    const raw = await openRaw(url, { entries: [helloEntry(helloFor('jane'))] });
    await until(() => asked.length === 1, 'their name is looked up');
    raw.drop();
    await until(() => server.counts.pending === 0, 'the connection is over');
    asked[0]?.();
    await turns();
    assert.is(admissions, 0);
  })();
});

abandoned('a session that is being written when its client goes is taken back once it is', async () => {
  const kept = memory();
  const asked: (() => void)[] = [];
  const store: typeof kept = {
    ...kept,
    admit: (admission) => async () => {
      await new Promise<void>((resolve) => void asked.push(resolve));
      return kept.admit(admission)();
    },
  };
  await withServer({ store }, async ({ url, server }) => {
    const raw = await openRaw(url, { entries: [helloEntry(helloFor('jane'))] });
    await until(() => asked.length === 1, 'it is being written');
    raw.drop();
    await until(() => server.counts.pending === 0, 'the connection is over');
    asked[0]?.();
    const left = async () => {
      const page = await store.listUsers({ page: 0, size: 10 })();
      return page._tag === 'Right' && page.right.total === 0 && server.counts.unconfirmed === 0;
    };
    await turns();
    await until(left, 'neither session nor user is left');
  })();
});

test.run();
abandoned.run();
