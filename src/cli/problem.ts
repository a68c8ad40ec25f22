import { type Failure, reasons } from '../../machines/reasons.js';
import { type ExitCode, exitCodes } from './exit.js';
import type { Output } from './io.js';

/** Why a command can not go on: what happened and why, what to do, and the exit code that says so. Holds no secret. */
export interface Problem {
  readonly exit: ExitCode;
  readonly what: string;
  /** One step each. */
  readonly remedies: readonly string[];
}

export const problem = (exit: ExitCode, what: string, ...remedies: readonly string[]): Problem => ({ exit, what, remedies });

/** A value or a combination that can not be used. */
export const wrongUse = (what: string, ...remedies: readonly string[]): Problem => problem(exitCodes.usage, what, ...remedies);

/** What a failure says beyond its table's sentence: where the reader is at the machine it is about, the table's part says nothing new. */
export const detailOf = ({ code, message }: Failure): string => message.slice(reasons[code].what.length).trim() || message;

/** Print it the way every command does. */
export const report = (stderr: Output, { what, remedies }: Problem): void => {
  const lines = [...what.split('\n'), ...remedies.map((remedy) => `-> ${remedy}`)];
  stderr.write(`ninelives: ${lines.join('\n  ')}\n`);
};
