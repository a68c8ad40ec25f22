/** The test runner: `npm test [-- NAME ...]`. See HELP below. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type RunningFile, runFile } from './runner/run-file.js';
import { closingLine, type FileRun, type FileVerdict, judge, sum } from './runner/verdict.js';

/** Files at a time: the machines that run this have two cores, and tests with real timers lie when more compete for them. */
const JOBS = 2;
/** The limit of one file, in milliseconds. The slowest (simulation, browsers) take a third of it. */
const FILE_LIMIT_MS = 90_000;
/** How many of the slowest files are named at the end. */
const SLOWEST_SHOWN = 5;

const HELP = `Runs the tests: every test/**/*.test.ts in a process of its own, ${JOBS} at a time.

  npm test                        all of them
  npm test -- NAME [NAME ...]     those whose path contains a NAME, e.g. machines/ or stores/sqlite
  node --import tsx FILE          one file, by itself

  --json            prints one object for programs on stdout: { passed, failed, skipped, files }; progress goes to stderr
  --jobs N          files at a time (${JOBS})
  --limit-ms N      limit of one file in milliseconds (${FILE_LIMIT_MS}); past it, the file and all it started are killed
  --help            this text

A file fails where a test fails, and also where it ran nothing (a forgotten .run()), left an .only or .skip in, did not end, ended
with an exit code other than 0, or left a process running. A NAME that no file matches is a failure.
What a machine may lack is declared by needs() of test/support/needs.ts: skipped by name, but a failure where CI is set.
The last line is \`N passed, N failed, N skipped\`; the exit code is 0 only where nothing failed.
`;

const options = () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      jobs: { type: 'string', default: String(JOBS) },
      'limit-ms': { type: 'string', default: String(FILE_LIMIT_MS) },
    },
  });
  const whole = (name: string, text: string): number => {
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} wants a whole number above 0, not ${JSON.stringify(text)}.`);
    return Number(text);
  };
  return {
    names: positionals,
    json: values.json,
    help: values.help,
    jobs: whole('jobs', values.jobs),
    limitMs: whole('limit-ms', values['limit-ms']),
  };
};

const findFiles = (names: readonly string[]): readonly string[] => {
  const all = readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.test\.tsx?$/.test(file))
    .map((file) => join('test', file))
    .sort();
  return names.length === 0 ? all : all.filter((file) => names.some((name) => file.includes(name)));
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`.padStart(7);

const lineFor = (verdict: FileVerdict): string => {
  const word = verdict.failed > 0 ? 'FAILED ' : verdict.passed > 0 ? 'ok     ' : 'skipped';
  const failed = verdict.failed > 0 ? `, ${verdict.failed} failed` : '';
  const skips = verdict.skips.map((skip) => `  SKIP ${skip.what}: needs ${skip.needs}\n`).join('');
  return `${word} ${seconds(verdict.durationMs)}  ${verdict.file}  ${verdict.passed} passed${failed}\n${skips}`;
};

const indented = (text: string): string => text.replace(/^(?=.)/gm, '    ');

const failureFor = (verdict: FileVerdict, run: FileRun): string =>
  `${verdict.faults.map((fault) => `  ! ${fault}\n`).join('')}${indented(run.output.trimEnd())}\n\n`;

const main = async (): Promise<number> => {
  let chosen: ReturnType<typeof options>;
  try {
    chosen = options();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (chosen.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const progress = (text: string): boolean => (chosen.json ? process.stderr : process.stdout).write(text);
  const files = findFiles(chosen.names);
  const startedAt = performance.now();
  const verdicts: FileVerdict[] = [];
  const running = new Set<RunningFile>();
  const waiting = [...files];

  // Each file leads a process group of its own, so a Ctrl-C of the terminal does not reach it by itself.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      for (const file of running) file.kill();
      process.exit(1);
    });

  const worker = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const started = runFile(file, chosen.limitMs);
      running.add(started);
      const run = await started.done;
      running.delete(started);
      const verdict = judge(run);
      verdicts.push(verdict);
      progress(lineFor(verdict) + (verdict.failed > 0 ? failureFor(verdict, run) : ''));
    }
  };
  await Promise.all(Array.from({ length: chosen.jobs }, worker));

  const none = files.length === 0;
  if (none) progress(`No test file's path contains ${chosen.names.map((name) => JSON.stringify(name)).join(' or ') || 'test/'}.\n`);
  const counts = sum([...verdicts, { passed: 0, failed: none ? 1 : 0, skipped: 0 }]);
  if (chosen.json)
    process.stdout.write(`${JSON.stringify({ ...counts, durationMs: performance.now() - startedAt, files: verdicts }, null, 2)}\n`);
  else {
    const slowest = [...verdicts].sort((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST_SHOWN);
    if (verdicts.length > SLOWEST_SHOWN) progress(`\nSlowest:\n${slowest.map((v) => `  ${seconds(v.durationMs)}  ${v.file}\n`).join('')}`);
    const broken = verdicts.filter((verdict) => verdict.failed > 0);
    if (broken.length > 0) progress(`\nFailed:\n${broken.map((v) => `  ${v.file}\n`).join('')}`);
    progress(`\n${files.length} files in ${seconds(performance.now() - startedAt).trim()}\n${closingLine(counts)}\n`);
  }
  return counts.failed > 0 ? 1 : 0;
};

process.exitCode = await main();
