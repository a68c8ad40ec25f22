import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { type Answer, messageOf, unavailable } from '../rules.js';
import { connect, findDriver, type SqliteConstructor, type SqliteDatabase, type SqliteDriver, transaction } from './driver.js';
import { explain } from './explain.js';
import { beginLife, joinLife, type Life, ownerOf } from './life.js';
import { takeWriterLock } from './lock.js';
import { type Rows, rowsOf } from './rows.js';
import { requireNewest, versionOf } from './schema.js';

/**
 * How long SQLite waits for another program's lock, in milliseconds. The event loop waits with it, so it is short: only a foreign
 * writer or a backup tool can be in the way, since readers are not.
 */
const BUSY_TIMEOUT_MS = 500;

/** SQLite's name for a database without a file. */
const IN_MEMORY = ':memory:';

/** Writes the log to the disk, also where a reader keeps the file open and the last close is not ours. */
const CHECKPOINT = 'PRAGMA wal_checkpoint(PASSIVE)';

export interface OpenRequest {
  readonly path: string;
  readonly durability: 'normal' | 'full';
  readonly readOnly: boolean;
  readonly driver: SqliteDriver | undefined;
  readonly now: number;
}

/** An open file, with the life that began by opening it. */
export interface Connection extends Life {
  readonly db: SqliteDatabase;
  readonly file: string;
  readonly rows: Rows;
  close(): void;
}

const isDirectory = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** SQLite says the same of all these: that it is unable to open the file. */
const checkFile = async (file: string, readOnly: boolean): Promise<Answer<void>> => {
  if (file === IN_MEMORY && !readOnly) return E.right(undefined);
  if (await isDirectory(file)) return unavailable(`${file} is a directory. Give the path of a file in it.`);
  if (!(await isDirectory(dirname(file))))
    return unavailable(`The directory ${dirname(file)} does not exist. Create it, or give another path.`);
  if (!readOnly) return E.right(undefined);
  return stat(file).then(
    () => E.right(undefined),
    (thrown) =>
      unavailable(`${file}: there is no store to read (${messageOf(thrown)}). Start a server with it first, or give another path.`),
  );
};

const JournalRow = t.type({ journal_mode: t.literal('wal') }, 'journal_mode');

const setUp = (db: SqliteDatabase, durability: OpenRequest['durability']): void => {
  const isLogged = JournalRow.is(db.prepare('PRAGMA journal_mode = WAL').get());
  // Some file systems can not share memory, and leave the older journal, with which NORMAL may damage the file at a power loss.
  db.exec(`PRAGMA synchronous = ${durability === 'normal' && isLogged ? 'NORMAL' : 'FULL'}`);
  db.exec('PRAGMA foreign_keys = ON');
};

/** What has to be given back, first to last. Each is called, though one before it throws. */
type Closers = (() => unknown)[];

const closeAll = ([first, ...others]: Closers): void => {
  if (first === undefined) return;
  try {
    first();
  } finally {
    closeAll(others);
  }
};

/** A database that the app opened is the app's to guard: there is no telling how to open the lock's file with it. */
const lockFor = (Driver: SqliteConstructor | undefined, file: string, owner: () => string): Answer<() => void> =>
  Driver === undefined || file === IN_MEMORY ? E.right(() => undefined) : takeWriterLock(Driver, file, owner);

const begin = (
  db: SqliteDatabase,
  Driver: SqliteConstructor | undefined,
  file: string,
  { readOnly, durability, now }: OpenRequest,
  closers: Closers,
): Answer<Connection> => {
  const rows = rowsOf(file);
  const connected = (life: Life): Connection => ({ db, file, rows, ...life, close: () => closeAll(closers) });
  db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  // Before anything is changed: a file that is not ours, or is newer, stays as it is.
  const known = transaction<unknown>(db, 'DEFERRED', () => (readOnly ? requireNewest(db, rows, file) : versionOf(db, rows, file)));
  if (E.isLeft(known)) return known;
  if (readOnly) return E.map(connected)(joinLife(db, rows));
  const lock = lockFor(Driver, file, () => ownerOf(db, rows));
  if (E.isLeft(lock)) return lock;
  closers.push(lock.right);
  setUp(db, durability);
  const life = beginLife(db, rows, file, now);
  if (E.isRight(life)) closers.unshift(() => db.exec(CHECKPOINT));
  return E.map(connected)(life);
};

const isConstructor = (driver: SqliteDriver): driver is SqliteConstructor => typeof driver === 'function';

const connectAndBegin = async (request: OpenRequest, closers: Closers): Promise<Answer<Connection>> => {
  const { path, driver, readOnly } = request;
  try {
    const file = path === IN_MEMORY ? path : resolve(path);
    if (driver !== undefined && !isConstructor(driver)) return begin(driver, undefined, file, request, closers);
    const Driver = driver === undefined ? await findDriver() : E.right(driver);
    if (E.isLeft(Driver)) return Driver;
    const checked = await checkFile(file, readOnly);
    if (E.isLeft(checked)) return checked;
    const db = connect(Driver.right, file, readOnly);
    closers.push(() => db.close());
    return begin(db, Driver.right, file, request, closers);
  } catch (thrown) {
    return explain(thrown, String(path));
  }
};

/** Open the file and begin a life with it. Never rejects; where it fails, nothing stays open that was not open before. */
export const openConnection = async (request: OpenRequest): Promise<Answer<Connection>> => {
  const closers: Closers = [];
  const opened = await connectAndBegin(request, closers);
  if (E.isRight(opened)) return opened;
  // Why it could not be opened is what counts; a close that fails too has nothing to add.
  E.tryCatch(() => closeAll(closers), messageOf);
  return opened;
};
