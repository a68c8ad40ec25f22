/** A credential that is renewed before the authentication ends (docs/protocol.md, [R61]). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AuthenticateFunction } from '../../../adapters/auth/function.js';
import type { StartOptions } from '../../../src/client/options.js';
import { errorOf } from '../../../src/errors.js';
import type { ServerOptions } from '../../../src/server/index.js';
import { newToken, startRaw } from '../../support/raw.js';
import { found, started, withServer } from '../../support/server.js';
import { type VirtualWorld, withVirtualWorld } from '../../support/virtual.js';

/** How long an authentication holds in these tests, in milliseconds: a credential is asked for when a fifth of it is left. */
const lifetimeMs = 100_000;
const dueAt = 80_000;

type Judge = (n: number, wall: () => number) => ReturnType<AuthenticateFunction>;

/** A jane whose authentication holds for a while, with what is judged of each of her credentials: they are counted. */
const living = (
  judge: Judge,
  run: (
    world: VirtualWorld & {
      readonly kitty: ReturnType<VirtualWorld['client']>['client'];
      readonly sockets: ReturnType<VirtualWorld['client']>['sockets'];
      readonly judged: readonly number[];
    },
  ) => Promise<void>,
  { options = {}, start = {} }: { readonly options?: ServerOptions; readonly start?: Partial<StartOptions> } = {},
) => {
  const judged: number[] = [];
  const given: null[] = [];
  let wall = (): number => 0;
  const authenticate: AuthenticateFunction = ({ authParams }) => {
    judged.push(authParams.n as number);
    return judge(judged.length, () => wall());
  };
  return withVirtualWorld({ resumeWindowMs: 60_000, authenticate, ...options }, async (world) => {
    wall = () => world.host.clock.wall();
    const { client: kitty, sockets } = world.client();
    const starting = kitty.startSession({ username: 'jane', authParams: async () => ({ n: given.push(null) }), ...start });
    await world.host.settle();
    assert.ok((await starting).succeeded);
    await run({ ...world, kitty, sockets, judged });
  });
};
const admits: Judge = (_, wall) => ({ expiresAt: wall() + lifetimeMs });

/** An app that gives its credential once, and never answers again. */
const onlyOnce = (): StartOptions['authParams'] => {
  let isFirst = true;
  return () => {
    const given = isFirst ? Promise.resolve({ n: 1 }) : new Promise<never>(() => undefined);
    isFirst = false;
    return given;
  };
};

const renewal = suite('a renewal');

renewal(
  "is asked for when a fifth of the time is left, with a credential that the app's function gives anew, and the session goes on",
  living(admits, async ({ host, kitty, judged, ended, server }) => {
    const heard: unknown[] = [];
    kitty.on('identity', (event) => void heard.push(event));
    await host.advance(dueAt - 2_000);
    assert.equal(judged, [1]);
    await host.advance(4_000);
    assert.equal(judged, [1, 2]);
    await host.advance(4 * dueAt);
    assert.equal([judged, kitty.getSnapshot().status, ended], [[1, 2, 3, 4, 5, 6], 'active', []]);
    assert.equal([server.counts.active, heard], [1, []], 'the same session, and the same user');
  }),
);

renewal(
  'takes the authParams of the start again where they are an object',
  living(
    admits,
    async ({ host, judged }) => {
      await host.advance(dueAt + 2_000);
      assert.equal(judged, [7, 7]);
    },
    { start: { authParams: { n: 7 } } },
  ),
);

renewal(
  'is asked for no earlier than `renewBeforeMs` before the end',
  living(
    admits,
    async ({ host, judged }) => {
      await host.advance(lifetimeMs - 7_000);
      assert.equal(judged, [1]);
      await host.advance(4_000);
      assert.equal(judged, [1, 2]);
    },
    { options: { renewBeforeMs: 5_000 } },
  ),
);

renewal(
  'brings what the authenticator now says of the user to both sides',
  living(
    (n, wall) => ({ user: { displayName: `Jane ${n}` }, expiresAt: wall() + lifetimeMs }),
    async ({ host, kitty, server }) => {
      await host.advance(dueAt + 2_000);
      assert.is(kitty.session?.user.displayName, 'Jane 2');
      assert.is(kitty.getSnapshot().user, kitty.session?.user);
      assert.is((await found(server.users.find({ name: 'jane' }))).user?.displayName, 'Jane 2');
    },
  ),
);

renewal(
  'that is denied ends the session as denied, and the client stays away',
  living(
    (n, wall) => (n === 1 ? { expiresAt: wall() + lifetimeMs } : false),
    async ({ host, kitty, ended }) => {
      await host.advance(dueAt + 2_000);
      assert.equal([kitty.getSnapshot().status, kitty.getSnapshot().endReason], ['ended', 'denied']);
      assert.equal(ended, [{ user: 'jane', reason: 'denied' }]);
      await host.advance(lifetimeMs);
      assert.is(kitty.getSnapshot().status, 'ended');
    },
  ),
);

renewal(
  'that nobody could judge is asked for again, a few times until the end',
  living(
    (n, wall) => (n === 2 || n === 3 ? new Promise(() => undefined) : { expiresAt: wall() + lifetimeMs }),
    async ({ host, kitty, judged }) => {
      await host.advance(dueAt + 18_000);
      assert.equal([judged, kitty.getSnapshot().status], [[1, 2, 3, 4], 'active']);
      await host.advance(lifetimeMs / 2);
      assert.is(kitty.getSnapshot().status, 'active');
    },
    { options: { authenticateTimeoutMs: 1_000 } },
  ),
);

renewal(
  'that does not come ends the session when the authentication does',
  living(
    admits,
    async ({ host, kitty, judged }) => {
      await host.advance(lifetimeMs - 2_000);
      assert.is(kitty.getSnapshot().status, 'active');
      await host.advance(4_000);
      assert.equal([judged, kitty.getSnapshot().status, kitty.getSnapshot().endReason], [[1], 'ended', 'denied']);
    },
    { start: { authParams: onlyOnce() } },
  ),
);

renewal(
  'whose link is lost with it is asked for anew on the next one',
  living(
    (n, wall) => (n === 2 ? new Promise(() => undefined) : { expiresAt: wall() + lifetimeMs }),
    async ({ host, kitty, sockets, judged }) => {
      await host.advance(dueAt + 2_000);
      assert.equal(judged, [1, 2]);
      sockets.cut();
      await host.advance(3_000);
      assert.equal([judged, kitty.getSnapshot().status], [[1, 2, 3], 'active']);
      // All tokens of the way are in order: it comes back once more.
      sockets.cut();
      await host.advance(3_000);
      assert.is(kitty.getSnapshot().status, 'active');
    },
  ),
);

const unasked = suite('session.renew()');

unasked(
  'renews at once: one round for all who ask at the same time',
  living(admits, async ({ host, kitty, judged }) => {
    const results = Promise.all([kitty.session?.renew(), kitty.session?.renew()]);
    await host.settle();
    for (const result of await results) assert.is(result?.user?.name, 'jane');
    assert.equal(judged, [1, 2]);
    await host.advance(dueAt - 2_000);
    assert.is(judged.length, 2, 'the time begins anew');
  }),
);

unasked(
  'is a failure that may pass where nobody could judge it, where the function fails, and where the link is lost',
  living(
    (n, wall) => (n === 1 ? { expiresAt: wall() + lifetimeMs } : new Promise(() => undefined)),
    async ({ host, kitty, sockets }) => {
      const codes: unknown[] = [];
      const renew = async (): Promise<void> => {
        void kitty.session?.renew().then(({ error }) => codes.push([error?.code, error?.retryable]));
        await host.settle();
      };
      await renew();
      await host.advance(2_000);
      await renew();
      sockets.cut();
      await renew();
      await host.advance(3_000);
      assert.equal(codes, [
        ['AuthenticationTimeoutError', true],
        ['ConnectionLostError', true],
        ['ConnectionLostError', true],
      ]);
      assert.is(kitty.getSnapshot().status, 'active');
    },
    { options: { authenticateTimeoutMs: 1_000 } },
  ),
);

unasked(
  'is refused for a guest, who has nothing to renew, and once the session is over',
  withServer({}, async ({ client }) => {
    const kitty = client();
    const session = await started(kitty, 'visitor');
    assert.is((await session.renew()).error?.code, 'InvalidAuthParamsError');
    await kitty.endSession();
    assert.is((await session.renew()).error?.code, 'NoActiveSessionError');
    assert.is((await session.signIn({ username: 'jane', authParams: {} })).error?.code, 'NoActiveSessionError');
  }),
);

unasked(
  'of a guest by another client ends the session as denied',
  withServer({ authenticate: () => undefined }, async ({ url, endOf }) => {
    const { raw, welcome } = await startRaw(url, 'visitor', { features: ['renewal'] });
    raw.send(['renewal', { authParams: {}, token: newToken() }]);
    assert.is((await raw.refusal()).code, 'AccessDeniedError');
    assert.is((await endOf(welcome.session)).reason, 'denied');
  }),
);

const order = suite('a sign-in and a renewal');

order(
  'go one after the other, whichever came first, and each session comes back with its newest token',
  living(admits, async ({ host, kitty, sockets, judged }) => {
    const renewing = kitty.session?.renew();
    const signing = kitty.session?.signIn({ username: 'joe', authParams: { n: 70 } });
    const again = kitty.session?.renew();
    await host.advance(10);
    assert.equal([(await renewing)?.user?.name, (await signing)?.user?.name], ['jane', 'joe']);
    assert.is((await again)?.succeeded, true);
    assert.equal(judged, [1, 2, 70]);
    const last = kitty.session?.renew();
    await host.advance(10);
    assert.is((await last)?.user?.name, 'joe');
    assert.equal(judged, [1, 2, 70, 70], 'with the credential of who signed in');
    sockets.cut();
    await host.advance(3_000);
    assert.equal([kitty.getSnapshot().status, kitty.getSnapshot().user?.name], ['active', 'joe']);
  }),
);

order(
  'ask for options that can be used',
  living(admits, async ({ kitty }) => {
    const session = kitty.session;
    const codeOf = async (options: unknown): Promise<unknown> => (await session?.signIn(options as never))?.error?.code;
    assert.is(await codeOf({ username: '', authParams: {} }), 'InvalidUsernameError');
    assert.is(await codeOf({ username: 'joe' }), 'InvalidAuthParamsError');
    assert.is(await codeOf({ username: 'joe', authParams: () => 1 }), 'InvalidAuthParamsError');
    const fails = (): never => {
      throw errorOf('ServerError', 'a secret');
    };
    assert.is(await codeOf({ username: 'joe', authParams: fails }), 'AuthParamsUnavailableError');
    const trap = Object.defineProperty({ authParams: {} }, 'username', { get: fails });
    assert.is(await codeOf(trap), 'InvalidOptionError');
  }),
);

renewal.run();
unasked.run();
order.run();
