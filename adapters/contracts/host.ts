import { deepStrictEqual, notDeepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { Host, NetworkHint } from '../../machines/ports/host.js';

/** What the host contract needs of an adapter. */
export interface HostBench {
  readonly host: Host;
  /** Let at least this much of the host's time pass, with all that falls due in it. A real host waits. */
  advance(ms: number): Promise<void>;
  /** Have the platform say something that the host passes on as this hint; absent where the host has no hints. */
  readonly hint?: (hint: NetworkHint) => void;
  /** How many platform listeners, or listeners of the host's own, there are; absent where the host has no hints. */
  readonly listeners?: () => number;
}

type Test = (title: string, run: () => Promise<void>) => void;

/** Short waits, in milliseconds: a real host passes them too. */
const SHORT_MS = 20;
/** How much earlier than asked for a platform may fire, by rounding to whole milliseconds. */
const EARLY_MAX_MS = 1;
/** Milliseconds: one more than a platform's timers can count. */
const TOO_LONG_MS = 2_147_483_648;
const hints: readonly NetworkHint[] = ['online', 'offline', 'visible', 'hidden', 'thawed', 'changed', 'leaving'];

/**
 * What every adapter of the Host port must do, as tests. `make` gives a fresh bench for each of them.
 *
 * @example
 * const test = suite('my host');
 * hostContract(test, () => ({ host: myHost(), advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) }));
 * test.run();
 */
export const hostContract = (test: Test, make: () => HostBench): void => {
  const on = (title: string, run: (bench: HostBench) => Promise<void>) => test(title, () => run(make()));

  on('both clocks move on with time, and the wall clock says a date', async ({ host: { clock }, advance }) => {
    const [now, wall] = [clock.now(), clock.wall()];
    ok(wall > Date.UTC(2020, 0));
    await advance(SHORT_MS);
    ok(clock.now() - now >= SHORT_MS - EARLY_MAX_MS);
    ok(clock.wall() - wall >= SHORT_MS - EARLY_MAX_MS - 1);
  });

  on('a timer fires once, not before its time and never from inside the call', async ({ host: { clock }, advance }) => {
    const firedAt: number[] = [];
    const startedAt = clock.now();
    clock.setTimeout(() => firedAt.push(clock.now()), SHORT_MS);
    deepStrictEqual(firedAt, []);
    await advance(3 * SHORT_MS);
    strictEqual(firedAt.length, 1);
    ok((firedAt[0] ?? 0) - startedAt >= SHORT_MS - EARLY_MAX_MS);
  });

  on(
    'timers fire in the order in which they fall due; those due together in the order in which they were started',
    async ({ host: { clock }, advance }) => {
      const fired: string[] = [];
      const note = (name: string) => () => {
        fired.push(name);
      };
      clock.setTimeout(note('third'), 2 * SHORT_MS);
      clock.setTimeout(note('first'), SHORT_MS);
      clock.setTimeout(note('second'), SHORT_MS);
      await advance(4 * SHORT_MS);
      deepStrictEqual(fired, ['first', 'second', 'third']);
    },
  );

  on('timers that start timers fire at each moment, not all at the end', async ({ host: { clock }, advance }) => {
    const firedAt: number[] = [];
    const again = () => {
      firedAt.push(clock.now());
      if (firedAt.length < 3) clock.setTimeout(again, SHORT_MS);
    };
    clock.setTimeout(again, SHORT_MS);
    await advance(6 * SHORT_MS);
    strictEqual(firedAt.length, 3);
    for (const [index, at] of firedAt.entries()) if (index > 0) ok(at - (firedAt[index - 1] ?? 0) >= SHORT_MS - EARLY_MAX_MS);
  });

  on('a cleared timer does not fire, and clearing it again or after it fired does nothing', async ({ host: { clock }, advance }) => {
    const fired: string[] = [];
    const cleared = clock.setTimeout(() => fired.push('cleared'), SHORT_MS);
    const kept = clock.setTimeout(() => fired.push('kept'), SHORT_MS);
    clock.clearTimeout(cleared);
    clock.clearTimeout(cleared);
    clock.clearTimeout(undefined);
    await advance(3 * SHORT_MS);
    clock.clearTimeout(kept);
    deepStrictEqual(fired, ['kept']);
  });

  on('a timer that is longer than a platform can count is not over at once', async ({ host: { clock }, advance }) => {
    const fired: string[] = [];
    const handles = [TOO_LONG_MS, Number.POSITIVE_INFINITY].map((ms) => clock.setTimeout(() => fired.push(`${ms}`), ms));
    await advance(SHORT_MS);
    for (const handle of handles) clock.clearTimeout(handle);
    deepStrictEqual(fired, []);
  });

  on('a macrotask runs after all microtasks, those started by microtasks included, and in order', async ({ host: { clock }, advance }) => {
    const ran: string[] = [];
    clock.macrotask(() => {
      ran.push('macrotask');
      queueMicrotask(() => ran.push('microtask of a macrotask'));
    });
    clock.macrotask(() => {
      ran.push('second macrotask');
      clock.macrotask(() => ran.push('macrotask of a macrotask'));
    });
    queueMicrotask(() => {
      ran.push('microtask');
      queueMicrotask(() => ran.push('nested microtask'));
    });
    ran.push('now');
    await advance(SHORT_MS);
    deepStrictEqual(ran, [
      'now',
      'microtask',
      'nested microtask',
      'macrotask',
      'microtask of a macrotask',
      'second macrotask',
      'macrotask of a macrotask',
    ]);
  });

  on('randomness is uniform in [0, 1)', async ({ host: { random } }) => {
    const draws = Array.from({ length: 10_000 }, random);
    ok(draws.every((draw) => draw >= 0 && draw < 1));
    const mean = draws.reduce((sum, draw) => sum + draw) / draws.length;
    // Six standard deviations of the mean of 10,000 uniform draws.
    ok(Math.abs(mean - 0.5) < 0.018, `mean ${mean}`);
  });

  on('random bytes are as many as asked for, fresh each time, and take every value', async ({ host: { randomBytes } }) => {
    strictEqual(randomBytes(0).length, 0);
    const [one, other] = [randomBytes(32), randomBytes(32)];
    strictEqual(one.length, 32);
    notDeepStrictEqual(one, other);
    strictEqual(new Set(randomBytes(16_384)).size, 256);
  });

  on(
    'hints reach all who listen, until they stop listening; nobody listens to the platform for nothing',
    async ({ host, hint, listeners }) => {
      const [one, other]: [NetworkHint[], NetworkHint[]] = [[], []];
      const offOne = host.onHint((said) => one.push(said));
      const offOther = host.onHint((said) => other.push(said));
      if (hint) for (const each of hints) hint(each);
      offOne();
      offOne();
      hint?.('changed');
      offOther();
      hint?.('changed');
      deepStrictEqual(one, hint ? hints : []);
      deepStrictEqual(other, hint ? [...hints, 'changed'] : []);
      strictEqual(listeners?.() ?? 0, 0);
    },
  );

  on('it says whether the platform is online: true where it can not tell', async ({ host }) => {
    strictEqual(host.online(), true);
  });

  on('its name for the hello is one short line of printable ASCII', async ({ host }) => {
    ok(/^ninelives\/\d+\.\d+\.\d+[ -~]{0,300}$/.test(host.agent), host.agent);
  });
};
