/** A sign-in that was refused made the client forget the token that it had offered with a resume: where the server had taken that one, the session was lost, as denied. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../adapters/hosts/virtual.js';
import { Credentials } from '../../src/client/credentials.js';

const test = suite('a token that a resume offered');

const fixed = { apiKey: null, agent: 'test', window: { messages: 1, size: 1 } };
const positions = { received: 0, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 };

test('is offered until an answer is there, whatever becomes of a sign-in meanwhile', async () => {
  const credentials = new Credentials(virtualHost({ seed: 1 }));
  credentials.begin({ username: 'jane', authParams: undefined });
  const { token } = await credentials.openings(fixed, null).start(new AbortController().signal);
  credentials.started('s');
  const offered = credentials.openings(fixed, positions).resume?.nextToken;
  credentials.signIn({ username: 'anne', authParams: undefined }, {});
  credentials.signInRefused();
  const { resume } = credentials.openings(fixed, positions);
  assert.equal([resume?.tokens, resume?.nextToken], [[token, offered], offered]);
});

test.run();
