/** The command as a child process, run from source, and a command run in this process with streams of the test's. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { StopSignal } from '../../../src/cli/exit.js';
import type { Io } from '../../../src/cli/io.js';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
/** By its address, since the child does not run in this repository's folder. */
const TSX = import.meta.resolve('tsx');

/** What runs in each test's folder. */
const running = new Map<string, Set<ChildProcess>>();

/** A test in a folder of its own, which is gone afterwards, with whatever still runs there because the test failed. */
export const inFolder = (test: (folder: string) => Promise<void>) => async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'ninelives-cli-'));
  running.set(folder, new Set());
  try {
    await test(folder);
  } finally {
    for (const child of running.get(folder) ?? []) child.kill('SIGKILL');
    running.delete(folder);
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Nothing of the machine's own settings takes part. */
const environment = (own: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NINELIVES_|NODE_|FORCE_COLOR)/.test(name))),
  TZ: 'UTC',
  ...own,
});

export interface Cli {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Settles with the exit code, or the signal's name where one ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** Settles when the text is there; rejects with all output where the command ends before. */
  until(text: string | RegExp): Promise<void>;
  write(text: string): void;
  end(): void;
}

interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
}

export const start = (cwd: string, args: readonly string[], { env = {} }: CliOptions = {}): Cli => {
  const child = spawn(process.execPath, ['--import', TSX, MAIN, ...args], { cwd, env: environment(env), stdio: 'pipe' });
  running.get(cwd)?.add(child);
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      child.emit('text');
    });
  const ended = once(child, 'close').then(([code, signal]) => (code as number | null) ?? (signal as NodeJS.Signals | null));
  const has = (wanted: string | RegExp): boolean =>
    [text.stdout, text.stderr].some((all) => (typeof wanted === 'string' ? all.includes(wanted) : wanted.test(all)));
  return {
    child,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    ended,
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!has(wanted)) return;
          child.off('text', look);
          resolve();
        };
        child.on('text', look);
        void ended.then((code) => reject(new Error(`${wanted} never came; it ended with ${code}:\n${text.stdout}\n${text.stderr}`)));
        look();
      }),
    write: (more) => void child.stdin.write(more),
    end: () => void child.stdin.end(),
  };
};

/** Run a command to its end, with all of its input. */
export const cli = async (cwd: string, args: readonly string[], options: CliOptions & { readonly input?: string } = {}) => {
  const started = start(cwd, args, options);
  started.child.stdin?.end(options.input ?? '');
  const code = await started.ended;
  return { code, stdout: started.stdout(), stderr: started.stderr() };
};

export interface Served extends Cli {
  readonly url: string;
  readonly port: number;
  /** Ask it to stop, and wait for its exit code. */
  stop(): ReturnType<() => Cli['ended']>;
}

/** `serve` on a free port, once it listens. */
export const serve = async (cwd: string, args: readonly string[] = [], options: CliOptions = {}): Promise<Served> => {
  const started = start(cwd, ['serve', '--port', '0', ...args], options);
  await started.until('"msg":"listening"');
  const line =
    started
      .stdout()
      .split('\n')
      .find((each) => each.includes('"msg":"listening"')) ?? '';
  const { url, port } = JSON.parse(line) as { url: string; port: number };
  return {
    ...started,
    url,
    port,
    stop: () => {
      started.child.kill('SIGTERM');
      return started.ended;
    },
  };
};

type Stream = PassThrough & { isTTY?: boolean; columns?: number };

/** Streams and signals of the test's, for `run` in this process. */
export interface TestIo extends Io {
  readonly stdin: Stream;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly out: () => string;
  readonly err: () => string;
  signal(signal: StopSignal): void;
  /** The codes of `exit`, which does not end this process. */
  readonly exits: number[];
  /** Settles when the standard output has it. */
  until(text: string): Promise<void>;
}

export const testIo = ({
  tty = false,
  columns,
  env = {},
  cwd = tmpdir(),
}: {
  tty?: boolean;
  columns?: number;
  env?: Io['env'];
  cwd?: string;
} = {}): TestIo => {
  const stream = (): Stream => Object.assign(new PassThrough(), { isTTY: tty, ...(columns === undefined ? {} : { columns }) });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  let out = '';
  let err = '';
  stdout.on('data', (chunk) => {
    out += chunk;
  });
  stderr.on('data', (chunk) => {
    err += chunk;
  });
  const listeners = new Set<(signal: StopSignal) => void>();
  const exits: number[] = [];
  return {
    stdin,
    stdout,
    stderr,
    env,
    cwd,
    onSignal: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    exit: (code) => void exits.push(code),
    exits,
    out: () => out,
    err: () => err,
    signal: (signal) => {
      for (const listener of [...listeners]) listener(signal);
    },
    until: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!out.includes(text)) return;
          stdout.off('data', look);
          resolve();
        };
        stdout.on('data', look);
        look();
      }),
  };
};
