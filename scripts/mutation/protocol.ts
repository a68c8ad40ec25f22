/** What Stryker and its test runners say to each other, as far as it is used here (its `@stryker-mutator/api`, "test-runner"). */

export interface Mutant {
  readonly id: string;
  readonly fileName: string;
  readonly mutatorName: string;
  readonly replacement: string;
}

/** How often each mutant was reached, by its id. */
export type Hits = Record<string, number>;

export interface TestResult {
  readonly id: string;
  readonly name: string;
  readonly fileName: string;
  readonly timeSpentMs: number;
  /** 0 is a success, 1 a failure. */
  readonly status: 0 | 1;
  readonly failureMessage?: string;
}

export type DryRun =
  | {
      readonly status: 'complete';
      readonly tests: readonly TestResult[];
      readonly mutantCoverage: { readonly static: Hits; readonly perTest: Readonly<Record<string, Hits>> };
    }
  | { readonly status: 'error'; readonly errorMessage: string };

export interface MutantRunOptions {
  readonly activeMutant: Mutant;
  /** The tests that reach the mutant, by their ids. */
  readonly testFilter?: readonly string[];
  /** Reached more often than this, a mutant has made a loop that comes to no end. */
  readonly hitLimit?: number;
}

export type MutantRun =
  | { readonly status: 'killed'; readonly killedBy: readonly string[]; readonly failureMessage: string; readonly nrOfTests: number }
  | { readonly status: 'survived'; readonly nrOfTests: number }
  | { readonly status: 'timeout'; readonly reason: string };
