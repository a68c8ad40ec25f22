/** The shipped code and its explorer as one file: private fields readable, so that a picture has all of a state, and mistakes planted where asked for. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { type PlantedFault, planted } from '../../bite/fault.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Where a private name stands: after what may come before one, which a quote is not. */
const privateName = /(?<=^|[\s.({[!,*])#([A-Za-z_]\w*)/gm;

/** `this.#waiting` in `handlers.ts` becomes `this.handlers$waiting`: a class and the one that extends it stay apart. */
const opened = (text: string, file: string): string => {
  const prefix = basename(file, '.ts').replaceAll(/\W/g, '_');
  return text.replaceAll(privateName, (_, name: string) => `${prefix}$${name}`);
};

/** What the shipped code has in closures alone, and a picture needs: what waits to leave until it is written. It changes nothing that is done. */
const shown: readonly Omit<PlantedFault, 'breaks' | 'caughtBy'>[] = [
  {
    name: 'what is held',
    file: 'src/server/session-side.ts',
    search: 'this.#durable.hold(() => super.write(packets));',
    replace: 'this.#durable.hold(Object.assign(() => super.write(packets), { packets }));',
  },
  {
    name: 'what leaves with a turn',
    file: 'src/server/durable.ts',
    search: 'attempts: [...this.#runs], part: body, dropBefore },',
    replace: 'attempts: [...this.#runs], part: body, dropBefore, leaving, afterwards, link },',
  },
];

const shipped = (fault: PlantedFault | null): Plugin => ({
  name: 'shipped',
  setup: ({ onLoad }) => {
    onLoad({ filter: /\/(src|adapters|machines)\/.*\.ts$/ }, ({ path }) => {
      if (path.includes('node_modules')) return null;
      const file = relative(root, path);
      const text = readFileSync(path, 'utf8');
      const broken = fault?.file === file ? planted(fault, text) : text;
      const whole = shown.filter((one) => one.file === file).reduce((changed, one) => planted(one, changed), broken);
      return { contents: opened(whole, file), loader: 'ts' };
    });
  },
});

export interface Bundle {
  readonly file: string;
  remove(): void;
}

/** @throws Error where the mistake's place is not found. */
export const bundleOf = async (entry: string, fault: PlantedFault | null = null): Promise<Bundle> => {
  const folder = mkdtempSync(join(tmpdir(), 'ninelives-explore-'));
  const file = join(folder, 'explorer.cjs');
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, entry)],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // What a server may load and this one does not.
    external: ['bufferutil', 'utf-8-validate', 'pino-pretty'],
    define: { 'import.meta.url': JSON.stringify(import.meta.url) },
    plugins: [shipped(fault)],
    sourcemap: 'inline',
    logLevel: 'error',
  });
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
};
