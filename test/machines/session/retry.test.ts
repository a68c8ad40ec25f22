import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Failure, failure, reasonCodes, reasons } from '../../../machines/reasons.js';
import { defaultRetryPolicy, hurriedInMs, namesTime, type RetryQuestion, retryInMs } from '../../../machines/session/retry.js';

/** The largest random number below 1. */
const almostOne = 1 - Number.EPSILON / 2;
const random = fc.double({ min: 0, max: almostOne, noNaN: true });
const code = fc.constantFrom(...reasonCodes);
const attempt = fc.integer({ min: 1, max: 1_000_000 });
const span = fc.integer({ min: 0, max: 86_400_000 });
const policy = fc.record({ baseMs: span, capMs: span, healthyAfterMs: span });
/** What was met, with no word of the server's on when to come back. */
const untold: fc.Arbitrary<RetryQuestion> = fc.record({
  attempt,
  failure: code.map((each) => failure(each)),
  wasHealthy: fc.boolean(),
  random,
  policy,
});
/** What was met, with such a word. */
const told: fc.Arbitrary<RetryQuestion> = fc
  .tuple(
    untold,
    fc.oneof(fc.record({ retryAfterMs: span, spreadMs: span }), fc.record({ retryAfterMs: span }), fc.record({ spreadMs: span })),
  )
  .map(([question, word]) => ({ ...question, failure: { ...question.failure, ...word } }));

const retry = suite('the wait before the next try');

retry('it is a finite number of milliseconds, never below zero', () => {
  fc.assert(
    fc.property(fc.oneof(untold, told), (question) => {
      const ms = retryInMs(question);
      assert.ok(Number.isFinite(ms) && ms >= 0);
    }),
  );
});

retry('it never exceeds the cap, unless the server names a longer one', () => {
  fc.assert(
    fc.property(untold, (question) => {
      assert.ok(retryInMs(question) <= question.policy.capMs);
    }),
  );
});

retry('the server is not visited before the time it named, nor after its spread', () => {
  fc.assert(
    fc.property(told, (question) => {
      const { retryAfterMs = 0, spreadMs = 0 } = question.failure;
      const ms = retryInMs(question);
      assert.ok(ms >= retryAfterMs && ms <= retryAfterMs + spreadMs);
    }),
  );
});

retry('what the server said is all that counts: not the try, not the policy, not the health of the link', () => {
  fc.assert(
    fc.property(told, untold, (question, other) => {
      assert.is(retryInMs({ ...other, failure: question.failure, random: question.random }), retryInMs(question));
    }),
  );
});

retry('it is prompt exactly where a healthy link was lost for a reason of the class "now"', () => {
  fc.assert(
    fc.property(untold, (question) => {
      const prompt = question.wasHealthy && reasons[question.failure.code].next === 'now';
      const ms = retryInMs({ ...question, random: 0.5, policy: defaultRetryPolicy });
      assert.is(ms === 0, prompt);
    }),
  );
});

retry('a larger random number is a longer wait: the whole range is used, from nothing to its end', () => {
  fc.assert(
    fc.property(untold, random, random, (question, a, b) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      assert.ok(retryInMs({ ...question, random: less }) <= retryInMs({ ...question, random: more }));
      assert.is(retryInMs({ ...question, random: 0 }), 0);
    }),
  );
});

retry('the range doubles with each try until it reaches the cap', () => {
  const ends = [1, 2, 3, 4, 5, 6, 7, 8].map((attempt) =>
    Math.round(retryInMs({ attempt, failure: failure('ServerError'), wasHealthy: false, random: almostOne, policy: defaultRetryPolicy })),
  );
  assert.equal(ends, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

retry('a later try never has a smaller range', () => {
  fc.assert(
    fc.property(untold, attempt, (question, later) => {
      const backingOff = { ...question, wasHealthy: false };
      const [first, last] = [Math.min(question.attempt, later), Math.max(question.attempt, later)];
      assert.ok(retryInMs({ ...backingOff, attempt: first }) <= retryInMs({ ...backingOff, attempt: last }));
    }),
  );
});

retry('a try that is counted from zero waits as the first one does', () => {
  fc.assert(
    fc.property(untold, (question) => {
      assert.is(retryInMs({ ...question, attempt: 0 }), retryInMs({ ...question, attempt: 1 }));
    }),
  );
});

retry('a server names a time with either of its two numbers, zero included', () => {
  const says = (more: Partial<Failure>) => namesTime({ ...failure('ServerBusyError'), ...more });
  assert.equal(
    [says({}), says({ retryAfterMs: 0 }), says({ spreadMs: 0 }), says({ retryAfterMs: 1, spreadMs: 1 })],
    [false, true, true, true],
  );
});

const hurried = suite('the wait of a try that is brought forward');

hurried('the first one does not wait', () => {
  assert.equal([hurriedInMs(0, 0, defaultRetryPolicy), hurriedInMs(1, 0, defaultRetryPolicy)], [0, 0]);
});

hurried('the next ones keep apart from the try before, by a time that doubles to five seconds', () => {
  assert.equal(
    [2, 3, 4, 5, 6, 7, 1_000].map((attempt) => hurriedInMs(attempt, 0, defaultRetryPolicy)),
    [500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000],
  );
  assert.is(hurriedInMs(4, 1_500, defaultRetryPolicy), 500);
  assert.is(hurriedInMs(4, 60_000, defaultRetryPolicy), 0);
});

hurried('it is never longer than the longest wait', () => {
  assert.is(hurriedInMs(9, 0, { ...defaultRetryPolicy, capMs: 300 }), 300);
});

retry.run();
hurried.run();
