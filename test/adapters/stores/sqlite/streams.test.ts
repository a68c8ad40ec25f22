/** Streams in a file that is damaged, older, or read beside its writer. */
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { admit, given, NOW, unavailable } from '../../../../adapters/contracts/store/with.js';
import { migrations } from '../../../../adapters/stores/sqlite/schema.js';
import { sqlite } from '../../../../adapters/stores/sqlite.js';
import type { SessionTurn, StreamStore } from '../../../../machines/ports/store.js';
import { storedPositionsOf } from '../../../../machines/stream/journal.js';
import { initialStream } from '../../../../machines/stream/state.js';
import { limitsOf } from '../../../machines/stream/rig.js';
import { DatabaseSync, query, tamper, withDirectory } from './scratch.js';

const test = suite('streams in an SQLite file');

const terms = { keptMs: 60_000, window: { messages: 10, size: 1_000 }, features: ['resume'], expiresAt: null };
const turn = (id: string): SessionTurn => ({
  id,
  tokenHash: 'hash',
  confirmed: true,
  expiresAt: null,
  life: 1,
  positions: storedPositionsOf(initialStream(limitsOf()), 1),
  attempts: [],
  part: {
    number: 1,
    body: { entries: [{ ticket: 1, item: { kind: 'message', type: 'chat', payload: '"hi"' }, size: 4 }], numbers: [], dropped: [] },
  },
  dropBefore: 1,
});

/** What a row may be damaged to. */
const damages: Record<string, string> = {
  'a part that is no JSON': "UPDATE journal SET body = '{' WHERE session = 's1'",
  'a part that is another thing': `UPDATE journal SET body = '{"entries":[{"ticket":-1}],"numbers":[],"dropped":[]}' WHERE session = 's1'`,
  'a part that is no text': "UPDATE journal SET body = x'00' WHERE session = 's1'",
  'positions that are none': "UPDATE streams SET positions = '[]' WHERE session = 's1'",
  'attempts that are none': "UPDATE streams SET attempts = '[[1]]' WHERE session = 's1'",
  'a window for nothing': "UPDATE streams SET window_messages = 0 WHERE session = 's1'",
  'a session that can not be read': "UPDATE sessions SET state = 'LOST' WHERE id = 's1'",
  'a user who can not be read': "UPDATE users SET properties = 'none' WHERE id = 1",
};

for (const [what, sql] of Object.entries(damages))
  test(
    `${what}: the session ends as expired, which is told, and the others go on`,
    withDirectory(async (directory) => {
      const file = join(directory, 'test.db');
      const first = sqlite(file);
      await given(first.open({ now: NOW }));
      await admit(first, 's1', { session: { terms } });
      await admit(first, 's2', { username: 'joe', session: { terms } });
      await given((first.streams as StreamStore).commit([turn('s1'), turn('s2')]));
      await given(first.close());
      tamper(file, sql);
      const second = sqlite(file);
      await given(second.open({ now: NOW }));
      const { sessions, broken } = await given((second.streams as StreamStore).load({ now: NOW + 5 }));
      assert.equal(
        sessions.map(({ record }) => record.id),
        ['s2'],
      );
      assert.is(broken.length, 1);
      assert.match(broken[0] ?? '', /^s1: /);
      assert.equal(query(file, "SELECT state, end_reason, ended_at FROM sessions WHERE id = 's1'"), [
        { state: 'ENDED', end_reason: 'expired', ended_at: NOW + 5 },
      ]);
      assert.equal(await given((second.streams as StreamStore).load({ now: NOW })), { sessions, broken: [] }, 'it is told once');
      await given(second.close());
    }),
  );

test(
  'a file of the first schema version with active sessions is brought up to date, and they have expired: nothing of their streams was kept',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const older = new DatabaseSync(file);
    older.exec(migrations[0]?.sql ?? '');
    older.exec(`PRAGMA application_id = ${0x394c4956}`);
    older.exec("INSERT INTO meta VALUES ('version', '1'), ('incarnation', '7'), ('writer', 'one of the past')");
    older.exec("INSERT INTO users VALUES (1, 'jane', 'jane', NULL, 1, 'available', 1, '{}')");
    older.exec("INSERT INTO sessions VALUES (1, 's1', 1, 'hash', NULL, 'ACTIVE', 1, 5, NULL, NULL)");
    older.close();
    const reader = sqlite(file, { readOnly: true });
    assert.match(
      await unavailable(reader.open({ now: NOW })),
      /its schema version is 1, and this ninelives reads version \d+\. Start the server/,
    );
    const store = sqlite(file);
    assert.equal(await given(store.open({ now: NOW })), { incarnation: 8, expired: 1 });
    assert.is((await given(store.findSession('s1')))?.endReason, 'expired');
    assert.equal(await given((store.streams as StreamStore).load({ now: NOW })), { sessions: [], broken: [] });
    await admit(store, 's2', { session: { terms } });
    await given((store.streams as StreamStore).commit([turn('s2')]));
    await given(reader.open({ now: NOW }));
    assert.is((await given(reader.findSession('s2')))?.state, 'ACTIVE');
    await given(reader.close());
    await given(store.close());
  }),
);

test(
  'a reader changes nothing of the streams, and does not load them',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const writer = sqlite(file);
    await given(writer.open({ now: NOW }));
    await admit(writer, 's1', { session: { terms } });
    const reader = sqlite(file, { readOnly: true });
    await given(reader.open({ now: NOW }));
    await unavailable((reader.streams as StreamStore).commit([turn('s1')]));
    await unavailable((reader.streams as StreamStore).load({ now: NOW }));
    assert.equal(query(file, 'SELECT positions FROM streams'), [{ positions: null }]);
    await given(reader.close());
    await given(writer.close());
  }),
);

test(
  'parts that are over are gone from the file, and all of a session is with its end',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const store = sqlite(file);
    await given(store.open({ now: NOW }));
    const { commit } = store.streams as StreamStore;
    await admit(store, 's1', { session: { terms } });
    const { part } = turn('s1');
    for (const number of [1, 2, 3])
      await given(commit([{ ...turn('s1'), part: part === null ? null : { ...part, number }, dropBefore: number - 1 }]));
    assert.equal(query(file, 'SELECT part FROM journal ORDER BY part'), [{ part: 2 }, { part: 3 }]);
    await given(store.endSession({ id: 's1', reason: 'ended', now: NOW }));
    assert.equal([...query(file, 'SELECT * FROM journal'), ...query(file, 'SELECT * FROM streams')], []);
    await given(store.close());
  }),
);

test.run();
