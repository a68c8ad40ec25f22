/** The table of attacks in docs/security.md, from the results of `npm run attack -- --write`. The rest of that page is written by hand. */
import { readFileSync } from 'node:fs';
import { type AttacksFile, attacksTable, resultsFile } from '../../test/attack/report.js';

const PATH = 'docs/security.md';
const BEGIN = '<!-- attacks:begin -->';
const END = '<!-- attacks:end -->';

/** The page with the part between the markers replaced. */
const withAttacks = (page: string, file: AttacksFile): string => {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${PATH} lacks ${BEGIN} or, after it, ${END}.`);
  return `${page.slice(0, begin + BEGIN.length)}\n${attacksTable(file)}\n${page.slice(end)}`;
};

/** Registered in scripts/generators.ts. */
export const securityAttacks = {
  path: PATH,
  generate: (): string => withAttacks(readFileSync(PATH, 'utf8'), JSON.parse(readFileSync(resultsFile, 'utf8')) as AttacksFile),
} as const;
