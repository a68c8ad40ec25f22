/** `npm run generate`: rewrites the generated pages. With `--check` it writes nothing and fails where a page is stale. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Generator, generators } from './generators.js';

/** The generated pages that are not what their generator says now, with what they should be. */
export const stale = async (all: readonly Generator[] = generators): Promise<ReadonlyMap<string, string>> => {
  const wanted = await Promise.all(all.map(async ({ path, generate }) => [path, await generate()] as const));
  return new Map(wanted.filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text));
};

if (import.meta.filename === process.argv[1]) {
  const found = await stale();
  if (process.argv.includes('--check')) {
    for (const path of found.keys()) process.stdout.write(`${path} is stale: run \`npm run generate\`.\n`);
    process.exitCode = found.size > 0 ? 1 : 0;
  } else {
    for (const [path, text] of found) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      process.stdout.write(`${path} written\n`);
    }
    if (found.size === 0) process.stdout.write('Every generated page is up to date.\n');
  }
}
