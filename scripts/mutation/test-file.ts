/** One bundled test file: compiled once a worker, evaluated as often as there are mutants for it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { Script } from 'node:vm';
import { bundleOf } from './bundle.js';
import { quickProperties } from './quick-properties.js';
import { Suites, type Test } from './suites.js';

/** What a bundle is given beside its packages: see `withQuickSwitches`. */
export interface Switches {
  /** The number of the mutant that is on; -1 is none. */
  readonly mutant: number;
  /** Called each time that it is reached; true. */
  readonly reached: () => boolean;
  /** Called with the numbers of the mutants whose code is passed. */
  readonly cover: (...mutants: number[]) => void;
}

type Evaluate = (
  require: (name: string) => unknown,
  module: { exports: unknown },
  exports: unknown,
  mutant: number,
  reached: Switches['reached'],
  cover: Switches['cover'],
) => void;

export class TestFile {
  readonly file: string;
  readonly #script: Script;
  readonly #require: NodeJS.Require;

  constructor(root: string, file: string) {
    const path = resolve(root, bundleOf(file));
    this.file = file;
    this.#require = createRequire(path);
    const text = readFileSync(path, 'utf8');
    this.#script = new Script(`(function (require, module, exports, __mutant, __reached, __cover) {${text}\n})`, { filename: path });
  }

  /** All code of ours anew, with this mutant on from its first line; gives the tests in their order, each under a name of its own. */
  load({ mutant, reached, cover }: Switches): readonly Test[] {
    const suites = new Suites();
    const given: Readonly<Record<string, unknown>> = { uvu: suites, 'fast-check': quickProperties(this.file) };
    const require = (name: string): unknown => given[name] ?? this.#require(name);
    const evaluate = this.#script.runInThisContext() as Evaluate;
    const module = { exports: {} };
    evaluate(require, module, module.exports, mutant, reached, cover);
    const taken = new Map<string, number>();
    return suites.tests.map(({ name, run }) => {
      const times = (taken.get(name) ?? 0) + 1;
      taken.set(name, times);
      return { name: times === 1 ? name : `${name} (${times})`, run };
    });
  }
}
