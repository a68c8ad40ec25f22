import * as E from 'fp-ts/lib/Either.js';
import { type Answer, messageOf, unavailable } from '../rules.js';

/** What is bound to a statement. */
export type SqliteValue = null | number | string;

export interface SqliteStatement {
  run(...values: SqliteValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown[];
}

/** The part of SQLite that the store needs. Databases of `node:sqlite`, `@photostructure/sqlite` and `better-sqlite3` have it. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatement;
  close(): unknown;
}

/** `DatabaseSync` of `node:sqlite` or `@photostructure/sqlite`, or the constructor that `better-sqlite3` exports. */
export type SqliteConstructor = new (
  path: string,
  options?: { readonly readOnly?: boolean; readonly readonly?: boolean },
) => SqliteDatabase;

/** A constructor, or a database that is open already. */
export type SqliteDriver = SqliteConstructor | SqliteDatabase;

/** The release in which Node took `node:sqlite` from behind its flag. */
const BUILT_IN_SINCE = [22, 13] as const;

const hasBuiltIn = (nodeVersion: string): boolean => {
  const [major, minor] = nodeVersion.split('.');
  return Number(major) > BUILT_IN_SINCE[0] || (Number(major) === BUILT_IN_SINCE[0] && Number(minor) >= BUILT_IN_SINCE[1]);
};

const hasConstructor = (module: unknown): module is { readonly DatabaseSync: SqliteConstructor } =>
  typeof module === 'object' && module !== null && 'DatabaseSync' in module && typeof module.DatabaseSync === 'function';

/** The name is a variable, so that bundlers leave the optional packages alone. */
const importModule = (name: string): Promise<unknown> => import(name);

/** Node's own SQLite where this Node has it, otherwise the package that stands in for it. It is loaded here and not before. */
export const findDriver = async (load = importModule, nodeVersion = process.versions.node): Promise<Answer<SqliteConstructor>> => {
  const failures: string[] = [];
  for (const name of [...(hasBuiltIn(nodeVersion) ? ['node:sqlite'] : []), '@photostructure/sqlite']) {
    try {
      const module = await load(name);
      if (hasConstructor(module)) return E.right(module.DatabaseSync);
      failures.push(`${name} has no DatabaseSync`);
    } catch (thrown) {
      failures.push(`${name}: ${messageOf(thrown)}`);
    }
  }
  return unavailable(
    `No SQLite driver could be loaded. Run \`npm install @photostructure/sqlite\`, or use Node ${BUILT_IN_SINCE.join('.')} or later, which has one. (${failures.join('; ')})`,
  );
};

/** Open a file. better-sqlite3 spells the option its own way, and takes the other spelling for a mistake. */
export const connect = (Driver: SqliteConstructor, file: string, readOnly: boolean): SqliteDatabase => {
  if (!readOnly) return new Driver(file);
  return new Driver(file, 'pragma' in Driver.prototype ? { readonly: true } : { readOnly: true });
};

const rollBack = (db: SqliteDatabase): string => {
  try {
    db.exec('ROLLBACK');
    return '';
  } catch (thrown) {
    // SQLite rolls back by itself where the disk is full or failed: then there is nothing left to do.
    const message = messageOf(thrown);
    return message.includes('no transaction is active') ? '' : ` The transaction could not be rolled back: ${message}.`;
  }
};

/**
 * Run the work as one transaction: what it wrote stays where it answers with a right, and is gone where it answers with a left or
 * throws. `IMMEDIATE` for work that writes.
 */
export const transaction = <A>(db: SqliteDatabase, kind: 'DEFERRED' | 'IMMEDIATE', work: () => Answer<A>): Answer<A> => {
  db.exec(`BEGIN ${kind}`);
  try {
    const answer = work();
    db.exec(E.isRight(answer) ? 'COMMIT' : 'ROLLBACK');
    return answer;
  } catch (thrown) {
    const trouble = rollBack(db);
    throw trouble === '' ? thrown : new Error(`${messageOf(thrown)}.${trouble}`, { cause: thrown });
  }
};
