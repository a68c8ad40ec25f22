/** Makes one script of each unit test and all the code of ours that it imports, to be evaluated afresh for each mutant in some milliseconds. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** Where the scripts are, in Stryker's copy of the tree. */
export const bundleFolder = '.mutation';

/** The tests that are pure and quick, and reach what is mutated. */
const FOLDERS = ['test/machines', 'test/src/wire', 'test/src/machine', 'test/src/stream'] as const;
/** It compares texts of the repository with each other: it would judge the mutants' texts, and by them kill all. */
const LEFT_OUT: readonly string[] = ['test/src/wire/protocol-page.test.ts'];

/** The test files whose path contains one of the names; all of them where there is none. */
export const testFilesIn = (root: string, names: readonly string[]): readonly string[] =>
  FOLDERS.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.test.ts') && !LEFT_OUT.includes(file))
    .filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
    .sort();

export const bundleOf = (file: string): string => join(bundleFolder, `${file}.cjs`);

/**
 * Stryker's switches are functions that count and compare texts, one pair a file. A comparison of two numbers costs next to nothing, and the whole
 * suite runs with them. The names on the right are parameters of the function that the runner makes of a bundle.
 */
export const withQuickSwitches = (text: string): string =>
  text
    .replace(/stryMutAct_9fa48\("(\d+)"\)/g, '(__mutant === $1 && __reached())')
    .replace(/stryCov_9fa48\(((?:"\d+"(?:, )?)+)\)/g, (_, ids: string) => `__cover(${ids.replaceAll('"', '')})`);

const ours: Plugin = {
  name: 'ours',
  setup(builder) {
    builder.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      // A bundle has one address, and a file that reads another beside it means its own.
      contents: withQuickSwitches(readFileSync(path, 'utf8')).replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
    }));
  },
};

/** Bundles these test files of the tree in `root`; what is installed stays outside. */
export const bundle = async (root: string, files: readonly string[]): Promise<void> => {
  mkdirSync(join(root, bundleFolder), { recursive: true });
  await build({
    absWorkingDir: resolve(root),
    entryPoints: files.map((file) => ({ in: file, out: file })),
    outdir: bundleFolder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    packages: 'external',
    target: 'node20',
    logLevel: 'error',
    plugins: [ours],
  });
};
