/** Whose a session is while its user changes: the guest's token ends with the sign-in, and no verdict reaches who does not know the sign-in's own. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memory } from '../../../adapters/stores/memory.js';
import type { SessionStore } from '../../../machines/ports/store.js';
import type { ServerOptions } from '../../../src/server/index.js';
import { type Fields, newToken, type RawClient, resumeRaw, startRaw, startResumable } from '../../support/raw.js';
import { found, type TestServer, withServer } from '../../support/server.js';
import { turns, until } from '../../support/until.js';

const features = ['resume', 'signIn', 'renewal'];

/** Verdicts that wait until the test gives them. */
const judging = (options: ServerOptions = {}) => {
  const asked: ((admit: boolean) => void)[] = [];
  return {
    asked,
    options: {
      resumeWindowMs: 60_000,
      authenticate: () => new Promise<false | undefined>((resolve) => asked.push((admit) => resolve(admit ? undefined : false))),
      ...options,
    } satisfies ServerOptions,
  };
};

const signInFrame = (token: string, username = 'jane') => ['signin', { username, authParams: { password: 'x' }, token }];

/** A guest that has asked to sign in, and is being judged. */
const asking = async ({ url }: TestServer, asked: readonly unknown[]) => {
  const started = await startResumable(url, 'visitor', { features });
  const signIn = newToken();
  started.raw.send(signInFrame(signIn));
  await until(() => asked.length === 1, 'it is judged');
  return { ...started, signIn, id: started.welcome.session as string };
};

/** What a resume is answered with: the outcome of a welcome, or the code of a refusal. */
const resumed = async (url: string, id: string, tokens: readonly string[], more: Record<string, unknown> = {}) => {
  const raw = await resumeRaw(url, id, tokens, { ...more, features });
  const [tag, fields] = await until(
    () => raw.frames.find((frame): frame is [string, Fields] => frame[0] === 'welcome' || frame[0] === 'deny'),
    'the resume is answered',
  );
  return { raw, answer: tag === 'welcome' ? fields.outcome : fields.code, fields };
};

const nameOf = async ({ server }: TestServer, id: string): Promise<string | undefined> =>
  (await found(server.sessions.find(id))).session?.user.name;
const identityOf = async (raw: RawClient): Promise<Fields> => (await raw.take('identity'))[1];

const token = suite('the token of a session that is signed in');

token(
  "is the sign-in's: with the guest's, which is dead, nobody comes back, and the log says that it was tried",
  (() => {
    const { asked, options } = judging();
    return withServer(options, async (test) => {
      const { raw, token: guest, signIn, id } = await asking(test, asked);
      asked[0]?.(true);
      assert.is((await identityOf(raw)).name, 'jane');
      assert.is((await resumed(test.url, id, [guest])).answer, 'AccessDeniedError');
      assert.is(test.log.with('security').length, 1);
      assert.is((await resumed(test.url, id, [guest, signIn], { positions: { received: 1, last: 1 } })).answer, 'resumed');
    });
  })(),
);

token(
  'stays the guest’s where the sign-in is refused, and that of the sign-in is none',
  (() => {
    const { asked, options } = judging();
    return withServer(options, async (test) => {
      const { raw, token: guest, signIn, id } = await asking(test, asked);
      asked[0]?.(false);
      const [, to, code] = (await raw.take('x')) as [string, number, string];
      assert.equal([to, code], [1, 'AccessDeniedError']);
      assert.is((await resumed(test.url, id, [signIn])).answer, 'AccessDeniedError');
      assert.is((await resumed(test.url, id, [guest], { positions: { received: 1, last: 1 } })).answer, 'resumed');
    });
  })(),
);

token(
  'must be a new one: a sign-in with the token that the session has is a broken rule',
  (() => {
    const { options } = judging();
    return withServer(options, async ({ url }) => {
      const { raw, token: guest } = await startResumable(url, 'visitor', { features });
      raw.send(signInFrame(guest));
      assert.is((await raw.refusal()).code, 'ProtocolError');
    });
  })(),
);

const verdict = suite('the verdict on a sign-in');

verdict(
  'reaches a client that came back meanwhile with the sign-in’s token, whose newest token is good afterwards and no other',
  (() => {
    const { asked, options } = judging();
    return withServer(options, async (test) => {
      const { raw, token: guest, signIn, id } = await asking(test, asked);
      raw.drop();
      const next = newToken();
      const back = await resumed(test.url, id, [guest, signIn], { next, positions: { last: 1 } });
      assert.is(back.answer, 'resumed');
      asked[0]?.(true);
      assert.is((await identityOf(back.raw)).name, 'jane');
      for (const dead of [guest, signIn]) assert.is((await resumed(test.url, id, [dead])).answer, 'AccessDeniedError');
      assert.is((await resumed(test.url, id, [next], { positions: { received: 1, last: 1 } })).answer, 'resumed');
    });
  })(),
);

verdict(
  'is void where somebody came back with the guest’s token alone: the session stays the guest’s, in the store too',
  (() => {
    const { asked, options } = judging();
    return withServer(options, async (test) => {
      const { token: guest, id } = await asking(test, asked);
      const thief = await resumed(test.url, id, [guest], { positions: { last: 1 } });
      assert.is(thief.answer, 'resumed');
      asked[0]?.(true);
      const [, , code] = (await thief.raw.take('x')) as [string, number, string];
      assert.is(code, 'AccessDeniedError');
      assert.is(await nameOf(test, id), 'visitor');
      assert.is((await found(test.server.users.find({ name: 'jane' }))).user, null, 'nobody was registered');
    });
  })(),
);

verdict(
  'that comes when the session is over admits nobody',
  (() => {
    const { asked, options } = judging();
    return withServer(options, async (test) => {
      const { raw, id } = await asking(test, asked);
      raw.send(['bye', { code: 'SessionEndedError', message: '' }]);
      await test.endOf(id);
      asked[0]?.(true);
      await turns();
      assert.is(await nameOf(test, id), 'visitor');
      assert.is((await found(test.server.users.find({ name: 'jane' }))).user, null);
    });
  })(),
);

verdict(
  'that does not come in time is a failure that may pass, and the session goes on as the guest’s',
  withServer(
    { resumeWindowMs: 60_000, authenticateTimeoutMs: 20, authenticate: () => new Promise(() => undefined) },
    async ({ url, sessions }) => {
      const { raw } = await startRaw(url, 'visitor', { features });
      raw.send(signInFrame(newToken()));
      const [, , code] = (await raw.take('x')) as [string, number, string];
      assert.is(code, 'AuthenticationTimeoutError');
      assert.is(sessions[0]?.user.name, 'visitor');
    },
  ),
);

/** A store whose `identify` waits until the test lets it, and answers what the test says. */
const slowStore = () => {
  const inner = memory();
  const waiting: ((fail: boolean) => void)[] = [];
  const store: SessionStore = {
    ...inner,
    identify: (identification) => async () => {
      const fails = await new Promise<boolean>((resolve) => void waiting.push(resolve));
      return inner.identify(fails ? { ...identification, sessionId: 'nobody' } : identification)();
    },
  };
  return { store, waiting };
};

verdict(
  'is being written: from then on the guest’s token is refused; and good again where it could not be written',
  (() => {
    const { store, waiting } = slowStore();
    const { asked, options } = judging({ store });
    return withServer(options, async (test) => {
      const { raw, token: guest, id } = await asking(test, asked);
      asked[0]?.(true);
      await until(() => waiting.length === 1, 'it is written');
      assert.is((await resumed(test.url, id, [guest])).answer, 'AccessDeniedError');
      waiting[0]?.(true);
      const [, , code] = (await raw.take('x')) as [string, number, string];
      assert.is(code, 'SessionUnknownError');
      assert.is((await resumed(test.url, id, [guest], { positions: { received: 1, last: 1 } })).answer, 'resumed');
    });
  })(),
);

verdict(
  'that could not be written takes nothing from a client that came back meanwhile with its token',
  (() => {
    const { store, waiting } = slowStore();
    const { asked, options } = judging({ store });
    return withServer(options, async (test) => {
      const { raw, token: guest, signIn, id } = await asking(test, asked);
      asked[0]?.(true);
      await until(() => waiting.length === 1, 'it is written');
      raw.drop();
      const back = await resumed(test.url, id, [guest, signIn], { next: signIn, positions: { last: 1 } });
      assert.is(back.answer, 'resumed');
      waiting[0]?.(true);
      const [, , code] = (await back.raw.take('x')) as [string, number, string];
      assert.is(code, 'SessionUnknownError');
      assert.is((await resumed(test.url, id, [guest])).answer, 'AccessDeniedError');
      assert.is((await resumed(test.url, id, [signIn], { positions: { received: 1, last: 1 } })).answer, 'resumed');
    });
  })(),
);

verdict(
  'on a renewal that could not be written takes nothing from a client that came back meanwhile with its token',
  (() => {
    const { store, waiting } = slowStore();
    return withServer({ resumeWindowMs: 60_000, store, authenticate: () => true }, async ({ url, log }) => {
      const { raw, token, welcome } = await startResumable(url, 'jane', { features, authParams: {} });
      const id = welcome.session as string;
      const renewal = newToken();
      raw.send(['renewal', { authParams: {}, token: renewal }]);
      await until(() => waiting.length === 1, 'it is written');
      raw.drop();
      assert.is((await resumed(url, id, [token, renewal], { next: renewal })).answer, 'resumed');
      waiting[0]?.(true);
      await until(() => log.with('a renewal was refused').length === 1, 'it could not be');
      assert.is((await resumed(url, id, [token])).answer, 'AccessDeniedError');
      assert.is((await resumed(url, id, [renewal])).answer, 'resumed');
    });
  })(),
);

verdict(
  'on a renewal that could not be written leaves the token as it was where its client is still there',
  (() => {
    const { store, waiting } = slowStore();
    return withServer({ resumeWindowMs: 60_000, store, authenticate: () => true }, async ({ url }) => {
      const { raw, token, welcome } = await startResumable(url, 'jane', { features, authParams: {} });
      raw.send(['renewal', { authParams: {}, token: newToken() }]);
      await until(() => waiting.length === 1, 'it is written');
      waiting[0]?.(true);
      await raw.take('unrenewed');
      assert.is((await resumed(url, welcome.session as string, [token])).answer, 'resumed');
    });
  })(),
);

const rules = suite('a client that breaks the rules of identity');

rules(
  'by a second sign-in before the first one was answered is sent away, and nothing comes of either',
  (() => {
    const { asked, options } = judging();
    return withServer(options, async (test) => {
      const { raw } = await asking(test, asked);
      raw.send(signInFrame(newToken(), 'joe'));
      assert.is((await raw.refusal()).code, 'ProtocolError');
    });
  })(),
);

rules(
  'by a sign-in or a renewal that was not agreed on is sent away',
  withServer({ resumeWindowMs: 60_000 }, async ({ url }) => {
    for (const frame of [signInFrame(newToken()), ['renewal', { authParams: {}, token: newToken() }]]) {
      const { raw } = await startRaw(url, 'visitor');
      raw.send(frame);
      assert.is((await raw.refusal()).code, 'ProtocolError');
    }
  }),
);

rules(
  'by cancels without end while it is judged is held to what can wait',
  (() => {
    const { asked, options } = judging({ limits: { window: { messages: 4, size: 10_000 } } });
    return withServer(options, async (test) => {
      const started: unknown[] = [];
      test.server.on('session', (session) => void session.onRequest('ask', (n) => started.push(n)));
      const { raw } = await asking(test, asked);
      raw.send(['q', 'ask', 60_000, 'taken back'], ['c', 2], ...Array.from({ length: 100 }, (_, index) => ['c', 1_000 + index]));
      raw.send(['q', 'ask', 60_000, 'kept']);
      await turns();
      assert.equal(started, []);
      asked[0]?.(true);
      await until(() => started.length === 1, 'what was not taken back is started');
      assert.equal(started, ['kept']);
    });
  })(),
);

token.run();
verdict.run();
rules.run();
