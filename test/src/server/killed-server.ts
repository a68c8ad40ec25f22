/** Real servers on real files, for tests that kill them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until, within } from '../../support/until.js';

const childFile = fileURLToPath(new URL('./restart-child.ts', import.meta.url));

/** Milliseconds: a process that compiles TypeScript takes a while to say its first word. */
const startLimitMs = 20_000;

export interface Child {
  readonly url: string;
  readonly port: number;
  /** What it has said, in order. */
  readonly said: readonly Record<string, unknown>[];
  /** Wait until it has said so many facts of a kind. */
  heard(kind: string, count?: number): Promise<void>;
  readonly exited: Promise<void>;
  kill(): Promise<void>;
}

export const startChild = async (file: string, { port = 0, resumeWindowMs = 120_000 } = {}): Promise<Child> => {
  const args = ['--import', 'tsx', childFile, file, String(port), String(resumeWindowMs)];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const said: Record<string, unknown>[] = [];
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const url = await within(
    new Promise<string>((resolve) =>
      lines.on('line', (line) => {
        const fact = JSON.parse(line) as Record<string, unknown>;
        said.push(fact);
        if (typeof fact.url === 'string') resolve(fact.url);
      }),
    ),
    'the address of a server',
    startLimitMs,
  );
  return {
    url,
    port: Number(new URL(url).port),
    said,
    heard: async (kind, count = 1) => {
      await until(() => said.filter((fact) => kind in fact).length >= count, `${count} of ${kind}`);
    },
    exited,
    kill: () => {
      child.kill('SIGKILL');
      return exited;
    },
  };
};

/** A test's body with a path for its file, in a directory that goes with it. */
export const inDirectory = (run: (file: string) => Promise<void>) => async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ninelives-restart-'));
  try {
    await run(join(directory, 'store.db'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
