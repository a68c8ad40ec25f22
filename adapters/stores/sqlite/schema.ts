import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { type Answer, unavailable } from '../rules.js';
import type { SqliteDatabase } from './driver.js';
import { Count, type Rows } from './rows.js';

/** In the header of each of our files, so that a file of another program is known as one: "9LIV" in ASCII. */
const APPLICATION_ID = 0x394c4956;

export interface Migration {
  /** The schema version that the file has afterwards. */
  readonly version: number;
  readonly sql: string;
}

/** All versions of the schema, oldest first. What is written here once is never changed: the next version gets a step of its own. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    // Ids are AUTOINCREMENT, so that none is used again. `seq` is the order of admission: clocks step, and it does not.
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE users (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        display_name TEXT NOT NULL,
        display_picture_url TEXT,
        is_guest INTEGER NOT NULL,
        status TEXT NOT NULL,
        online INTEGER NOT NULL,
        properties TEXT NOT NULL
      );
      CREATE INDEX users_online ON users (id) WHERE online = 1;
      CREATE INDEX users_guests ON users (is_guest, id);
      CREATE TABLE sessions (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        user_id INTEGER NOT NULL REFERENCES users (id),
        token_hash TEXT NOT NULL,
        user_agent TEXT,
        state TEXT NOT NULL,
        created_user INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        ended_at INTEGER,
        end_reason TEXT
      );
      CREATE INDEX sessions_state ON sessions (state, seq);
      CREATE INDEX sessions_user ON sessions (user_id, seq);
    `,
  },
  {
    version: 2,
    // What outlives the process of a session that is ACTIVE. `token_hash` is the current one, that of `sessions` the first.
    sql: `
      CREATE TABLE streams (
        session TEXT PRIMARY KEY REFERENCES sessions (id),
        token_hash TEXT NOT NULL,
        confirmed INTEGER NOT NULL,
        kept_ms INTEGER NOT NULL,
        window_messages INTEGER NOT NULL,
        window_size INTEGER NOT NULL,
        features TEXT NOT NULL,
        expires_at INTEGER,
        life INTEGER NOT NULL DEFAULT 0,
        positions TEXT,
        attempts TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE journal (
        session TEXT NOT NULL,
        part INTEGER NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (session, part)
      ) WITHOUT ROWID;
    `,
  },
  {
    version: 3,
    // Which of those that ended are the oldest.
    sql: "CREATE INDEX sessions_ended ON sessions (ended_at, seq) WHERE state = 'ENDED';",
  },
  {
    version: 4,
    // The number of the sign-in that was identified last, 0 where there was none: it is not judged again.
    sql: 'ALTER TABLE streams ADD COLUMN sign_in INTEGER NOT NULL DEFAULT 0;',
  },
];

const newestOf = (steps: readonly Migration[]): number => Math.max(...steps.map(({ version }) => version));

const OurFile = t.type({ application_id: t.literal(APPLICATION_ID) }, 'application_id');
const VersionRow = t.type({ value: Count }, 'meta');

const READ_VERSION = "SELECT value FROM meta WHERE key = 'version'";
const WRITE_VERSION = "INSERT INTO meta (key, value) VALUES ('version', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";

/** The schema version of a file, 0 where it is new. A file that is not ours is a failure, and so is one that is newer than this code. */
export const versionOf = (db: SqliteDatabase, rows: Rows, file: string, newest = newestOf(migrations)): Answer<number> => {
  if (db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined) return E.right(0);
  if (!OurFile.is(db.prepare('PRAGMA application_id').get()))
    return unavailable(`${file}: this is an SQLite database of another program, and is left as it is. Give another path.`);
  const version = rows.decode(VersionRow)(db.prepare(READ_VERSION).get());
  if (E.isLeft(version)) return version;
  if (version.right.value <= newest) return E.right(version.right.value);
  return unavailable(
    `${file}: its schema version is ${version.right.value}, and this ninelives knows those up to ${newest}. Update ninelives, or give another path.`,
  );
};

/** Bring the schema up to date, inside the caller's transaction. The right is the version that the file had: 0 where it was new. */
export const migrate = (db: SqliteDatabase, rows: Rows, file: string, steps = migrations): Answer<number> => {
  const version = versionOf(db, rows, file, newestOf(steps));
  if (E.isLeft(version)) return version;
  const missing = steps.filter((step) => step.version > version.right);
  for (const step of missing) {
    db.exec(step.sql);
    db.prepare(WRITE_VERSION).run(String(step.version));
  }
  if (version.right === 0) db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  return version;
};

/** For a reader, who may not change the schema: it is the newest, or it is a failure. */
export const requireNewest = (db: SqliteDatabase, rows: Rows, file: string, steps = migrations): Answer<void> => {
  const newest = newestOf(steps);
  const version = versionOf(db, rows, file, newest);
  if (E.isLeft(version) || version.right === newest) return E.map(() => undefined)(version);
  return unavailable(
    version.right === 0
      ? `${file}: no server has used this file yet. Start one with it first, or give another path.`
      : `${file}: its schema version is ${version.right}, and this ninelives reads version ${newest}. Start the server of this version once: it brings the file up to date.`,
  );
};
