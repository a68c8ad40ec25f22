import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import type { Admittance, Attempt, Authenticator } from '../../machines/ports/authenticator.js';
import { admittanceCodec, decode, refuseExpired } from './admittance.js';
import { describeThrown, describeValue } from './describe.js';
import { type LimitOptions, limitOf, within } from './limit.js';
import { refusal, type Verdict } from './refuse.js';

/**
 * An app's own decision on an attempt. Give back (or resolve to) nothing, `true` or `{ user?, expiresAt? }` to admit. Anything else
 * denies: `false`, `null`, another value, an object with any other key, throwing, rejecting, taking too long. Listen to
 * `attempt.signal` to stop work that nobody waits for any more.
 */
export type AuthenticateFunction = (attempt: Attempt) => unknown;

const gaveBack = (what: string): string =>
  `The authenticate function gave back ${what}. Only nothing, true or { user?, expiresAt? } admits.`;

const isPlain = (answer: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(answer);
  return prototype === Object.prototype || prototype === null;
};

/**
 * Functions that mean to deny give back `{ error: 'bad password' }`, or `{ user: users.get(name) }` where there is no such user. An
 * unknown key and a `user` that is there but undefined are therefore no admittance. Throws what the answer's own traps throw.
 */
const readAnswer = (answer: unknown): E.Either<string, Admittance> => {
  if (answer === undefined || answer === true) return E.right({});
  const but = (why: string) => gaveBack(`${describeValue(answer)}, but ${why}`);
  if (typeof answer !== 'object' || answer === null || !isPlain(answer)) return E.left(gaveBack(describeValue(answer)));
  const keys = Reflect.ownKeys(answer);
  if (keys.some((key) => key !== 'user' && key !== 'expiresAt')) return E.left(gaveBack(describeValue(answer)));
  if (keys.includes('user') && Reflect.get(answer, 'user') === undefined) return E.left(but('user is undefined'));
  return pipe(decode(admittanceCodec, answer), E.mapLeft(but));
};

/**
 * An authenticator from a function of the app.
 *
 * Every way of denying is an `AccessDeniedError` whose detail says what came back or what was thrown, with the values of the attempt's
 * authParams taken out. No answer within `timeoutMs` (default 5000 ms), or before the attempt's own signal is aborted, is an
 * `AuthenticationTimeoutError`; the signal that the function was given is aborted then, and what it still answers is dropped.
 * Throws a TypeError where `timeoutMs` is no span of time.
 *
 *     const authenticator = fromFunction(async ({ username, authParams }) => {
 *       const account = await accounts.check(username, authParams.password)
 *       return account !== null && { user: { displayName: account.fullName } }
 *     })
 */
export const fromFunction = (authenticate: AuthenticateFunction, options: LimitOptions = {}): Authenticator => {
  const limit = limitOf('fromFunction', options);

  const ask = async (attempt: Attempt, signal: AbortSignal): Promise<E.Either<string, Admittance>> => {
    try {
      const { username, authParams, request } = attempt;
      return readAnswer(await authenticate({ username, authParams, request, signal }));
    } catch (thrown) {
      return E.left(`The authenticate function threw ${describeThrown(thrown)}`);
    }
  };

  const judge = (attempt: Attempt, signal: AbortSignal): Promise<Verdict> =>
    ask(attempt, signal).then((answer) =>
      pipe(
        answer,
        E.mapLeft((why) => refusal('AccessDeniedError', attempt, why)),
        E.flatMap(refuseExpired(attempt, limit.clock.wall())),
      ),
    );

  return { name: 'function', authenticate: (attempt) => within(limit, attempt, (signal) => judge(attempt, signal)) };
};
