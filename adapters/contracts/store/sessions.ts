import assert from 'node:assert/strict';
import type { EndReason } from '../../../machines/reasons.js';
import type { MakeStore, Test } from '../store.js';
import { admit, given, NOW, withStore } from './with.js';

const endReasons: readonly EndReason[] = ['ended', 'denied', 'revoked', 'superseded', 'expired', 'gaveUp', 'tooSlow'];

/** Ending, forgetting and finding sessions. */
export const sessions = (test: Test, make: MakeStore): void => {
  test(
    'ending a session keeps it, with its reason and its time',
    withStore(make, async (store) => {
      for (const [index, reason] of endReasons.entries()) {
        const { session } = await admit(store, `s${index}`);
        const ended = { ...session, state: 'ENDED', endedAt: NOW + index, endReason: reason };
        assert.deepEqual(await given(store.endSession({ id: session.id, reason, now: NOW + index })), ended);
        assert.deepEqual(await given(store.findSession(session.id)), ended);
      }
    }),
  );

  test(
    'a session that has ended already is given back as it is',
    withStore(make, async (store) => {
      await admit(store, 's1');
      const ended = await given(store.endSession({ id: 's1', reason: 'ended', now: NOW + 1 }));
      assert.deepEqual(await given(store.endSession({ id: 's1', reason: 'expired', now: NOW + 2 })), ended);
      assert.deepEqual(await given(store.findSession('s1')), ended);
    }),
  );

  test(
    'a session that is not there is null to find and to end, and nothing to forget',
    withStore(make, async (store) => {
      assert.equal(await given(store.findSession('nobody')), null);
      assert.equal(await given(store.endSession({ id: 'nobody', reason: 'ended', now: NOW })), null);
      assert.equal(await given(store.forgetSession('nobody')), undefined);
    }),
  );

  test(
    'a session shows its user as they are now',
    withStore(make, async (store) => {
      const { user } = await admit(store, 's1');
      const later = await given(store.updateUser({ id: user.id, profile: { displayName: 'Jane' } }));
      assert.deepEqual((await given(store.findSession('s1')))?.user, later);
    }),
  );

  test(
    'a forgotten session is gone, with the user whom its admission created',
    withStore(make, async (store) => {
      await admit(store, 's1');
      await given(store.forgetSession('s1'));
      assert.equal(await given(store.findSession('s1')), null);
      assert.equal(await given(store.findUser({ name: 'jane' })), null);
      assert.equal(await given(store.findUser({ id: 1 })), null);
      const { user, created } = await admit(store, 's2');
      assert.deepEqual([user.id, created], [2, true]);
    }),
  );

  test(
    'a user whom no admission created stays when the session is forgotten',
    withStore(make, async (store) => {
      const jane = await given(store.createUser({ name: 'jane', profile: {} }));
      await admit(store, 's1', { as: 'registered' });
      await given(store.forgetSession('s1'));
      assert.deepEqual(await given(store.findUser({ name: 'jane' })), jane);
    }),
  );

  test(
    'a user with another session stays when the session that created them is forgotten',
    withStore(make, async (store) => {
      await admit(store, 's1');
      await admit(store, 's2');
      await admit(store, 'joes', { username: 'joe' });
      await given(store.forgetSession('s1'));
      assert.equal((await given(store.findSession('s2')))?.user.id, 1);
      assert.equal((await given(store.findUser({ name: 'jane' })))?.id, 1);
    }),
  );

  test(
    'where the session that created a user was forgotten, the next one counts as having created them',
    withStore(make, async (store) => {
      for (const id of ['s1', 's2', 's3']) await admit(store, id);
      await given(store.forgetSession('s1'));
      await given(store.forgetSession('s3'));
      assert.equal((await given(store.findUser({ name: 'jane' })))?.id, 1);
      await given(store.forgetSession('s2'));
      assert.equal(await given(store.findUser({ name: 'jane' })), null);
    }),
  );

  test(
    'a session that was forgotten can not be ended any more, and its id is free',
    withStore(make, async (store) => {
      await admit(store, 's1');
      await given(store.forgetSession('s1'));
      assert.equal(await given(store.endSession({ id: 's1', reason: 'ended', now: NOW })), null);
      assert.equal((await admit(store, 's1')).session.state, 'ACTIVE');
    }),
  );
};
