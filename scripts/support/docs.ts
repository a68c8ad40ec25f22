/** What the docs say about package.json, held against it. Pure. */

/** The parts of package.json that the docs speak of. */
export interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, unknown>>;
}

const NAMES_A_DEPENDENCY = /^- `([^`]+)`/gm;
const NAMES_A_SCRIPT = /\bnpm (?:run ([\w:-]+)|(test|start)\b)/g;

/** Sentences: dependencies without a line in docs/dependencies.md, and lines about what is not there. */
export const dependencyFaults = (manifest: Manifest, page: string): readonly string[] => {
  const lines = new Set([...page.matchAll(NAMES_A_DEPENDENCY)].map(([, name = '']) => name));
  const { dependencies, devDependencies, peerDependencies, overrides } = manifest;
  const used = new Set([dependencies, devDependencies, peerDependencies, overrides].flatMap((part) => Object.keys(part ?? {})));
  return [
    ...[...used].filter((name) => !lines.has(name)).map((name) => `\`${name}\` has no line that says why it is used`),
    ...[...lines].filter((name) => !used.has(name)).map((name) => `\`${name}\` has a line, but is no dependency`),
  ];
};

/** Sentences: npm scripts that a page names and that do not exist. */
export const scriptFaults = (manifest: Manifest, page: string): readonly string[] => {
  const named = new Set([...page.matchAll(NAMES_A_SCRIPT)].map(([, script, short]) => script ?? short ?? ''));
  return [...named]
    .filter((name) => !(name in (manifest.scripts ?? {})))
    .map((name) => `it names the script \`${name}\`, which package.json does not have`);
};
