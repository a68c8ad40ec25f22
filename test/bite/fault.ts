/** A fault that is planted into the shipped code, to see that something notices. */

export interface PlantedFault {
  /** In a few words, with hyphens: what `--only` takes. */
  readonly name: string;
  /** What no longer holds, in one sentence. */
  readonly breaks: string;
  /** The file that is changed, from the root of the tree. */
  readonly file: string;
  /** A part of the file's text that is in it exactly once. */
  readonly search: string;
  /** What stands there instead. It has to run: types are not looked at. */
  readonly replace: string;
  /** Where it is expected to be noticed: parts of test files' paths, in the order in which they are tried. */
  readonly caughtBy: readonly string[];
}

/** The file's text with the fault. @throws Error where its place is not found exactly once: the list would plant nothing, or something else. */
export const planted = ({ name, file, search, replace }: Omit<PlantedFault, 'breaks' | 'caughtBy'>, text: string): string => {
  const parts = text.split(search);
  if (parts.length !== 2)
    throw new Error(`${name}: its text is in ${file} ${parts.length - 1} times, not once. Mend the list in test/bite.`);
  if (replace === search) throw new Error(`${name}: it changes nothing.`);
  return parts.join(replace);
};

/** The test files that are to notice it, in their order. @throws Error where a name has none. */
export const filesFor = ({ name, caughtBy }: Pick<PlantedFault, 'name' | 'caughtBy'>, files: readonly string[]): readonly string[] => {
  const chosen = caughtBy.flatMap((part) => {
    const matching = files.filter((file) => file.includes(part));
    if (matching.length === 0) throw new Error(`${name}: no test file's path contains ${JSON.stringify(part)}.`);
    return matching;
  });
  return [...new Set(chosen)];
};
