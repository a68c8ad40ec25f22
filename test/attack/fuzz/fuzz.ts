/** Many runs from one seed; the one that breaks something is shrunk to what is needed for it. */
import fc from 'fast-check';
import { fuzzed } from './run.js';
import { type FuzzScript, fuzzScript } from './script.js';

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  /** Where in the seed's tree of runs to begin: a run that failed, by the path that was printed. */
  readonly path?: string | undefined;
  /** Told after each run. */
  readonly progress?: (done: number) => void;
}

export interface FuzzResult {
  readonly runs: number;
  readonly seed: number;
  readonly steps: number;
  /** How often the attackers were told what, in all runs: that they came far. */
  readonly told: Readonly<Record<string, number>>;
  /** Null: nothing broke. */
  readonly found: { readonly script: FuzzScript; readonly problems: readonly string[]; readonly path: string } | null;
}

export const fuzz = async ({ runs, seed, path, progress }: FuzzOptions): Promise<FuzzResult> => {
  let [done, steps] = [0, 0];
  const told: Record<string, number> = {};
  const property = fc.asyncProperty(fuzzScript, async (script) => {
    const { problems, told: here } = await fuzzed(script);
    for (const [what, count] of here) told[what] = (told[what] ?? 0) + count;
    done += 1;
    steps += script.steps.length;
    progress?.(done);
    if (problems.length > 0) throw new Error(problems.join('\n'));
  });
  const { failed, counterexample, counterexamplePath } = await fc.check(property, {
    numRuns: runs,
    seed,
    ...(path === undefined ? {} : { path }),
  });
  if (!failed || counterexample === null) return { runs: done, seed, steps, told, found: null };
  const [script] = counterexample;
  const { problems } = await fuzzed(script);
  return { runs: done, seed, steps, told, found: { script, problems, path: counterexamplePath ?? '' } };
};

/** What broke, and how to see it again. */
export const foundText = ({ problems, script, path }: NonNullable<FuzzResult['found']>, seed: number): string =>
  [
    ...problems.map((problem) => `! ${problem}`),
    `by, in a server ${script.durable ? 'whose sessions outlive its process' : 'that keeps its sessions in memory'}:`,
    ...script.steps.map((step) => `  ${JSON.stringify(step)}`),
    `again: npm run attack -- --fuzz 1 --seed ${seed} --path ${path}`,
  ].join('\n');
