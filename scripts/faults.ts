/** `npm run faults`: the matrix of faults over real sockets, and a long run of mixed ones. See HELP. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type CrowdResult, crowdRows } from '../test/faults/crowd.js';
import { longRun } from '../test/faults/long-run.js';
import { crowdText, headText, longRunText, rowText } from '../test/faults/report.js';
import { rows } from '../test/faults/rows.js';
import { type RowResult, runRow } from '../test/faults/run-row.js';
import { resultsFile, type SemanticsFile, semanticsOf } from '../test/faults/semantics.js';
import { closingLine } from './runner/verdict.js';
import { optionsOr, type Usage, usageOf } from './support/usage.js';

const LONG_RUN = 'long-run';
/** The long run: minutes of work. */
const LONG = { messages: 1_000_000, faults: 1_000, kills: 20, silent: 24 };
/** Clients of a crowd. */
const CROWD = 2_000;
const SEED_MAX = 1_000_000;

const HELP = `Breaks a real session in every way, over real sockets: a server in a process of its own, a client, and a proxy between them that fails on command.
Numbered messages flow both ways; each cell says how many were lost, doubled and reordered.

  npm run faults                          the matrix, the crowds, then the long run
  npm run faults -- --only cut            one row, or several: --only may be given more than once
  npm run faults -- --only long-run --messages 100000 --faults 100

  --only ROW        a row of the matrix, a crowd, or ${LONG_RUN}; --list names them
  --seed N          what is drawn at random follows from it (default: drawn, and printed)
  --times N         how often a row's fault happens (default: as the row says)
  --clients N       of a crowd (${CROWD})
  --messages N      of the long run, both ways together (${LONG.messages})
  --faults N        of the long run (${LONG.faults}), kills and silent ones included
  --kills N         kill -9 of the server in the long run (${LONG.kills})
  --silent N        faults of the long run that are noticed by silence alone (${LONG.silent})
  --untimed         judge no times: for a machine that does other work
  --write           keep the results in ${resultsFile}, which docs/semantics.md is generated from
  --list            the rows, with what happens in them
  --json            one object for programs on stdout; progress goes to stderr
  --help            this text

The exit code is 0 only where every cell keeps what it promises.
`;

const optionsOf = () =>
  parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      times: { type: 'string' },
      clients: { type: 'string', default: String(CROWD) },
      messages: { type: 'string', default: String(LONG.messages) },
      faults: { type: 'string', default: String(LONG.faults) },
      kills: { type: 'string', default: String(LONG.kills) },
      silent: { type: 'string', default: String(LONG.silent) },
      untimed: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;

const usage: Usage = usageOf(HELP);
const whole = (name: string, text: string): number => {
  if (!/^\d{1,9}$/.test(text)) usage(`--${name} wants a whole number, not ${JSON.stringify(text)}.`);
  return Number(text);
};

const options = optionsOr(usage, optionsOf);
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (options.list) {
  process.stdout.write([...rows, ...crowdRows].map(({ name, what }) => `${name.padEnd(22)}${what}\n`).join(''));
  process.exit(0);
}
const unknown = options.only.filter((name) => name !== LONG_RUN && ![...rows, ...crowdRows].some((row) => row.name === name));
if (unknown.length > 0) usage(`There is no row ${unknown.join(', ')}; --list names them all.`);

const wants = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
const seed = options.seed === undefined ? Math.floor(Math.random() * SEED_MAX) : whole('seed', options.seed);
const say = (text: string): boolean => (options.json ? process.stderr : process.stdout).write(`${text}\n`);

say(`seed ${seed}\n${headText}`);
const results: RowResult[] = [];
for (const row of rows.filter(({ name }) => wants(name))) {
  const times = options.times === undefined ? {} : { times: whole('times', options.times) };
  const result = await runRow(row, { seed, timed: !options.untimed, ...times });
  results.push(result);
  say(rowText(result));
}
const crowds: CrowdResult[] = [];
for (const crowd of crowdRows.filter(({ name }) => wants(name))) {
  const result = await crowd.run(whole('clients', options.clients));
  crowds.push(result);
  say(crowdText(result));
}
const long = wants(LONG_RUN)
  ? await longRun({
      seed,
      messages: whole('messages', options.messages),
      faults: whole('faults', options.faults),
      kills: whole('kills', options.kills),
      silent: whole('silent', options.silent),
      progress: ({ faults, sent }) => process.stderr.write(`        ${faults} faults, ${sent} messages\n`),
    })
  : null;
if (long !== null) say(longRunText(long));
const all = [...results, ...crowds, ...(long === null ? [] : [long])];
const failed = all.filter(({ ok }) => !ok).length;
if (options.write) {
  const before = existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as SemanticsFile) : undefined;
  const file = semanticsOf(results, long, before);
  writeFileSync(resultsFile, `${JSON.stringify(file, null, 2)}\n`);
  say(`${resultsFile} written; run \`npm run generate\``);
}
if (options.json) process.stdout.write(`${JSON.stringify({ seed, rows: results, crowds, long, failed }, null, 2)}\n`);
say(`\n${closingLine({ passed: all.length - failed, failed, skipped: 0 })}`);
process.exitCode = failed > 0 ? 1 : 0;
