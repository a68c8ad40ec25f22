/** What a run comes to, for people. */
import type { Mutant } from './mutants.js';

export interface Counts {
  readonly mutants: number;
  readonly killed: number;
  readonly timedOut: number;
  readonly survived: number;
  /** No test reaches it. */
  readonly noCoverage: number;
  /** The share of mutants that were noticed, in percent; of none, 100. */
  readonly score: number;
}

export const countsOf = (mutants: readonly Mutant[]): Counts => {
  const count = (status: string): number => mutants.filter((mutant) => mutant.status === status).length;
  const [killed, timedOut, survived, noCoverage] = [count('Killed'), count('Timeout'), count('Survived'), count('NoCoverage')];
  const all = killed + timedOut + survived + noCoverage;
  return { mutants: all, killed, timedOut, survived, noCoverage, score: all === 0 ? 100 : ((killed + timedOut) / all) * 100 };
};

const HEADINGS = ['mutants', 'killed', 'timed out', 'survived', 'not reached', 'score'] as const;
const WIDTH = 12;

const row = (name: string, cells: readonly string[], width: number): string =>
  `${name.padEnd(width)}${cells.map((cell) => cell.padStart(WIDTH)).join('')}`;

const cellsOf = ({ mutants, killed, timedOut, survived, noCoverage, score }: Counts): readonly string[] => [
  ...[mutants, killed, timedOut, survived, noCoverage].map(String),
  `${score.toFixed(1)} %`,
];

/** A line for each file, the whole below. */
export const tableOf = (mutants: readonly Mutant[]): string => {
  const files = [...new Set(mutants.map(({ file }) => file))].sort();
  const width = Math.max(...files.map(({ length }) => length), 'all'.length) + 2;
  const lines = files.map((file) => row(file, cellsOf(countsOf(mutants.filter((mutant) => mutant.file === file))), width));
  return [row('', HEADINGS, width), ...lines, row('all', cellsOf(countsOf(mutants)), width)].join('\n');
};

/** Lines of a difference: more of them say no more, and a whole function taken out is many. */
const LINES_MAX = 12;

const marked = (mark: string, text: string): readonly string[] => {
  const lines = text.split('\n').map((line) => `    ${mark} ${line.trim()}`);
  return lines.length > LINES_MAX ? [...lines.slice(0, LINES_MAX), `    ${mark} ... (${lines.length - LINES_MAX} more lines)`] : lines;
};

/** Where it is, the line, and what was taken out and put in. */
export const differenceOf = ({ file, lineNumber, line, cut, put, status }: Mutant): string =>
  [
    `${file}:${lineNumber}${status === 'NoCoverage' ? '  (no test reaches it)' : ''}  ${line}`,
    ...marked('-', cut),
    ...marked('+', put),
  ].join('\n');
