/** The last full score, as docs/mutation.md has it: written by `npm run mutate -- --full --write`, between two marks. */
import { dirname } from 'node:path';
import type { Mutant } from './mutants.js';
import { countsOf } from './report.js';

export const pagePath = 'docs/mutation.md';
const BEGIN = '<!-- score:begin -->';
const END = '<!-- score:end -->';

export interface FullRun {
  readonly mutants: readonly Mutant[];
  /** How many of the survivors the list explains. */
  readonly explained: number;
  readonly seconds: number;
  /** Mutants at a time. */
  readonly jobs: number;
}

const row = (name: string, mutants: readonly Mutant[]): string => {
  const { mutants: all, killed, timedOut, survived, noCoverage, score } = countsOf(mutants);
  return `| ${[name, all, killed, timedOut, survived + noCoverage, `${score.toFixed(1)} %`].join(' | ')} |`;
};

/** A row for each folder, and what a reader would ask next: what became of the survivors, and how long it took. */
export const scoreOf = ({ mutants, explained, seconds, jobs }: FullRun): string => {
  const folders = [...new Set(mutants.map(({ file }) => dirname(file)))].sort();
  const { survived, noCoverage } = countsOf(mutants);
  return [
    '| folder | mutants | killed | timed out | survived | score |',
    '|---|---|---|---|---|---|',
    ...folders.map((folder) =>
      row(
        `\`${folder}\``,
        mutants.filter(({ file }) => dirname(file) === folder),
      ),
    ),
    row('all', mutants),
    '',
    `The list explains ${explained} of the ${survived + noCoverage} survivors. It took ${seconds.toFixed(0)} s, ${jobs} mutants at a time.`,
  ].join('\n');
};

/** The page with what is between the marks replaced; throws where it lacks them. */
export const withScore = (page: string, score: string): string => {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${pagePath} lacks ${BEGIN} or, after it, ${END}.`);
  return `${page.slice(0, begin + BEGIN.length)}\n${score}\n${page.slice(end)}`;
};
