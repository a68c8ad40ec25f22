/** Which test is to try first whether it notices a mutant. */

/** A test, with what it takes where nothing is wrong, in milliseconds. */
export interface Timed {
  readonly file: string;
  readonly name: string;
  readonly ms: number;
}

/** Up to this a test is quick, in milliseconds: the others come last, whatever they are about. */
const QUICK_MS = 20;

const foldersOf = (path: string): readonly string[] => path.split('/').slice(0, -1);

/** How many folders two files have in common, from the root. */
const kinship = (a: readonly string[], b: readonly string[]): number => {
  let common = 0;
  while (common < a.length && a[common] === b[common]) common += 1;
  return common;
};

const wordsOf = (path: string): readonly string[] => (path.split('/').at(-1) ?? '').split('.')[0]?.split('-') ?? [];

/**
 * Quick ones first; of these, those in the folder that mirrors the mutant's, first of all the file of the same name, since to load a file takes longer
 * than most tests. The slow ones by what they take.
 */
export const inOrder = (tests: readonly Timed[], mutated: string): readonly Timed[] => {
  const [, ours = mutated] = /(?:^|\/)((?:machines|src)\/.*)$/.exec(mutated) ?? [];
  const rankOf = (file: string): number => {
    const words = wordsOf(ours);
    const named = wordsOf(file).some((word) => words.includes(word)) ? 0.5 : 0;
    return kinship(foldersOf(`test/${ours}`), foldersOf(file)) + named;
  };
  const ranks = new Map(tests.map(({ file }) => [file, rankOf(file)]));
  const rank = (file: string): number => ranks.get(file) ?? 0;
  const quick = tests.filter(({ ms }) => ms <= QUICK_MS);
  const slow = tests.filter(({ ms }) => ms > QUICK_MS);
  quick.sort((a, b) => rank(b.file) - rank(a.file) || (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
  slow.sort((a, b) => a.ms - b.ms);
  return [...quick, ...slow];
};
