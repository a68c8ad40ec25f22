import * as E from 'fp-ts/lib/Either.js';
import type { Admission, Admitted, Identification, Identified, SessionStore, StoreTask } from '../../machines/ports/store.js';
import type { User } from '../../machines/ports/user.js';
import { type Answer, newUser, task, unavailable, withPresence, withProfile } from './rules.js';
import { type SqliteDriver, transaction } from './sqlite/driver.js';
import { explain } from './sqlite/explain.js';
import { type Connection, openConnection } from './sqlite/open.js';
import { type Queries, queriesOn } from './sqlite/queries.js';
import { type StreamQueries, streamQueriesOn } from './sqlite/streams.js';

export type { SqliteConstructor, SqliteDatabase, SqliteDriver, SqliteStatement, SqliteValue } from './sqlite/driver.js';

export interface SqliteOptions {
  /**
   * `normal` (the default): an acknowledged row outlives the process, however it dies; the last ones may be lost where the machine
   * loses power. `full`: they outlive that too, at a disk flush for each operation, for which the event loop waits.
   */
  readonly durability?: 'normal' | 'full';
  /** Read beside the server that writes the file: nothing is ended or counted by `open`, and writes are answered with `unavailable`. */
  readonly readOnly?: boolean;
  /**
   * The SQLite to use: a constructor (`better-sqlite3`'s export, or a `DatabaseSync`) or a database that you opened. Default: Node's
   * own where it has one (from 22.13), otherwise `@photostructure/sqlite`. A database that you opened stays yours: `close` does not
   * close it, and you see to it that one server writes it.
   */
  readonly driver?: SqliteDriver;
}

interface Open {
  readonly at: 'open';
  readonly connection: Connection;
  readonly queries: Queries;
  readonly streams: StreamQueries;
}

type Life = { readonly at: 'closed' } | { readonly at: 'opening'; readonly opened: Promise<unknown> } | Open;

const admit = (queries: Queries, streams: StreamQueries, admission: Admission): Answer<Admitted> => {
  const { username, as, profile, now } = admission;
  const known = queries.userNamed(username);
  if (E.isLeft(known)) return known;
  if (as === 'guest' && known.right?.isGuest === false) return E.left({ kind: 'nameRegistered', name: username });
  const admitted: User = { ...withProfile(known.right ?? newUser(0, username, true), profile), isGuest: as === 'guest' };
  const created = known.right === null;
  const user = created ? queries.insertUser(admitted) : queries.saveUser(admitted);
  const registers = as === 'registered' && known.right?.isGuest === true;
  const others = registers ? queries.activeSessionsOf(user) : E.right([]);
  if (E.isLeft(others)) return others;
  const revoked = others.right.map((record) => queries.endSession(record, 'revoked', now));
  const session = queries.insertSession(admission, user, created);
  streams.insert(admission);
  return E.right({ user, session, created, revoked });
};

const openOn = (connection: Connection): Open => {
  const queries = queriesOn(connection.db, connection.rows);
  return { at: 'open', connection, queries, streams: streamQueriesOn(connection.db, connection.rows, queries) };
};

const identify = (queries: Queries, streams: StreamQueries, identification: Identification): Answer<Identified> => {
  const { sessionId, username, profile, now } = identification;
  const found = queries.session(sessionId);
  if (E.isLeft(found)) return found;
  if (found.right?.state !== 'ACTIVE') return E.left({ kind: 'sessionUnknown', id: sessionId });
  const known = queries.userNamed(username);
  if (E.isLeft(known)) return known;
  const identified: User = { ...withProfile(known.right ?? newUser(0, username, false), profile), isGuest: false };
  const created = known.right === null;
  const user = created ? queries.insertUser(identified) : queries.saveUser(identified);
  const session = queries.moveSession(found.right, user);
  streams.identify(identification);
  const active = known.right?.isGuest === true ? queries.activeSessionsOf(user) : E.right([]);
  if (E.isLeft(active)) return active;
  const revoked = active.right.filter(({ id }) => id !== sessionId).map((record) => queries.endSession(record, 'revoked', now));
  return E.right({ user, session, created, revoked });
};

const changeUser = (queries: Queries, id: number, to: (user: User) => User): Answer<User> => {
  const user = queries.user(id);
  if (E.isLeft(user)) return user;
  return user.right === null ? E.left({ kind: 'userUnknown', id }) : E.right(queries.saveUser(to(user.right)));
};

/**
 * Keeps users and sessions in an SQLite file, which one server writes and any number of readers (`readOnly`) may read meanwhile.
 * Nothing is loaded or opened before `open`. All trouble is answered with `unavailable` and a `StoreUnavailableError` that says what
 * to do: no driver, no directory, not a database, a newer schema, a lock, a full disk, a row that is not as it was written. Beside
 * the file there are `-wal`, `-shm` and `-writer`, which belong to it.
 *
 * @example
 * const store = sqlite('ninelives.db', { durability: 'full' });
 * const opened = await store.open({ now: Date.now() })();
 */
export const sqlite = (path: string, { durability = 'normal', readOnly = false, driver }: SqliteOptions = {}): SessionStore => {
  let life: Life = { at: 'closed' };

  const operation = <A>(kind: 'DEFERRED' | 'IMMEDIATE', work: (queries: Queries, life: Open) => Answer<A>): StoreTask<A> =>
    task(() => {
      if (life.at !== 'open') return unavailable(`${path} is not open: await the store's open() first, and begin nothing after close().`);
      const open = life;
      const { connection, queries } = open;
      try {
        return transaction(connection.db, kind, () => work(queries, open));
      } catch (thrown) {
        return explain(thrown, connection.file);
      }
    });

  const read = <A>(work: (queries: Queries) => Answer<A>): StoreTask<A> => operation('DEFERRED', work);

  const write = <A>(work: (queries: Queries, streams: StreamQueries) => Answer<A>): StoreTask<A> =>
    readOnly
      ? task(() => unavailable(`${path} is open for reading only.`))
      : operation('IMMEDIATE', (queries, { connection: { file, incarnation }, streams }) => {
          const isCurrent = queries.isCurrent(incarnation);
          if (E.isLeft(isCurrent)) return isCurrent;
          if (isCurrent.right) return work(queries, streams);
          return unavailable(`${file}: another server became the writer of this file, and this one writes no more. Stop one of them.`);
        });

  return {
    name: 'sqlite',

    streams: {
      load: ({ now }) => write((_queries, streams) => E.right(streams.load(now))),
      commit: (turns) =>
        write((_queries, streams) => {
          for (const turn of turns) streams.commit(turn);
          return E.right(undefined);
        }),
    },

    open:
      ({ now }) =>
      async () => {
        if (life.at !== 'closed') return unavailable(`${path} is open already: a store has one server at a time.`);
        const opening = openConnection({ path, durability, readOnly, driver, now }).then((opened) => {
          life = E.isLeft(opened) ? { at: 'closed' } : openOn(opened.right);
          return opened;
        });
        life = { at: 'opening', opened: opening };
        return E.map(({ incarnation, expired }: Connection) => ({ incarnation, expired }))(await opening);
      },

    close: () => async () => {
      if (life.at === 'opening') await life.opened;
      // Read anew after the wait, which TypeScript does not see.
      const last = life as Life;
      life = { at: 'closed' };
      if (last.at !== 'open') return E.right(undefined);
      try {
        return E.right(last.connection.close());
      } catch (thrown) {
        return explain(thrown, last.connection.file);
      }
    },

    admit: (admission) => write((queries, streams) => admit(queries, streams, admission)),
    identify: (identification) => write((queries, streams) => identify(queries, streams, identification)),

    endSession: ({ id, reason, now }) =>
      write((queries) => {
        const found = queries.session(id);
        if (E.isLeft(found) || found.right?.state !== 'ACTIVE') return found;
        return E.right(queries.endSession(found.right, reason, now));
      }),

    forgetSession: (id) => write((queries) => queries.forgetSession(id)),
    findSession: (id) => read((queries) => queries.session(id)),
    listSessions: (filter) => read((queries) => queries.listSessions(filter)),

    createUser: ({ name, profile }) =>
      write((queries) => {
        const known = queries.userNamed(name);
        if (E.isLeft(known)) return known;
        if (known.right !== null) return E.left({ kind: 'userExists', name });
        return E.right(queries.insertUser(withProfile(newUser(0, name, false), profile)));
      }),

    updateUser: ({ id, profile }) => write((queries) => changeUser(queries, id, (user) => withProfile(user, profile))),
    setPresence: ({ id, presence }) => write((queries) => changeUser(queries, id, (user) => withPresence(user, presence))),
    findUser: (by) => read((queries) => ('id' in by ? queries.user(by.id) : queries.userNamed(by.name))),
    listUsers: (filter) => read((queries) => queries.listUsers(filter)),
  };
};
