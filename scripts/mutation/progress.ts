/** How far it is, on stderr: a line every few seconds, since most mutants take some milliseconds. */

/** A line at most so often, in milliseconds. */
const EVERY_MS = 5_000;

interface Told {
  readonly status: string;
}

export class Progress {
  #mutants = 0;
  #tested = 0;
  #survived = 0;
  #startedAt = performance.now();
  #saidAt = 0;

  onDryRunCompleted({ result }: { readonly result: { readonly tests: readonly unknown[] } }): void {
    process.stderr.write(`${result.tests.length} tests pass as things are\n`);
  }

  onMutationTestingPlanReady({ mutantPlans }: { readonly mutantPlans: readonly { readonly plan: string }[] }): void {
    this.#mutants = mutantPlans.length;
    this.#startedAt = performance.now();
    const known = mutantPlans.filter(({ plan }) => plan === 'EarlyResult').length;
    process.stderr.write(`${this.#mutants} mutants${known > 0 ? `, of which ${known} are known from before` : ''}\n`);
  }

  onMutantTested({ status }: Told): void {
    this.#tested += 1;
    if (status === 'Survived' || status === 'NoCoverage') this.#survived += 1;
    const now = performance.now();
    if (now - this.#saidAt < EVERY_MS) return;
    this.#saidAt = now;
    const seconds = ((now - this.#startedAt) / 1_000).toFixed(0);
    process.stderr.write(`${String(this.#tested).padStart(6)} of ${this.#mutants}, ${this.#survived} survived, ${seconds} s\n`);
  }
}
