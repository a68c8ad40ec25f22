/** `npm run test:package`: packs the package, installs it in an empty project, and uses it there in every way that is promised. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build } from './build.js';
import { bundle, bundleFaults } from './package/bundle.js';
import { BROWSER_APP, CONSUMER, consumerConfig, importing } from './package/programs.js';
import { type Counts, closingLine, sum } from './runner/verdict.js';
import { type Ran, run } from './support/run.js';

/** The whole client, minified and gzipped, in bytes: what it is, with a little room. The goal is 24 KB, of which XState is 13. */
const CLIENT_BYTES_MAX = 48 * 1024;
/** What it adds to an app that has XState already, in bytes: what it is, with a little room. The goal is 11 KB. */
const CLIENT_OVER_XSTATE_BYTES_MAX = 35 * 1024;
/** Importing everything takes a second; what is not over by then has opened something, in milliseconds. */
const IMPORTING_LIMIT_MS = 30_000;
/** A session with one request takes a few milliseconds; this leaves room for a busy machine, in milliseconds. */
const SESSION_LIMIT_MS = 30_000;

/** An example talks for less than a second; installing it takes the most of this, in milliseconds. */
const EXAMPLE_LIMIT_MS = 120_000;

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const project = mkdtempSync(join(tmpdir(), 'ninelives-package-'));
const installed = join(project, 'node_modules/ninelives');
const results: Counts[] = [];

/** One step: it says nothing, or what is wrong, or throws. */
const step = async (name: string, act: () => Promise<string | undefined>): Promise<boolean> => {
  const startedAt = performance.now();
  const fault = await act().catch((error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)));
  const took = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`.padStart(7);
  process.stdout.write(`${fault === undefined ? 'ok     ' : 'FAILED '} ${took}  ${name}\n`);
  if (fault !== undefined) process.stdout.write(`${fault.trimEnd().replace(/^(?=.)/gm, '    ')}\n\n`);
  results.push({ passed: fault === undefined ? 1 : 0, failed: fault === undefined ? 0 : 1, skipped: 0 });
  return fault === undefined;
};

const faultOf = ({ code, output }: Ran): string | undefined => (code === 0 ? undefined : output || `exit code ${code}`);
const listed = (faults: readonly string[]): string | undefined => (faults.length === 0 ? undefined : faults.join('\n'));
const put = (name: string, text: string): void => writeFileSync(join(project, name), text);

/** The entries of \`exports\` as an app writes them; a pattern stands for every file that it matches. */
const entries = (): readonly string[] =>
  Object.keys(manifest.exports)
    .filter((entry) => entry !== './package.json')
    .flatMap((entry) => {
      if (!entry.includes('*')) return [entry];
      const folder = entry.slice(2, entry.indexOf('/*'));
      return readdirSync(join(installed, 'dist', folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.js'))
        .map((file) => `./${folder}/${file.slice(0, -'.js'.length)}`);
    })
    .map((entry) => `ninelives${entry.slice(1)}`);

/** A module of types alone compiles to \`export {}\`. */
const isTypesOnly = (entry: string): boolean => {
  const path = entry.replace(/^ninelives/, 'dist');
  return entry.includes('/adapters/') && /^export \{\};?\s*(\/\/# .*)?\s*$/.test(readFileSync(join(installed, `${path}.js`), 'utf8'));
};

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KB`;

const withinSize = (what: string, bytes: number, max: number): string | undefined => {
  process.stdout.write(`         ${what}: ${kilobytes(bytes)} of at most ${kilobytes(max)}\n`);
  return bytes > max
    ? `${what} is ${kilobytes(bytes)}, and ${kilobytes(max)} are allowed. See what grew with esbuild's --analyze.`
    : undefined;
};

const prepare = async (): Promise<string | undefined> => {
  let tarball = '';
  const ready =
    (await step('builds', async () => ((await build()) ? undefined : 'the compiler refused; see above'))) &&
    (await step('packs nothing but what it should', async () => {
      const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project]);
      if (packed.code !== 0) return packed.output;
      const [{ filename, files } = { filename: '', files: [] }] = JSON.parse(packed.stdout) as [
        { filename: string; files: { path: string }[] },
      ];
      tarball = join(project, filename);
      return listed(files.map(({ path }) => path).filter((path) => !/^(dist\/|package\.json$|LICENSE$|README\.md$)/.test(path)));
    })) &&
    (await step('installs in an empty project', async () => {
      put('package.json', JSON.stringify({ name: 'app', private: true, type: 'module' }));
      return faultOf(
        await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], { cwd: project }),
      );
    }));
  return ready ? tarball : undefined;
};

const useIt = async (tarball: string): Promise<void> => {
  await step('each of its entries can be imported in Node, and opens nothing', async () => {
    put('importing.mjs', importing(entries().filter((entry) => !isTypesOnly(entry))));
    const ran = await run(process.execPath, ['importing.mjs'], { cwd: project, limitMs: IMPORTING_LIMIT_MS });
    if (ran.timedOut) return `${ran.output}It did not end by itself: importing one of these has opened something.`;
    if (ran.code !== 0) return faultOf(ran);
    const found = JSON.parse(ran.stdout) as { entry: string; error?: string }[];
    return listed(found.flatMap(({ entry, error }) => (error === undefined ? [] : [`${entry}: ${error}`])));
  });

  // A consumer in TypeScript has Node's types; nothing else of this repository's development may be needed.
  for (const types of ['@types/node', 'undici-types'])
    cpSync(`node_modules/${types}`, join(project, 'node_modules', types), { recursive: true });
  put('consumer.ts', CONSUMER);
  let compiled = false;
  for (const resolution of ['bundler', 'nodenext'] as const)
    compiled = await step(`a consumer compiles with moduleResolution ${resolution}`, async () => {
      put('tsconfig.json', consumerConfig(resolution));
      return faultOf(await run(resolve('node_modules/.bin/tsc'), ['-p', '.', '--pretty', 'false'], { cwd: project }));
    });
  if (compiled)
    await step('a session is started, used and ended over the packed code, in plain Node', async () => {
      const ran = await run(process.execPath, ['out-nodenext/consumer.js'], { cwd: project, limitMs: SESSION_LIMIT_MS });
      if (ran.timedOut) return `${ran.output}It did not end by itself: something was left open.`;
      return faultOf(ran) ?? (ran.stdout.includes('"doubled":42') ? undefined : `The reply is not what the server said: ${ran.stdout}`);
    });

  put('app.js', BROWSER_APP);
  await step('nothing of Node, of the server or of development is in the bundle for browsers', async () =>
    listed(bundleFaults((await bundle(project, 'app.js')).metafile)),
  );
  await step('the client is small', async () =>
    withinSize('client, minified and gzipped', (await bundle(project, 'app.js')).gzippedBytes, CLIENT_BYTES_MAX),
  );
  await step('the client adds little to an app that has XState', async () =>
    withinSize('client without XState', (await bundle(project, 'app.js', ['xstate'])).gzippedBytes, CLIENT_OVER_XSTATE_BYTES_MAX),
  );

  await step('publint finds nothing', async () => {
    const bytes = readFileSync(tarball);
    const packed = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const { messages, pkg } = await publint({ pack: { tarball: packed }, strict: true });
    // A file that has another in its place in browsers is not an entry of its own, so that `exports` can not say it.
    const found = messages.filter(({ code }) => code !== 'USE_EXPORTS_OR_IMPORTS_BROWSER');
    return listed(found.map((message) => `${message.type}: ${formatMessage(message, pkg, { color: false }) ?? message.code}`));
  });
  await step('its types resolve wherever its code does (attw)', async () =>
    faultOf(await run('node_modules/.bin/attw', ['--profile', 'esm-only', '--no-emoji', '--no-color', tarball])),
  );
};

/** The examples are projects of their own: each is installed with the packed package in place of this folder, and runs its own test. */
const tryExamples = async (tarball: string): Promise<void> => {
  for (const name of readdirSync('examples')) {
    await step(`example ${name}: npm install && npm test`, async () => {
      const folder = join(project, 'examples', name);
      cpSync(join('examples', name), folder, { recursive: true, filter: (file) => !file.includes('node_modules') });
      const example = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
      example.dependencies.ninelives = `file:${tarball}`;
      writeFileSync(join(folder, 'package.json'), JSON.stringify(example));
      const options = { cwd: folder, limitMs: EXAMPLE_LIMIT_MS };
      const installing = await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], options);
      return faultOf(installing) ?? faultOf(await run('npm', ['test'], options));
    });
  }
};

try {
  const tarball = await prepare();
  if (tarball !== undefined) {
    await useIt(tarball);
    await tryExamples(tarball);
  }
} finally {
  rmSync(project, { recursive: true, force: true });
}
const counts = sum(results);
process.stdout.write(`\n${closingLine(counts)}\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
