/** `node --import tsx scripts/check-order.ts [ROOT]`: reads every import of the repository and names those that break the order of knowledge. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Violation, violations } from './order/rules.js';
import { readTree } from './order/tree.js';

const FOLDERS = ['machines', 'adapters', 'src', 'test', 'bench', 'scripts', 'console', 'examples'] as const;

const sources = (root: string): ReadonlyMap<string, string> =>
  new Map(
    FOLDERS.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
        .filter((file) => /\.tsx?$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file))
        .map((file) => [file, readFileSync(join(root, file), 'utf8')] as const),
    ),
  );

/** Checks the tree under `root`. */
export const checkOrder = (root: string): readonly Violation[] => violations(readTree(sources(root)));

/** One line per violation. */
export const describe = (found: readonly Violation[]): string =>
  found.map(({ file, line, specifier, why }) => `${file}:${line}: imports '${specifier}': ${why}.\n`).join('');

if (import.meta.filename === process.argv[1]) {
  const found = checkOrder(process.argv[2] ?? '.');
  process.stdout.write(found.length === 0 ? 'Every import follows the order of knowledge.\n' : describe(found));
  process.exitCode = found.length === 0 ? 0 : 1;
}
