import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AuthenticatorMakers, type AuthenticatorRig, authenticatorContract } from '../../../adapters/contracts/authenticator.js';
import type { Attempt, Authenticator, Refusal } from '../../../machines/ports/authenticator.js';

const proving = suite('the contract of authenticators finds what is wrong');

type Answer = Awaited<ReturnType<Authenticator['authenticate']>>;

const yes: Answer = { _tag: 'Right', right: {} };
const no = (detail = 'no', code: Refusal['code'] = 'AccessDeniedError'): Answer => ({ _tag: 'Left', left: { code, detail } });
const gaveUp = no('gave up', 'AuthenticationTimeoutError');

const right = ({ authParams, signal }: Attempt): Answer => (signal.aborted ? gaveUp : authParams.password === 'correct horse' ? yes : no());

const rigOf = (authenticate: (attempt: Attempt) => unknown, name = 'wrong', closed: () => void = () => undefined): AuthenticatorRig => ({
  authenticator: { name, authenticate: authenticate as Authenticator['authenticate'] },
  admitted: { username: 'jane', authParams: { password: 'correct horse' } },
  denied: { username: 'jane', authParams: { password: 'wrong horse' } },
  close: closed,
});

/** The titles of the tests that fail, with the first line of why. */
const findings = async (makers: AuthenticatorMakers, options = {}): Promise<readonly string[]> => {
  const tests: { readonly title: string; readonly run: () => Promise<void> }[] = [];
  authenticatorContract((title, run) => void tests.push({ title, run }), makers, options);
  const found: string[] = [];
  for (const { title, run } of tests) await run().catch((error: Error) => found.push(`${title}: ${error.message.split('\n')[0]}`));
  return found;
};

const never = () => new Promise(() => undefined);

proving('nothing, in one that does as it should, and closes what each test set up', async () => {
  let opened = 0;
  const make = (authenticate: (attempt: Attempt) => unknown) => () => {
    opened += 1;
    return rigOf(authenticate, 'right', () => {
      opened -= 1;
    });
  };
  const hanging = ({ signal }: Attempt) =>
    new Promise((resolve) => {
      const limit = setTimeout(() => resolve(gaveUp), 50);
      signal.addEventListener('abort', () => {
        clearTimeout(limit);
        resolve(gaveUp);
      });
    });
  assert.equal(
    await findings({
      answering: make(async (attempt) => right(attempt)),
      hanging: make(hanging),
      failing: make(async () => no('broken', 'AuthenticationUnavailableError')),
    }),
    [],
  );
  assert.is(opened, 0);
});

const answering: readonly (readonly [title: string, authenticate: (attempt: Attempt) => unknown, found: RegExp])[] = [
  ['admits everyone', async () => yes, /it denies who is to be denied/],
  ['denies everyone', async () => no(), /it admits who is to be admitted/],
  [
    'has no verdict for who is to be denied',
    async (attempt) => (right(attempt) === yes ? yes : no('x', 'AuthenticationUnavailableError')),
    /it denies who/,
  ],
  [
    'tells a secret in a detail',
    async (attempt) => (right(attempt) === yes ? yes : no(`bad ${String(attempt.authParams.password)}`)),
    /no secret: a value of the authParams stands in the refusal/,
  ],
  [
    'tells a secret in a cause',
    async (attempt) =>
      right(attempt) === yes
        ? yes
        : { _tag: 'Left', left: { code: 'AccessDeniedError', detail: 'no', cause: { code: 'ServerError', message: 'wrong horse' } } },
    /no secret: a value of the authParams stands in the refusal/,
  ],
  ['rejects', async () => Promise.reject(new Error('x')), /authenticate rejected/],
  [
    'throws',
    () => {
      throw new Error('x');
    },
    /authenticate threw/,
  ],
  ['gives something else', async () => ({ _tag: 'Maybe' }), /an answer is an Either/],
  ['refuses with another code', async () => no('x', 'ServerError' as Refusal['code']), /has one of the codes/],
  ['refuses without a detail', async (attempt) => (right(attempt) === yes ? yes : no('')), /says why in its detail/],
  ['admits until the past', async () => ({ _tag: 'Right', right: { expiresAt: 1 } }), /over already/],
  ['admits as nobody', async () => ({ _tag: 'Right', right: { user: null } }), /has a profile or none/],
  ['takes the attempt apart', async ({ authParams }) => Object.assign(authParams, { seen: true }), /authenticate rejected/],
  [
    'does not look at the signal',
    async (attempt) => (attempt.authParams.password === 'correct horse' ? yes : no()),
    /given up before it began is not admitted/,
  ],
];

for (const [title, authenticate, found] of answering)
  proving(`one that ${title}`, async () => {
    const all = await findings({ answering: () => rigOf(authenticate) });
    assert.ok(
      all.some((each) => found.test(each)),
      all.join('\n') || 'nothing was found',
    );
  });

proving('one whose attempts share what they know', async () => {
  let last: Attempt | undefined;
  const sharing = async (attempt: Attempt) => {
    last = attempt;
    await Promise.resolve();
    return right(last);
  };
  assert.match((await findings({ answering: () => rigOf(sharing) })).join('\n'), /attempts at the same time each get their own verdict/);
});

proving('one that remembers its last verdict', async () => {
  const make = () => {
    let remembered: Answer | undefined;
    return rigOf(async (attempt) => {
      remembered ??= right(attempt);
      return remembered;
    });
  };
  assert.match((await findings({ answering: make })).join('\n'), /a verdict is not remembered/);
});

proving('one without a name', async () => {
  assert.equal((await findings({ answering: () => rigOf(async (attempt) => right(attempt), '') })).length, 1);
});

proving('a rig that denies without a secret to look for', async () => {
  const make = () => ({ ...rigOf(async (attempt) => right(attempt)), denied: { username: 'jane', authParams: { pin: 1 } } });
  assert.match((await findings({ answering: make })).join('\n'), /the rig denies authParams that hold a secret/);
});

proving('one that never settles, in bounded time', async () => {
  const makers = { answering: () => rigOf(async (attempt) => right(attempt)), hanging: () => rigOf(never) };
  const all = await findings(makers, { answerWithinMs: 100 });
  assert.is(all.length, 3);
  for (const each of all) assert.match(each, /authenticate did not settle within/);
});

proving('one that admits where it should say that there was no verdict', async () => {
  const makers = {
    answering: () => rigOf(async (attempt) => right(attempt)),
    hanging: () => rigOf(async () => yes),
    failing: () => rigOf(async () => yes),
  };
  assert.is((await findings(makers)).length, 4);
});

proving.run();
