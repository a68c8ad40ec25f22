import type { Metafile } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bundleFaults } from '../../scripts/package/bundle.js';

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

bundles.run();
