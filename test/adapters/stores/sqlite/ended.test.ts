/** Of the sessions that ended a file keeps the last ones. */
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ENDED_SESSIONS_MAX } from '../../../../adapters/stores/rules.js';
import { sqlite } from '../../../../adapters/stores/sqlite.js';
import type { StoreTask } from '../../../../machines/ports/store.js';
import { query, tamper, withDirectory } from './scratch.js';

const ended = suite('sessions that ended, in a file');

const given = async <A>(task: StoreTask<A>): Promise<A> => {
  const answer = await task();
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
  return answer.right;
};

ended(
  'stay by when they ended, the last ten thousand; those that are active all stay; so do users, but for guests of whom no session is left',
  withDirectory(async (directory) => {
    const file = join(directory, 'ended.db');
    const admit = (store: ReturnType<typeof sqlite>, id: string) =>
      given(
        store.admit({
          username: 'jane',
          as: 'guest',
          profile: {},
          session: { id, tokenHash: id, userAgent: null, terms: null },
          now: 1,
        }),
      );
    const store = sqlite(file);
    await given(store.open({ now: 1 }));
    // The oldest of all by its admission is the one that ends last.
    await admit(store, 'long');
    for (const as of ['guest', 'registered'] as const) {
      const session = { id: `of-${as}`, tokenHash: as, userAgent: null, terms: null };
      await given(store.admit({ username: as, as, profile: {}, session, now: 0 }));
    }
    tamper(file, "UPDATE sessions SET state = 'ENDED', ended_at = 0, end_reason = 'ended' WHERE id LIKE 'of-%'");
    tamper(
      file,
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ENDED_SESSIONS_MAX + 300})
       INSERT INTO sessions (id, user_id, token_hash, state, created_user, created_at, ended_at, end_reason)
       SELECT 's' || i, 1, 't', 'ENDED', 0, i, i, 'ended' FROM n`,
    );
    await admit(store, 'here');
    const total = async () => (await given(store.listSessions({ page: 0, size: 1, state: 'ENDED' }))).total;
    await given(store.endSession({ id: 'long', reason: 'ended', now: 1_000_001 }));
    assert.is(await total(), ENDED_SESSIONS_MAX);
    assert.is((await given(store.findSession('long')))?.state, 'ENDED');
    assert.is(await given(store.findSession('s301')), null);
    assert.is((await given(store.findSession('s302')))?.state, 'ENDED');
    assert.is((await given(store.findSession('here')))?.state, 'ACTIVE');
    assert.is((await given(store.findUser({ name: 'jane' })))?.id, 1);
    assert.is(await given(store.findUser({ name: 'guest' })), null);
    assert.is((await given(store.findUser({ name: 'registered' })))?.name, 'registered');
    // They are looked for once in a hundred ends.
    for (let n = 0; n < 100; n += 1) {
      await admit(store, `more${n}`);
      await given(store.endSession({ id: `more${n}`, reason: 'ended', now: 1_000_002 + n }));
      assert.is(await total(), ENDED_SESSIONS_MAX + (n < 99 ? n + 1 : 0));
    }
    await given(store.close());
    assert.equal(query(file, "SELECT count(*) AS n FROM sessions WHERE state = 'ACTIVE'"), [{ n: 1 }]);
  }),
);

ended.run();
