import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningFile, runFile } from '../../scripts/runner/run-file.js';
import { brokenOffIn, failedTitles } from '../../scripts/runner/uvu-output.js';
import { type FileRun, judge } from '../../scripts/runner/verdict.js';
import { testFilesOf } from './copy.js';
import { filesFor, type PlantedFault, planted } from './fault.js';

export interface Hunted {
  readonly name: string;
  readonly breaks: string;
  /** What noticed it; null: nothing. */
  readonly caught: { readonly file: string; readonly title: string } | null;
  /** From its planting to the end of the file that noticed it, in seconds; where none did, of all that were tried. */
  readonly seconds: number;
  /** Test files that did not load, or ended without a word on any test: they say nothing of the fault. */
  readonly mute: readonly string[];
}

/** How much more time a file has as things are than with a fault: there, the limit says that something is wrong, and not that the machine is busy. */
const soundLimitTimes = 4;

/** Runs test files in a folder, and can be broken off. */
export class Hunter {
  readonly #folder: string;
  readonly #limitMs: number;
  #running: RunningFile | null = null;

  /** `limitMs`: for one test file, in milliseconds. */
  constructor(folder: string, limitMs: number) {
    this.#folder = folder;
    this.#limitMs = limitMs;
  }

  /** Plant a fault, run the tests that are to notice it until one does, and take it out again. */
  async hunt(fault: PlantedFault): Promise<Hunted> {
    const path = join(this.#folder, fault.file);
    const text = readFileSync(path, 'utf8');
    const files = filesFor(fault, testFilesOf(this.#folder));
    writeFileSync(path, planted(fault, text));
    const startedAt = performance.now();
    const mute: string[] = [];
    let caught: Hunted['caught'] = null;
    try {
      for (const file of files) {
        const run = await this.#run(file);
        if (judge(run).failed === 0) continue;
        const title = titleOf(run, this.#limitMs);
        if (title === null) mute.push(file);
        else {
          caught = { file, title };
          break;
        }
      }
    } finally {
      writeFileSync(path, text);
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    return { name: fault.name, breaks: fault.breaks, caught, seconds, mute };
  }

  /** Does a test file pass as things are? */
  async passes(file: string): Promise<boolean> {
    return judge(await this.#run(file, soundLimitTimes * this.#limitMs)).failed === 0;
  }

  /** Kill what runs. */
  stop(): void {
    this.#running?.kill();
  }

  async #run(file: string, limitMs = this.#limitMs): Promise<FileRun> {
    this.#running = runFile(file, limitMs, this.#folder);
    const run = await this.#running.done;
    this.#running = null;
    return run;
  }
}

/** What noticed it in a run that failed: the first failed test, or one that came to no end. A file that does not load is no word on anything. */
const titleOf = ({ output, killedAfterMs }: FileRun, limitMs: number): string | null => {
  const title = failedTitles(output)[0] ?? brokenOffIn(output);
  if (title !== null) return title;
  return killedAfterMs === undefined ? null : `it comes to no end within ${limitMs / 1_000} s`;
};
