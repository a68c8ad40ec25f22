import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { findDriver, type SqliteConstructor } from '../../../../adapters/stores/sqlite/driver.js';
import type { SqliteDatabase, SqliteStatement } from '../../../../adapters/stores/sqlite.js';

/**
 * The driver that the store takes by itself. A process must not open a file with two copies of SQLite: where one closes it, the
 * locks of the other are gone.
 */
export const DatabaseSync: SqliteConstructor = await findDriver().then((found) => {
  if (E.isRight(found)) return found.right;
  throw new Error('There is no SQLite driver to test with.');
});

/** A directory of a test's own, which is taken away afterwards. */
export const withDirectory = (run: (directory: string) => Promise<void>) => async (): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'ninelives-store-'));
  try {
    await run(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

/** The rows of one query, read with a connection of its own. */
export const query = (file: string, sql: string): unknown[] => {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db
      .prepare(sql)
      .all()
      .map((row) => Object.assign({}, row));
  } finally {
    db.close();
  }
};

/** Change a file behind the store's back. */
export const tamper = (file: string, sql: string): void => {
  const db = new DatabaseSync(file);
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
};

/** A database that tells each call before it is made; what `before` throws, the call throws. */
export const watched = (db: SqliteDatabase, before: (sql: string) => void): SqliteDatabase => {
  const call = <A>(sql: string, run: () => A): A => {
    before(sql);
    return run();
  };
  return {
    exec: (sql) => call(sql, () => db.exec(sql)),
    prepare: (sql): SqliteStatement => {
      const statement = db.prepare(sql);
      return {
        run: (...values) => call(sql, () => statement.run(...values)),
        get: (...values) => call(sql, () => statement.get(...values)),
        all: (...values) => call(sql, () => statement.all(...values)),
      };
    },
    close: () => db.close(),
  };
};
