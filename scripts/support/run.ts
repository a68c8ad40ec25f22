/** Runs another program, for the scripts of this folder. */
import { spawn } from 'node:child_process';

/** How a program ended and what it printed. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** stdout and stderr, in the order they came. */
  readonly output: string;
  /** It was killed, since it had not ended within its limit. */
  readonly timedOut: boolean;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Pass its output through as it comes, instead of collecting it. */
  readonly show?: boolean;
  /** Kill it after so many milliseconds. Without one it may run as long as it likes. */
  readonly limitMs?: number;
}

/** Settles when the program has ended, whatever its exit code; rejects only where it could not be started. */
export const run = (command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: options.show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    let timedOut = false;
    const kill = (): void => {
      timedOut = true;
      child.kill('SIGKILL');
    };
    const limit = options.limitMs === undefined ? undefined : setTimeout(kill, options.limitMs);
    let stdout = '';
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    child.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(limit);
      resolve({ code: code ?? 1, stdout, output, timedOut });
    });
  });
