/** One run of Stryker over files of machines/ and src/wire. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { type Mutant, mutantOf } from './mutants.js';

/** Beside what a test's own limits catch (runner.ts): a worker that answers no more is given up after so long, in milliseconds. */
const TIMEOUT_MS = 20_000;
/** Git-ignored: what is known from before, and Stryker's copies of the tree. */
const KNOWN_FOLDER = '.stryker';
const TEMPORARY_FOLDER = '.stryker-tmp';

/** Stryker's own type of it is an enum that can not be imported from the package. */
const WARNINGS = 'warn' as NonNullable<ConstructorParameters<typeof Stryker>[0]['logLevel']>;

/** What makes Node take a plugin in TypeScript. */
const TYPESCRIPT = ['--import', 'tsx'];

export interface RunOptions {
  /** The files to mutate. */
  readonly files: readonly string[];
  /** Parts of the paths of the test files to run; all of them where there is none. */
  readonly tests: readonly string[];
  /** Mutants at a time. */
  readonly jobs: number;
  /** Nothing is taken from the run before. */
  readonly full: boolean;
}

/** Every file that is mutated, whose path contains one of the names. */
export const filesNamed = (names: readonly string[]): readonly string[] =>
  ['machines', 'src/wire']
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.ts') && (names.length === 0 || names.some((name) => file.includes(name))))
    .sort();

/**
 * Stryker knows a mutant again where its code and the test that noticed it are unchanged. What else can matter is in the name of what it knows: this
 * tool, what is installed, and the tests' own support files. (What other files of ours do is not: `--full` looks again.)
 */
const knownFile = (): string => {
  const support = ['test/machines', 'test/src', 'test/support', 'scripts/mutation']
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', ...support.sort()]) hash.update(file).update(readFileSync(file));
  const name = `${hash.digest('hex').slice(0, 16)}.json`;
  mkdirSync(KNOWN_FOLDER, { recursive: true });
  for (const old of readdirSync(KNOWN_FOLDER)) if (old !== name) rmSync(join(KNOWN_FOLDER, old));
  return join(KNOWN_FOLDER, name);
};

/** Rejects where Stryker could not begin, as when a test fails as things are; it has said why. */
export const mutate = async ({ files, tests, jobs, full }: RunOptions): Promise<readonly Mutant[]> => {
  // Some of the tests only notice less: what they let live is nothing to know later.
  const incremental = tests.length === 0;
  const stryker = new Stryker({
    mutate: [...files],
    ignorePatterns: ['**', '!package.json', '!{machines,adapters,src,test}/**', '!scripts/mutation/**'],
    buildCommand: ['node', ...TYPESCRIPT, 'scripts/mutation/build.ts', ...tests].join(' '),
    plugins: [resolve('scripts/mutation/plugin.ts')],
    testRunner: 'unit',
    testRunnerNodeArgs: TYPESCRIPT,
    checkerNodeArgs: TYPESCRIPT,
    coverageAnalysis: 'perTest',
    reporters: ['lines'],
    concurrency: jobs,
    incremental,
    force: full,
    ...(incremental ? { incrementalFile: knownFile() } : {}),
    tempDirName: TEMPORARY_FOLDER,
    cleanTempDir: 'always',
    disableTypeChecks: false,
    timeoutMS: TIMEOUT_MS,
    logLevel: WARNINGS,
    allowConsoleColors: false,
  });
  const wanted = new Set(files);
  const texts = new Map<string, string>();
  const results = await stryker.runMutationTest();
  const mutants = results.flatMap((result) => {
    const file = relative('.', result.fileName);
    if (!wanted.has(file)) return [];
    const text = texts.get(file) ?? readFileSync(file, 'utf8');
    texts.set(file, text);
    return [mutantOf({ ...result, status: result.status ?? 'Pending' }, file, text)];
  });
  return mutants.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.lineNumber - b.lineNumber));
};
