/** Which tokens a client takes for its session's, and what they are offered with. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { Credentials } from '../../../src/client/credentials.js';

const positions = { received: 0, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 };
const fixed = { apiKey: null, agent: 'test', window: { messages: 1, size: 1 } };
const { signal } = new AbortController();

const tokens = suite("a client's tokens");

/** A guest with a session, and what a resume would offer right now. */
const guest = async () => {
  const credentials = new Credentials(virtualHost({ seed: 1 }));
  credentials.begin({ username: 'visitor', authParams: undefined });
  const { token } = await credentials.openings(fixed, null).start(signal);
  credentials.started('s');
  const opening = () => credentials.openings(fixed, positions);
  return { credentials, token, opening, offered: () => opening().resume };
};
const claim = { username: 'jane', authParams: { pin: 1 } };

tokens('of a sign-in and of the resume that follows a cut are one, so that there are never more than two', async () => {
  const { credentials, token, offered } = await guest();
  const { credential } = credentials.signIn(claim, claim.authParams);
  const first = credential().token;
  assert.not.equal(first, token);
  const resume = offered();
  assert.equal([resume?.tokens, resume?.nextToken], [[token, first], first]);
});

tokens(
  'are the one that a sign-in brought once it is accepted; refused, it stays offered beside the former one, as a resume may have made it current',
  async () => {
    const accepted = await guest();
    const { token } = accepted.credentials.signIn(claim, claim.authParams).credential();
    accepted.credentials.signedIn();
    assert.equal(accepted.offered()?.tokens, [token]);
    const refused = await guest();
    const brought = refused.credentials.signIn(claim, claim.authParams).credential().token;
    refused.credentials.signInRefused();
    assert.equal(refused.offered()?.tokens, [refused.token, brought]);
  },
);

tokens("are new for a sign-in that is shipped again after a resume: the resume's were the guest's", async () => {
  const { credentials, offered } = await guest();
  const { credential } = credentials.signIn(claim, claim.authParams);
  const first = credential().token;
  offered();
  credentials.rotated();
  const second = credential().token;
  assert.not.equal(second, first);
  credentials.signedIn();
  assert.equal(offered()?.tokens, [second]);
});

tokens('go with the credential of who signed in, also where the session has to begin anew', async () => {
  const { credentials, opening } = await guest();
  await opening()
    .renewal(signal)
    .then(
      () => assert.unreachable(),
      ({ failure }) => assert.is(failure.code, 'InvalidAuthParamsError'),
    );
  credentials.signIn(claim, claim.authParams);
  credentials.signedIn();
  const { authParams } = await opening().renewal(signal);
  assert.equal(authParams, { pin: 1 });
  credentials.startAnew();
  const start = await credentials.openings(fixed, null).start(signal);
  assert.equal([start.username, start.authParams], ['jane', { pin: 1 }]);
});

tokens.run();
