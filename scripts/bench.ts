/**
 * `npm run bench -- NAME [ARGS ...]`: runs bench/NAME/index.ts with the remaining arguments; without a NAME, lists what there is.
 * It is compiled first, to .bench/NAME: what runs TypeScript as it stands names each closure as it is made, which is a good part of the time and most of
 * the memory that would be measured. For a profile: `node --cpu-prof .bench/NAME/index.js`.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { run } from './support/run.js';

const benches = existsSync('bench') ? readdirSync('bench').filter((name) => existsSync(`bench/${name}/index.ts`)) : [];
const [name, ...args] = process.argv.slice(2);

/** Every file of a bench, as some of them are programs of their own. */
const compiled = async (bench: string): Promise<string> => {
  const outdir = `.bench/${bench}`;
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: readdirSync(`bench/${bench}`).map((file) => `bench/${bench}/${file}`),
    outdir,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  return `${outdir}/index.js`;
};

if (name !== undefined && benches.includes(name))
  process.exitCode = (await run(process.execPath, [await compiled(name), ...args], { show: true })).code;
else {
  const unknown = name !== undefined && name !== '--help';
  (unknown ? process.stderr : process.stdout).write(
    `${unknown ? `There is no bench called ${JSON.stringify(name)}. ` : ''}Run one by \`npm run bench -- NAME\`:\n${benches.map((bench) => `  ${bench}\n`).join('') || '  (there is none yet)\n'}`,
  );
  process.exitCode = unknown ? 2 : 0;
}
