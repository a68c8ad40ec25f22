/** `npm run build:console`: the console page, ready to be served as it stands, in console/dist. `npm run build` puts it into dist/console. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const OUT = 'console/dist';
/** The page runs in the browsers of the people who operate a server; these are the oldest that have all it uses. */
const TARGET = ['es2022'];

/** Bundles the page's script and its style sheet, and puts index.html beside them. Rejects with esbuild's own report. */
export const buildConsole = async (into: string = OUT): Promise<void> => {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  await build({
    entryPoints: ['console/main.ts', 'console/style.css'],
    outdir: into,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: TARGET,
    minify: true,
    sourcemap: true,
    logLevel: 'warning',
  });
  cpSync('console/index.html', `${into}/index.html`);
};

if (import.meta.filename === process.argv[1]) await buildConsole();
