/** What dies with a process or a page of the test kit. */
import * as E from 'fp-ts/lib/Either.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostContract } from '../../../adapters/contracts/host.js';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { memory } from '../../../adapters/stores/memory.js';
import type { SessionStore } from '../../../machines/ports/store.js';
import { mortal } from '../../../src/testing/mortal.js';
import { mortalStore } from '../../../src/testing/mortal-store.js';

const host = suite('the host of one of several processes');

hostContract(host, () => {
  const world = virtualHost({ seed: 1 });
  return { host: mortal(world).host, advance: world.advance };
});

host('begins nothing more once it is dead', async () => {
  const world = virtualHost({ seed: 1 });
  const one = mortal(world);
  const ran: string[] = [];
  one.host.clock.setTimeout(() => ran.push('timer'), 10);
  one.host.clock.macrotask(() => ran.push('macrotask'));
  one.host.onHint(() => ran.push('hint'));
  one.die();
  one.hint('online');
  assert.is(
    one.host.clock.setTimeout(() => ran.push('late'), 0),
    undefined,
  );
  await one.death;
  await world.advance(1_000);
  assert.equal([ran, world.pendingTimers], [[], 0]);
});

host(
  'has late timers while it is hidden, later ones after five minutes of it, and those at once that are due when it is shown',
  async () => {
    const world = virtualHost({ seed: 1 });
    const page = mortal(world);
    const fired: number[] = [];
    const start = (delayMs: number) => page.host.clock.setTimeout(() => fired.push(world.clock.now()), delayMs);
    await world.advance(300);
    page.hide();
    start(100);
    const stopped = start(150);
    await world.advance(200);
    page.host.clock.clearTimeout(stopped);
    await world.advance(500);
    assert.equal(fired, [1_000]);
    await world.advance(300_000);
    start(10);
    await world.advance(58_000);
    assert.is(fired.length, 1);
    page.show();
    await world.advance(1);
    assert.equal(fired, [1_000, 359_001]);
  },
);

host('has a date of its own where it is wrong', () => {
  const world = virtualHost({ seed: 1 });
  const one = mortal(world);
  one.skew(-5);
  assert.is(one.host.clock.wall(), world.clock.wall() - 5);
});

host.run();

const store = suite('the store as a process sees it');

const rig = () => {
  const world = virtualHost({ seed: 1 });
  const life = mortal(world);
  const done: string[] = [];
  const conditions = { isFailing: false, latencyMs: 0 };
  const inner: SessionStore = {
    ...memory(),
    findUser: () => async () => {
      done.push('findUser');
      return E.right(null);
    },
  };
  const writes = { given: () => () => undefined, begins: () => undefined, done: () => undefined };
  return { world, life, done, conditions, store: mortalStore(inner, life, conditions, writes) };
};

store('is not asked by the dead, and does not answer them', async () => {
  const { world, life, done, conditions, store: seen } = rig();
  const heard: string[] = [];
  void seen
    .findUser({ id: 1 })()
    .then(() => heard.push('answer'));
  life.die();
  await world.settle();
  assert.equal([done, heard], [['findUser'], []]);
  void seen.findUser({ id: 1 })();
  conditions.latencyMs = 10;
  void seen.findUser({ id: 1 })();
  await world.advance(100);
  assert.equal([done, heard], [['findUser'], []]);
});

store('answers with a failure where it is told to, and does nothing', async () => {
  const { done, conditions, store: seen } = rig();
  conditions.isFailing = true;
  const answer = await seen.findUser({ id: 1 })();
  assert.is(E.isLeft(answer) && answer.left.kind, 'unavailable');
  assert.equal(done, []);
});

store.run();
