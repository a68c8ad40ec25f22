/**
 * `npm run build`: machines, adapters and src to dist/, in the layout of the tree, with the console page beside them. It
 * compiles into a folder of its own and swaps at the end, so a build that fails leaves no half of one behind.
 */
import { chmodSync, cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { buildConsole } from './build-console.js';
import { run } from './support/run.js';

/** Beside dist, at the same depth: source maps name their sources relative to it. */
const NEXT = 'dist.next';

/** Builds; `false` where the compiler refused, after it has said why. */
export const build = async (): Promise<boolean> => {
  rmSync(NEXT, { recursive: true, force: true });
  const compiled = await run('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', NEXT], { show: true });
  if (compiled.code !== 0) {
    rmSync(NEXT, { recursive: true, force: true });
    return false;
  }
  if (existsSync('console/main.ts')) {
    await buildConsole();
    cpSync('console/dist', `${NEXT}/console`, { recursive: true });
  }
  // npm makes it executable once, when it links the command; a later build must not take that away.
  chmodSync(`${NEXT}/src/cli/main.js`, 0o755);
  rmSync('dist', { recursive: true, force: true });
  renameSync(NEXT, 'dist');
  return true;
};

if (import.meta.filename === process.argv[1]) process.exitCode = (await build()) ? 0 : 1;
