/** Runs another program, for the scripts of this folder. */
import { spawn } from 'node:child_process';

/** How a program ended and what it printed. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  /** stdout and stderr, in the order they came. */
  readonly output: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Pass its output through as it comes, instead of collecting it. */
  readonly show?: boolean;
}

/** Settles when the program has ended, whatever its exit code; rejects only where it could not be started. */
export const run = (command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: options.show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, stdout, output }));
  });
