/** The tables of docs/capacity.md, from the results of `npm run capacity -- --write`. The rest of that page is written by hand. */
import { readFileSync } from 'node:fs';
import { type CapacityFile, capacityTables, resultsFile } from '../../test/capacity/report.js';

const PATH = 'docs/capacity.md';
const BEGIN = '<!-- capacity:begin -->';
const END = '<!-- capacity:end -->';

/** The page with the part between the markers replaced. */
const withTables = (page: string, file: CapacityFile): string => {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${PATH} lacks ${BEGIN} or, after it, ${END}.`);
  return `${page.slice(0, begin + BEGIN.length)}\n${capacityTables(file)}\n${page.slice(end)}`;
};

/** Registered in scripts/generators.ts. */
export const capacity = {
  path: PATH,
  generate: (): string => withTables(readFileSync(PATH, 'utf8'), JSON.parse(readFileSync(resultsFile, 'utf8')) as CapacityFile),
} as const;
