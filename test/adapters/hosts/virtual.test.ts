import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createActor, createMachine } from 'xstate';
import { hostContract } from '../../../adapters/contracts/host.js';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { xstateClock } from '../../../adapters/hosts/xstate-clock.js';

const virtual = suite('virtual host');

hostContract(virtual, () => {
  const host = virtualHost({ seed: 1 });
  return { host, advance: host.advance, hint: host.hint, listeners: () => host.hintListeners };
});

const machineWithChain = createMachine({
  initial: 'a',
  states: { a: { after: { 100: 'b' } }, b: { after: { 100: 'c' } }, c: { after: { 100: 'd' } }, d: {} },
});

virtual('time stands still unless it is told to pass, and then stops where it was told to', async () => {
  const { clock, advance } = virtualHost({ seed: 1, wallMs: 5000 });
  await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal([clock.now(), clock.wall()], [0, 5000]);
  await advance(1500);
  assert.equal([clock.now(), clock.wall()], [1500, 6500]);
});

virtual('each timer fires at its own moment, also one that a promise or a macrotask of an earlier one started', async () => {
  const { clock, advance } = virtualHost({ seed: 1 });
  const firedAt: number[] = [];
  const note = () => firedAt.push(clock.now());
  clock.setTimeout(async () => {
    note();
    await Promise.resolve();
    clock.setTimeout(() => {
      note();
      clock.macrotask(() => clock.setTimeout(note, 100));
    }, 100);
  }, 100);
  await advance(1000);
  assert.equal(firedAt, [100, 200, 300]);
  assert.is(clock.now(), 1000);
});

virtual('a chain of delayed transitions takes as long as its delays', async () => {
  const host = virtualHost({ seed: 1 });
  const actor = createActor(machineWithChain, { clock: xstateClock(host.clock) });
  const seen: [string, number][] = [];
  actor.subscribe(({ value }) => seen.push([String(value), host.clock.now()]));
  actor.start();
  await host.advance(250);
  assert.equal(seen, [
    ['a', 0],
    ['b', 100],
    ['c', 200],
  ]);
  assert.is(host.pendingTimers, 1);
  actor.stop();
  assert.is(host.pendingTimers, 0);
});

virtual('a machine that slept finds its timers late, in the order in which they were due', async () => {
  const host = virtualHost({ seed: 1 });
  const fired: [string, number][] = [];
  host.clock.setTimeout(() => fired.push(['second', host.clock.now()]), 200);
  host.clock.setTimeout(() => fired.push(['first', host.clock.now()]), 100);
  host.sleep(60_000);
  assert.equal(fired, []);
  await host.advance(0);
  assert.equal(fired, [
    ['first', 60_000],
    ['second', 60_000],
  ]);
});

virtual('a step of the date leaves the monotonic clock and the timers alone', async () => {
  const host = virtualHost({ seed: 1, wallMs: 1_000_000 });
  const firedAt: number[] = [];
  host.clock.setTimeout(() => firedAt.push(host.clock.now()), 100);
  host.stepWall(-500_000);
  assert.equal([host.clock.now(), host.clock.wall()], [0, 500_000]);
  await host.advance(100);
  assert.equal(firedAt, [100]);
});

virtual('the same seed draws the same numbers and bytes, another seed others', () => {
  const draws = (seed: number) => {
    const { random, randomBytes } = virtualHost({ seed });
    return [random(), random(), ...randomBytes(8)];
  };
  assert.equal(draws(7), draws(7));
  assert.not.equal(draws(7), draws(8));
});

virtual('running timers are counted, and the next one is named', async () => {
  const host = virtualHost({ seed: 1 });
  assert.equal([host.pendingTimers, host.nextTimerAt], [0, undefined]);
  const handle = host.clock.setTimeout(() => undefined, 300);
  host.clock.setTimeout(() => undefined, 200);
  assert.equal([host.pendingTimers, host.nextTimerAt], [2, 200]);
  await host.advance(200);
  assert.equal([host.pendingTimers, host.nextTimerAt], [1, 300]);
  host.clock.clearTimeout(handle);
  assert.is(host.pendingTimers, 0);
});

virtual('a timer of no length that starts itself again lets time pass', async () => {
  const { clock, advance } = virtualHost({ seed: 1 });
  let fired = 0;
  const again = () => {
    fired += 1;
    clock.setTimeout(again, 0);
  };
  clock.setTimeout(again, 0);
  await advance(10);
  assert.is(fired, 10);
});

virtual('code that never settles is an error, not a hanging test', async () => {
  const { clock, settle } = virtualHost({ seed: 1 });
  const again = () => clock.macrotask(again);
  again();
  const outcome = await settle().catch((error: Error) => error.message);
  assert.match(`${outcome}`, 'did not settle');
});

virtual('hints by hand set what online says', () => {
  const host = virtualHost({ seed: 1 });
  host.hint('offline');
  assert.is(host.online(), false);
  host.hint('hidden');
  assert.is(host.online(), false);
  host.hint('online');
  assert.is(host.online(), true);
});

virtual.run();
