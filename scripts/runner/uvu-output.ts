/** Reads what one test file printed, and what its text alone gives away. Pure. */

/** The sums of a test file's `Total:` blocks; uvu prints one per run of its queue. */
export interface UvuTotals {
  /** How many of uvu's closing blocks were seen; 0 where the file never got so far. */
  readonly blocks: number;
  readonly total: number;
  readonly passed: number;
  /** What uvu calls skipped: tests passed over by `.only` or `.skip`. They are not part of `total`. */
  readonly skipped: number;
}

/** One declared skip: a file or a suite that needs something absent (test/support/needs.ts). */
export interface NamedSkip {
  readonly what: string;
  readonly needs: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's colour codes begin with one
const COLOURS = /\u001b\[[0-9;]*m/g;
const BLOCK = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)\n {2}Duration: /gm;
const SKIP = /^SKIP (.+?): needs (.+)$/gm;
const FAILED = /^ {3}FAIL {2}(?:(.+?) {2})?"(.+)"$/gm;
const UNFINISHED = /^ (\S.*?) {2}((?:[•✘] )*)(?![•✘ ]*\()/m;
const SUITE = /^(?:export )?const (\w+) = suite(?:<.*>)?\(/gm;

const plain = (output: string): string => output.replace(COLOURS, '').replaceAll('\r\n', '\n');

/** Sums up uvu's closing blocks. */
export const readTotals = (output: string): UvuTotals =>
  [...plain(output).matchAll(BLOCK)].reduce<UvuTotals>(
    (sum, [, total, passed, skipped]) => ({
      blocks: sum.blocks + 1,
      total: sum.total + Number(total),
      passed: sum.passed + Number(passed),
      skipped: sum.skipped + Number(skipped),
    }),
    { blocks: 0, total: 0, passed: 0, skipped: 0 },
  );

/** The named skips, in the order they were printed. */
export const readSkips = (output: string): readonly NamedSkip[] =>
  [...plain(output).matchAll(SKIP)].map(([, what = '', needs = '']) => ({ what, needs }));

/** The failed tests in the order they were told, each with its suite before it. */
export const failedTitles = (output: string): readonly string[] =>
  [...plain(output).matchAll(FAILED)].map(([, suite, title = '']) => (suite === undefined ? title : `${suite}: ${title}`));

/** Of a file that failed: where it broke off in the middle of a suite: nothing was left that its test could wait for, or the process was taken down. Null: it did not. */
export const brokenOffIn = (output: string): string | null => {
  const [, suite, marks] = UNFINISHED.exec(plain(output)) ?? [];
  return suite === undefined || marks === undefined ? null : `${suite}: its test ${marks.length / 2 + 1} never settles`;
};

/**
 * Faults that uvu is silent about and its output does not show: a suite that is never run beside one that is, and an `.only` on
 * each test of a suite (uvu then counts nothing as skipped).
 */
export const faultsInText = (text: string): readonly string[] =>
  [...text.matchAll(SUITE)].flatMap(([, name = '']) => [
    ...(new RegExp(`\\b${name}\\.run\\b`).test(text) ? [] : [`the suite \`${name}\` is never run: its \`.run()\` is missing`]),
    ...(new RegExp(`^\\s*${name}\\.only\\(`, 'm').test(text) ? [`\`${name}.only\` was left in`] : []),
  ]);
