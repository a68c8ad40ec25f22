/** Whom a session speaks for, as the machine has it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { userOf } from '../../../machines/session/session.machine.js';
import * as s from './support.js';

const joe = { ...s.jane, id: 2, name: 'joe' };
const guest = { ...s.jane, isGuest: true };

const identity = suite('the user of a session');

/** An active session of this user. */
const activeAs = (user: typeof s.jane) => s.story(s.start(), s.opened(1), s.welcomed(1, { user })).state;

identity('becomes another one by a sign-in, which is told with the former one', () => {
  for (const [former, user] of [
    [s.jane, joe],
    [guest, s.jane],
  ] as const) {
    const { state, emitted } = s.step(activeAs(former), s.identified(user, 9));
    assert.equal(emitted, [{ type: 'identity', sessionId: 's1', user, former }]);
    assert.equal([state.context.session?.user, state.context.session?.expiresAt, state.context.username], [user, 9, user.name]);
    assert.equal(state.value, { active: 'healthy' });
  }
});

identity('with a new credential is told to nobody', () => {
  const renewed = { ...s.jane, displayName: 'Jane E.' };
  const { state, emitted } = s.step(activeAs(s.jane), s.identified(renewed, 9));
  assert.equal(emitted, []);
  assert.equal([state.context.session?.user, state.context.session?.expiresAt], [renewed, 9]);
});

identity('is the welcome’s where a session begins; where it goes on, another user comes by the stream', () => {
  const welcome = (outcome: 'started' | 'resumed', user: typeof s.jane) => ({ outcome, user }) as Parameters<typeof userOf>[1];
  const renewed = { ...s.jane, displayName: 'Jane E.' };
  assert.is(userOf(null, welcome('started', joe)), joe);
  assert.is(userOf(null, welcome('resumed', joe)), joe);
  assert.is(userOf({ user: s.jane }, welcome('started', joe)), joe);
  assert.is(userOf({ user: s.jane }, welcome('resumed', renewed)), renewed);
  assert.is(userOf({ user: s.jane }, welcome('resumed', joe)), s.jane);
  assert.is(userOf({ user: guest }, welcome('resumed', s.jane)), guest);
});

identity.run();
