import { type Answer, messageOf, unavailable } from '../rules.js';

/** SQLite's primary result codes that a person can do something about (sqlite.org/rescode.html). */
const names = new Map([
  [5, 'BUSY'],
  [6, 'LOCKED'],
  [8, 'READONLY'],
  [10, 'IOERR'],
  [11, 'CORRUPT'],
  [13, 'FULL'],
  [14, 'CANTOPEN'],
  [26, 'NOTADB'],
]);

const locked = 'Another program holds a lock on it: close that program, or use a file of its own for each.';

const remedies = new Map([
  ['BUSY', locked],
  ['LOCKED', locked],
  ['READONLY', 'See that this process may write the file and its directory.'],
  ['IOERR', 'See that the disk works and has room.'],
  ['CORRUPT', 'The file is damaged: restore it from a backup.'],
  ['FULL', 'Make room on the disk: the store goes on by itself.'],
  ['CANTOPEN', 'See that this process may read and write the file and its directory.'],
  ['NOTADB', 'Give another path, or move the file away.'],
]);

/** The lowest byte of a result code is the primary one; the others say more than a remedy needs. */
const PRIMARY_CODE_BITS = 0xff;

/** The name of the result code that a driver's error carries: a number in `errcode`, or `SQLITE_BUSY_…` in `code`. */
export const resultCode = (thrown: unknown): string | undefined => {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  if ('errcode' in thrown && typeof thrown.errcode === 'number') return names.get(thrown.errcode & PRIMARY_CODE_BITS);
  if ('code' in thrown && typeof thrown.code === 'string') return /^SQLITE_([A-Z]+)/.exec(thrown.code)?.[1];
  return undefined;
};

/** What a driver threw, as the store's answer: which file, what happened, what to do. SQLite's messages hold no values. */
export const explain = (thrown: unknown, file: string): Answer<never> => {
  const remedy = remedies.get(resultCode(thrown) ?? '');
  return unavailable(`${file}: ${messageOf(thrown)}.${remedy === undefined ? '' : ` ${remedy}`}`);
};
