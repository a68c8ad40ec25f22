/** Starts that are not confirmed, found by their token and by nothing else. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { LiveSession } from '../../../src/server/session.js';
import { Starts } from '../../../src/server/starts.js';

const test = suite('starts that are not confirmed');

/** What they look at of a session. */
const sessionOf = (id: string, tokenHash: string) => ({ id, tokenHash, user: { name: 'jane' } }) as LiveSession;

test('are found under their next token once it is current, and no longer under the former one', () => {
  const starts = new Starts();
  const session = sessionOf('a', 'former');
  starts.add(session);
  starts.rename(session, 'next');
  assert.is(starts.find('former', 'jane'), null);
  assert.is(starts.find('next', 'jane'), session);
  assert.is(starts.remove(session), true);
  assert.is(starts.unconfirmedCount, 0);
});

test('do not gain a session that is confirmed when its token changes', () => {
  const starts = new Starts();
  const session = sessionOf('a', 'former');
  starts.rename(session, 'next');
  assert.is(session.tokenHash, 'next');
  assert.is(starts.unconfirmedCount, 0);
});

test.run();
