/** What a run of attacks says, for people, and what is kept of it for docs/security.md. Pure. */
import type { Tally } from './kit.js';
import type { AttackResult } from './run-attack.js';

const MIB = 1_048_576;
const NAME_WIDTH = 24;
const INDENT = ' '.repeat(8);

const mib = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
const tallyText = (tally: Tally): string =>
  Object.entries(tally)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');

/** One attack, and what became of it. */
export const attackText = ({
  name,
  tally,
  bystander,
  heapBeforeBytes,
  heapAfterBytes,
  peakBytes,
  tookMs,
  logLines,
  problems,
  ok,
}: AttackResult): string =>
  [
    `${ok ? 'ok     ' : 'FAILED '} ${name.padEnd(NAME_WIDTH)} ${(tookMs / 1_000).toFixed(1).padStart(5)} s  heap ${mib(heapBeforeBytes)} -> ${mib(heapAfterBytes)}, at most ${mib(peakBytes)} in all  bystander p99 ${bystander.p99Ms.toFixed(1)} ms, ${bystander.sent} sent, ${bystander.lost} lost  ${logLines} lines of log`,
    `${INDENT}${tallyText(tally)}`,
    ...problems.map((problem) => `${INDENT}! ${problem}`),
  ].join('\n');

/** Where the results of a run are kept. */
export const resultsFile = 'docs/attacks.json';

/** What is kept of a run: no dates, no machine, and no times but the one that is promised. */
export type AttacksFile = readonly (Pick<
  AttackResult,
  'name' | 'what' | 'limit' | 'tally' | 'heapBeforeBytes' | 'heapAfterBytes' | 'peakBytes' | 'ok'
> & { readonly bystander?: Pick<AttackResult['bystander'], 'sent' | 'lost' | 'p99Ms'> })[];

/** What this run found, and of what it did not try what an earlier one did. */
export const attacksFileOf = (results: readonly AttackResult[], before: AttacksFile = []): AttacksFile => {
  const found = results.map(
    ({ name, what, limit, tally, heapBeforeBytes, heapAfterBytes, peakBytes, ok, bystander: { sent, lost, p99Ms } }) => ({
      name,
      what,
      limit,
      tally,
      heapBeforeBytes,
      heapAfterBytes,
      peakBytes,
      bystander: { sent, lost, p99Ms: Math.round(p99Ms * 10) / 10 },
      ok,
    }),
  );
  const kept = before.map((row) => found.find(({ name }) => name === row.name) ?? row);
  return [...kept, ...found.filter(({ name }) => !before.some((row) => row.name === name))];
};

const change = (before: number, after: number): string => {
  const percent = Math.round((after / before - 1) * 100);
  return `${percent > 0 ? '+' : ''}${percent} %`;
};

/** What the session beside an attack noticed; nothing is known where the results are of a time when it was not kept. */
const noticed = (bystander: AttacksFile[number]['bystander']): string =>
  bystander === undefined ? '' : `${bystander.sent} messages, ${bystander.lost} lost; p99 ${bystander.p99Ms} ms`;

/** The table of docs/security.md. */
export const attacksTable = (file: AttacksFile): string =>
  [
    '| attack | what stops it | what came of it | heap before and after | most memory meanwhile | the session beside it |',
    '|---|---|---|---|---|---|',
    ...file.map(
      ({ what, limit, tally, heapBeforeBytes, heapAfterBytes, peakBytes, ok, bystander }) =>
        `| ${what} | ${limit} | ${ok ? '' : '**not stopped:** '}${tallyText(tally)} | ${mib(heapBeforeBytes)}, ${mib(heapAfterBytes)} (${change(heapBeforeBytes, heapAfterBytes)}) | ${Math.round(peakBytes / MIB)} MiB | ${noticed(bystander)} |`,
    ),
  ].join('\n');
