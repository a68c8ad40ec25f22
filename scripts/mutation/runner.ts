/** Stryker's test runner for our unit tests: one process does thousands of mutants, since each evaluates the code anew. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundleFolder } from './bundle.js';
import { guarded, OutOfTime, usedMs } from './guarded.js';
import type { DryRun, Hits, MutantRun, MutantRunOptions, TestResult } from './protocol.js';
import { type Switches, TestFile } from './test-file.js';
import { inOrder, type Timed } from './test-order.js';

/** What a test may take beside a multiple of what it took without a mutant, in milliseconds. */
const LIMIT_MS = 1_000;
/** A busy machine is no endless loop: where the processor was with others, all is tried again, with twice the time, up to this many times of it. */
const PATIENCE_MAX = 8;
const LIMIT_FACTOR = 20;
/** Stryker's limit is a hundred times what all tests together reach a mutant: a loop that keeps something runs out of memory before that. */
const HITS_SHARE = 0.1;
const HITS_MIN = 10_000;
/** Beyond this nothing of ours takes long: the first run, where nothing is known yet. */
const FIRST_LIMIT_MS = 60_000;
const NONE: Switches = { mutant: -1, reached: () => true, cover: () => undefined };
const timesFile = join(bundleFolder, 'times.json');

/** Whole state spaces and a hundred thousand answers: seconds each, for every mutant that lives, and quicker tests look at the same code. */
const LEFT_OUT: readonly RegExp[] = [/^ending: so they do /, /hundred thousand answers/, /a million characters/];
const isLeftOut = (name: string): boolean => LEFT_OUT.some((pattern) => pattern.test(name));

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const idOf = ({ file, name }: Pick<Timed, 'file' | 'name'>): string => `${file} ${name}`;

interface Attempt {
  /** False where what took too long may only have waited for the processor. */
  readonly isSure: boolean;
  readonly result: MutantRun;
}

/** Counts what is passed, until asked for it. */
class Counter {
  #hits: Hits = {};
  readonly cover = (...mutants: number[]): void => {
    for (const mutant of mutants) this.#hits[mutant] = (this.#hits[mutant] ?? 0) + 1;
  };
  take(): Hits {
    const hits = this.#hits;
    this.#hits = {};
    return hits;
  }
}

export class UnitTests {
  readonly #files = new Map<string, TestFile>();
  #times = new Map<string, Timed>();

  capabilities(): { readonly reloadEnvironment: boolean } {
    return { reloadEnvironment: true };
  }

  init(): void {
    const names = readdirSync(bundleFolder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.cjs'));
    for (const name of names.sort()) {
      const file = name.slice(0, -'.cjs'.length);
      this.#files.set(file, new TestFile('.', file));
    }
  }

  /** Each test with no mutant on: what it reaches, counting what its file does while it loads, and what it takes. */
  async dryRun(): Promise<DryRun> {
    const tests: TestResult[] = [];
    const perTest: Record<string, Hits> = {};
    for (const [file, testFile] of this.#files) {
      const counter = new Counter();
      const loaded = testFile.load({ ...NONE, cover: counter.cover });
      // Once is enough: every test of the file begins with it.
      const atLoad = Object.fromEntries(Object.keys(counter.take()).map((mutant) => [mutant, 1]));
      for (const { name, run } of loaded) {
        if (isLeftOut(name)) continue;
        const startedAt = performance.now();
        const before = process.cpuUsage();
        const failureMessage = await guarded(run, FIRST_LIMIT_MS).then(() => null, textOf);
        // What else the machine does has no part in it.
        const ms = usedMs(process.cpuUsage(before));
        const id = idOf({ file, name });
        this.#times.set(id, { file, name, ms });
        perTest[id] = { ...atLoad, ...counter.take() };
        const told = { id, name, fileName: resolve(file), timeSpentMs: performance.now() - startedAt };
        tests.push(failureMessage === null ? { ...told, status: 0 } : { ...told, status: 1, failureMessage });
      }
    }
    writeFileSync(timesFile, JSON.stringify([...this.#times]));
    // On the very way that a mutant takes, nothing may be noticed where there is none: else this tool's own faults would look like good tests. In the
    // order of a mutant and in the opposite one, since a mutant is tried by some of the tests only: none may need another before it.
    const order = inOrder([...this.#times.values()], '');
    for (const tests of [order, [...order].reverse()]) {
      const same = await this.#patiently(tests, NONE);
      if (same.status === 'killed')
        return { status: 'error', errorMessage: `Without a mutant ${same.killedBy[0]}: ${same.failureMessage}` };
      if (same.status === 'timeout') return { status: 'error', errorMessage: `Without a mutant ${same.reason}` };
    }
    return { status: 'complete', tests, mutantCoverage: { static: {}, perTest } };
  }

  mutantRun({ activeMutant, testFilter, hitLimit = Number.POSITIVE_INFINITY }: MutantRunOptions): Promise<MutantRun> {
    // Another worker has measured them.
    if (this.#times.size === 0) this.#times = new Map(JSON.parse(readFileSync(timesFile, 'utf8')) as [string, Timed][]);
    const hitsMax = Math.max(hitLimit * HITS_SHARE, HITS_MIN);
    let hits = 0;
    const reached = (): true => {
      hits += 1;
      if (hits > hitsMax) throw new OutOfTime(`reached more than ${hitsMax} times`);
      return true;
    };
    const wanted = (testFilter ?? [...this.#times.keys()]).flatMap((id) => this.#times.get(id) ?? []);
    const late = (): boolean => hits > hitsMax;
    return this.#patiently(inOrder(wanted, activeMutant.fileName), { ...NONE, mutant: Number(activeMutant.id), reached }, late);
  }

  /** As often as it takes to be sure that what takes long would take long on a quiet machine, too. */
  async #patiently(tests: readonly Timed[], switches: Switches, late: () => boolean = () => false): Promise<MutantRun> {
    for (let patience = 1; ; patience *= 2) {
      const { isSure, result } = await this.#attempt(tests, switches, late, patience);
      if (isSure || patience >= PATIENCE_MAX) return result;
    }
  }

  /** One after the other, until one fails. `late` says whether a failure has to do with a loop without end. */
  async #attempt(tests: readonly Timed[], switches: Switches, late: () => boolean, patience: number): Promise<Attempt> {
    const loaded = new Map<string, ReadonlyMap<string, () => unknown>>();
    let nrOfTests = 0;
    for (const test of tests) {
      nrOfTests += 1;
      const limitMs = (LIMIT_MS + Math.ceil(LIMIT_FACTOR * test.ms)) * patience;
      try {
        let runs = loaded.get(test.file);
        if (runs === undefined) {
          runs = new Map(
            (await guarded(() => this.#file(test.file).load(switches), LIMIT_MS * patience)).map(({ name, run }) => [name, run]),
          );
          loaded.set(test.file, runs);
        }
        const run = runs.get(test.name);
        if (run === undefined) throw new Error('the test is gone');
        await guarded(run, limitMs);
      } catch (error) {
        const said = textOf(error);
        const isSure = late() || !(error instanceof OutOfTime) || error.isSure;
        if (error instanceof OutOfTime || late()) return { isSure, result: { status: 'timeout', reason: `${idOf(test)}: ${said}` } };
        return { isSure, result: { status: 'killed', killedBy: [idOf(test)], failureMessage: said, nrOfTests } };
      }
    }
    return { isSure: true, result: { status: 'survived', nrOfTests } };
  }

  #file(file: string): TestFile {
    const found = this.#files.get(file);
    if (found === undefined) throw new Error(`There is no bundle of ${file}.`);
    return found;
  }
}
