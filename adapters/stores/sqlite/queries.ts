import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Admission, Page, SessionFilter, SessionRecord, UserFilter } from '../../../machines/ports/store.js';
import type { User } from '../../../machines/ports/user.js';
import type { EndReason } from '../../../machines/reasons.js';
import { type Answer, ENDED_SESSIONS_MAX, pageFor, propertiesText } from '../rules.js';
import type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.js';
import { type Rows, storedText } from './rows.js';

const USER_COLUMNS = 'u.id AS user_id, u.name, u.display_name, u.display_picture_url, u.is_guest, u.status, u.online, u.properties';
const USERS = `SELECT ${USER_COLUMNS} FROM users u`;
const SESSIONS = `SELECT s.id, s.state, s.user_agent, s.created_at, s.ended_at, s.end_reason, ${USER_COLUMNS} FROM sessions s JOIN users u ON u.id = s.user_id`;

/** After how many ends those that are too many are looked for: the look passes over all that stay. */
const FORGET_EVERY = 100;
/** How many are removed at once: more than came since, and not so many that the event loop waits for them. */
const FORGET_MAX = 1_000;

const TotalRow = t.type({ total: t.number }, 'count');
const CreatedUserRow = t.type({ user_id: t.Integer, created_user: t.Integer }, 'sessions');
const IncarnationRow = t.type({ value: t.string }, 'meta');

const nullableText = (text: string | null): string | null => (text === null ? null : storedText(text));

/** The columns of a user that can change, in the order of the statements that write them. */
const written = (user: User): readonly SqliteValue[] => [
  storedText(user.displayName),
  nullableText(user.displayPictureUrl),
  Number(user.isGuest),
  storedText(user.presence.status),
  Number(user.presence.online),
  propertiesText(user.properties),
];

/** A list's conditions, with the values that are bound to them. Flags stand in the text, so that the partial index is found. */
type Conditions = readonly (readonly [condition: string, ...values: SqliteValue[]])[];

const where = (conditions: Conditions): string =>
  conditions.length === 0 ? '' : ` WHERE ${conditions.map(([condition]) => condition).join(' AND ')}`;

/** What the store asks of its file, in the file's words. Each is a statement or two, and runs inside the caller's transaction. */
export const queriesOn = (db: SqliteDatabase, rows: Rows) => {
  // The texts are a fixed set: those of this file, with each combination of a list's filters.
  const statements = new Map<string, SqliteStatement>();
  const sql = (text: string): SqliteStatement => {
    const statement = statements.get(text) ?? db.prepare(text);
    statements.set(text, statement);
    return statement;
  };

  const orNull = <A>(decode: (row: unknown) => Answer<A>, row: unknown): Answer<A | null> =>
    row === undefined ? E.right(null) : decode(row);

  const userNamed = (name: string): Answer<User | null> => orNull(rows.user, sql(`${USERS} WHERE u.name = ?`).get(storedText(name)));

  const session = (id: string): Answer<SessionRecord | null> => orNull(rows.session, sql(`${SESSIONS} WHERE s.id = ?`).get(storedText(id)));

  const list = <A>(
    decode: (row: unknown) => Answer<A>,
    { select, from, order }: { select: string; from: string; order: string },
    conditions: Conditions,
    request: { page: number; size: number },
  ): Answer<Page<A>> => {
    const { page, size } = pageFor(request);
    const values = conditions.flatMap(([, ...bound]) => bound);
    const total = rows.decode(TotalRow)(sql(`SELECT count(*) AS total FROM ${from}${where(conditions)}`).get(...values));
    const found = sql(`${select}${where(conditions)} ORDER BY ${order} LIMIT ? OFFSET ?`).all(...values, size, page * size);
    const pageWith = (counted: t.TypeOf<typeof TotalRow>): Answer<Page<A>> =>
      E.map((items: readonly A[]) => ({ items, page, size, total: counted.total }))(E.traverseArray(decode)(found));
    return E.chain(pageWith)(total);
  };

  /** Nobody goes on with it any more. */
  const forgetStreams = (id: string): void => {
    sql('DELETE FROM streams WHERE session = ?').run(storedText(id));
    sql('DELETE FROM journal WHERE session = ?').run(storedText(id));
  };

  // The first end of a life looks too: an earlier one may have left more.
  let endsUnlooked = FORGET_EVERY;
  /** Of the sessions that ended the last ones stay, by when they ended. */
  const forgetEnded = (): void => {
    endsUnlooked += 1;
    if (endsUnlooked < FORGET_EVERY) return;
    endsUnlooked = 0;
    const forgotten = sql(
      `DELETE FROM sessions WHERE seq IN (SELECT seq FROM sessions INDEXED BY sessions_ended WHERE state = 'ENDED' ORDER BY ended_at DESC, seq DESC LIMIT ${FORGET_MAX} OFFSET ${ENDED_SESSIONS_MAX}) RETURNING user_id AS id`,
    ).all();
    // A guest's name is anyone's, so that strangers could fill the file with them.
    for (const id of new Set(forgotten.map((row) => (row as { readonly id: number }).id)))
      sql('DELETE FROM users WHERE id = ? AND is_guest = 1 AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = ?)').run(id, id);
  };

  return {
    userNamed,
    session,

    user: (id: number): Answer<User | null> => orNull(rows.user, sql(`${USERS} WHERE u.id = ?`).get(id)),

    /** The user with the id that the file gave them. */
    insertUser: (user: User): User => {
      const added = sql(
        'INSERT INTO users (name, display_name, display_picture_url, is_guest, status, online, properties) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ).run(storedText(user.name), ...written(user));
      return { ...user, id: Number(added.lastInsertRowid) };
    },

    saveUser: (user: User): User => {
      sql(
        'UPDATE users SET display_name = ?, display_picture_url = ?, is_guest = ?, status = ?, online = ?, properties = ? WHERE id = ?',
      ).run(...written(user), user.id);
      return user;
    },

    insertSession: ({ session: { id, tokenHash, userAgent }, now }: Admission, user: User, createdUser: boolean): SessionRecord => {
      sql(
        "INSERT INTO sessions (id, user_id, token_hash, user_agent, state, created_user, created_at) VALUES (?, ?, ?, ?, 'ACTIVE', ?, ?)",
      ).run(storedText(id), user.id, tokenHash, nullableText(userAgent), Number(createdUser), now);
      return { id, state: 'ACTIVE', user, userAgent, createdAt: now, endedAt: null, endReason: null };
    },

    activeSessionsOf: (user: User): Answer<readonly SessionRecord[]> =>
      E.traverseArray(rows.session)(sql(`${SESSIONS} WHERE s.user_id = ? AND s.state = 'ACTIVE' ORDER BY s.seq`).all(user.id)),

    /** It is this user's now, who is not forgotten with it. */
    moveSession: (record: SessionRecord, user: User): SessionRecord => {
      sql('UPDATE sessions SET user_id = ?, created_user = 0 WHERE id = ?').run(user.id, storedText(record.id));
      return { ...record, user };
    },

    endSession: (record: SessionRecord, endReason: EndReason, endedAt: number): SessionRecord => {
      forgetStreams(record.id);
      sql("UPDATE sessions SET state = 'ENDED', ended_at = ?, end_reason = ? WHERE id = ?").run(endedAt, endReason, storedText(record.id));
      forgetEnded();
      return { ...record, state: 'ENDED', endedAt, endReason };
    },

    /** One that can not be read is over. */
    expireUnread: (id: string, endedAt: number): void => {
      forgetStreams(id);
      sql("UPDATE sessions SET state = 'ENDED', ended_at = ?, end_reason = 'expired' WHERE id = ?").run(endedAt, storedText(id));
    },

    /** As if the admission had not been: then the user's next one would have created them, or nobody. */
    forgetSession: (id: string): Answer<void> => {
      const found = orNull(rows.decode(CreatedUserRow), sql('SELECT user_id, created_user FROM sessions WHERE id = ?').get(storedText(id)));
      if (E.isLeft(found) || found.right === null) return E.map(() => undefined)(found);
      const { user_id: userId, created_user: createdUser } = found.right;
      forgetStreams(id);
      sql('DELETE FROM sessions WHERE id = ?').run(storedText(id));
      if (createdUser === 1) {
        sql('UPDATE sessions SET created_user = 1 WHERE seq = (SELECT min(seq) FROM sessions WHERE user_id = ?)').run(userId);
        sql('DELETE FROM users WHERE id = ? AND NOT EXISTS (SELECT 1 FROM sessions WHERE user_id = ?)').run(userId, userId);
      }
      return E.right(undefined);
    },

    listSessions: (filter: SessionFilter): Answer<Page<SessionRecord>> => {
      const { state, username } = filter;
      const conditions: Conditions = [
        ...(state === undefined ? [] : [['s.state = ?', state] as const]),
        ...(username === undefined ? [] : [['s.user_id = (SELECT id FROM users WHERE name = ?)', storedText(username)] as const]),
      ];
      return list(rows.session, { select: SESSIONS, from: 'sessions s', order: 's.seq DESC' }, conditions, filter);
    },

    listUsers: (filter: UserFilter): Answer<Page<User>> => {
      const { online, isGuest } = filter;
      const conditions: Conditions = [
        ...(online === undefined ? [] : [[`u.online = ${Number(online)}`] as const]),
        ...(isGuest === undefined ? [] : [[`u.is_guest = ${Number(isGuest)}`] as const]),
      ];
      return list(rows.user, { select: USERS, from: 'users u', order: 'u.id' }, conditions, filter);
    },

    /** Does the file still say that this life is the last one that began with it? */
    isCurrent: (incarnation: number): Answer<boolean> =>
      E.map(({ value }: t.TypeOf<typeof IncarnationRow>) => value === String(incarnation))(
        rows.decode(IncarnationRow)(sql("SELECT value FROM meta WHERE key = 'incarnation'").get()),
      ),
  };
};

export type Queries = ReturnType<typeof queriesOn>;
