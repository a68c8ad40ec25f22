import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a child says when it has nothing more to do but to exit. */
export const DONE = 'done';

/** A child that does not exit by itself is ended after this, in milliseconds. */
const CHILD_MAX_MS = 20_000;

/** Runs a file beside this one in a process of its own, and tells how long that stayed after it said that it is done. */
export const runChild = (file: string, argument: string): Promise<{ readonly exitAfterMs: number }> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), [argument], {
      execArgv: ['--import', 'tsx'],
      timeout: CHILD_MAX_MS,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    let doneAt: number | undefined;
    child.on('message', (message) => {
      if (message === DONE) doneAt = performance.now();
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code !== 0 || doneAt === undefined)
        reject(new Error(`${file} ended with ${code ?? signal}${doneAt === undefined ? ', before it was done' : ''}`));
      else resolve({ exitAfterMs: performance.now() - doneAt });
    });
  });
