/** `npm run mutate`: mutation testing of what decides. See HELP below. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pagePath, scoreOf, withScore } from './mutation/page.js';
import { countsOf, differenceOf, tableOf } from './mutation/report.js';
import { filesNamed, mutate } from './mutation/run.js';
import { compare, readSurvivors, survivorsFolder } from './mutation/survivors.js';
import { closingLine } from './runner/verdict.js';
import { optionsOr, usageOf } from './support/usage.js';

/** The share of mutants that the unit tests have to notice, in percent. */
const SCORE_MIN = 90;
/** Mutants at a time: the machines that run this have two cores. */
const JOBS = 2;

const HELP = `Changes machines/ and src/wire in thousands of small ways, one at a time, and runs the unit tests on each until one fails. A change that no test
notices is a survivor: a test is missing, or the change changes nothing, and then ${survivorsFolder}/ says why. See docs/mutation.md.

  npm run mutate                                 everything that changed since the last run
  npm run mutate -- --full                       everything
  npm run mutate -- --only machines/stream       the files whose path contains this; may be given more than once

  --write           with --full and nothing left out: writes the score into ${pagePath}
  --tests NAME      only the test files whose path contains this; may be given more than once (quicker; what survives may be noticed by others)
  --entries         prints the survivors that the list does not have as entries for it, with a reason to fill in
  --all             prints the survivors that the list explains, too
  --jobs N          mutants at a time (${JOBS})
  --json            one object for programs on stdout; progress goes to stderr
  --help            this text

The exit code is 0 only where ${SCORE_MIN} % are noticed, the list explains every survivor, and every entry of it is one.
`;

const usage = usageOf(HELP);
const options = optionsOr(
  usage,
  () =>
    parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        tests: { type: 'string', multiple: true, default: [] },
        full: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        entries: { type: 'boolean', default: false },
        all: { type: 'boolean', default: false },
        jobs: { type: 'string', default: String(JOBS) },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values,
);
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (!/^[1-9]\d?$/.test(options.jobs)) usage(`--jobs wants a whole number from 1 to 99, not ${JSON.stringify(options.jobs)}.`);
if (options.write && (!options.full || options.only.length + options.tests.length > 0))
  usage('--write wants --full, and neither --only nor --tests.');
const files = filesNamed(options.only);
if (files.length === 0) usage(`No file of machines/ or src/wire has ${options.only.join(' or ')} in its path.`);

const startedAt = performance.now();
const list = readSurvivors('.');
const mutants = await mutate({ files, tests: options.tests, jobs: Number(options.jobs), full: options.full });
const { explained, unexplained, stale } = compare(mutants, list, new Set(files));
const counts = countsOf(mutants);
const seconds = (performance.now() - startedAt) / 1_000;
const broken = mutants.filter(({ status }) => status === 'RuntimeError');
const failed = unexplained.length + stale.length + broken.length + (counts.score < SCORE_MIN ? 1 : 0);

if (options.write) {
  const score = scoreOf({ mutants, explained: explained.length, seconds, jobs: Number(options.jobs) });
  writeFileSync(pagePath, withScore(readFileSync(pagePath, 'utf8'), score));
}

const say = (text: string): boolean => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
const section = (title: string, lines: readonly string[]): void => {
  if (lines.length > 0) say(`\n${title}\n\n${lines.join('\n\n')}`);
};
const entryOf = ({ file, line, from, to }: { file: string; line: string; from: string; to: string }): string =>
  JSON.stringify({ file, line, from, to });

say(`\n${tableOf(mutants)}`);
if (options.all) section('Survivors that the list explains', explained.map(differenceOf));
if (options.entries) {
  const entries = unexplained.map((mutant) => `      ${entryOf(mutant)}`).join(',\n');
  say(`\n[\n  {\n    "kind": "equivalent",\n    "reason": "",\n    "mutants": [\n${entries}\n    ]\n  }\n]`);
} else section('Survivors that the list does not explain', unexplained.map(differenceOf));
section('Entries of the list that are no survivors (now noticed, or their code has changed)', stale.map(entryOf));
section('Could not be judged: the process of the tests died of them', broken.map(differenceOf));
if (options.json) process.stdout.write(`${JSON.stringify({ ...counts, seconds, explained, unexplained, stale, broken }, null, 2)}\n`);
say(
  `\n${counts.killed + counts.timedOut} of ${counts.mutants} mutants were noticed, ${counts.score.toFixed(1)} % (at least ${SCORE_MIN} % are wanted), in ${seconds.toFixed(0)} s; ` +
    `of ${explained.length + unexplained.length} survivors the list explains ${explained.length}${stale.length > 0 ? `, and ${stale.length} of its entries are no survivors` : ''}`,
);
say(closingLine({ passed: counts.killed + counts.timedOut, failed, skipped: 0 }));
process.exitCode = failed > 0 ? 1 : 0;
