import type { Admission, Identification, KeptSession, SessionRecord, SessionTurn } from '../../machines/ports/store.js';
import type { JournalPart } from '../../machines/stream/journal.js';

type Stream = Omit<KeptSession, 'record' | 'parts'>;

interface Kept {
  readonly stream: Stream;
  /** JSON texts by number: what is read back is never what the server still holds. */
  readonly parts: Map<number, string>;
}

/** The streams of a memory store, which outlive their server and end with the process. There is one for each session that is active. */
export interface MemoryStreams {
  admitted(session: Admission['session']): void;
  identified(identification: Identification): void;
  /** The session has ended, or never was. */
  forget(id: string): void;
  has(id: string): boolean;
  commit(turns: readonly SessionTurn[]): void;
  /** In the order of the records. */
  load(records: readonly SessionRecord[]): readonly KeptSession[];
}

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** Keeps streams as an SQLite file would, in this process. */
export const memoryStreams = (): MemoryStreams => {
  const kept = new Map<string, Kept>();
  return {
    admitted: ({ id, tokenHash, terms }) => {
      if (terms === null) return;
      const stream = { tokenHash, confirmed: false, terms: copy(terms), life: 0, signIn: 0, positions: null, attempts: [] };
      kept.set(id, { stream, parts: new Map() });
    },
    identified: ({ sessionId, tokenHash, expiresAt, signIn }) => {
      const found = kept.get(sessionId);
      if (found === undefined) return;
      const { stream, parts } = found;
      const terms = { ...stream.terms, expiresAt };
      kept.set(sessionId, { stream: { ...stream, tokenHash, terms, signIn: signIn ?? stream.signIn }, parts });
    },
    forget: (id) => void kept.delete(id),
    has: (id) => kept.has(id),
    commit: (turns) => {
      for (const { id, tokenHash, confirmed, expiresAt, life, positions, attempts, part, dropBefore } of turns) {
        const found = kept.get(id);
        if (found === undefined) continue;
        const { stream, parts } = found;
        const terms = { ...stream.terms, expiresAt };
        kept.set(id, { stream: copy({ ...stream, tokenHash, confirmed, terms, life, positions, attempts }), parts });
        for (const number of parts.keys()) if (number < dropBefore) parts.delete(number);
        if (part !== null) parts.set(part.number, JSON.stringify(part.body));
      }
    },
    load: (records) =>
      records.flatMap((record) => {
        const found = kept.get(record.id);
        if (found === undefined) return [];
        const parts = [...found.parts]
          .sort(([a], [b]) => a - b)
          .map(([number, text]) => [number, JSON.parse(text) as JournalPart] as const);
        return [{ record, ...copy(found.stream), parts }];
      }),
  };
};
