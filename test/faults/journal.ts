/**
 * A file of small records that outlives its process: each is written to the kernel before the next line of code runs, so that a `kill -9` leaves
 * a whole file that says exactly how far it came.
 */
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface Record {
  readonly number: number;
  /** A message's mark, or the turn that it was sent in. */
  readonly mark: number;
  /** Milliseconds of the machine's monotonic clock, the same for all its processes. */
  readonly at: number;
}

/** Bytes: three doubles. */
const RECORD_BYTES = 24;

/** Milliseconds, comparable between processes. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

export interface Journal {
  write(number: number, mark: number): void;
  close(): void;
}

export const openJournal = (path: string): Journal => {
  const file = openSync(path, 'a');
  const bytes = Buffer.alloc(RECORD_BYTES);
  return {
    write: (number, mark) => {
      bytes.writeDoubleLE(number, 0);
      bytes.writeDoubleLE(mark, 8);
      bytes.writeDoubleLE(now(), 16);
      writeSync(file, bytes);
    },
    close: () => closeSync(file),
  };
};

export const readJournal = (path: string): readonly Record[] => {
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  return Array.from({ length: Math.floor(bytes.length / RECORD_BYTES) }, (_, index) => ({
    number: bytes.readDoubleLE(index * RECORD_BYTES),
    mark: bytes.readDoubleLE(index * RECORD_BYTES + 8),
    at: bytes.readDoubleLE(index * RECORD_BYTES + 16),
  }));
};
