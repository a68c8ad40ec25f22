/** `npm run bench -- NAME [ARGS ...]`: runs bench/NAME/index.ts with the remaining arguments; without a NAME, lists what there is. */
import { existsSync, readdirSync } from 'node:fs';
import { run } from './support/run.js';

const benches = existsSync('bench') ? readdirSync('bench').filter((name) => existsSync(`bench/${name}/index.ts`)) : [];
const [name, ...args] = process.argv.slice(2);

if (name !== undefined && benches.includes(name))
  process.exitCode = (await run(process.execPath, ['--import', 'tsx', `bench/${name}/index.ts`, ...args], { show: true })).code;
else {
  const unknown = name !== undefined && name !== '--help';
  (unknown ? process.stderr : process.stdout).write(
    `${unknown ? `There is no bench called ${JSON.stringify(name)}. ` : ''}Run one by \`npm run bench -- NAME\`:\n${benches.map((bench) => `  ${bench}\n`).join('') || '  (there is none yet)\n'}`,
  );
  process.exitCode = unknown ? 2 : 0;
}
