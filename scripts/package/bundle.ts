/** The client as a browser gets it: what is in the bundle, and how large it is. */
import { isBuiltin } from 'node:module';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';

/** A bundle of an app that does nothing but import the client. */
export interface Bundle {
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
  return { gzippedBytes: gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).byteLength, metafile };
};

/** Sentences: what a browser must not be sent. Pure. */
export const bundleFaults = ({ inputs, outputs }: Metafile): readonly string[] => {
  const packages = Object.keys(inputs).filter((path) => /node_modules\/(ws|fp-ts|io-ts|pino|hono|commander)\//.test(path));
  // esbuild replaces by nothing what a package's \`browser\` field rules out, and says so in the path.
  const emptied = Object.keys(inputs).filter((path) => path.startsWith('(disabled):'));
  const development = Object.keys(inputs).filter((path) => /[./]development[./]/.test(path));
  const left = Object.values(outputs).flatMap((output) => output.imports.map(({ path }) => path));
  return [
    ...packages.map((path) => `${path} is in the bundle`),
    ...emptied.map((path) => `${path}: something without a place in a browser is imported`),
    ...development.map((path) => `${path}: code of the \`development\` condition is in the bundle`),
    ...left.filter((path) => isBuiltin(path)).map((path) => `${path} is a module of Node`),
    ...left.filter((path) => !isBuiltin(path)).map((path) => `${path} is not in the bundle and would be loaded by name`),
  ];
};
