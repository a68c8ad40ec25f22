import { hostname } from 'node:os';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { type Answer, messageOf } from '../rules.js';
import { type SqliteDatabase, transaction } from './driver.js';
import { Count, type Rows } from './rows.js';
import { migrate } from './schema.js';

/** What `open` answers. */
export interface Life {
  readonly incarnation: number;
  readonly expired: number;
}

const MetaRow = t.type({ value: t.string }, 'meta');
const IncarnationRow = t.type({ value: Count }, 'meta');

const READ_META = 'SELECT value FROM meta WHERE key = ?';
const WRITE_META = 'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value';

const readIncarnation = (db: SqliteDatabase, rows: Rows): Answer<number> =>
  E.map(({ value }: t.TypeOf<typeof IncarnationRow>) => value)(rows.decode(IncarnationRow)(db.prepare(READ_META).get('incarnation')));

/** Who writes the file, as it said itself. */
export const ownerOf = (db: SqliteDatabase, rows: Rows): string => {
  const found = E.tryCatch(() => rows.decode(MetaRow)(db.prepare(READ_META).get('writer')), messageOf);
  return E.isRight(found) && E.isRight(found.right) ? found.right.right.value : 'it has not said who it is yet';
};

/** The first transaction of a writer's life: the schema is brought up to date, and what the last life left is ended. */
export const beginLife = (db: SqliteDatabase, rows: Rows, file: string, now: number): Answer<Life> =>
  transaction(db, 'IMMEDIATE', () => {
    const begin = (last: number): Life => {
      const incarnation = last + 1;
      const ended = db
        .prepare(
          "UPDATE sessions SET state = 'ENDED', ended_at = ?, end_reason = 'expired' WHERE state = 'ACTIVE' AND id NOT IN (SELECT session FROM streams)",
        )
        .run(now);
      db.exec('UPDATE users SET online = 0 WHERE online = 1');
      db.prepare(WRITE_META).run('incarnation', String(incarnation));
      db.prepare(WRITE_META).run('writer', `process ${process.pid} on ${hostname()}, since ${new Date(now).toISOString()}`);
      return { incarnation, expired: Number(ended.changes) };
    };
    const last = E.chain((version: number) => (version === 0 ? E.right(0) : readIncarnation(db, rows)))(migrate(db, rows, file));
    return E.map(begin)(last);
  });

/** A reader takes part in the writer's life, and ends nothing. */
export const joinLife = (db: SqliteDatabase, rows: Rows): Answer<Life> =>
  E.map((incarnation: number) => ({ incarnation, expired: 0 }))(readIncarnation(db, rows));
