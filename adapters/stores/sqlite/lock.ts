import * as E from 'fp-ts/lib/Either.js';
import { type Answer, unavailable } from '../rules.js';
import { connect, type SqliteConstructor, type SqliteDatabase } from './driver.js';
import { explain, resultCode } from './explain.js';

/** The file beside the store's that the writer holds a lock on. It stays empty, and may stay when nobody writes. */
const lockFileOf = (file: string): string => `${file}-writer`;

/**
 * Become the only writer of a file: the right's function gives the place back. The operating system takes the lock from a process
 * that died, so it is never stale. It needs a file of its own, because a lock on the store's file would end with each transaction
 * or keep readers out.
 */
export const takeWriterLock = (Driver: SqliteConstructor, file: string, owner: () => string): Answer<() => void> => {
  const lockFile = lockFileOf(file);
  let lock: SqliteDatabase | undefined;
  try {
    const held = connect(Driver, lockFile, false);
    lock = held;
    held.exec('PRAGMA busy_timeout = 0');
    held.exec('BEGIN IMMEDIATE');
    return E.right(() => {
      held.close();
    });
  } catch (thrown) {
    lock?.close();
    if (resultCode(thrown) !== 'BUSY') return explain(thrown, lockFile);
    return unavailable(`${file}: another server writes this file (${owner()}). Stop that server, or give this one a file of its own.`);
  }
};
