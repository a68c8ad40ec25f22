import assert from 'node:assert/strict';
import type { Attempt, Authenticator } from '../../machines/ports/authenticator.js';
import { answerIn, assertNoSecret, attemptWith, type Credentials, codeOf, stringsIn } from './authenticator-checks.js';

export type { Credentials } from './authenticator-checks.js';

/** An authenticator set up for one test. */
export interface AuthenticatorRig {
  readonly authenticator: Authenticator;
  /** It lets these in. */
  readonly admitted: Credentials;
  /** It refuses these by a verdict. Strings in the authParams are looked for in every detail: use some of four characters or more. */
  readonly denied: Credentials;
  /** Give back what was opened for it. */
  close?(): Promise<void> | void;
}

/** Sets up an authenticator whose limit is `timeoutMs`. */
export type MakeAuthenticatorRig = (options: { readonly timeoutMs: number }) => Promise<AuthenticatorRig> | AuthenticatorRig;

export interface AuthenticatorMakers {
  /** Whoever decides answers at once. */
  readonly answering: MakeAuthenticatorRig;
  /** Whoever decides never answers. Leave it out only where all is decided on the spot. */
  readonly hanging?: MakeAuthenticatorRig;
  /** Whoever decides fails, perhaps with an error that quotes the authParams. Leave it out only where nothing can fail. */
  readonly failing?: MakeAuthenticatorRig;
}

/** The shape of a test runner: `test` of uvu and of node:test, `it` of others. */
export type ContractTest = (title: string, run: () => Promise<void>) => unknown;

export interface AuthenticatorContractOptions {
  /** How long an answer may take before it counts as missing, in milliseconds. Default: 5000. */
  readonly answerWithinMs?: number;
}

/** Long enough for an answer over the loopback on a busy machine, and never waited for by what answers. */
const ANSWER_WITHIN_MS = 5000;
/** A limit that is meant to be reached. */
const SHORT_MS = 50;
/** Attempts at once: enough that a state shared between them shows. */
const CROWD = 16;

/** What nobody should send and somebody will. */
const odd = (username: string): readonly Credentials[] => [
  { username, authParams: {} },
  { username: '', authParams: { token: '', password: '' } },
  { username: '__proto__', authParams: { token: null, password: [[[[{}]]]] } },
  { username: 'constructor', authParams: { token: { toString: null }, password: -0 } },
  { username: '\ud800', authParams: { token: '\udfff\u0000', password: '\r\nset-cookie: a=b' } },
  { username: 'x'.repeat(10_000), authParams: { token: `${'a'.repeat(5000)}.${'b'.repeat(5000)}.`, password: 'y'.repeat(10_000) } },
];

const underRig =
  (make: MakeAuthenticatorRig, timeoutMs: number, run: (rig: AuthenticatorRig) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const rig = await make({ timeoutMs });
    try {
      await run(rig);
    } finally {
      await rig.close?.();
    }
  };

const answeringContract = (test: ContractTest, make: MakeAuthenticatorRig, withinMs: number): void => {
  const answering = (run: (rig: AuthenticatorRig) => Promise<void>) => underRig(make, withinMs, run);
  const answerOf = (authenticator: Authenticator, attempt: Attempt) => answerIn(withinMs, authenticator, attempt);

  test(
    'an authenticator has a name for the log',
    answering(async ({ authenticator }) => {
      assert.match(authenticator.name, /^[\w-]{1,64}$/);
    }),
  );

  test(
    'it admits who is to be admitted',
    answering(async ({ authenticator, admitted }) => {
      assert.equal(codeOf(await answerOf(authenticator, attemptWith(admitted))), 'admitted');
    }),
  );

  test(
    'it denies who is to be denied, with AccessDeniedError',
    answering(async ({ authenticator, denied }) => {
      assert.equal(codeOf(await answerOf(authenticator, attemptWith(denied))), 'AccessDeniedError');
    }),
  );

  test(
    'a denial tells the log no secret',
    answering(async ({ authenticator, denied }) => {
      assert.ok(stringsIn(denied.authParams).length > 0, 'the rig denies authParams that hold a secret');
      assertNoSecret(await answerOf(authenticator, attemptWith(denied)), denied);
    }),
  );

  test(
    'attempts at the same time each get their own verdict',
    answering(async ({ authenticator, admitted, denied }) => {
      const attempts = Array.from({ length: CROWD }, (_, index) => (index % 2 === 0 ? admitted : denied));
      const answers = await Promise.all(attempts.map((credentials) => answerOf(authenticator, attemptWith(credentials))));
      assert.deepEqual(
        answers.map(codeOf),
        attempts.map((credentials) => (credentials === admitted ? 'admitted' : 'AccessDeniedError')),
      );
    }),
  );

  test(
    'a verdict is not remembered for the next attempt',
    answering(async ({ authenticator, admitted, denied }) => {
      for (const [credentials, expected] of [
        [denied, 'AccessDeniedError'],
        [admitted, 'admitted'],
        [denied, 'AccessDeniedError'],
      ] as const)
        assert.equal(codeOf(await answerOf(authenticator, attemptWith(credentials))), expected);
    }),
  );

  test(
    'odd usernames and authParams are answered too',
    answering(async ({ authenticator, admitted }) => {
      for (const credentials of odd(admitted.username))
        assertNoSecret(await answerOf(authenticator, attemptWith(credentials)), credentials);
    }),
  );

  test(
    'an attempt that was given up before it began is not admitted',
    answering(async ({ authenticator, admitted }) => {
      assert.notEqual(codeOf(await answerOf(authenticator, attemptWith(admitted, AbortSignal.abort()))), 'admitted');
    }),
  );
};

const hangingContract = (test: ContractTest, make: MakeAuthenticatorRig, withinMs: number): void => {
  const answerOf = (authenticator: Authenticator, attempt: Attempt) => answerIn(withinMs, authenticator, attempt);

  test(
    'where no verdict comes it answers AuthenticationTimeoutError within its limit',
    underRig(make, SHORT_MS, async ({ authenticator, admitted }) => {
      const answer = await answerOf(authenticator, attemptWith(admitted));
      assert.equal(codeOf(answer), 'AuthenticationTimeoutError');
      assertNoSecret(answer, admitted);
    }),
  );

  test(
    'where no verdict comes, every attempt has its own limit',
    underRig(make, SHORT_MS, async ({ authenticator, admitted }) => {
      const answers = await Promise.all(Array.from({ length: CROWD }, () => answerOf(authenticator, attemptWith(admitted))));
      assert.deepEqual(new Set(answers.map(codeOf)), new Set(['AuthenticationTimeoutError']));
    }),
  );

  test(
    'an attempt that is given up is answered at once, and not admitted',
    // The limit lies beyond what the test waits for: only the signal can bring the answer.
    underRig(make, 2 * withinMs, async ({ authenticator, admitted }) => {
      const controller = new AbortController();
      const answer = answerOf(authenticator, attemptWith(admitted, controller.signal));
      setImmediate(() => controller.abort());
      assert.notEqual(codeOf(await answer), 'admitted');
    }),
  );
};

const failingContract = (test: ContractTest, make: MakeAuthenticatorRig, withinMs: number): void => {
  test(
    'where whoever decides fails, nobody is admitted and the log is told no secret',
    underRig(make, withinMs, async ({ authenticator, admitted, denied }) => {
      for (const credentials of [admitted, denied]) {
        const answer = await answerIn(withinMs, authenticator, attemptWith(credentials));
        assert.notEqual(codeOf(answer), 'admitted');
        assertNoSecret(answer, credentials);
      }
    }),
  );
};

/**
 * What every Authenticator has to do, as tests for any runner. Each test sets up a rig of its own and closes it.
 *
 *     import { test } from 'uvu'
 *     authenticatorContract(test, {
 *       answering: ({ timeoutMs }) => ({
 *         authenticator: ldap({ url, timeoutMs }),
 *         admitted: { username: 'jane', authParams: { password: 'correct horse' } },
 *         denied: { username: 'jane', authParams: { password: 'wrong horse' } },
 *       }),
 *       hanging: ({ timeoutMs }) => silentLdap(timeoutMs),
 *       failing: ({ timeoutMs }) => closedLdap(timeoutMs),
 *     })
 *     test.run()
 */
export const authenticatorContract = (
  test: ContractTest,
  { answering, hanging, failing }: AuthenticatorMakers,
  { answerWithinMs = ANSWER_WITHIN_MS }: AuthenticatorContractOptions = {},
): void => {
  answeringContract(test, answering, answerWithinMs);
  if (hanging !== undefined) hangingContract(test, hanging, answerWithinMs);
  if (failing !== undefined) failingContract(test, failing, answerWithinMs);
};
