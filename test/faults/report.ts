/** What a fault run says, for people. */

import type { CrowdResult } from './crowd.js';
import type { Verdict } from './ledger.js';
import type { LongRunResult } from './long-run.js';
import type { Cell, RowResult, Times } from './run-row.js';

const NAME_WIDTH = 22;
const CELL_WIDTH = 26;

const ms = (time: number): string => `${Math.round(time)} ms`;

const timesText = ({ of, medianMs, worstMs, count, goal, kept }: Times): string =>
  `${kept ? 'ok     ' : 'MISSED '} ${of}: median ${ms(medianMs)}, worst of ${count} ${ms(worstMs)}; goal ${goal.medianMs === undefined ? '' : `${ms(goal.medianMs)} and `}${ms(goal.worstMs)}`;

/** `4012: 0/0/0`: how many were sent, and lost, doubled, reordered; what was repeated with a mark or handed back follows. */
const verdictText = ({ sent, lost, doubled, reordered, repeated, handedBack, uncommitted }: Verdict): string =>
  [
    `${sent}: ${lost}/${doubled}/${reordered}`,
    ...(repeated > 0 ? [`${repeated} marked`] : []),
    ...(handedBack > 0 ? [`${handedBack} told`] : []),
    ...(uncommitted > 0 ? [`${uncommitted} uncommitted`] : []),
  ].join(', ');
const cellText = (cell: Cell): string => `${verdictText(cell)}${cell.kept ? '' : ' FAILED'}`.padEnd(CELL_WIDTH);

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `          ${line}`);

export const crowdText = ({ name, figures, problems, ok }: CrowdResult): string =>
  [
    `${ok ? 'ok     ' : 'FAILED '} ${name.padEnd(NAME_WIDTH)}  ${Object.entries(figures)
      .map(([figure, value]) => `${figure}: ${Math.round(value * 10) / 10}`)
      .join(', ')}`,
    ...indented(problems.map((problem) => `! ${problem}`)),
  ].join('\n');

/** What the lines below mean. */
export const headText = `        ${'fault'.padEnd(NAME_WIDTH)}  times  ${'up, sent: lost/doubled/reordered'.padEnd(CELL_WIDTH)}  down`;

/** A row with its times and problems. */
export const rowText = (result: RowResult): string =>
  [
    `${result.ok ? 'ok     ' : 'FAILED '} ${result.name.padEnd(NAME_WIDTH)}  ${String(result.faults).padStart(5)}  ${cellText(result.up).padEnd(32)}  ${cellText(result.down).trimEnd()}`,
    ...indented(result.times.map(timesText)),
    ...indented(result.problems.map((problem) => `! ${problem}`)),
  ].join('\n');

export const longRunText = ({ seed, faults, resumed, up, down, problems, ok }: LongRunResult): string =>
  [
    `${ok ? 'ok     ' : 'FAILED '} long run, seed ${seed}: ${up.sent + down.sent} messages, ${Object.values(faults).reduce((sum, count) => sum + count, 0)} faults, ${resumed} resumes`,
    ...indented([
      `up ${verdictText(up)}; down ${verdictText(down)}`,
      Object.entries(faults)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', '),
      ...problems.map((problem) => `! ${problem}`),
    ]),
  ].join('\n');
