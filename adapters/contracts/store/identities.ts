import assert from 'node:assert/strict';
import type { Identification, Identified, SessionStore } from '../../../machines/ports/store.js';
import type { MakeStore, Test } from '../store.js';
import { admit, given, NOW, refused, withStore } from './with.js';

/** That the session 's1' speaks for 'jane', with what differs. */
const identificationOf = (more: Partial<Identification> = {}): Identification => ({
  sessionId: 's1',
  username: 'jane',
  profile: {},
  tokenHash: 'another hash',
  expiresAt: null,
  signIn: null,
  now: NOW + 5,
  ...more,
});

const identify = (store: SessionStore, more?: Partial<Identification>): Promise<Identified> =>
  given(store.identify(identificationOf(more)));

/** Whom a live session speaks for. */
export const identities = (test: Test, make: MakeStore): void => {
  test(
    "a session that is identified is that user's, who is created where nobody knew them, and is no guest",
    withStore(make, async (store) => {
      const visitor = await admit(store, 's1', { username: 'visitor' });
      const { user, session, created, revoked } = await identify(store, { profile: { displayName: 'Jane', properties: { a: 1 } } });
      assert.deepEqual([user.name, user.displayName, user.isGuest, user.properties], ['jane', 'Jane', false, { a: 1 }]);
      assert.notEqual(user.id, visitor.user.id);
      assert.deepEqual([created, revoked], [true, []]);
      assert.deepEqual(session, { ...visitor.session, user });
      assert.deepEqual(await given(store.findSession('s1')), session);
      assert.deepEqual(await given(store.findUser({ name: 'jane' })), user);
      assert.equal((await given(store.listSessions({ username: 'visitor', page: 0, size: 10 }))).total, 0);
      assert.equal((await given(store.listSessions({ username: 'jane', page: 0, size: 10 }))).total, 1);
      assert.deepEqual(await given(store.findUser({ name: 'visitor' })), visitor.user, 'the guest stays known');
    }),
  );

  test(
    'a registered user keeps their sessions, and what the profile leaves out',
    withStore(make, async (store) => {
      const before = await admit(store, 's0', { as: 'registered', profile: { displayName: 'Jane', properties: { a: 1 } } });
      await admit(store, 's1', { username: 'visitor' });
      const { user, created, revoked } = await identify(store, { profile: { displayPictureUrl: 'https://a/b.png' } });
      assert.deepEqual(user, { ...before.user, displayPictureUrl: 'https://a/b.png' });
      assert.deepEqual([created, revoked], [false, []]);
      assert.equal((await given(store.findSession('s0')))?.state, 'ACTIVE');
    }),
  );

  test(
    "a guest's name that is registered so loses its other sessions, as one transaction, and keeps this one",
    withStore(make, async (store) => {
      const own = await admit(store, 's1');
      await admit(store, 's2');
      await admit(store, 'joes', { username: 'joe' });
      const { user, session, created, revoked } = await identify(store);
      assert.deepEqual(user, { ...own.user, isGuest: false });
      assert.deepEqual(
        [created, session.state, revoked.map(({ id, endReason, endedAt }) => [id, endReason, endedAt])],
        [false, 'ACTIVE', [['s2', 'revoked', NOW + 5]]],
      );
      assert.equal((await given(store.findSession('s2')))?.state, 'ENDED');
      assert.equal((await given(store.findSession('joes')))?.state, 'ACTIVE');
    }),
  );

  test(
    'a session that is not there, or has ended, speaks for nobody: nothing is written',
    withStore(make, async (store) => {
      await admit(store, 's1', { username: 'visitor' });
      await given(store.endSession({ id: 's1', reason: 'ended', now: NOW + 1 }));
      for (const sessionId of ['s1', 'nobody'])
        assert.deepEqual(await refused(store.identify(identificationOf({ sessionId }))), { kind: 'sessionUnknown', id: sessionId });
      assert.equal(await given(store.findUser({ name: 'jane' })), null);
    }),
  );

  test(
    'a user whose session is forgotten stays where another brought them, and where they were identified',
    withStore(make, async (store) => {
      await admit(store, 's1', { username: 'visitor' });
      await identify(store);
      await given(store.forgetSession('s1'));
      assert.equal((await given(store.findUser({ name: 'jane' })))?.isGuest, false);
      await admit(store, 's2', { username: 'visitor' });
      await given(store.forgetSession('s2'));
      assert.notEqual(await given(store.findUser({ name: 'visitor' })), null);
    }),
  );
};
