/**
 * Named skips. A test file that can not run without something of the machine (a browser, a Redis) says so, and the
 * runner counts it as skipped, by name. With `CI` set the absence fails instead: a skip must not hide there.
 */
import { relative } from 'node:path';

/** `true`: it is there. `false`, or a sentence that says why: it is absent. */
export type NeedCheck = () => boolean | string;

const absence = (check: NeedCheck): string | undefined => {
  const found = check();
  return found === true ? undefined : found === false ? 'absent' : found;
};

const say = (what: string, thing: string, why: string): void => {
  if (process.env.CI) {
    process.stderr.write(`${what} needs ${thing} (${why}), and CI is set: nothing may be skipped here.\n`);
    process.exit(1);
  }
  // The runner reads this line: scripts/runner/uvu-output.ts.
  process.stdout.write(`SKIP ${what}: needs ${thing} (${why})\n`);
};

/**
 * Ends the whole test file, skipped, where `thing` is absent. Call it before the first suite; import what would fail without
 * the thing only afterwards, by `await import()`.
 *
 *     needs('chromium', () => existsSync('/usr/bin/chromium'));
 */
export const needs = (thing: string, check: NeedCheck): void => {
  const why = absence(check);
  if (why === undefined) return;
  say(relative(process.cwd(), process.argv[1] ?? 'a test file'), thing, why);
  process.exit(0);
};

/**
 * The same for one suite of a file: `false` where `thing` is absent, and then the suite must not be run.
 *
 *     if (suiteNeeds('sqlite on a full disk', 'mount', () => process.getuid?.() === 0)) fullDisk.run();
 */
export const suiteNeeds = (suiteName: string, thing: string, check: NeedCheck): boolean => {
  const why = absence(check);
  if (why !== undefined) say(suiteName, thing, why);
  return why === undefined;
};
