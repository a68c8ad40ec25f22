/** What one test file comes to. Pure: the same for a run of today and for a recorded one. */
import { faultsInText, type NamedSkip, readSkips, readTotals } from './uvu-output.js';

/** What the process of one test file did. */
export interface FileRun {
  readonly file: string;
  readonly durationMs: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** It ran into the limit of one file, in milliseconds, and was killed. */
  readonly killedAfterMs?: number;
  /** It ended, but something that it had started still held its output open, and was killed. */
  readonly leftProcess: boolean;
  /** Its stdout and stderr, in the order they came. */
  readonly output: string;
  /** The file's own text. */
  readonly text: string;
}

/** What is said about one test file. `failed` is at least 1 where there is a fault. */
export interface FileVerdict {
  readonly file: string;
  readonly durationMs: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Sentences: everything that is wrong with the file apart from its failed tests. */
  readonly faults: readonly string[];
  readonly skips: readonly NamedSkip[];
}

/** The three numbers that everything ends with. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const howItEnded = (run: FileRun): readonly string[] => {
  if (run.killedAfterMs !== undefined)
    return [
      `it did not end within ${run.killedAfterMs / 1000} s and was killed: a test that never settles, or something left open (a timer, a socket)`,
    ];
  if (run.signal !== null) return [`it was killed by ${run.signal}`];
  return [];
};

/** Judges one file. */
export const judge = (run: FileRun): FileVerdict => {
  const totals = readTotals(run.output);
  const skips = readSkips(run.output);
  const failedTests = totals.total - totals.passed;
  const ended = howItEnded(run);
  const faults = [...ended, ...faultsInText(run.text)];

  if (run.leftProcess) faults.push('it left a process running, which was killed');
  if (totals.skipped > 0)
    faults.push(
      `${totals.skipped} of its tests were passed over by \`.only\` or \`.skip\`: take it out, or declare the skip with test/support/needs.ts`,
    );
  if (ended.length === 0 && totals.total === 0 && skips.length === 0)
    faults.push(totals.blocks > 0 ? 'it ran no test' : 'it ran nothing: no suite, no `.run()`, or it broke off before');
  if (ended.length === 0 && run.exitCode !== 0 && failedTests === 0) faults.push(`it ended with exit code ${run.exitCode}`);
  if (run.exitCode === 0 && failedTests > 0) faults.push('tests failed, but its exit code is 0');

  return {
    file: run.file,
    durationMs: run.durationMs,
    passed: totals.passed,
    failed: Math.max(failedTests, faults.length > 0 ? 1 : 0),
    skipped: skips.length,
    faults,
    skips,
  };
};

/** Adds up. */
export const sum = (all: readonly Counts[]): Counts =>
  all.reduce<Counts>((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }), {
    passed: 0,
    failed: 0,
    skipped: 0,
  });

/** The last line of every run, for people and for whoever adds runs up. */
export const closingLine = ({ passed, failed, skipped }: Counts): string => `${passed} passed, ${failed} failed, ${skipped} skipped`;
