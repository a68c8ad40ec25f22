/** Which test is to try first whether it notices a mutant. */

/** A test, with what it takes of the processor where nothing is wrong, in milliseconds. */
export interface Timed {
  readonly file: string;
  readonly name: string;
  readonly ms: number;
}

/** Up to this a test is quick, in milliseconds. */
const QUICK_MS = 20;
/** Up to this one in the mutant's own folder comes before the quick ones of others, which may wait in vain for what the mutant took away: that takes seconds. */
const OWN_MS = 300;

const foldersOf = (path: string): readonly string[] => path.split('/').slice(0, -1);

/** How many folders two files have in common, from the root. */
const kinship = (a: readonly string[], b: readonly string[]): number => {
  let common = 0;
  while (common < a.length && a[common] === b[common]) common += 1;
  return common;
};

const wordsOf = (path: string): readonly string[] => (path.split('/').at(-1) ?? '').split('.')[0]?.split('-') ?? [];

/**
 * First those in the folder that mirrors the mutant's, of them first the quick ones, then those that are not too slow; then the quick ones of other
 * folders, the nearest first; last the slow ones. Files whose name has a word of the mutant's come before their neighbours, and a file's tests
 * together, since to load a file takes longer than most tests. What is not quick is in the order of what it takes.
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
  const isOwn = ({ file }: Timed): boolean => kinship(foldersOf(`test/${ours}`), foldersOf(file)) === foldersOf(`test/${ours}`).length;
  const isQuick = ({ ms }: Timed): boolean => ms <= QUICK_MS;
  const isMiddling = (test: Timed): boolean => !isQuick(test) && isOwn(test) && test.ms <= OWN_MS;
  const byRank = (a: Timed, b: Timed): number => rank(b.file) - rank(a.file) || (a.file < b.file ? -1 : a.file > b.file ? 1 : 0);
  const byTime = (a: Timed, b: Timed): number => a.ms - b.ms;
  return [
    ...tests.filter((test) => isQuick(test) && isOwn(test)).sort(byRank),
    ...tests.filter(isMiddling).sort(byTime),
    ...tests.filter((test) => isQuick(test) && !isOwn(test)).sort(byRank),
    ...tests.filter((test) => !isQuick(test) && !isMiddling(test)).sort(byTime),
  ];
};
