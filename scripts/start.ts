/**
 * `npm start [-- ARGS]`: builds what is missing or older than its sources, then serves on this machine, with a user to sign in as.
 * Further arguments go to `ninelives serve` as they stand, and come last, so that they win.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.js';

const MAIN = 'dist/src/cli/main.js';
const SOURCES = ['machines', 'adapters', 'src', 'console', 'tsconfig.json', 'tsconfig.build.json', 'package.json'] as const;
/** The port of the docs' examples. */
const DEFAULTS = ['--port', '4150', '--host', '127.0.0.1'] as const;
/** Somebody to sign in as. */
const DEMO = ['--guests', '--password', 'demo=demo'] as const;
/** Who says how users are admitted, or lets other machines in, gets no user whose password everyone knows. */
const OWN_ADMISSION = /^--(password|webhook|jwks|host|config|no-guests|help)\b|^-h$/;
const OWN_ADMISSION_IN_ENV = /^NINELIVES_(WEBHOOK|JWKS|HOST|CONFIG|GUESTS)$/;

const wantsDemo = (args: readonly string[]): boolean =>
  !args.some((arg) => OWN_ADMISSION.test(arg)) &&
  !Object.keys(process.env).some((name) => OWN_ADMISSION_IN_ENV.test(name)) &&
  !readdirSync('.').some((name) => name.startsWith('ninelives.config.'));

/** When something under these paths last changed, in milliseconds. Folders count too: taking a file away changes only them. */
const newest = (paths: readonly string[]): number =>
  Math.max(
    ...paths.filter(existsSync).map((path) => {
      const stats = statSync(path);
      // What is generated beside its sources is no source.
      const inside = stats.isDirectory() ? readdirSync(path).filter((name) => name !== 'dist') : [];
      // console/ itself changes when console/dist is written into it, so a folder with one counts by its files alone.
      const own = stats.isDirectory() && existsSync(join(path, 'dist')) ? 0 : stats.mtimeMs;
      return Math.max(own, inside.length === 0 ? 0 : newest(inside.map((name) => join(path, name))));
    }),
  );

const fresh = existsSync(MAIN) && statSync(MAIN).mtimeMs >= newest(SOURCES);
if (!fresh) process.stderr.write('Building ...\n');
if (fresh || (await build())) {
  const args = process.argv.slice(2);
  const demo = wantsDemo(args) ? DEMO : [];
  if (demo.length > 0) process.stderr.write('On the page: start a session as a guest, or sign in as demo with password demo.\n');
  const server = spawn(process.execPath, ['--enable-source-maps', MAIN, 'serve', ...DEFAULTS, ...demo, ...args], { stdio: 'inherit' });
  // A terminal sends its Ctrl-C to the server as well, and the server may take a second one for impatience.
  process.on('SIGINT', () => void (process.stdin.isTTY || server.kill('SIGINT')));
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal));
  const [code] = (await once(server, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
} else process.exitCode = 1;
