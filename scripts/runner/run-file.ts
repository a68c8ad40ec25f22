/** Runs one test file in a process group of its own, within a limit. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileRun } from './verdict.js';

/** After a file's process has ended, how long its output may stay open before that counts as a process left running, in milliseconds. A browser that is being closed needs about one second. */
const CLOSE_GRACE_MS = 5_000;

/** How much output of one file is kept, in characters: its end, since uvu's totals come last. Enough for any report a person would read. */
const OUTPUT_KEPT_MAX = 2_000_000;

/** A file that is running: its outcome, and a way to break it off. */
export interface RunningFile {
  readonly done: Promise<FileRun>;
  /** Kills it and everything it started. */
  kill(): void;
}

const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: the whole group has ended already, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

/** Starts `node --import tsx FILE` in a folder. `limitMs` is the file's limit in milliseconds. */
export const runFile = (file: string, limitMs: number, folder = '.'): RunningFile => {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', file], { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let dropped = false;
  const take = (chunk: string): void => {
    output += chunk;
    if (output.length > OUTPUT_KEPT_MAX) {
      output = output.slice(-OUTPUT_KEPT_MAX);
      dropped = true;
    }
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);

  const done = new Promise<FileRun>((resolve, reject) => {
    let killedAfterMs: number | undefined;
    let leftProcess = false;
    let grace: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => {
      killedAfterMs = limitMs;
      killGroup(child.pid);
    }, limitMs);
    child.on('error', reject);
    child.on('exit', () => {
      clearTimeout(limit);
      grace = setTimeout(() => {
        leftProcess = true;
        killGroup(child.pid);
        // Whatever left the group as well can not be killed from here; it must not hold the run up.
        child.stdout.destroy();
        child.stderr.destroy();
      }, CLOSE_GRACE_MS);
    });
    child.on('close', (exitCode, signal) => {
      clearTimeout(grace);
      killGroup(child.pid);
      resolve({
        file,
        durationMs: performance.now() - startedAt,
        exitCode,
        signal,
        ...(killedAfterMs === undefined ? {} : { killedAfterMs }),
        leftProcess,
        output: dropped ? `(only the last ${OUTPUT_KEPT_MAX} characters are kept)\n${output}` : output,
        text: readFileSync(join(folder, file), 'utf8'),
      });
    });
  });
  return { done, kill: () => killGroup(child.pid) };
};
