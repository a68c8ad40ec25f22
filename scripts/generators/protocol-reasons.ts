/** The table of reasons in docs/protocol.md, from the one table of them. The rest of that page is written by hand. */
import { readFileSync } from 'node:fs';
import { type Reason, type ReasonCode, reasonCodes, reasons } from '../../machines/reasons.js';

const PATH = 'docs/protocol.md';
const BEGIN = '<!-- reasons:begin -->';
const END = '<!-- reasons:end -->';

const row = (code: ReasonCode): string => {
  const { sayer, next, closeCode, ends, what }: Reason = reasons[code];
  return `| \`${code}\` | ${sayer} | ${closeCode ?? ''} | ${next} | ${ends ?? ''} | ${what} |`;
};

/** The table as it should be: what a process says to itself alone never goes over the wire. */
export const reasonsTable = (): string =>
  [
    '| code | said by | close code | the client next | a live session ends as | what happened |',
    '|---|---|---|---|---|---|',
    ...reasonCodes.filter((code) => reasons[code].sayer !== 'local').map(row),
  ].join('\n');

/** The page with the part between the markers replaced. */
export const withReasons = (page: string): string => {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${PATH} lacks ${BEGIN} or, after it, ${END}.`);
  return `${page.slice(0, begin + BEGIN.length)}\n${reasonsTable()}\n${page.slice(end)}`;
};

/** Registered in scripts/generators.ts. */
export const protocolReasons = { path: PATH, generate: (): string => withReasons(readFileSync(PATH, 'utf8')) } as const;
