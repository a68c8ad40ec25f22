import assert from 'node:assert/strict';
import type { SessionRecord } from '../../../machines/ports/store.js';
import type { MakeStore, Test } from '../store.js';
import { admissionOf, admit, given, NOW, withStore } from './with.js';

/** A history that no page holds, and that a store without an index is slow with. */
const LONG_HISTORY = 10_000;

const ids = (records: readonly SessionRecord[]): readonly string[] => records.map(({ id }) => id);

/** Lists: their order, their filters, their edges. */
export const pages = (test: Test, make: MakeStore): void => {
  test(
    'sessions are listed newest first, by the order of their admission whatever the clock said',
    withStore(make, async (store) => {
      for (const [id, now] of [
        ['s1', NOW],
        ['s2', NOW],
        ['s3', NOW - 5],
      ] as const)
        await admit(store, id, { now });
      await given(store.endSession({ id: 's2', reason: 'ended', now: NOW + 1 }));
      assert.deepEqual(ids((await given(store.listSessions({ page: 0, size: 10 }))).items), ['s3', 's2', 's1']);
    }),
  );

  test(
    'sessions can be listed by state, by username, and by both',
    withStore(make, async (store) => {
      await admit(store, 'jane1');
      await admit(store, 'joe1', { username: 'joe' });
      await admit(store, 'jane2');
      await given(store.endSession({ id: 'jane1', reason: 'ended', now: NOW }));
      const page = { page: 0, size: 10 };
      assert.deepEqual(ids((await given(store.listSessions({ ...page, state: 'ACTIVE' }))).items), ['jane2', 'joe1']);
      assert.deepEqual(ids((await given(store.listSessions({ ...page, state: 'ENDED' }))).items), ['jane1']);
      assert.deepEqual(ids((await given(store.listSessions({ ...page, username: 'jane' }))).items), ['jane2', 'jane1']);
      assert.deepEqual(await given(store.listSessions({ ...page, state: 'ACTIVE', username: 'jane', size: 1 })), {
        items: [await given(store.findSession('jane2'))],
        page: 0,
        size: 1,
        total: 1,
      });
      assert.deepEqual(await given(store.listSessions({ ...page, username: 'nobody' })), { items: [], page: 0, size: 10, total: 0 });
    }),
  );

  test(
    'users are listed by id, and by presence, by being guests, and by both',
    withStore(make, async (store) => {
      await admit(store, 's1', { username: 'guest' });
      await admit(store, 's2', { username: 'absent' });
      await given(store.createUser({ name: 'user', profile: {} }));
      await given(store.createUser({ name: 'away', profile: {} }));
      for (const id of [1, 3]) await given(store.setPresence({ id, presence: { online: true } }));
      const names = async (filter: { online?: boolean; isGuest?: boolean }) =>
        (await given(store.listUsers({ ...filter, page: 0, size: 10 }))).items.map(({ name }) => name);
      assert.deepEqual(await names({}), ['guest', 'absent', 'user', 'away']);
      assert.deepEqual(await names({ online: true }), ['guest', 'user']);
      assert.deepEqual(await names({ online: false }), ['absent', 'away']);
      assert.deepEqual(await names({ isGuest: true }), ['guest', 'absent']);
      assert.deepEqual(await names({ isGuest: false }), ['user', 'away']);
      assert.deepEqual(await names({ online: true, isGuest: false }), ['user']);
      assert.deepEqual(await names({ online: false, isGuest: true }), ['absent']);
    }),
  );

  test(
    'pages follow each other without a gap, the last one is as short as it is, and those behind it are empty',
    withStore(make, async (store) => {
      for (let n = 1; n <= 5; n += 1) await given(store.createUser({ name: `user${n}`, profile: {} }));
      const page = async (number: number) => {
        const { items, ...rest } = await given(store.listUsers({ page: number, size: 2 }));
        return [items.map(({ id }) => id), rest] as const;
      };
      assert.deepEqual(await page(0), [[1, 2], { page: 0, size: 2, total: 5 }]);
      assert.deepEqual(await page(1), [[3, 4], { page: 1, size: 2, total: 5 }]);
      assert.deepEqual(await page(2), [[5], { page: 2, size: 2, total: 5 }]);
      assert.deepEqual(await page(3), [[], { page: 3, size: 2, total: 5 }]);
    }),
  );

  test(
    'a request for an impossible page is answered with the nearest possible one',
    withStore(make, async (store) => {
      for (let n = 0; n < 201; n += 1) await admit(store, `s${n}`);
      const answered = async (page: number, size: number) => {
        const list = await given(store.listSessions({ page, size }));
        assert.deepEqual(Object.keys(list).sort(), ['items', 'page', 'size', 'total']);
        return [list.page, list.size, list.items.length, list.total];
      };
      assert.deepEqual(await answered(0, 0), [0, 1, 1, 201]);
      assert.deepEqual(await answered(0, -5), [0, 1, 1, 201]);
      assert.deepEqual(await answered(0, 201), [0, 200, 200, 201]);
      assert.deepEqual(await answered(1, 1e9), [1, 200, 1, 201]);
      assert.deepEqual(await answered(0, Number.POSITIVE_INFINITY), [0, 200, 200, 201]);
      assert.deepEqual(await answered(-1, 2), [0, 2, 2, 201]);
      assert.deepEqual(await answered(1.9, 2.9), [1, 2, 2, 201]);
      assert.deepEqual(await answered(Number.NaN, Number.NaN), [0, 1, 1, 201]);
      for (const far of [1e15, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) assert.equal((await answered(far, 200))[2], 0);
      const nothing = {} as { page: number; size: number };
      assert.deepEqual((await given(store.listUsers(nothing))).size, 1);
    }),
  );

  test(
    `a history of ${LONG_HISTORY} sessions is given whole, page by page`,
    withStore(make, async (store) => {
      for (let n = 1; n <= LONG_HISTORY; n += 1) {
        await given(store.admit(admissionOf(`s${n}`, { username: `user${n % 50}` })));
        await given(store.endSession({ id: `s${n}`, reason: 'ended', now: NOW + n }));
      }
      const seen: string[] = [];
      for (let page = 0; page * 200 < LONG_HISTORY; page += 1) {
        const list = await given(store.listSessions({ state: 'ENDED', page, size: 200 }));
        assert.equal(list.total, LONG_HISTORY);
        seen.push(...ids(list.items));
      }
      assert.deepEqual(
        seen,
        Array.from({ length: LONG_HISTORY }, (_, index) => `s${LONG_HISTORY - index}`),
      );
      assert.equal((await given(store.listSessions({ username: 'user7', page: 0, size: 1 }))).total, LONG_HISTORY / 50);
    }),
  );
};
