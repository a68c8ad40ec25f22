import assert from 'node:assert/strict';
import type { KeptSession, SessionStore, SessionTurn, StreamStore, StreamTermsKept } from '../../../machines/ports/store.js';
import type { JournalPart, StoredPositions } from '../../../machines/stream/journal.js';
import type { MakeStore, Test } from '../store.js';
import { admit, given, NOW, unavailable } from './with.js';

const terms: StreamTermsKept = {
  keptMs: 120_000,
  window: { messages: 8, size: 4_000 },
  features: ['resume', 'sign-in'],
  expiresAt: NOW + 9,
};

/** Where a stream stands, no field like another. */
const positions: StoredPositions = {
  shipped: 9,
  peerDone: 7,
  done: 5,
  ownEnd: 'queued',
  peerEnded: true,
  redeliverUpTo: 8,
  exceptions: [
    { number: 3, outcome: 'failed' },
    { number: 4, outcome: 'unhandled' },
    { number: 5, outcome: 'expired' },
  ],
  oldest: 11,
  ticket: 16,
};

/** One of each kind that is kept, with texts that are easily spoilt. */
const part: JournalPart = {
  entries: [
    { ticket: 11, item: { kind: 'message', type: 'chat', payload: '{"text":"\\u0000 \\ud800 é 🎈"}' }, size: 29 },
    {
      ticket: 12,
      item: { kind: 'message', type: 'a\u0000b\ud800', payload: 'null', options: { ttlMs: 5, redelivered: true } },
      size: 4,
      expiresAt: NOW + 0.25,
    },
    { ticket: 13, item: { kind: 'reply', to: 2, payload: '"yes"' }, size: 5 },
    { ticket: 14, item: { kind: 'failure', to: 3, code: 'RequestFailedError', message: "It's \\ broken." }, size: 0 },
    {
      ticket: 15,
      item: {
        kind: 'identity',
        to: 4,
        expiresAt: null,
        user: {
          id: 2,
          name: 'joe',
          displayName: 'Joe',
          displayPictureUrl: null,
          isGuest: false,
          presence: { status: 'away', online: true },
          properties: { tags: [1, null] },
        },
      },
      size: 0,
    },
  ],
  numbers: [
    [8, 11, 1],
    [9, 13, 1],
  ],
  dropped: [10],
};

const other: JournalPart = { entries: [], numbers: [], dropped: [12] };

const turnOf = (id: string, more: Partial<SessionTurn> = {}): SessionTurn => ({
  id,
  tokenHash: `later hash of ${id}`,
  confirmed: true,
  expiresAt: null,
  life: 2,
  positions,
  attempts: [
    [6, 1],
    [7, 2],
  ],
  part: { number: 1, body: part },
  dropBefore: 1,
  ...more,
});

/** A test for stores that keep streams: their part, and a restart, which gives what the next process loads. Others pass. */
const withStreams =
  (
    make: MakeStore,
    run: (
      store: SessionStore,
      streams: StreamStore,
      restarted: () => Promise<{
        readonly sessions: readonly KeptSession[];
        readonly broken: readonly string[];
        readonly store: SessionStore;
      }>,
    ) => Promise<void>,
  ) =>
  async (): Promise<void> => {
    const { store, reopen, cleanup } = await make();
    let current = store;
    try {
      if (store.streams === null || reopen === undefined) return;
      await given(store.open({ now: NOW }));
      await run(store, store.streams, async () => {
        await given(current.close());
        current = await reopen();
        await given(current.open({ now: NOW + 60_000 }));
        const { streams } = current;
        if (streams === null) assert.fail('its next life keeps no streams');
        return { ...(await given(streams.load({ now: NOW + 60_000 }))), store: current };
      });
      await given(current.close());
    } finally {
      await cleanup();
    }
  };

/** Sessions that outlive the process. */
export const streams = (test: Test, make: MakeStore): void => {
  test(
    'a session that was admitted with terms is there after a restart, ACTIVE, as it was admitted; one without has expired',
    withStreams(make, async (store, _, restarted) => {
      const { session } = await admit(store, 's1', { session: { terms, userAgent: 'tester/1' } });
      await admit(store, 's2', { username: 'joe' });
      const { sessions, broken, store: next } = await restarted();
      assert.deepEqual(sessions, [
        { record: session, tokenHash: 'hash of s1', confirmed: false, terms, life: 0, signIn: 0, positions: null, attempts: [], parts: [] },
      ]);
      assert.deepEqual(broken, []);
      assert.equal((await given(next.findSession('s2')))?.endReason, 'expired');
    }),
  );

  test(
    'what a turn decided is there as it was given: positions, attempts, token, and each kind of what was sent',
    withStreams(make, async (store, kept, restarted) => {
      const { session } = await admit(store, 's1', { session: { terms } });
      await given(kept.commit([turnOf('s1')]));
      const { sessions } = await restarted();
      assert.deepEqual(sessions, [
        {
          record: session,
          tokenHash: 'later hash of s1',
          confirmed: true,
          terms: { ...terms, expiresAt: null },
          life: 2,
          signIn: 0,
          positions,
          attempts: [
            [6, 1],
            [7, 2],
          ],
          parts: [[1, part]],
        },
      ]);
    }),
  );

  test(
    'parts come back in their order, without those that are over; a turn that adds nothing leaves them as they are',
    withStreams(make, async (store, kept, restarted) => {
      await admit(store, 's1', { session: { terms } });
      for (const number of [1, 2, 9, 10]) await given(kept.commit([turnOf('s1', { part: { number, body: number === 9 ? part : other } })]));
      await given(kept.commit([turnOf('s1', { part: { number: 11, body: other }, dropBefore: 9 })]));
      await given(kept.commit([turnOf('s1', { part: null, dropBefore: 9 })]));
      const [session] = (await restarted()).sessions;
      assert.deepEqual(session?.parts, [
        [9, part],
        [10, other],
        [11, other],
      ]);
    }),
  );

  test(
    'a part that is given again takes the place of the one that is there: whoever gave it did not learn that it was written',
    withStreams(make, async (store, kept, restarted) => {
      await admit(store, 's1', { session: { terms } });
      await given(kept.commit([turnOf('s1', { part: { number: 1, body: other } })]));
      await given(kept.commit([turnOf('s1')]));
      assert.deepEqual((await restarted()).sessions[0]?.parts, [[1, part]]);
    }),
  );

  test(
    'turns of several sessions are written together; one that has ended, is not known or has no terms is passed over',
    withStreams(make, async (store, kept, restarted) => {
      await admit(store, 's1', { session: { terms } });
      await admit(store, 's2', { session: { terms } });
      await admit(store, 's3');
      await admit(store, 's4', { session: { terms } });
      await given(store.endSession({ id: 's2', reason: 'revoked', now: NOW + 1 }));
      await given(store.forgetSession('s4'));
      await given(kept.commit(['s0', 's1', 's2', 's3', 's4'].map((id) => turnOf(id))));
      const { sessions, broken, store: next } = await restarted();
      assert.deepEqual(
        sessions.map(({ record, parts }) => [record.id, parts.length]),
        [['s1', 1]],
      );
      assert.deepEqual(broken, []);
      assert.equal((await given(next.findSession('s2')))?.endReason, 'revoked');
    }),
  );

  test(
    'a session that ended after its turns were written is not loaded',
    withStreams(make, async (store, kept, restarted) => {
      await admit(store, 's1', { session: { terms } });
      await given(kept.commit([turnOf('s1')]));
      await given(store.endSession({ id: 's1', reason: 'ended', now: NOW + 1 }));
      const { sessions, store: next } = await restarted();
      assert.deepEqual(sessions, []);
      assert.equal((await given(next.findSession('s1')))?.endReason, 'ended');
    }),
  );

  test(
    'a session whose user has changed is loaded with the new user, token and time; the sessions of guests that ended with that are not loaded',
    withStreams(make, async (store, kept, restarted) => {
      await admit(store, 's1', { session: { terms } });
      await admit(store, 's2', { username: 'joe', session: { terms } });
      await given(kept.commit([turnOf('s1'), turnOf('s2')]));
      const identification = { sessionId: 's1', username: 'joe', profile: { displayName: 'Joe' }, expiresAt: NOW + 99, now: NOW + 1 };
      const { user } = await given(store.identify({ ...identification, signIn: 3, tokenHash: 'hash of a sign-in' }));
      const { sessions } = await restarted();
      assert.deepEqual(
        sessions.map(({ record, tokenHash, terms: { expiresAt }, parts }) => [record.id, record.user, tokenHash, expiresAt, parts]),
        [['s1', { ...user, presence: { ...user.presence, online: false } }, 'hash of a sign-in', NOW + 99, [[1, part]]]],
      );
    }),
  );

  test(
    'the number of the latest sign-in is loaded with its session, whatever was written since, a renewal included',
    withStreams(make, async (store, kept, restarted) => {
      await admit(store, 's1', { session: { terms } });
      await admit(store, 's2', { username: 'joe', session: { terms } });
      const identification = { sessionId: 's1', username: 'anne', profile: {}, tokenHash: 'a hash', expiresAt: null, now: NOW + 1 };
      await given(store.identify({ ...identification, signIn: 3 }));
      await given(store.identify({ ...identification, signIn: null }));
      await given(kept.commit([turnOf('s1'), turnOf('s2')]));
      assert.deepEqual(
        (await restarted()).sessions.map(({ record, signIn }) => [record.id, signIn]),
        [
          ['s1', 3],
          ['s2', 0],
        ],
      );
    }),
  );

  test(
    'a user is loaded as they are now, and not as they were at the admission',
    withStreams(make, async (store, _, restarted) => {
      const { user } = await admit(store, 's1', { session: { terms } });
      await given(store.updateUser({ id: user.id, profile: { displayName: 'Jane D.' } }));
      assert.equal((await restarted()).sessions[0]?.record.user.displayName, 'Jane D.');
    }),
  );

  test(
    'what was loaded is there to be loaded again, until it is written over or ends',
    withStreams(make, async (store, kept, restarted) => {
      await admit(store, 's1', { session: { terms } });
      await given(kept.commit([turnOf('s1')]));
      const first = await restarted();
      const second = await restarted();
      assert.deepEqual(second.sessions, first.sessions);
    }),
  );

  test('nothing is committed or loaded before open or after close', async () => {
    const { store, cleanup } = await make();
    try {
      if (store.streams === null) return;
      for (let life = 1; life <= 2; life += 1) {
        await unavailable(store.streams.commit([turnOf('s1')]));
        await unavailable(store.streams.load({ now: NOW }));
        await given(store.open({ now: NOW }));
        await given(store.close());
      }
    } finally {
      await cleanup();
    }
  });
};
