/** `npm run check`: everything that can be said about the repository without running it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { checkOrder, describe } from './check-order.js';
import { stale } from './generate.js';
import { closingLine, sum } from './runner/verdict.js';
import { dependencyFaults, type Manifest, scriptFaults } from './support/docs.js';
import { run } from './support/run.js';

interface Check {
  readonly name: string;
  /** What to do where it fails. */
  readonly remedy: string;
  /** What is wrong, as text; empty where nothing is. */
  readonly faults: () => string | Promise<string>;
}

const program = async (command: string, ...args: readonly string[]): Promise<string> => {
  const { code, output } = await run(`node_modules/.bin/${command}`, args);
  return code === 0 ? '' : output || `${command} ended with exit code ${code}\n`;
};

const manifest = (): Manifest => JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;

const lines = (faults: readonly string[]): string => faults.map((fault) => `${fault}\n`).join('');

const pages = (): readonly string[] => [
  ...['README.md', 'CONTRIBUTING.md'].filter(existsSync),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

const CHECKS: readonly Check[] = [
  { name: 'types', remedy: 'Mend what tsc names.', faults: () => program('tsc', '-p', '.') },
  {
    name: 'lint and format',
    remedy: 'Run `npx biome check --write`, then mend by hand what is left.',
    faults: () => program('biome', 'check', '--error-on-warnings', '--max-diagnostics=50'),
  },
  {
    name: 'order of knowledge',
    remedy: 'Move what is shared towards machines, or hand it in from outside.',
    faults: () => describe(checkOrder('.')),
  },
  {
    name: 'generated docs',
    remedy: 'Run `npm run generate` and commit what it writes.',
    faults: async () => lines([...(await stale()).keys()].map((path) => `${path} is stale`)),
  },
  {
    name: 'reasons for dependencies',
    remedy: 'Write or take out the line in docs/dependencies.md.',
    faults: () => lines(dependencyFaults(manifest(), readFileSync('docs/dependencies.md', 'utf8'))),
  },
  {
    name: 'scripts named in the docs',
    remedy: 'Correct the page, or add the script to package.json.',
    faults: () =>
      lines(pages().flatMap((page) => scriptFaults(manifest(), readFileSync(page, 'utf8')).map((fault) => `${page}: ${fault}`))),
  },
];

const perform = async ({ name, remedy, faults }: Check): Promise<boolean> => {
  const startedAt = performance.now();
  const found = await faults();
  const took = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(7);
  process.stdout.write(`${found === '' ? 'ok     ' : 'FAILED '} ${took}  ${name}\n`);
  if (found !== '') process.stdout.write(`${found.trimEnd().replace(/^(?=.)/gm, '    ')}\n  -> ${remedy}\n\n`);
  return found === '';
};

const results = await Promise.all(CHECKS.map(perform));
const counts = sum(results.map((ok) => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 })));
process.stdout.write(`\n${closingLine(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
