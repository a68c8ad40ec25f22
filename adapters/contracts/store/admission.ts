import assert from 'node:assert/strict';
import type { Either } from '../../../machines/ports/either.js';
import type { StoreFailure } from '../../../machines/ports/store.js';
import type { MakeStore, Test } from '../store.js';
import { admissionOf, admit, given, NOW, refused, unavailable, withStore } from './with.js';

/** Who is let in, as whom, and what it does to others. */
export const admission = (test: Test, make: MakeStore): void => {
  test(
    'a guest of an unknown name is created with the defaults, and the session with them',
    withStore(make, async (store) => {
      const admitted = await admit(store, 's1', { session: { userAgent: 'tester/1' } });
      const user = {
        id: 1,
        name: 'jane',
        displayName: 'jane',
        displayPictureUrl: null,
        isGuest: true,
        presence: { status: 'available', online: false },
        properties: {},
      };
      const session = { id: 's1', state: 'ACTIVE', user, userAgent: 'tester/1', createdAt: NOW, endedAt: null, endReason: null };
      assert.deepEqual(admitted, { user, session, created: true, revoked: [] });
      assert.deepEqual(await given(store.findUser({ name: 'jane' })), user);
      assert.deepEqual(await given(store.findSession('s1')), session);
    }),
  );

  test(
    'an authenticated user of an unknown name is created, and is no guest',
    withStore(make, async (store) => {
      const { user, created } = await admit(store, 's1', { as: 'registered', profile: { displayName: 'Jane' } });
      assert.equal(created, true);
      assert.equal(user.isGuest, false);
      assert.equal(user.displayName, 'Jane');
    }),
  );

  test(
    'a known user comes again as the same user, with a second session beside the first',
    withStore(make, async (store) => {
      const first = await admit(store, 's1');
      const second = await admit(store, 's2', { now: NOW + 1 });
      assert.equal(second.created, false);
      assert.deepEqual(second.revoked, []);
      assert.deepEqual(second.user, first.user);
      assert.equal((await given(store.listSessions({ state: 'ACTIVE', page: 0, size: 10 }))).total, 2);
    }),
  );

  test(
    'an admission writes its profile over what was there, and leaves the rest',
    withStore(make, async (store) => {
      await admit(store, 's1', {
        as: 'registered',
        profile: { displayName: 'Jane', displayPictureUrl: 'https://a/b.png', properties: { a: 1, b: 2 } },
      });
      const { user } = await admit(store, 's2', { as: 'registered', profile: { displayPictureUrl: null, properties: { c: 3 } } });
      assert.deepEqual([user.displayName, user.displayPictureUrl, user.properties], ['Jane', null, { c: 3 }]);
      assert.deepEqual(await given(store.findUser({ id: user.id })), user);
    }),
  );

  test(
    'a guest may not take a registered name, and nothing is written',
    withStore(make, async (store) => {
      const jane = await given(store.createUser({ name: 'jane', profile: {} }));
      const failure = await refused(store.admit(admissionOf('s1', { profile: { displayName: 'Mallory' } })));
      assert.deepEqual(failure, { kind: 'nameRegistered', name: 'jane' });
      assert.deepEqual(await given(store.findUser({ name: 'jane' })), jane);
      assert.equal(await given(store.findSession('s1')), null);
    }),
  );

  test(
    "registering a guest's name makes the guest a user and revokes the active sessions of the name, and no other",
    withStore(make, async (store) => {
      const guest = await admit(store, 's1');
      await admit(store, 's2');
      await admit(store, 's3');
      await admit(store, 'joes', { username: 'joe' });
      await given(store.endSession({ id: 's3', reason: 'ended', now: NOW + 1 }));
      const { user, session, created, revoked } = await admit(store, 's4', { as: 'registered', now: NOW + 2 });
      assert.equal(created, false);
      assert.deepEqual(user, { ...guest.user, isGuest: false });
      assert.equal(session.state, 'ACTIVE');
      const ended = { state: 'ENDED', user, userAgent: null, createdAt: NOW, endedAt: NOW + 2, endReason: 'revoked' };
      assert.deepEqual(
        [...revoked].sort((a, b) => a.id.localeCompare(b.id)),
        [
          { id: 's1', ...ended },
          { id: 's2', ...ended },
        ],
      );
      assert.deepEqual(await given(store.findSession('s1')), { id: 's1', ...ended });
      assert.equal((await given(store.findSession('s3')))?.endReason, 'ended');
      assert.equal((await given(store.findSession('joes')))?.state, 'ACTIVE');
      assert.equal((await given(store.findSession('s4')))?.state, 'ACTIVE');
    }),
  );

  test(
    'a registered user who comes again revokes nothing',
    withStore(make, async (store) => {
      await admit(store, 's1', { as: 'registered' });
      assert.deepEqual((await admit(store, 's2', { as: 'registered' })).revoked, []);
      assert.equal((await given(store.findSession('s1')))?.state, 'ACTIVE');
    }),
  );

  test(
    'two overlapping admissions of one unknown name make one user, created by the one that was begun first',
    withStore(make, async (store) => {
      const [first, second] = await Promise.all([admit(store, 's1'), admit(store, 's2')]);
      assert.deepEqual([first.created, second.created], [true, false]);
      assert.equal(first.user.id, second.user.id);
      assert.equal((await given(store.listUsers({ page: 0, size: 10 }))).total, 1);
    }),
  );

  test(
    'operations take effect in the order in which they were begun, also where nobody waits in between',
    withStore(make, async (store) => {
      const [before, , after, , registered, guest, , list] = await Promise.all([
        store.findSession('s1')(),
        store.admit(admissionOf('s1'))(),
        store.findSession('s1')(),
        store.endSession({ id: 's1', reason: 'ended', now: NOW + 1 })(),
        store.admit(admissionOf('s2', { as: 'registered' }))(),
        store.admit(admissionOf('s3'))(),
        store.forgetSession('s2')(),
        store.listSessions({ page: 0, size: 10 })(),
      ]);
      const answered = async <A>(answer: Either<StoreFailure, A>) => given(async () => answer);
      assert.equal(await answered(before), null);
      assert.equal((await answered(after))?.state, 'ACTIVE');
      assert.deepEqual((await answered(registered)).revoked, []);
      assert.deepEqual(await refused(async () => guest), { kind: 'nameRegistered', name: 'jane' });
      const ids = (await answered(list)).items.map(({ id }) => id);
      assert.deepEqual(ids, ['s1']);
    }),
  );

  test(
    'a task does nothing until it is called',
    withStore(make, async (store) => {
      const task = store.admit(admissionOf('s1'));
      assert.equal(await given(store.findSession('s1')), null);
      assert.equal((await given(task)).session.id, 's1');
    }),
  );

  test(
    'a session id that is taken is refused, and nothing of the admission is written',
    withStore(make, async (store) => {
      const { session } = await admit(store, 's1');
      await unavailable(store.admit(admissionOf('s1', { as: 'registered', profile: { displayName: 'Jane' } })));
      await unavailable(store.admit(admissionOf('s1', { username: 'joe' })));
      assert.deepEqual(await given(store.findSession('s1')), session);
      assert.equal(await given(store.findUser({ name: 'joe' })), null);
    }),
  );
};
