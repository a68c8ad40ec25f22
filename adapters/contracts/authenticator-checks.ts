import assert from 'node:assert/strict';
import type { Admittance, Attempt, Authenticator, Refusal } from '../../machines/ports/authenticator.js';
import type { Either } from '../../machines/ports/either.js';
import type { Json, JsonObject } from '../../machines/ports/json.js';

/** What a user comes with. */
export type Credentials = Pick<Attempt, 'username' | 'authParams'>;

type Answer = Either<Refusal, Admittance>;

const SECRET_CHARS_MIN = 4;

const request: Attempt['request'] = {
  remoteAddress: '127.0.0.1',
  origin: 'http://localhost',
  userAgent: 'contract',
  url: '/',
  headers: { host: 'localhost' },
};

const frozen = (value: Json): Json => {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(Object.freeze(value))) frozen(inner);
  return value;
};

/** An attempt that nothing may be written to. */
export const attemptWith = ({ username, authParams }: Credentials, signal: AbortSignal = new AbortController().signal): Attempt => ({
  username,
  authParams: frozen(authParams) as JsonObject,
  request,
  signal,
});

/** The answer, or a failed test: a rejection, a throw, a value of another shape, or nothing within the time. */
export const answerIn = async (withinMs: number, authenticator: Authenticator, attempt: Attempt): Promise<Answer> => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `authenticate did not settle within ${withinMs} ms` })), withinMs);
  });
  const started = (): Promise<Answer> => {
    try {
      return Promise.resolve(authenticator.authenticate(attempt)).catch((thrown: unknown) =>
        assert.fail(`authenticate rejected: ${typeof thrown}`),
      );
    } catch {
      return assert.fail('authenticate threw');
    }
  };
  try {
    const answer = await Promise.race([started(), late]);
    assertShape(answer);
    return answer;
  } finally {
    clearTimeout(timer);
  }
};

const codes: readonly string[] = [
  'AccessDeniedError',
  'AuthenticationTimeoutError',
  'AuthenticationUnavailableError',
] satisfies Refusal['code'][];

const assertShape = (answer: Answer): void => {
  if (answer._tag === 'Left') {
    assert.ok(codes.includes(answer.left.code), `a refusal has one of the codes ${codes.join(', ')}`);
    assert.ok(typeof answer.left.detail === 'string' && answer.left.detail !== '', 'a refusal says why in its detail');
    return;
  }
  assert.equal(answer._tag, 'Right', 'an answer is an Either');
  const { user, expiresAt } = answer.right;
  assert.ok(user === undefined || (typeof user === 'object' && user !== null), 'an admittance has a profile or none');
  assert.ok(expiresAt === undefined || expiresAt > Date.now(), 'an admittance that is over already is none');
};

/** The strings that are long enough to be looked for. */
export const stringsIn = (value: Json): readonly string[] => {
  if (typeof value === 'string') return value.length >= SECRET_CHARS_MIN ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
};

/** No value of the authParams stands in the answer, where it is a refusal: those go to the log. */
export const assertNoSecret = (answer: Answer, { authParams }: Credentials): void => {
  if (answer._tag === 'Right') return;
  // The whole refusal, not its detail alone: a cause goes to the log as well.
  const told = JSON.stringify(answer);
  for (const secret of stringsIn(authParams))
    assert.ok(
      !told.includes(secret) && !told.includes(JSON.stringify(secret).slice(1, -1)),
      'a value of the authParams stands in the refusal',
    );
};

/** What an answer comes to. */
export const codeOf = (answer: Answer): Refusal['code'] | 'admitted' => (answer._tag === 'Left' ? answer.left.code : 'admitted');
