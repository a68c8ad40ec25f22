import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from '../../../adapters/hosts/seeded.js';
import type { Client } from '../../../src/client/api.js';
import type { StartResult } from '../../../src/client/results.js';
import type { Session } from '../../../src/client/session.js';
import { admits, denies, greetsOnly, inTurn, isSilent, refuses, welcome } from '../../support/scripted-transport.js';
import { causeOf, leftovers, namesOf, nothingLeft, scripted } from './support.js';

const start = suite('a start');

start('answers with the session of the user that the server named', async () => {
  const { kitty } = scripted(admits);
  const result = await kitty.startSession({ username: 'jane' });
  assert.is(result.succeeded, true);
  assert.is(result.failed, false);
  assert.is(result.error, undefined);
  assert.is(result.session?.user.displayName, 'Jane');
  assert.is(result.session?.id, kitty.session?.id);
  assert.is(kitty.getSnapshot().status, 'active');
});

start('is told to listeners with what the event says and no more', async () => {
  const { kitty, wire, host } = scripted(admits);
  const seen: unknown[] = [];
  kitty.on('active', (event) => seen.push(Object.keys(event)));
  kitty.on('gap', (event) => seen.push(Object.keys(event)));
  await kitty.startSession({ username: 'jane' });
  wire.links[0]?.lost('ConnectionLostError');
  await host.advance(1_000);
  assert.equal(seen, [
    ['sessionId', 'user'],
    ['sessionId', 'formerSessionId', 'user', 'unconfirmed'],
  ]);
});

start('answers with the error of a verdict, at once and for good', async () => {
  const world = scripted(denies('AccessDeniedError'));
  const result = await world.kitty.startSession({ username: 'jane' });
  assert.is(result.failed, true);
  assert.is(result.succeeded, false);
  assert.is(result.session, undefined);
  assert.instance(result.error, Error);
  assert.is(result.error?.code, 'AccessDeniedError');
  assert.is(result.error?.retryable, false);
  assert.ok((result.error?.remedy.length ?? 0) > 0);
  assert.equal(leftovers(world), nothingLeft);
  assert.is(world.wire.links.length, 1);
  assert.is(world.kitty.session, null);
});

start('goes on trying where the failure may pass', async () => {
  const world = scripted(inTurn(refuses, refuses, admits));
  const starting = world.kitty.startSession({ username: 'jane' });
  await world.host.advance(5_000);
  assert.is((await starting).succeeded, true);
  assert.is(world.wire.links.length, 3);
});

start('keeps one token through all of its tries, and draws another for the next start', async () => {
  const world = scripted();
  const tokens: (string | undefined)[] = [];
  const starting = world.kitty.startSession({ username: 'jane' });
  for (let tries = 0; tries < 3; tries += 1) {
    const link = await world.wire.link();
    tokens.push((await link.hello())?.token);
    if (tries < 2) link.lost('ConnectionLostError');
    else link.denied('AccessDeniedError');
    await world.host.advance(1_000);
  }
  await starting;
  void world.kitty.startSession({ username: 'jane' });
  tokens.push((await (await world.wire.link()).hello())?.token);
  assert.is(new Set(tokens.slice(0, 3)).size, 1);
  assert.is(new Set(tokens).size, 2);
  assert.match(tokens[0] ?? '', /^[\w-]{43}$/);
  await world.kitty.endSession();
});

start('sends the hello as a frame after a connection that never opened, and in the upgrade request otherwise', async () => {
  const world = scripted(inTurn(refuses, greetsOnly), { helloTimeoutMs: 100 });
  void world.kitty.startSession({ username: 'jane' });
  await world.host.advance(3_000);
  assert.equal(
    world.wire.links.slice(0, 3).map(({ options }) => options.afterFailedOpen),
    [false, true, false],
  );
  await world.kitty.endSession();
});

start('that meets its deadline says so, with what the last try met as its cause', async () => {
  for (const [script, code] of [
    [refuses, 'ConnectionFailedError'],
    [isSilent, 'ConnectTimeoutError'],
    [greetsOnly, 'HelloTimeoutError'],
    [denies('ServerBusyError', { retryAfterMs: 200 }), 'ServerBusyError'],
    [denies('ServerDrainingError'), 'ServerDrainingError'],
  ] as const) {
    const world = scripted(script, { connectTimeoutMs: 300, helloTimeoutMs: 300 });
    const starting = world.kitty.startSession({ username: 'jane', deadlineMs: 2_000 });
    await world.host.advance(1_999);
    assert.is(world.kitty.getSnapshot().error?.code, code);
    await world.host.advance(1);
    const { error } = await starting;
    assert.is(error?.code, 'StartTimeoutError');
    assert.is(causeOf(error)?.code, code);
    assert.equal(leftovers(world), nothingLeft);
    const tries = world.wire.links.length;
    world.host.hint('online');
    await world.host.advance(3_600_000);
    assert.is(world.wire.links.length, tries, 'nothing goes on in the background');
  }
});

start('has the deadline of the client where it names none', async () => {
  const world = scripted(isSilent, { startDeadlineMs: 700 });
  const starting = world.kitty.startSession({ username: 'jane' });
  await world.host.advance(700);
  assert.is((await starting).error?.code, 'StartTimeoutError');
});

start('whose options are there and undefined has the defaults', async () => {
  const world = scripted(inTurn(refuses, admits), {
    startDeadlineMs: undefined,
    giveUpAfterMs: undefined,
    retry: { baseMs: undefined, capMs: undefined, healthyAfterMs: undefined },
  } as object);
  const starting = world.kitty.startSession({ username: 'jane' });
  await world.host.settle();
  const { retryAt } = world.kitty.getSnapshot();
  assert.ok(Number.isInteger(retryAt) && (retryAt ?? 0) <= world.host.clock.wall() + 500, `${retryAt}`);
  await world.host.advance(500);
  assert.is((await starting).succeeded, true);
});

start('is taken back by its signal, before and in the middle', async () => {
  const before = scripted(admits);
  const aborted = await before.kitty.startSession({ username: 'jane', signal: AbortSignal.abort() });
  assert.is(aborted.error?.code, 'StartAbortedError');
  assert.is(before.wire.links.length, 0);
  assert.equal(leftovers(before), nothingLeft);

  for (const script of [isSilent, greetsOnly, refuses]) {
    const during = scripted(script);
    const controller = new AbortController();
    const starting = during.kitty.startSession({ username: 'jane', signal: controller.signal });
    await during.host.settle();
    controller.abort();
    assert.is((await starting).error?.code, 'StartAbortedError');
    assert.equal(leftovers(during), nothingLeft);
    assert.is(during.kitty.getSnapshot().status, 'idle');
  }
});

start('is not touched by its signal once it has settled', async () => {
  const world = scripted(admits);
  const controller = new AbortController();
  await world.kitty.startSession({ username: 'jane', signal: controller.signal });
  controller.abort();
  assert.is(world.kitty.getSnapshot().status, 'active');
});

start('is taken back by endSession(), which answers that there was none', async () => {
  const world = scripted(greetsOnly);
  const starting = world.kitty.startSession({ username: 'jane' });
  await world.host.settle();
  assert.equal(await world.kitty.endSession(), { reason: null, unconfirmed: [] });
  assert.is((await starting).error?.code, 'StartAbortedError');
  assert.equal(leftovers(world), nothingLeft);
});

start('refuses a username and authParams that can not be, without asking anybody', async () => {
  const world = scripted(admits);
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const cases: readonly [object | undefined, string][] = [
    [undefined, 'InvalidUsernameError'],
    [{}, 'InvalidUsernameError'],
    [{ username: '' }, 'InvalidUsernameError'],
    [{ username: 'a\nb' }, 'InvalidUsernameError'],
    [{ username: 'jane', authParams: null }, 'InvalidAuthParamsError'],
    [{ username: 'jane', authParams: 'secret' }, 'InvalidAuthParamsError'],
    [{ username: 'jane', authParams: new Date() }, 'InvalidAuthParamsError'],
    [{ username: 'jane', authParams: cycle }, 'InvalidAuthParamsError'],
    [{ username: 'jane', authParams: { big: 1n } }, 'InvalidAuthParamsError'],
    [{ username: 'jane', authParams: { toJSON: () => 'text' } }, 'InvalidAuthParamsError'],
  ];
  for (const [options, code] of cases) {
    const { error } = await world.kitty.startSession(options as { username: string });
    assert.is(error?.code, code);
    assert.match(error?.message ?? '', / It (is|has|can) [^.]+\. /);
  }
  assert.is(world.wire.links.length, 0);
  assert.equal(leftovers(world), nothingLeft);
});

start('takes the authParams as they were when it was asked for', async () => {
  const world = scripted();
  const authParams = { password: 'first', nested: { when: undefined } };
  const starting = world.kitty.startSession({ username: 'jane', authParams: authParams as object as { password: string } });
  authParams.password = 'second';
  const link = await world.wire.link();
  assert.equal((await link.hello())?.authParams, { password: 'first', nested: {} });
  link.welcomed();
  await starting;
});

start('that meets a transport which throws, or breaks its promises, fails like any other', async () => {
  const thrown = scripted();
  const open = thrown.wire.open;
  let throws = true;
  Object.assign(thrown.wire, {
    open: (...args: Parameters<typeof open>) => {
      if (throws) throw new Error('secret');
      return open(...args);
    },
  });
  const starting = thrown.kitty.startSession({ username: 'jane', deadlineMs: 1_000 });
  await thrown.host.advance(1_000);
  const { error } = await starting;
  assert.is(causeOf(error)?.code, 'ConnectionFailedError');
  assert.not.match(`${error?.message} ${error?.cause}`, 'secret');
  throws = false;
  const again = thrown.kitty.startSession({ username: 'jane' });
  const link = await thrown.wire.link();
  link.opened();
  link.welcomed();
  assert.is((await again).succeeded, true);
});

start('is not disturbed by what a link that was given up still says', async () => {
  const world = scripted();
  const first = world.kitty.startSession({ username: 'jane' });
  const former = await world.wire.link();
  await former.hello();
  await world.kitty.endSession();
  await first;
  const second = world.kitty.startSession({ username: 'joe' });
  const link = await world.wire.link();
  await link.hello();
  former.insists.welcomed(welcome({ sessionId: 'ghost' }), { window: { messages: 1, size: 1 }, messageSizeMax: 1, ackDelayMs: 0 }, null);
  former.insists.lost({ code: 'ConnectionLostError', message: '' });
  former.insists.received([{ kind: 'message', type: 'ghost', payload: 1, size: 1 }]);
  assert.is(world.kitty.session, null);
  link.welcomed({ sessionId: 'real' });
  assert.is((await second).session?.id, 'real');
  former.insists.denied({ code: 'AccessDeniedError', message: '' });
  assert.is(world.kitty.getSnapshot().status, 'active');
});
start.run();

const second = suite('a second start');

/** A client in each state in which there is a session, or is to be one. */
const states: readonly [string, () => Promise<{ kitty: Client; finish(): Promise<unknown> }>][] = [
  [
    'connecting',
    async () => {
      const { kitty } = scripted(isSilent);
      void kitty.startSession({ username: 'jane' });
      return { kitty, finish: () => kitty.endSession() };
    },
  ],
  [
    'authenticating',
    async () => {
      const { kitty, host } = scripted(greetsOnly);
      void kitty.startSession({ username: 'jane' });
      await host.settle();
      return { kitty, finish: () => kitty.endSession() };
    },
  ],
  [
    'active',
    async () => {
      const { kitty } = scripted(admits);
      await kitty.startSession({ username: 'jane' });
      return { kitty, finish: async () => undefined };
    },
  ],
  [
    'lost',
    async () => {
      const { kitty, wire } = scripted(inTurn(admits, isSilent));
      await kitty.startSession({ username: 'jane' });
      wire.links[0]?.lost('ConnectionLostError');
      return { kitty, finish: () => kitty.endSession() };
    },
  ],
  [
    'ending',
    async () => {
      const { kitty, host } = scripted(admits);
      await kitty.startSession({ username: 'jane' });
      const ending = kitty.endSession();
      return { kitty, finish: () => host.advance(5_000).then(() => ending) };
    },
  ],
];
for (const [status, make] of states)
  second(`while ${status} is answered with SessionActiveError at once, before anything else is looked at`, async () => {
    const { kitty, finish } = await make();
    assert.is(kitty.getSnapshot().status, status);
    const order: string[] = [];
    const refused = kitty.startSession({ username: '', authParams: 'nonsense' } as object as { username: string });
    void refused.then(({ error }) => order.push(error?.code ?? 'none'));
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(order, ['SessionActiveError']);
    assert.is(kitty.getSnapshot().status, status);
    await finish();
  });

second('is taken after a start that failed, and after a session that ended', async () => {
  const world = scripted(inTurn(denies('AccessDeniedError'), admits, admits));
  assert.is((await world.kitty.startSession({ username: 'jane' })).failed, true);
  assert.is((await world.kitty.startSession({ username: 'jane' })).succeeded, true);
  const ending = world.kitty.endSession();
  await world.host.advance(5_000);
  await ending;
  assert.is((await world.kitty.startSession({ username: 'jane' })).succeeded, true);
  assert.equal(namesOf(world.kitty), []);
});

second('made by two listeners of one event gives one session and one error', async () => {
  const world = scripted();
  const results: Promise<StartResult<Session>>[] = [];
  for (const username of ['joe', 'mallory']) world.kitty.on('failed', () => results.push(world.kitty.startSession({ username })));
  void world.kitty.startSession({ username: 'jane' });
  const denied = await world.wire.link();
  await denied.hello();
  denied.denied('AccessDeniedError');
  const link = await world.wire.link();
  const credential = await link.hello();
  assert.is(credential?.username, 'joe');
  assert.is(results.length, 2);
  assert.is((await results[1])?.error?.code, 'SessionActiveError');
  link.welcomed();
  assert.is((await results[0])?.succeeded, true);
  assert.is(world.wire.links.length, 2);
});

second('made inside a listener can be taken back there', async () => {
  const world = scripted(denies('AccessDeniedError'));
  const results: Promise<unknown>[] = [];
  const off = world.kitty.on('failed', () => {
    off();
    results.push(world.kitty.startSession({ username: 'joe' }).then(({ error }) => error?.code));
    results.push(world.kitty.endSession().then(({ reason }) => reason));
  });
  await world.kitty.startSession({ username: 'jane' });
  assert.equal(await Promise.all(results), ['StartAbortedError', null]);
  assert.equal(leftovers(world), nothingLeft);
});

second('never crosses identities, in any order of two overlapping starts, ends and what the network does', async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seededRandom(seed);
    const pick = <T>(...from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
    const world = scripted(undefined, {}, seed);
    const { kitty, wire, host } = world;
    const results: { readonly asked: string; readonly result: Promise<StartResult<Session>> }[] = [];
    let asked = 0;
    const begin = (): void => {
      asked += 1;
      const username = `user-${asked}`;
      const mayBeAsync = pick(true, false) ? { authParams: async () => ({ of: username }) } : { authParams: { of: username } };
      results.push({ asked: username, result: kitty.startSession({ username, ...mayBeAsync }) });
    };
    begin();
    for (let step = 0; step < 12; step += 1) {
      const link = wire.links.at(-1);
      await pick<() => unknown>(
        begin,
        begin,
        () => host.settle(),
        () => host.advance(Math.floor(random() * 800)),
        async () => {
          const credential = link?.ended === null ? await link.hello() : null;
          if (credential) {
            assert.equal(credential.authParams, { of: credential.username }, `seed ${seed}`);
            link?.welcomed({ sessionId: `s-${credential.username}`, user: { ...welcome().user, name: credential.username } });
          }
        },
        () => link?.lost('ConnectionLostError'),
        () => link?.denied('AccessDeniedError'),
        () => void kitty.endSession(),
      )();
    }
    void kitty.endSession();
    await host.advance(20_000);
    for (const { asked: username, result } of results) {
      const { session, error } = await result;
      assert.ok((session === undefined) !== (error === undefined));
      // A session that was replaced after a loss keeps its object: its user is who asked for it.
      if (session) assert.is(session.user.name, username, `seed ${seed}`);
    }
    assert.equal(leftovers(world), nothingLeft, `seed ${seed}`);
    assert.is(wire.links.filter(({ ended }) => ended === null).length, 0);
  }
});
second.run();
