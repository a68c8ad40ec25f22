/** `npm run build:console`: the console page, ready to be served as it stands, in console/dist. `npm run build` puts it into dist/console. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const OUT = 'console/dist';
/** The page runs in the browsers of the people who operate a server; these are the oldest that have all it uses. */
const TARGET = ['es2022'];

/** Bundles console/main.ts for the browser and copies the page and its style sheet beside it. Rejects with esbuild's own report. */
export const buildConsole = async (into: string = OUT): Promise<void> => {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  await build({
    entryPoints: ['console/main.ts'],
    outfile: `${into}/main.js`,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: TARGET,
    minify: true,
    sourcemap: true,
    logLevel: 'warning',
  });
  for (const file of ['index.html', 'style.css']) cpSync(`console/${file}`, `${into}/${file}`);
};

if (import.meta.filename === process.argv[1]) await buildConsole();
