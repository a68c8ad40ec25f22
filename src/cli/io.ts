import { type StopSignal, signalNumbers } from './exit.js';

/** Where text goes: a stream of the process, or a test's. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Where lines come from. */
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything of the process that a command touches, so that a command can be run without one. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
  /** What relative paths are relative to. */
  readonly cwd: string;
  /** Be told of the signals that ask to stop, which then do not end the process by themselves. The returned function stops it. */
  onSignal(listener: (signal: StopSignal) => void): () => void;
  /** End at once, whatever is under way. */
  exit(code: number): void;
}

/** The real process. */
export const processIo = (): Io => ({
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  onSignal: (listener) => {
    const signals = Object.keys(signalNumbers) as StopSignal[];
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  },
  exit: (code) => process.exit(code),
});
