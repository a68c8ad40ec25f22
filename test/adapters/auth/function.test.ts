import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AuthenticateFunction, fromFunction } from '../../../adapters/auth/function.js';
import { authenticatorContract } from '../../../adapters/contracts/authenticator.js';
import type { Attempt } from '../../../machines/ports/authenticator.js';
import { attemptOf, codeOf, detailOf, gate, handClock } from './support.js';

const contract = suite('function: the contract of authenticators');
const fn = suite('function');

authenticatorContract(contract, {
  answering: ({ timeoutMs }) => ({
    authenticator: fromFunction(({ authParams }) => authParams.password === 'correct horse' && {}, { timeoutMs }),
    admitted: { username: 'jane', authParams: { password: 'correct horse' } },
    denied: { username: 'jane', authParams: { password: 'wrong horse' } },
  }),
  hanging: ({ timeoutMs }) => ({
    authenticator: fromFunction(() => new Promise(() => undefined), { timeoutMs }),
    admitted: { username: 'jane', authParams: { password: 'correct horse' } },
    denied: { username: 'jane', authParams: { password: 'wrong horse' } },
  }),
  failing: ({ timeoutMs }) => ({
    authenticator: fromFunction(
      async ({ authParams }) => {
        throw new Error(`INSERT failed for ${JSON.stringify(authParams)}`);
      },
      { timeoutMs },
    ),
    admitted: { username: 'jane', authParams: { password: 'correct "horse"', deep: [{ token: 'a-b-c-d' }] } },
    denied: { username: 'jane', authParams: { password: 'wrong horse' } },
  }),
});

const answering = (authenticate: AuthenticateFunction, attempt: Attempt = attemptOf()) =>
  fromFunction(authenticate, { clock: handClock() }).authenticate(attempt);

const future = handClock().wall() + 1000;

const admitting: readonly (readonly [title: string, answer: unknown, admittance: unknown])[] = [
  ['nothing', undefined, {}],
  ['true', true, {}],
  ['an empty object', {}, {}],
  ['an object without prototype', Object.create(null), {}],
  ['a user', { user: { displayName: 'Jane', id: 7 } }, { user: { displayName: 'Jane' } }],
  ['an expiry', { expiresAt: future }, { expiresAt: future }],
  ['an expiry that is undefined', { expiresAt: undefined }, {}],
  ['both', { user: {}, expiresAt: future }, { user: {}, expiresAt: future }],
];

for (const [title, answer, admittance] of admitting)
  fn(`${title} admits, given back or resolved to`, async () => {
    assert.equal(await answering(() => answer), { _tag: 'Right', right: admittance });
    assert.equal(await answering(async () => answer), { _tag: 'Right', right: admittance });
  });

class Verdict {
  readonly user = {};
}

const denying: readonly (readonly [answer: unknown, said: RegExp])[] = [
  [false, /gave back false\. Only nothing, true or \{ user\?, expiresAt\? \} admits\.$/],
  [null, /gave back null\./],
  [0, /gave back the number 0\./],
  [1, /gave back the number 1\./],
  ['ok', /gave back a string of 2 characters\./],
  [[], /gave back an array of 0\./],
  [() => true, /gave back a function\./],
  [new Map(), /gave back an instance of Map\./],
  [new Verdict(), /gave back an instance of Verdict\./],
  [new Error('bad password'), /gave back an instance of Error\./],
  [{ error: 'bad password' }, /gave back an object with error\./],
  [{ admitted: false }, /gave back an object with admitted\./],
  [{ user: {}, [Symbol('more')]: 1 }, /gave back an object with user, Symbol\(more\)\./],
  [{ user: undefined }, /gave back an object with user, but user is undefined\./],
  [{ user: null }, /gave back an object with user, but user is null, not profile\./],
  [{ user: { displayName: 7 } }, /but user\.displayName is the number 7, not string\./],
  [{ expiresAt: 'tomorrow' }, /but expiresAt is a string of 8 characters, not milliseconds since the epoch\./],
];

denying.forEach(([answer, said], index) => {
  fn(`answer ${index} denies, and the detail says: ${said.source}`, async () => {
    const verdict = await answering(async () => answer);
    assert.is(codeOf(verdict), 'AccessDeniedError');
    assert.match(detailOf(verdict), said);
  });
});

fn('an expiry in the past denies', async () => {
  const verdict = await answering(() => ({ expiresAt: handClock().wall() - 5 }));
  assert.is(codeOf(verdict), 'AccessDeniedError');
  assert.match(detailOf(verdict), /expired 5 ms ago/);
});

const trap = () => {
  throw new Error('trap');
};

const hostile: readonly (readonly [title: string, value: () => unknown])[] = [
  ['a proxy whose every trap throws', () => new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap, has: trap })],
  ['an object whose toString throws', () => ({ toString: trap, message: { toString: trap } })],
  ['an error whose message is a getter that throws', () => Object.defineProperty(new Error('x'), 'message', { get: trap })],
  ['null', () => null],
  ['undefined', () => undefined],
  ['a symbol', () => Symbol('s')],
];

for (const [title, value] of hostile)
  fn(`throwing or rejecting with ${title} denies`, async () => {
    const thrower = () => {
      throw value();
    };
    assert.is(codeOf(await answering(thrower)), 'AccessDeniedError');
    assert.is(codeOf(await answering(async () => thrower())), 'AccessDeniedError');
  });

fn('an answer whose traps throw denies', async () => {
  const plain = new Proxy({}, { ownKeys: trap });
  const verdict = await answering(() => plain);
  assert.is(codeOf(verdict), 'AccessDeniedError');
  assert.match(detailOf(verdict), /trap/);
});

fn('a thenable that throws denies', async () => {
  // biome-ignore lint/suspicious/noThenProperty: what is tested is a thenable of the app's own
  assert.is(codeOf(await answering(() => ({ then: trap }))), 'AccessDeniedError');
});

fn('a thrown error is told in the detail, without the values of the authParams', async () => {
  const attempt = attemptOf({ password: 'hunter22' });
  const verdict = await answering(() => {
    throw new RangeError('no user with hunter22');
  }, attempt);
  assert.is(detailOf(verdict), 'The authenticate function threw RangeError: no user with [redacted]');
});

fn('the function is given the attempt, with a signal of its own', async () => {
  const attempt = attemptOf({ password: 'hunter22' });
  const seen: Attempt[] = [];
  await answering((given) => void seen.push(given), attempt);
  const [{ signal, ...given } = attempt] = seen;
  const { signal: outer, ...expected } = attempt;
  assert.equal(given, expected);
  assert.is.not(signal, outer);
  assert.is(signal.aborted, false);
});

fn('a thenable that never settles is a timeout, and the signal tells the function', async () => {
  const clock = handClock();
  const asked = gate<AbortSignal>();
  const verdict = fromFunction(
    ({ signal }) => {
      asked.open(signal);
      // biome-ignore lint/suspicious/noThenProperty: what is tested is a thenable of the app's own
      return { then: () => undefined };
    },
    { clock, timeoutMs: 70 },
  ).authenticate(attemptOf());
  const signal = await asked.opened;
  assert.is(signal.aborted, false);
  clock.strike();
  assert.is(codeOf(await verdict), 'AuthenticationTimeoutError');
  assert.is(signal.aborted, true);
});

fn('a late answer is dropped, and a late rejection is not an unhandled one', async () => {
  for (const late of [() => true, () => Promise.reject(new Error('late'))]) {
    const clock = handClock();
    const asked = gate();
    const held = gate();
    const slow = () => {
      asked.open();
      return held.opened.then(late);
    };
    const verdict = fromFunction(slow, { clock }).authenticate(attemptOf());
    await asked.opened;
    clock.strike();
    assert.is(codeOf(await verdict), 'AuthenticationTimeoutError');
    held.open();
    // An unhandled rejection ends the process before its next turn.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
});

fn('a limit that is no span of time is refused at start-up', () => {
  assert.throws(() => fromFunction(() => true, { timeoutMs: 0 }), /fromFunction: timeoutMs is the number 0/);
});

contract.run();
fn.run();
