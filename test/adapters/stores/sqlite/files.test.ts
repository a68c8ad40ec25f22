import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { admissionOf, admit, given, NOW, unavailable } from '../../../../adapters/contracts/store/with.js';
import { migrations } from '../../../../adapters/stores/sqlite/schema.js';
import { sqlite } from '../../../../adapters/stores/sqlite.js';
import { DatabaseSync, query, tamper, withDirectory } from './scratch.js';

const newest = Math.max(...migrations.map(({ version }) => version));

/** A file that a server has used, with one user and one session that ended with its life. */
const used = async (file: string): Promise<void> => {
  const store = sqlite(file);
  await given(store.open({ now: NOW }));
  await admit(store, 's1', { profile: { properties: { a: 1 } } });
  await given(store.close());
};

const files = suite('files that can not be used');

/** Makes trouble in a directory, and gives the path to open and what the failure must say. */
type Trouble = (directory: string) => Promise<{ readonly path: string; readonly says: RegExp; readonly undo?: () => void }>;

const troubles: Record<string, Trouble> = {
  'a directory that does not exist is named, with the advice to create it': async (directory) => ({
    path: join(directory, 'none', 'test.db'),
    says: /The directory .*none does not exist\. Create it/,
  }),
  'a path through a file is told as a directory that does not exist': async (directory) => {
    await writeFile(join(directory, 'file'), '');
    return { path: join(directory, 'file', 'test.db'), says: /The directory .*file does not exist/ };
  },
  'a directory in place of the file is told as one': async (directory) => ({
    path: directory,
    says: /is a directory\. Give the path of a file/,
  }),
  'a path that can not be one is refused': async (directory) => ({ path: join(directory, 'a\0b'), says: /null bytes/ }),
  'a file that can not be created is told with the advice to see to its permissions': async (directory) => ({
    path: join(directory, 'x'.repeat(300)),
    says: /x: .*unable to open database file\. See that this process may read and write/,
  }),
  'a file that is not a database is told as one, and stays as it is': async (directory) => {
    const path = join(directory, 'test.db');
    await writeFile(path, 'Dear diary, '.repeat(1000));
    return { path, says: /file is not a database\. Give another path, or move the file away/ };
  },
  'a database of another program is left as it is': async (directory) => {
    const path = join(directory, 'test.db');
    tamper(path, 'CREATE TABLE diary (entry TEXT)');
    return { path, says: /SQLite database of another program/ };
  },
  'a file of a newer schema is refused with both versions named': async (directory) => {
    const path = join(directory, 'test.db');
    await used(path);
    tamper(path, `UPDATE meta SET value = '${newest + 1}' WHERE key = 'version'`);
    return {
      path,
      says: new RegExp(`schema version is ${newest + 1}, and this ninelives knows those up to ${newest}\\. Update ninelives`),
    };
  },
  'a schema version that is not one is a row that can not be read': async (directory) => {
    const path = join(directory, 'test.db');
    await used(path);
    tamper(path, "UPDATE meta SET value = 'old' WHERE key = 'version'");
    return { path, says: /a row of the table `meta` is not as it was written \(value\)\. Restore the file/ };
  },
  'a schema version that is missing is a row that can not be read': async (directory) => {
    const path = join(directory, 'test.db');
    await used(path);
    tamper(path, "DELETE FROM meta WHERE key = 'version'");
    return { path, says: /a row of the table `meta` is not as it was written \(everything\)/ };
  },
  'an incarnation that is not one is a row that can not be read': async (directory) => {
    const path = join(directory, 'test.db');
    await used(path);
    tamper(path, "UPDATE meta SET value = '-1' WHERE key = 'incarnation'");
    return { path, says: /a row of the table `meta` is not as it was written/ };
  },
  'an incarnation that is missing is a row that can not be read': async (directory) => {
    const path = join(directory, 'test.db');
    await used(path);
    tamper(path, "DELETE FROM meta WHERE key = 'incarnation'");
    return { path, says: /a row of the table `meta` is not as it was written/ };
  },
  'a path that is no text is refused': async () => ({ path: undefined as unknown as string, says: /undefined: .*must be of type string/ }),
  'a file that another program has locked is told as locked': async (directory) => {
    const path = join(directory, 'test.db');
    await used(path);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    return { path, says: /database is locked\. Another program holds a lock on it/, undo: () => other.close() };
  },
  'a file beside it that can not be used as the lock is named': async (directory) => {
    await mkdir(join(directory, 'test.db-writer'));
    return { path: join(directory, 'test.db'), says: /test\.db-writer: .*unable to open database file/ };
  },
};

for (const [title, trouble] of Object.entries(troubles)) {
  files(
    title,
    withDirectory(async (directory) => {
      const { path, says, undo } = await trouble(directory);
      const store = sqlite(path);
      assert.match(await unavailable(store.open({ now: NOW })), says);
      await unavailable(store.admit(admissionOf('s2')));
      await given(store.close());
      undo?.();
    }),
  );
}

files(
  'a file that could not be opened can be, once what was in the way is gone',
  withDirectory(async (directory) => {
    const path = join(directory, 'none', 'test.db');
    const store = sqlite(path);
    await unavailable(store.open({ now: NOW }));
    await mkdir(join(directory, 'none'));
    assert.is((await given(store.open({ now: NOW }))).incarnation, 1);
    await given(store.close());
  }),
);

files(
  'a database of another program keeps its journal and its tables',
  withDirectory(async (directory) => {
    const path = join(directory, 'test.db');
    tamper(path, 'CREATE TABLE diary (entry TEXT)');
    await unavailable(sqlite(path).open({ now: NOW }));
    assert.equal(query(path, 'PRAGMA journal_mode'), [{ journal_mode: 'delete' }]);
    assert.equal(query(path, 'SELECT name FROM sqlite_schema'), [{ name: 'diary' }]);
  }),
);

files(
  'an empty file is a new one',
  withDirectory(async (directory) => {
    const path = join(directory, 'test.db');
    await writeFile(path, '');
    const store = sqlite(path);
    assert.is((await given(store.open({ now: NOW }))).incarnation, 1);
    await given(store.close());
  }),
);

/** What was changed behind the store's back, and the column that the failure must name. */
const corruptions: readonly (readonly [sql: string, table: string, column: string])[] = [
  ["UPDATE users SET properties = 'not JSON'", 'users', 'properties'],
  ["UPDATE users SET properties = '[1]'", 'users', 'properties'],
  ['UPDATE users SET properties = 7.5', 'users', 'properties'],
  ["UPDATE users SET properties = x'7b7d'", 'users', 'properties'],
  ['UPDATE users SET is_guest = 2', 'users', 'is_guest'],
  ["UPDATE users SET online = 'yes'", 'users', 'online'],
  ["UPDATE users SET display_name = x'00'", 'users', 'display_name'],
];

for (const [sql, table, column] of corruptions) {
  files(
    `after \`${sql}\` the user can not be read, and nothing is written over them`,
    withDirectory(async (directory) => {
      const path = join(directory, 'test.db');
      await used(path);
      const store = sqlite(path);
      await given(store.open({ now: NOW }));
      tamper(path, sql);
      const before = query(path, 'SELECT * FROM users');
      const says = new RegExp(`a row of the table \`(${table}|sessions)\` is not as it was written \\(${column}\\)`);
      for (const task of [
        store.findUser({ name: 'jane' }),
        store.findUser({ id: 1 }),
        store.listUsers({ page: 0, size: 10 }),
        store.findSession('s1'),
        store.listSessions({ page: 0, size: 10 }),
        store.admit(admissionOf('s2')),
        store.createUser({ name: 'jane', profile: {} }),
        store.updateUser({ id: 1, profile: { displayName: 'Jane' } }),
        store.setPresence({ id: 1, presence: { online: true } }),
      ])
        assert.match(await unavailable(task), says);
      assert.equal(query(path, 'SELECT * FROM users'), before);
      await given(store.close());
    }),
  );
}

files(
  'a session that is not as it was written can not be read or ended, and others can',
  withDirectory(async (directory) => {
    const path = join(directory, 'test.db');
    await used(path);
    const store = sqlite(path);
    await given(store.open({ now: NOW }));
    await admit(store, 's2', { username: 'joe' });
    for (const change of ["state = 'PAUSED'", "end_reason = 'bored'", "created_at = 'today'", "ended_at = 'today'"]) {
      tamper(path, `UPDATE sessions SET ${change} WHERE id = 's1'`);
      assert.match(await unavailable(store.findSession('s1')), /a row of the table `sessions` is not as it was written \(/);
      await unavailable(store.endSession({ id: 's1', reason: 'ended', now: NOW }));
    }
    assert.is((await given(store.findSession('s2')))?.state, 'ACTIVE');
    tamper(path, "UPDATE sessions SET created_user = 'yes' WHERE id = 's1'");
    await unavailable(store.forgetSession('s1'));
    await given(store.close());
  }),
);

files(
  'an admission that would revoke a session that can not be read is refused as a whole',
  withDirectory(async (directory) => {
    const path = join(directory, 'test.db');
    const store = sqlite(path);
    await given(store.open({ now: NOW }));
    await admit(store, 's1');
    tamper(path, "UPDATE sessions SET created_at = 'today'");
    await unavailable(store.admit(admissionOf('s2', { as: 'registered', profile: { displayName: 'Jane' } })));
    assert.is((await given(store.findUser({ name: 'jane' })))?.isGuest, true);
    assert.is((await given(store.findUser({ name: 'jane' })))?.displayName, 'jane');
    await given(store.close());
  }),
);

files(
  'a table that is gone is a failure, not a crash',
  withDirectory(async (directory) => {
    const path = join(directory, 'test.db');
    const store = sqlite(path);
    await given(store.open({ now: NOW }));
    tamper(path, 'DROP TABLE sessions');
    assert.match(await unavailable(store.findSession('s1')), /no such table: sessions/);
    tamper(path, 'DELETE FROM meta');
    await unavailable(store.createUser({ name: 'joe', profile: {} }));
    await given(store.close());
  }),
);

files.run();
