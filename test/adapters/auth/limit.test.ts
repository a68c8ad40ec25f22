import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limitOf, within } from '../../../adapters/auth/limit.js';
import type { Verdict } from '../../../adapters/auth/refuse.js';
import { attemptOf, codeOf, detailOf, gate, handClock } from './support.js';

const limiting = suite('the limit of an authenticator');

const yes: Verdict = { _tag: 'Right', right: {} };

/** A signal that counts who listens to it. */
const counted = () => {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  return { controller, signal, listeners: () => listeners };
};

limiting('is 5000 ms where nothing else is said', () => {
  assert.is(limitOf('x', {}).timeoutMs, 5000);
});

for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '50' as unknown as number, null as unknown as number])
  limiting(`is refused at start-up where it is ${String(timeoutMs)}, a ${typeof timeoutMs}`, () => {
    assert.throws(
      () => limitOf('x', { timeoutMs }),
      (error: unknown) => error instanceof TypeError && /x: timeoutMs/.test(error.message),
    );
  });

limiting('takes the longest span that a timer can count', () => {
  assert.is(limitOf('x', { timeoutMs: 2 ** 31 - 1 }).timeoutMs, 2 ** 31 - 1);
});

limiting('reads the date from the platform where the clock has none', () => {
  const { setTimeout, clearTimeout } = handClock();
  const before = Date.now();
  assert.ok(limitOf('x', { clock: { setTimeout, clearTimeout } }).clock.wall() >= before);
  assert.is(limitOf('x', { clock: handClock(5) }).clock.wall(), 5);
});

limiting('gives the verdict, and leaves no timer and no listener behind', async () => {
  const clock = handClock();
  const { signal, listeners } = counted();
  const verdict = within(limitOf('x', { clock, timeoutMs: 70 }), attemptOf({}, { signal }), async () => yes);
  assert.equal(
    [...clock.timers.values()].map(({ delayMs }) => delayMs),
    [70],
  );
  assert.is(await verdict, yes);
  assert.is(clock.timers.size, 0);
  assert.is(listeners(), 0);
});

limiting('answers in place of a verdict that does not come, and aborts the work', async () => {
  const clock = handClock();
  const { signal, listeners } = counted();
  let given: AbortSignal | undefined;
  const begun = gate();
  const verdict = within(limitOf('x', { clock, timeoutMs: 70 }), attemptOf({}, { signal }), (inner) => {
    given = inner;
    begun.open();
    return new Promise(() => undefined);
  });
  await begun.opened;
  assert.is(given?.aborted, false);
  clock.strike();
  const answer = await verdict;
  assert.is(codeOf(answer), 'AuthenticationTimeoutError');
  assert.match(detailOf(answer), /70 ms/);
  assert.is(given?.aborted, true);
  assert.is(given?.reason.name, 'TimeoutError');
  assert.is(signal.aborted, false);
  assert.is(listeners(), 0);
});

limiting('answers at once when the attempt is given up, and hands the reason on', async () => {
  const clock = handClock();
  const { controller, signal, listeners } = counted();
  let given: AbortSignal | undefined;
  const begun = gate();
  const verdict = within(limitOf('x', { clock }), attemptOf({}, { signal }), (inner) => {
    given = inner;
    begun.open();
    return new Promise(() => undefined);
  });
  await begun.opened;
  controller.abort('gone');
  assert.is(codeOf(await verdict), 'AuthenticationTimeoutError');
  assert.is(given?.reason, 'gone');
  assert.is(clock.timers.size, 0);
  assert.is(listeners(), 0);
});

limiting('does not begin the work for an attempt that was given up before', async () => {
  const clock = handClock();
  const answer = await within(limitOf('x', { clock }), attemptOf({}, { signal: AbortSignal.abort() }), async () => {
    assert.unreachable();
    return yes;
  });
  assert.is(codeOf(answer), 'AuthenticationTimeoutError');
  assert.is(clock.timers.size, 0);
});

limiting('drops a verdict and a rejection that come too late', async () => {
  for (const late of [() => yes, () => Promise.reject(new Error('late'))]) {
    const clock = handClock();
    const held = gate();
    const done = gate();
    const verdict = within(limitOf('x', { clock }), attemptOf(), () => held.opened.then(late).finally(done.open));
    clock.strike();
    assert.is(codeOf(await verdict), 'AuthenticationTimeoutError');
    held.open();
    await done.opened;
    // A rejection that nobody handles would end the process, and with it this test file, before its next turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
});

limiting('turns work that throws or rejects into a refusal without a secret', async () => {
  const failing: readonly (() => Promise<Verdict>)[] = [
    () => {
      throw new Error('broken by hunter22');
    },
    () => Promise.reject(new Error('broken by hunter22')),
  ];
  for (const work of failing) {
    const answer = await within(limitOf('x', {}), attemptOf({ password: 'hunter22' }), work);
    assert.is(codeOf(answer), 'AuthenticationUnavailableError');
    assert.match(detailOf(answer), /broken by \[redacted\]/);
  }
});

limiting.run();
