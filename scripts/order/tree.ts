/** The repository as a graph of imports. Pure: it is given the files' texts. */

import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { type Import, readImports } from './imports.js';

/** An import whose specifier has been looked up: a file of the repository, or a package. */
export type Edge = Import &
  ({ readonly to: string; readonly external?: undefined } | { readonly external: string; readonly to?: undefined });

/** File path (relative, with slashes) to what it imports. */
export type Tree = ReadonlyMap<string, readonly Edge[]>;

/** A Node built-in is named with its prefix, however it was written. */
const externalName = (specifier: string): string =>
  isBuiltin(specifier) && !specifier.startsWith('node:') ? `node:${specifier}` : specifier;

const resolve = (from: string, specifier: string, exists: (path: string) => boolean): string => {
  const path = posix.join(posix.dirname(from), specifier);
  const sources = [path.replace(/\.js$/, '.ts'), path.replace(/\.jsx?$/, '.tsx')];
  return sources.find(exists) ?? path;
};

/** Reads the imports of all files, given as path to text. */
export const readTree = (files: ReadonlyMap<string, string>): Tree =>
  new Map(
    [...files].map(([path, text]) => [
      path,
      readImports(path, text).map(
        (found): Edge =>
          found.specifier.startsWith('.')
            ? { ...found, to: resolve(path, found.specifier, (candidate) => files.has(candidate)) }
            : { ...found, external: externalName(found.specifier) },
      ),
    ]),
  );

/** Everything that is loaded with a file at run time: file to the path of imports that leads there. */
export const reachable = (tree: Tree, entry: string): ReadonlyMap<string, readonly string[]> => {
  const trails = new Map<string, readonly string[]>(tree.has(entry) ? [[entry, [entry]]] : []);
  // A Map's iteration also visits what is added on the way.
  for (const [file, trail] of trails)
    for (const edge of tree.get(file) ?? [])
      if (!edge.typeOnly && edge.to !== undefined && tree.has(edge.to) && !trails.has(edge.to)) trails.set(edge.to, [...trail, edge.to]);
  return trails;
};
