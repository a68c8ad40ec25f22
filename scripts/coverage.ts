/**
 * `npm run coverage`: the tests under c8, with a report, and every branch of machines/ and src/wire/ demanded. These two decide
 * everything and touch nothing, so there is no branch in them that a test could not reach. With `-- NAME ...` only the tests whose path
 * contains a NAME are run; what they leave out is then reported, but does not fail.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import ts from 'typescript';
import { closingLine } from './runner/verdict.js';
import { run } from './support/run.js';

const COVERED = ['machines', 'adapters', 'src'] as const;
const COMPLETE = /^(machines|src\/wire)\//;
const SUMMARY = 'coverage/coverage-summary.json';

interface Share {
  readonly total: number;
  readonly covered: number;
  readonly pct: number;
}
interface FileSummary {
  readonly lines: Share;
  readonly functions: Share;
  readonly branches: Share;
}

/** Does nothing remain of this text when its types are erased? V8 never loads such a file, and would count it as wholly missed. */
const isTypesOnly = (text: string): boolean => {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true, removeComments: true },
  });
  return outputText.replace(/export \{\};?/g, '').trim() === '';
};

const typesOnly = COVERED.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file}`)
    .filter((file) => file.endsWith('.ts') && isTypesOnly(readFileSync(file, 'utf8'))),
);

rmSync('coverage', { recursive: true, force: true });
const names = process.argv.slice(2);
const { code } = await run(
  'node_modules/.bin/c8',
  [
    '--all',
    ...COVERED.flatMap((folder) => ['--src', folder, '--include', `${folder}/**/*.ts`]),
    ...typesOnly.flatMap((file) => ['--exclude', file]),
    '--reporter=text',
    '--reporter=json-summary',
    '--reports-dir=coverage',
    process.execPath,
    '--import',
    'tsx',
    'scripts/run-tests.ts',
    ...names,
  ],
  { show: true },
);

const { total, ...files } = JSON.parse(readFileSync(SUMMARY, 'utf8')) as Record<string, FileSummary>;
const demanded = Object.entries(files)
  .map(([path, { branches }]) => ({ path: relative('.', path), branches }))
  .filter(({ path }) => COMPLETE.test(path));
const missed = demanded.filter(({ branches }) => branches.covered < branches.total);

for (const { path, branches } of missed)
  process.stdout.write(`${path}: ${branches.total - branches.covered} of ${branches.total} branches are not tested\n`);
if (total !== undefined)
  process.stdout.write(`\nIn all: lines ${total.lines.pct} %, functions ${total.functions.pct} %, branches ${total.branches.pct} %\n`);
process.stdout.write(
  `Files whose branches are all tested, of those where each must be:\n${closingLine({ passed: demanded.length - missed.length, failed: missed.length, skipped: 0 })}\n`,
);
process.exitCode = code !== 0 || (names.length === 0 && missed.length > 0) ? 1 : 0;
