/** The list of mutants that may survive, each for a reason: test/mutation/survivors/*.json. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Mutant, type Named, nameOf } from './mutants.js';

export const survivorsFolder = 'test/mutation/survivors';

/** Mutants that survive for one reason. */
export interface Explained {
  /** `equivalent`: nothing that anybody could observe changes. `accepted`: something does, and a test of it is not worth its keep. */
  readonly kind: 'equivalent' | 'accepted';
  /** Why, in a sentence or two. */
  readonly reason: string;
  readonly mutants: readonly Named[];
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.length > 0;

/** What is wrong with the text of a list, each as a sentence; empty where nothing is. */
export const faultsOf = (list: unknown): readonly string[] => {
  if (!Array.isArray(list)) return ['it is not an array'];
  return list.flatMap((group: Partial<Explained> | null, i) => {
    const faults: string[] = [];
    if (group?.kind !== 'equivalent' && group?.kind !== 'accepted') faults.push(`group ${i}: its kind is neither equivalent nor accepted`);
    if (!isText(group?.reason) || !/\s.*\.$/s.test(group.reason)) faults.push(`group ${i}: its reason is not a sentence`);
    if (!Array.isArray(group?.mutants) || group.mutants.length === 0) return [...faults, `group ${i}: it has no mutants`];
    group.mutants.forEach((named: Partial<Named> | null, j) => {
      if (!isText(named?.file) || !isText(named.line) || !isText(named.from) || typeof named.to !== 'string')
        faults.push(`group ${i}, mutant ${j}: it wants file, line, from and to`);
    });
    return faults;
  });
};

/** All of the list; throws where a file of it is not what it should be. */
export const readSurvivors = (root: string): readonly Explained[] =>
  readdirSync(join(root, survivorsFolder))
    .filter((file) => file.endsWith('.json'))
    .sort()
    .flatMap((file) => {
      const list: unknown = JSON.parse(readFileSync(join(root, survivorsFolder, file), 'utf8'));
      const [fault] = faultsOf(list);
      if (fault !== undefined) throw new Error(`${survivorsFolder}/${file}: ${fault}.`);
      return list as readonly Explained[];
    });

export const isSurvivor = ({ status }: Mutant): boolean => status === 'Survived' || status === 'NoCoverage';

export interface Compared {
  /** Survivors that the list explains. */
  readonly explained: readonly Mutant[];
  /** Survivors that it does not. */
  readonly unexplained: readonly Mutant[];
  /** Entries of the list that no survivor answers to: killed by now, or their code is gone. */
  readonly stale: readonly Named[];
}

/** The list is about those files only that were mutated. An entry is for one mutant: where several have the same name, it wants as many entries. */
export const compare = (mutants: readonly Mutant[], list: readonly Explained[], files: ReadonlySet<string>): Compared => {
  const open = new Map<string, Named[]>();
  for (const named of list.flatMap((group) => group.mutants)) {
    if (!files.has(named.file)) continue;
    const same = open.get(nameOf(named));
    if (same === undefined) open.set(nameOf(named), [named]);
    else same.push(named);
  }
  const explained: Mutant[] = [];
  const unexplained: Mutant[] = [];
  for (const mutant of mutants.filter(isSurvivor)) {
    const found = open.get(nameOf(mutant))?.pop();
    (found === undefined ? unexplained : explained).push(mutant);
  }
  return { explained, unexplained, stale: [...open.values()].flat() };
};
