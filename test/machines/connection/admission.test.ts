import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AdmissionFacts, type HelloFacts, judgeHello, planAdmission } from '../../../machines/connection/admission.js';

const fine: HelloFacts = {
  version: 1,
  supportedVersion: 1,
  apiKey: 'known',
  origin: 'allowed',
  usernameProblem: null,
  authParamsProblem: null,
};

const hello = suite('what speaks against a hello');

hello('nothing does where all is in order', () => {
  assert.is(judgeHello(fine), null);
  assert.is(judgeHello({ ...fine, apiKey: 'none needed' }), null);
});

const wrongs: readonly (readonly [Partial<HelloFacts>, string, RegExp])[] = [
  [{ version: 2 }, 'UnsupportedVersionError', /Asked for: 2; known here: 1\./],
  [{ origin: { refused: '"https://evil.example"' } }, 'OriginNotAllowedError', /"https:\/\/evil\.example"/],
  [{ apiKey: 'missing' }, 'InvalidApiKeyError', /None was given/],
  [{ apiKey: 'unknown' }, 'InvalidApiKeyError', /does not know/],
  [{ apiKey: 'loopback only' }, 'InvalidApiKeyError', /`apiKeys`.*this machine alone/],
  [{ usernameProblem: 'It is empty.' }, 'InvalidUsernameError', /It is empty/],
  [{ authParamsProblem: 'It is nested too deep.' }, 'InvalidAuthParamsError', /nested too deep/],
];

for (const [wrong, code, message] of wrongs)
  hello(`${JSON.stringify(wrong)} is ${code}`, () => {
    const failed = judgeHello({ ...fine, ...wrong });
    assert.is(failed?.code, code);
    assert.match(failed?.message ?? '', message);
  });

hello('of several things that are wrong the first one of the order is told [R21]', () => {
  const inOrder = wrongs.filter(([wrong]) => wrong.apiKey !== 'unknown' && wrong.apiKey !== 'loopback only');
  for (const [from, [, code]] of inOrder.entries()) {
    const facts: HelloFacts = Object.assign({}, fine, ...inOrder.slice(from).map(([wrong]) => wrong));
    assert.is(judgeHello(facts)?.code, code);
  }
});

hello.run();

const plan = suite('what is done about an attempt');

const guest = { isGuest: true };
const registered = { isGuest: false };
const yesNo = [true, false] as const;
const expected = ({ hasAuthParams, user, guestsAllowed, hasAuthenticator }: AdmissionFacts): string => {
  if (hasAuthParams) return hasAuthenticator ? 'authenticate' : 'deny: no `authenticate`';
  if (user?.isGuest === false) return 'deny: registered';
  return guestsAllowed ? 'admitGuest' : 'deny: `guests`';
};

for (const hasAuthParams of yesNo)
  for (const user of [null, guest, registered])
    for (const guestsAllowed of yesNo)
      for (const hasAuthenticator of yesNo) {
        const facts = { hasAuthParams, user, guestsAllowed, hasAuthenticator };
        plan(`${JSON.stringify(facts)}: ${expected(facts)}`, () => {
          const planned = planAdmission(facts);
          const [kind, because] = expected(facts).split(': ');
          assert.is(planned.kind, kind);
          if (planned.kind !== 'deny') return;
          assert.is(planned.failure.code, 'AccessDeniedError');
          assert.match(planned.detail, because ?? '');
          assert.not.match(planned.failure.message, planned.detail, 'the client is not told why');
        });
      }

plan.run();
