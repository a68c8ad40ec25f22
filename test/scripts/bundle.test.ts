import type { Metafile } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { atOnce, bundleFaults } from '../../scripts/package/bundle.js';

const input = { bytes: 1, imports: [] };
const meta = (inputs: readonly string[], left: readonly string[] = []): Metafile => ({
  inputs: Object.fromEntries(inputs.map((path) => [path, input])),
  outputs: {
    'out.js': { bytes: 1, inputs: {}, exports: [], imports: left.map((path) => ({ path, kind: 'import-statement', external: true })) },
  },
});

const bundles = suite('what a browser must not be sent');

bundles('is none of this', () => {
  assert.equal(bundleFaults(meta(['node_modules/ninelives/dist/src/client/client.js', 'node_modules/xstate/dist/xstate.esm.js'])), []);
});

bundles('is ws, or anything else of the server', () => {
  assert.is(bundleFaults(meta(['node_modules/ws/wrapper.mjs', 'node_modules/fp-ts/lib/Either.js'])).length, 2);
});

bundles('is a module of Node, with or without its prefix, also where the bundler emptied it', () => {
  assert.is(bundleFaults(meta(['(disabled):fs'], ['node:fs', 'crypto'])).length, 3);
});

bundles('is code for development', () => {
  assert.is(bundleFaults(meta(['node_modules/xstate/dist/xstate.development.esm.js'])).length, 1);
});

bundles('is an import that nobody answers', () => {
  assert.match(bundleFaults(meta([], ['ninelives/server'])).join(), 'loaded by name');
});

const sizes = suite('the size of a bundle');

sizes('is that of what is loaded at once: not of what the app may ask for later', () => {
  const output = (imports: Metafile['outputs'][string]['imports'], entryPoint?: string): Metafile['outputs'][string] => ({
    bytes: 1,
    inputs: {},
    exports: [],
    imports,
    ...(entryPoint === undefined ? {} : { entryPoint }),
  });
  const outputs = {
    'bundle/app.js': output(
      [
        { path: 'bundle/shared.js', kind: 'import-statement' },
        { path: 'bundle/later.js', kind: 'dynamic-import' },
        { path: 'xstate', kind: 'import-statement', external: true },
      ],
      'app.js',
    ),
    'bundle/later.js': output([{ path: 'bundle/of-later.js', kind: 'import-statement' }], 'later.ts'),
    'bundle/of-later.js': output([]),
    'bundle/shared.js': output([{ path: 'bundle/deeper.js', kind: 'import-statement' }]),
    'bundle/deeper.js': output([]),
  };
  assert.equal(atOnce({ inputs: {}, outputs }, 'app.js'), ['bundle/app.js', 'bundle/shared.js', 'bundle/deeper.js']);
  assert.equal(bundleFaults({ inputs: {}, outputs }), ['xstate is not in the bundle and would be loaded by name']);
});

bundles.run();
sizes.run();
