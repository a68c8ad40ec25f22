import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StartOptions } from '../../../src/client/options.js';
import { admits, greetsOnly, inTurn, isSilent } from '../../support/scripted-transport.js';
import { deferred, leftovers, nothingLeft, scripted } from './support.js';

type AuthParams = Exclude<StartOptions['authParams'], undefined>;

const credentials = suite('authParams');

credentials("are absent from a guest's start", async () => {
  const { kitty, wire } = scripted();
  void kitty.startSession({ username: 'jane' });
  assert.not.ok('authParams' in ((await (await wire.link()).hello()) ?? {}));
});

credentials('may come from a function, at once or later', async () => {
  for (const authParams of [() => ({ pin: 1 }), async () => ({ pin: 1 })]) {
    const { kitty, wire } = scripted();
    const starting = kitty.startSession({ username: 'jane', authParams });
    const link = await wire.link();
    assert.equal((await link.hello())?.authParams, { pin: 1 });
    link.welcomed();
    assert.is((await starting).succeeded, true);
  }
});

credentials('of a function that throws or rejects fail the start, without a word of what was thrown', async () => {
  const thrown: readonly AuthParams[] = [
    () => {
      throw new Error('pa55word');
    },
    () => Promise.reject(new Error('pa55word')),
    () => Promise.reject('pa55word'),
    () => Promise.reject(undefined),
  ];
  for (const authParams of thrown) {
    const world = scripted(admits);
    const { error } = await world.kitty.startSession({ username: 'jane', authParams });
    assert.is(error?.code, 'AuthParamsUnavailableError');
    assert.is(error?.retryable, true);
    assert.match(error?.message ?? '', 'It threw or rejected.');
    assert.is(error?.cause, undefined);
    assert.not.match(error?.remedy ?? '', 'cause');
    assert.not.match(`${error} ${error?.stack} ${error?.cause}`, 'pa55word');
    assert.equal(leftovers(world), nothingLeft);
  }
});

credentials('of a function that gives no object fail the start: nothing is no guest', async () => {
  for (const given of [undefined, null, 'text', 7, ['list'], new Map(), { big: 1n }, () => ({})]) {
    const world = scripted(admits);
    const { error } = await world.kitty.startSession({ username: 'jane', authParams: (() => given) as unknown as AuthParams });
    assert.is(error?.code, 'InvalidAuthParamsError', String(given));
    assert.equal(leftovers(world), nothingLeft);
  }
});

credentials('that never come do not hold a start past its deadline, and whoever is asked is told', async () => {
  const world = scripted(admits);
  let asked: AbortSignal | undefined;
  const starting = world.kitty.startSession({
    username: 'jane',
    deadlineMs: 1_000,
    authParams: ({ signal }) => {
      asked = signal;
      return new Promise(() => undefined);
    },
  });
  await world.host.advance(999);
  assert.is(asked?.aborted, false);
  await world.host.advance(1);
  assert.is((await starting).error?.code, 'StartTimeoutError');
  assert.is(asked?.aborted, true);
  assert.equal(leftovers(world), nothingLeft);
});

credentials('that come after the start was taken back go nowhere', async () => {
  const world = scripted(admits);
  const { promise, resolve } = deferred<{ pin: number }>();
  const starting = world.kitty.startSession({ username: 'jane', authParams: () => promise });
  await world.host.settle();
  await world.kitty.endSession();
  resolve({ pin: 1 });
  await world.host.settle();
  assert.is((await starting).error?.code, 'StartAbortedError');
  assert.is(world.kitty.getSnapshot().status, 'idle');
  assert.equal(leftovers(world), nothingLeft);
});

credentials(
  "are asked for anew for each try of a start, and for each session that takes a lost one's place, never for a resume",
  async () => {
    let count = 0;
    const { kitty, wire, host } = scripted(undefined, { helloTimeoutMs: 100 });
    const starting = kitty.startSession({
      username: 'jane',
      authParams: async () => {
        count += 1;
        return { count };
      },
    });
    const first = await wire.link();
    assert.equal((await first.hello())?.authParams, { count: 1 });
    first.lost('ConnectionLostError');
    await host.advance(1_000);
    const second = await wire.link();
    assert.equal((await second.hello())?.authParams, { count: 2 });
    second.welcomed();
    await starting;
    second.lost('ConnectionLostError');
    await host.advance(1_000);
    const third = await wire.link();
    assert.is(await third.hello(), null);
    assert.is(count, 2);
    const again = await third.gone();
    assert.equal(again?.authParams, { count: 3 });
    third.welcomed({ sessionId: 'second' });
    assert.is(kitty.getSnapshot().status, 'active');
  },
);

credentials('that never come while a session is lost cost a try, and not the session for good', async () => {
  let hangs = true;
  const world = scripted(admits, { helloTimeoutMs: 100 });
  await world.kitty.startSession({
    username: 'jane',
    authParams: () => (hangs && world.wire.links.length > 1 ? new Promise(() => undefined) : {}),
  });
  world.wire.links[0]?.lost('ConnectionLostError');
  await world.host.advance(700);
  assert.is(world.kitty.getSnapshot().status, 'lost');
  assert.is(world.kitty.getSnapshot().error?.code, 'AuthParamsUnavailableError');
  hangs = false;
  await world.host.advance(5_000);
  assert.is(world.kitty.getSnapshot().status, 'active');
});

credentials('of a resume are the same until it is answered, so that there are never more than two tokens', async () => {
  const world = scripted(inTurn(admits, isSilent), { retry: { baseMs: 10, capMs: 10 } });
  await world.kitty.startSession({ username: 'jane' });
  const offers = [];
  for (let loss = 0; loss < 4; loss += 1) {
    world.wire.links.at(-1)?.lost('ConnectionLostError');
    await world.host.advance(20);
    const resume = world.wire.links.at(-1)?.openings.resume;
    offers.push({ tokens: resume?.tokens, next: resume?.nextToken });
  }
  const [{ tokens: first, next } = {}] = offers;
  assert.is(first?.length, 1);
  assert.equal(offers.slice(1), Array(3).fill({ tokens: [first?.[0], next], next }));
  // Given up with nobody knowing which is current: both are named.
  await world.kitty.endSession();
  void world.kitty.startSession({ username: 'jane' });
  await world.host.settle();
  assert.equal(world.wire.links.at(-1)?.openings.abandoned?.tokens, [first?.[0], next]);
  await world.kitty.endSession();
});

credentials('and the token do not outlive what they are for', async () => {
  // A session that was given up while lost is named to the server with the next hello; one that both sides ended is not.
  const world = scripted(inTurn(admits, greetsOnly));
  await world.kitty.startSession({ username: 'jane', authParams: { pin: 1 } });
  world.wire.links[0]?.lost('ConnectionLostError');
  await world.kitty.endSession();
  const former = world.wire.links[0]?.openings;
  assert.not.ok('authParams' in ((await former?.start(new AbortController().signal)) ?? {}), 'nothing is kept for a link that is over');
  void world.kitty.startSession({ username: 'joe' });
  await world.host.settle();
  const openings = world.wire.links.at(-1)?.openings;
  assert.is(openings?.resume, null);
  assert.is(openings?.abandoned?.sessionId, 'session-first');
  assert.match(openings?.abandoned?.tokens.join() ?? '', /^[\w-]{43}$/);
  assert.not.ok('authParams' in ((await openings?.start(new AbortController().signal)) ?? {}));
  world.wire.links.at(-1)?.welcomed({ sessionId: 'next' });
  world.wire.links.at(-1)?.lost('ConnectionLostError');
  await world.host.advance(1_000);
  assert.is(world.wire.links.at(-1)?.openings.resume?.sessionId, 'next');
  assert.is(world.wire.links.at(-1)?.openings.abandoned, null, 'the server has heard of it');
  await world.kitty.endSession();
});

credentials.run();
