import * as E from 'fp-ts/lib/Either.js';
import type { Admission, Identification, KeptSession, SessionTurn } from '../../../machines/ports/store.js';
import type { Answer } from '../rules.js';
import type { SqliteDatabase, SqliteStatement } from './driver.js';
import type { Queries } from './queries.js';
import type { Rows } from './rows.js';
import { attemptsToText, keptSessionOf, partToText, positionsToText } from './stream-rows.js';

/** What the store asks of its file for streams. Each runs inside the caller's transaction. */
export const streamQueriesOn = (db: SqliteDatabase, rows: Rows, queries: Queries) => {
  const lazily = (text: string): (() => SqliteStatement) => {
    let statement: SqliteStatement | null = null;
    return () => {
      statement ??= db.prepare(text);
      return statement;
    };
  };
  const insertStream = lazily(
    "INSERT INTO streams (session, token_hash, confirmed, kept_ms, window_messages, window_size, features, expires_at, attempts) VALUES (?, ?, 0, ?, ?, ?, ?, ?, '[]')",
  );
  const updateStream = lazily(
    'UPDATE streams SET token_hash = ?, confirmed = ?, expires_at = ?, life = ?, positions = ?, attempts = ? WHERE session = ?',
  );
  const identifyStream = lazily('UPDATE streams SET token_hash = ?, expires_at = ?, sign_in = coalesce(?, sign_in) WHERE session = ?');
  const insertPart = lazily(
    // Asked again, a turn gives what it gave and more: also where the file has it and the answer was lost.
    'INSERT INTO journal (session, part, body) VALUES (?, ?, ?) ON CONFLICT (session, part) DO UPDATE SET body = excluded.body',
  );
  const deleteParts = lazily('DELETE FROM journal WHERE session = ? AND part < ?');
  const allStreams = lazily('SELECT * FROM streams');
  const partsOf = lazily('SELECT part, body FROM journal WHERE session = ? ORDER BY part');

  const kept = (row: unknown): Answer<KeptSession | null> => {
    const id = String((row as { readonly session?: unknown }).session);
    const record = queries.session(id);
    if (E.isLeft(record) || record.right === null) return E.isLeft(record) ? record : E.right(null);
    return keptSessionOf(rows, record.right, row, partsOf().all(id));
  };

  return {
    insert: ({ session: { id, tokenHash, terms } }: Admission): void => {
      if (terms === null) return;
      insertStream().run(
        id,
        tokenHash,
        terms.keptMs,
        terms.window.messages,
        terms.window.size,
        JSON.stringify(terms.features),
        terms.expiresAt,
      );
    },

    identify: ({ sessionId, tokenHash, expiresAt, signIn }: Identification): void => {
      identifyStream().run(tokenHash, expiresAt, signIn, sessionId);
    },

    commit: ({ id, tokenHash, confirmed, expiresAt, life, positions, attempts, part, dropBefore }: SessionTurn): void => {
      const updated = updateStream().run(
        tokenHash,
        Number(confirmed),
        expiresAt,
        life,
        positionsToText(positions),
        attemptsToText(attempts),
        id,
      );
      // It has ended meanwhile, or is not kept at all.
      if (Number(updated.changes) === 0) return;
      if (dropBefore > 1) deleteParts().run(id, dropBefore);
      if (part !== null) insertPart().run(id, part.number, partToText(part.body));
    },

    load: (now: number): { readonly sessions: readonly KeptSession[]; readonly broken: readonly string[] } => {
      const sessions: KeptSession[] = [];
      const broken: string[] = [];
      for (const row of allStreams().all()) {
        const found = kept(row);
        if (E.isRight(found)) {
          if (found.right !== null) sessions.push(found.right);
          continue;
        }
        const id = String((row as { readonly session?: unknown }).session);
        broken.push(`${id}: ${found.left.kind === 'unavailable' ? found.left.failure.message : found.left.kind}`);
        queries.expireUnread(id, now);
      }
      return { sessions, broken };
    },
  };
};

export type StreamQueries = ReturnType<typeof streamQueriesOn>;
