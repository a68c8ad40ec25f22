/** A run for people, and what is kept of it for docs/capacity.md. Pure. */
import Table from 'cli-table3';
import type { Judged } from './judge.js';
import type { Machine } from './machine.js';
import type { CapacityPlan } from './plan.js';
import { budgetText, figureText, number, type Row } from './row.js';

/** Where the results of a run are kept. */
export const resultsFile = 'docs/capacity.json';

/** The latest run of each kind that was kept. */
export interface CapacityFile {
  readonly runs: readonly {
    readonly machine: Machine;
    readonly plan: CapacityPlan;
    readonly rows: readonly Row[];
    readonly ok: boolean;
  }[];
  /** How far one process went. */
  readonly found: Found | null;
}

/** What looking for the limit came to. */
export interface Found {
  readonly machine: Machine;
  readonly levels: readonly Level[];
}

export interface Level {
  readonly sessions: number;
  readonly rssMib: number;
  readonly echoP99Ms: number;
  readonly corePercent: number;
  /** What was too much; null: it was borne. */
  readonly limit: string | null;
}

const head = ['part', 'what', 'figure', 'budget'] as const;
const cells = (row: Row): readonly string[] => [row.part, row.what, `${figureText(row)}${row.isKept ? '' : ' !'}`, budgetText(row)];

export const machineText = ({ processor, cores, memoryGiB, node, load }: Machine): string =>
  `${cores} cores (${processor}), ${memoryGiB} GiB, Node ${node.slice(1)}, load ${load} before it began`;

/** No lines between the rows: there are forty. */
const plain = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };

export const runText = ({ rows, problems, ok }: Judged): string => {
  const table = new Table({
    chars: plain,
    style: { head: [], border: [] },
    head: [...head],
    colAligns: ['left', 'left', 'right', 'right'],
  });
  for (const row of rows) table.push([...cells(row)]);
  return [table.toString(), ...problems.map((problem) => `! ${problem}`), ok ? 'all budgets are kept' : 'FAILED'].join('\n');
};

export const levelText = ({ sessions, rssMib, echoP99Ms, corePercent, limit }: Level): string =>
  `${sessions.toLocaleString('en').padStart(8)} sessions  ${number(rssMib).padStart(6)} MiB  echo p99 ${number(echoP99Ms).padStart(6)} ms  ${number(corePercent).padStart(5)} % of a core  ${limit ?? 'borne'}`;

const markdown = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

/** The tables of docs/capacity.md. */
export const capacityTables = ({ runs, found }: CapacityFile): string =>
  [
    ...runs.map(
      ({ machine, plan, rows }) =>
        `### ${(plan.sessions + plan.apps).toLocaleString('en')} sessions, ${plan.store === 'memory' ? 'in memory' : 'in SQLite'}\n\nMeasured on ${machineText(machine)}. Each session says something every ${plan.everySeconds} s; ${plan.churn} come and go a second.\n\n${markdown(head, rows.map(cells))}`,
    ),
    ...(found === null
      ? []
      : [
          `### How far one process goes\n\nMeasured on ${machineText(found.machine)}.\n\n${markdown(
            ['sessions', 'RSS', 'echo p99', 'of a core', 'limit'],
            found.levels.map(({ sessions, rssMib, echoP99Ms, corePercent, limit }) => [
              sessions.toLocaleString('en'),
              `${number(rssMib)} MiB`,
              `${number(echoP99Ms)} ms`,
              `${number(corePercent)} %`,
              limit ?? '',
            ]),
          )}`,
        ]),
  ].join('\n\n');
