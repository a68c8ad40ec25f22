import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { admissionOf, admit, given, NOW, unavailable } from '../../../../adapters/contracts/store/with.js';
import { type SqliteConstructor, type SqliteDatabase, sqlite } from '../../../../adapters/stores/sqlite.js';
import type { SessionStore, StoreTask } from '../../../../machines/ports/store.js';
import { DatabaseSync, query, watched, withDirectory } from './scratch.js';

const faults = suite('sqlite store under faults');

/** Enough for the log to have been written back into the file several times. */
const ACKNOWLEDGED_BEFORE_KILL = 3_000;

faults(
  'a writer that is killed loses nothing that it acknowledged, and leaves a sound file and no lock',
  withDirectory(async (directory) => {
    const file = join(directory, 'test.db');
    const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('./writing-child.ts', import.meta.url)), file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      if (acknowledged.length === ACKNOWLEDGED_BEFORE_KILL) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    assert.is(child.signalCode, 'SIGKILL');
    assert.ok(acknowledged.length >= ACKNOWLEDGED_BEFORE_KILL);

    const store = sqlite(file);
    const { incarnation, expired } = await given(store.open({ now: NOW + 1 }));
    assert.is(incarnation, 2);
    // One more may have been committed and not said any more.
    assert.ok(expired === acknowledged.length || expired === acknowledged.length + 1, `${expired} of ${acknowledged.length}`);
    for (const id of acknowledged) if ((await given(store.findSession(id)))?.endReason !== 'expired') assert.unreachable(`${id} is lost`);
    await given(store.close());
    assert.equal(query(file, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
  }),
);

faults(
  'on a full disk a write is refused as a whole, reads go on, and so do writes once there is room',
  withDirectory(async (directory) => {
    const db = new DatabaseSync(join(directory, 'test.db'));
    const store = sqlite(join(directory, 'test.db'), { driver: db });
    await given(store.open({ now: NOW }));
    const { user } = await admit(store, 's0');
    db.exec('PRAGMA max_page_count = 1');
    const big = { properties: { filler: 'x'.repeat(50_000) } };
    const message = await unavailable(store.admit(admissionOf('s1', { as: 'registered', profile: big })));
    assert.match(message, /database or disk is full\. Make room on the disk: the store goes on by itself/);
    await unavailable(store.createUser({ name: 'joe', profile: big }));
    assert.equal(await given(store.findUser({ name: 'jane' })), user);
    assert.is(await given(store.findUser({ name: 'joe' })), null);
    assert.is((await given(store.findSession('s0')))?.state, 'ACTIVE');
    db.exec('PRAGMA max_page_count = 1000');
    assert.equal((await admit(store, 's1', { as: 'registered', profile: big })).user.properties, big.properties);
    await given(store.close());
    db.close();
  }),
);

/** Each operation that writes, on a store with the guest jane (1, with s1 and s2) and the user joe (2). */
const writes: Record<string, (store: SessionStore) => StoreTask<unknown>> = {
  'admission of someone unknown': (store) => store.admit(admissionOf('new', { username: 'ann' })),
  'admission that registers a guest': (store) => store.admit(admissionOf('new', { as: 'registered', profile: { displayName: 'J' } })),
  'end of a session': (store) => store.endSession({ id: 's1', reason: 'ended', now: NOW }),
  'forgetting of a session': (store) => store.forgetSession('s1'),
  'creation of a user': (store) => store.createUser({ name: 'ann', profile: {} }),
  'update of a user': (store) => store.updateUser({ id: 2, profile: { displayName: 'J' } }),
  'change of a presence': (store) => store.setPresence({ id: 2, presence: { online: true } }),
};

const everything = (db: SqliteDatabase): string =>
  JSON.stringify([db.prepare('SELECT * FROM users').all(), db.prepare('SELECT * FROM sessions').all()]);

for (const [title, write] of Object.entries(writes)) {
  faults(`the ${title} happens as a whole or not at all, whichever of its statements fails`, async () => {
    for (let failing = 1; ; failing += 1) {
      const db = new DatabaseSync(':memory:');
      let count = Number.NEGATIVE_INFINITY;
      let failed = '';
      const driver = watched(db, (sql) => {
        count += 1;
        if (count !== failing) return;
        failed = sql;
        throw new Error('planted');
      });
      const store = sqlite(':memory:', { driver });
      await given(store.open({ now: NOW }));
      await admit(store, 's1');
      await admit(store, 's2');
      await given(store.createUser({ name: 'joe', profile: {} }));
      const before = everything(db);
      count = 0;
      const answer = await write(store)();
      assert.is(answer._tag, failed === '' ? 'Right' : 'Left', failed);
      assert.is(everything(db) === before, failed !== '', failed);
      count = Number.NEGATIVE_INFINITY;
      if (failed !== '') await given(write(store));
      db.close();
      if (failed === '') {
        assert.ok(failing > 5, `${failing} statements`);
        return;
      }
    }
  });
}

faults(
  'an open that fails at any statement leaves the file as it was, and the next one succeeds',
  withDirectory(async (directory) => {
    for (let failing = 1; ; failing += 1) {
      const file = join(directory, `${failing}.db`);
      let count = 0;
      let closed = 0;
      let opened = 0;
      /** As a constructor, so that the store closes what it opened. */
      const driver = function connectWatched(path: string) {
        const db = new DatabaseSync(path);
        opened += 1;
        const proxy = watched(db, () => {
          count += 1;
          if (count === failing) throw 'planted, and no Error';
        });
        return {
          ...proxy,
          close: () => {
            closed += 1;
            db.close();
          },
        };
      } as unknown as SqliteConstructor;
      const store = sqlite(file, { driver });
      const answer = await store.open({ now: NOW })();
      count = Number.NEGATIVE_INFINITY;
      if (answer._tag === 'Right') {
        assert.ok(failing > 15, `${failing} statements`);
        await given(store.close());
        assert.is(closed, opened);
        return;
      }
      assert.is(closed, opened);
      assert.is((await given(store.open({ now: NOW }))).incarnation, 1);
      await given(store.close());
    }
  }),
);

faults('a rollback that fails is told beside what went wrong', async () => {
  const db = new DatabaseSync(':memory:');
  let broken = false;
  const store = sqlite(':memory:', {
    driver: watched(db, (sql) => {
      if (broken && /^(ROLLBACK|INSERT)/.test(sql)) throw new Error(`${sql.split(' ')[0]} failed`);
    }),
  });
  await given(store.open({ now: NOW }));
  broken = true;
  const message = await unavailable(store.createUser({ name: 'jane', profile: {} }));
  assert.match(message, /INSERT failed\. The transaction could not be rolled back: ROLLBACK failed\./);
  db.close();
});

faults(
  'where a file can be neither opened nor closed, why it could not be opened is told',
  withDirectory(async (directory) => {
    /** As a constructor, so that the store closes what it opened. */
    const driver = function connectBroken(path: string) {
      const db = new DatabaseSync(path);
      const broken = (what: string) => () => {
        throw new Error(`${what} failed`);
      };
      db.close();
      return { exec: broken('exec'), prepare: broken('prepare'), close: broken('close') };
    } as unknown as SqliteConstructor;
    const store = sqlite(join(directory, 'test.db'), { driver });
    assert.match(await unavailable(store.open({ now: NOW })), /exec failed/);
  }),
);

faults('a close that fails is told, and the store is closed', async () => {
  const db = new DatabaseSync(':memory:');
  const store = sqlite(':memory:', { driver: db });
  await given(store.open({ now: NOW }));
  db.close();
  assert.match(await unavailable(store.findSession('s1')), /database is not open/);
  assert.match(await unavailable(store.close()), /database is not open/);
  await given(store.close());
});

faults.run();
