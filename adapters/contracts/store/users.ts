import assert from 'node:assert/strict';
import type { MakeStore, Test } from '../store.js';
import { admit, given, refused, withStore } from './with.js';

/** Creating, changing and finding users. */
export const users = (test: Test, make: MakeStore): void => {
  test(
    'a created user is no guest, and has the defaults where the profile says nothing',
    withStore(make, async (store) => {
      const user = await given(store.createUser({ name: 'jane', profile: {} }));
      assert.deepEqual(user, {
        id: 1,
        name: 'jane',
        displayName: 'jane',
        displayPictureUrl: null,
        isGuest: false,
        presence: { status: 'available', online: false },
        properties: {},
      });
    }),
  );

  test(
    'a created user has what the profile says',
    withStore(make, async (store) => {
      const profile = { displayName: 'Jane Doe', displayPictureUrl: 'https://a/b.png', properties: { role: 'admin' } };
      const user = await given(store.createUser({ name: 'jane', profile }));
      assert.deepEqual(user, { ...user, ...profile });
      assert.deepEqual(await given(store.findUser({ id: 1 })), user);
    }),
  );

  test(
    'a name that a user or a guest has can not be created again, and nothing is written',
    withStore(make, async (store) => {
      const jane = await given(store.createUser({ name: 'jane', profile: {} }));
      const { user: joe } = await admit(store, 's1', { username: 'joe' });
      for (const name of ['jane', 'joe'])
        assert.deepEqual(await refused(store.createUser({ name, profile: { displayName: 'Mallory' } })), { kind: 'userExists', name });
      assert.deepEqual((await given(store.listUsers({ page: 0, size: 10 }))).items, [jane, joe]);
    }),
  );

  test(
    'ids ascend from 1, and a failed creation may not give one twice',
    withStore(make, async (store) => {
      const ids: number[] = [];
      for (const name of ['a', 'b', 'a', 'c']) {
        const answer = await store.createUser({ name, profile: {} })();
        if (answer._tag === 'Right') ids.push(answer.right.id);
      }
      assert.equal(ids[0], 1);
      assert.deepEqual(
        [...new Set(ids)].sort((a, b) => a - b),
        ids,
      );
    }),
  );

  test(
    'an update changes what the profile says, replaces properties as a whole and leaves the rest',
    withStore(make, async (store) => {
      const profile = { displayName: 'Jane', displayPictureUrl: 'https://a/b.png', properties: { a: 1, b: 2 } };
      const before = await given(store.createUser({ name: 'jane', profile }));
      assert.deepEqual(await given(store.updateUser({ id: 1, profile: { properties: { b: 3 } } })), { ...before, properties: { b: 3 } });
      assert.deepEqual(await given(store.updateUser({ id: 1, profile: {} })), { ...before, properties: { b: 3 } });
      const last = await given(store.updateUser({ id: 1, profile: { displayName: 'J', displayPictureUrl: null } }));
      assert.deepEqual(last, { ...before, displayName: 'J', displayPictureUrl: null, properties: { b: 3 } });
      assert.deepEqual(await given(store.findUser({ name: 'jane' })), last);
    }),
  );

  test(
    'presence changes by what is said of it',
    withStore(make, async (store) => {
      const before = await given(store.createUser({ name: 'jane', profile: { properties: { a: 1 } } }));
      const away = await given(store.setPresence({ id: 1, presence: { status: 'away' } }));
      assert.deepEqual(away, { ...before, presence: { status: 'away', online: false } });
      const online = await given(store.setPresence({ id: 1, presence: { online: true } }));
      assert.deepEqual(online, { ...before, presence: { status: 'away', online: true } });
      const busy = await given(store.setPresence({ id: 1, presence: { status: 'busy' } }));
      assert.deepEqual(busy.presence, { status: 'busy', online: true });
      assert.deepEqual(await given(store.setPresence({ id: 1, presence: {} })), busy);
      assert.deepEqual((await given(store.setPresence({ id: 1, presence: { status: '', online: false } }))).presence, {
        status: '',
        online: false,
      });
      assert.deepEqual((await given(store.findUser({ id: 1 })))?.presence, { status: '', online: false });
    }),
  );

  test(
    'what is said of a user who is not there is refused by their id',
    withStore(make, async (store) => {
      for (const id of [7, 0, -1, 1.5, Number.MAX_SAFE_INTEGER]) {
        assert.deepEqual(await refused(store.updateUser({ id, profile: { displayName: 'x' } })), { kind: 'userUnknown', id });
        assert.deepEqual(await refused(store.setPresence({ id, presence: { online: true } })), { kind: 'userUnknown', id });
        assert.equal(await given(store.findUser({ id })), null);
      }
      assert.equal(await given(store.findUser({ name: 'nobody' })), null);
    }),
  );

  test(
    'what a caller does to its own objects afterwards changes nothing in the store',
    withStore(make, async (store) => {
      const properties = { list: [1, { deep: 'as it was' }] };
      const presence = { status: 'busy', online: true };
      const profile = { displayName: 'Jane', properties };
      await given(store.createUser({ name: 'jane', profile }));
      await given(store.setPresence({ id: 1, presence }));
      profile.displayName = 'Mallory';
      (properties.list[1] as { deep: string }).deep = 'changed';
      presence.status = 'changed';
      const user = await given(store.findUser({ id: 1 }));
      assert.deepEqual(
        [user?.displayName, user?.properties, user?.presence.status],
        ['Jane', { list: [1, { deep: 'as it was' }] }, 'busy'],
      );
    }),
  );
};
