/** The client as a browser gets it: what is in the bundle, and how large it is. */
import { isBuiltin } from 'node:module';
import { relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';

/** A bundle of an app that does nothing but import the client. */
export interface Bundle {
  /** What a page loads before it does anything; what it loads when it needs it is a file of its own. */
  readonly gzippedBytes: number;
  /** The files in it, and the imports that were left in it. */
  readonly metafile: Metafile;
}

/** Bundles as an app in production would. `external` names packages that the app has already. Rejects with esbuild's report. */
export const bundle = async (project: string, entry: string, external: readonly string[] = []): Promise<Bundle> => {
  const { outputFiles, metafile } = await build({
    absWorkingDir: project,
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    outdir: 'bundle',
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: [...external],
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  });
  const gzipped = new Map(
    outputFiles.map(({ path, contents }) => [relative(project, path).replaceAll('\\', '/'), gzipSync(contents, { level: 9 }).byteLength]),
  );
  const gzippedBytes = atOnce(metafile, entry).reduce((sum, path) => sum + (gzipped.get(path) ?? 0), 0);
  return { gzippedBytes, metafile };
};

/** The files that are loaded with the entry: those that it imports, and not those that its code asks for later. Pure. */
export const atOnce = ({ outputs }: Metafile, entry: string): readonly string[] => {
  const found = new Set(Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === entry));
  for (const path of found)
    for (const { path: imported, kind } of outputs[path]?.imports ?? []) if (kind === 'import-statement') found.add(imported);
  return [...found].filter((path) => path in outputs);
};

/** Sentences: what a browser must not be sent. Pure. */
export const bundleFaults = ({ inputs, outputs }: Metafile): readonly string[] => {
  const packages = Object.keys(inputs).filter((path) => /node_modules\/(ws|fp-ts|io-ts|pino|hono|commander)\//.test(path));
  // esbuild replaces by nothing what a package's \`browser\` field rules out, and says so in the path.
  const emptied = Object.keys(inputs).filter((path) => path.startsWith('(disabled):'));
  const development = Object.keys(inputs).filter((path) => /[./]development[./]/.test(path));
  const left = Object.values(outputs)
    .flatMap((output) => output.imports.map(({ path }) => path))
    .filter((path) => !(path in outputs));
  return [
    ...packages.map((path) => `${path} is in the bundle`),
    ...emptied.map((path) => `${path}: something without a place in a browser is imported`),
    ...development.map((path) => `${path}: code of the \`development\` condition is in the bundle`),
    ...left.filter((path) => isBuiltin(path)).map((path) => `${path} is a module of Node`),
    ...left.filter((path) => !isBuiltin(path)).map((path) => `${path} is not in the bundle and would be loaded by name`),
  ];
};
