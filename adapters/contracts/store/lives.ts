import assert from 'node:assert/strict';
import type { SessionStore } from '../../../machines/ports/store.js';
import type { MakeStore, Test } from '../store.js';
import { admissionOf, admit, given, NOW, unavailable, withStore } from './with.js';

/** Two lives of one store. Where it can not be reopened, the first one only. */
const withTwoLives =
  (
    make: MakeStore,
    first: (store: SessionStore) => Promise<void>,
    second: (open: () => Promise<readonly [SessionStore, Opened]>) => Promise<void>,
  ) =>
  async (): Promise<void> => {
    const { store, reopen, cleanup } = await make();
    try {
      await given(store.open({ now: NOW }));
      await first(store);
      await given(store.close());
      if (reopen === undefined) return;
      const next = await reopen();
      await second(async () => [next, await given(next.open({ now: NOW + 60_000 }))]);
      await given(next.close());
    } finally {
      await cleanup();
    }
  };

type Opened = { readonly incarnation: number; readonly expired: number };

/** Opening, closing, restarting. */
export const lives = (test: Test, make: MakeStore): void => {
  test('a store has a name for the logs', async () => {
    const { store, cleanup } = await make();
    assert.match(store.name, /^\S+$/);
    await cleanup();
  });

  test('the first open is incarnation 1 and finds nothing to end', async () => {
    const { store, cleanup } = await make();
    try {
      assert.deepEqual(await given(store.open({ now: NOW })), { incarnation: 1, expired: 0 });
      assert.equal((await given(store.listUsers({ page: 0, size: 10 }))).total, 0);
      assert.equal((await given(store.listSessions({ page: 0, size: 10 }))).total, 0);
      await given(store.close());
    } finally {
      await cleanup();
    }
  });

  test('what is begun before open is refused as unavailable', async () => {
    const { store, cleanup } = await make();
    try {
      await unavailable(store.admit(admissionOf('s1')));
      await unavailable(store.findSession('s1'));
    } finally {
      await cleanup();
    }
  });

  test('what is begun after close is refused as unavailable', async () => {
    const { store, cleanup } = await make();
    try {
      await given(store.open({ now: NOW }));
      await given(store.close());
      await unavailable(store.admit(admissionOf('s1')));
      await unavailable(store.listUsers({ page: 0, size: 1 }));
      await unavailable(store.createUser({ name: 'jane', profile: {} }));
    } finally {
      await cleanup();
    }
  });

  test(
    'a store that is open can not be opened again, and goes on',
    withStore(make, async (store) => {
      await unavailable(store.open({ now: NOW }));
      await admit(store, 's1');
    }),
  );

  test(
    'each open counts the incarnation up by one',
    withTwoLives(
      make,
      async () => undefined,
      async (open) => assert.equal((await open())[1].incarnation, 2),
    ),
  );

  test(
    'a restart ends the sessions that were active as expired, and leaves those that had ended as they were',
    withTwoLives(
      make,
      async (store) => {
        await admit(store, 's1');
        await admit(store, 's2', { username: 'joe', session: { userAgent: 'tester/1' } });
        await admit(store, 's3');
        await given(store.endSession({ id: 's3', reason: 'ended', now: NOW + 5 }));
      },
      async (open) => {
        const [store, opened] = await open();
        assert.deepEqual(opened, { incarnation: 2, expired: 2 });
        const page = await given(store.listSessions({ page: 0, size: 10 }));
        assert.deepEqual(
          page.items.map(({ id, state, endedAt, endReason }) => [id, state, endedAt, endReason]),
          [
            ['s3', 'ENDED', NOW + 5, 'ended'],
            ['s2', 'ENDED', NOW + 60_000, 'expired'],
            ['s1', 'ENDED', NOW + 60_000, 'expired'],
          ],
        );
        assert.equal(page.items[1]?.userAgent, 'tester/1');
        assert.equal(page.items[1]?.createdAt, NOW);
      },
    ),
  );

  test(
    'a restart keeps the users, puts all of them offline, and goes on with the ids',
    withTwoLives(
      make,
      async (store) => {
        const jane = await given(
          store.createUser({ name: 'jane', profile: { displayName: 'Jane', properties: { role: 'admin', tags: [1, null] } } }),
        );
        await given(store.setPresence({ id: jane.id, presence: { status: 'busy', online: true } }));
        await admit(store, 's1', { username: 'joe' });
      },
      async (open) => {
        const [store] = await open();
        assert.deepEqual(await given(store.findUser({ name: 'jane' })), {
          id: 1,
          name: 'jane',
          displayName: 'Jane',
          displayPictureUrl: null,
          isGuest: false,
          presence: { status: 'busy', online: false },
          properties: { role: 'admin', tags: [1, null] },
        });
        assert.equal((await given(store.findUser({ name: 'joe' })))?.isGuest, true);
        assert.equal((await admit(store, 's2', { username: 'ann' })).user.id, 3);
      },
    ),
  );

  test(
    'an id is not used again after a restart, though its user was forgotten',
    withTwoLives(
      make,
      async (store) => {
        await admit(store, 's1');
        await given(store.forgetSession('s1'));
      },
      async (open) => {
        const [store] = await open();
        assert.equal((await admit(store, 's2')).user.id, 2);
      },
    ),
  );
};
