import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostContract } from '../../../adapters/contracts/host.js';
import { nodeHost } from '../../../adapters/hosts/node.js';
import { version } from '../../../adapters/hosts/platform.js';

const node = suite('node host');

hostContract(node, () => ({ host: nodeHost(), advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) }));

node('its name holds the version of the package and of Node', () => {
  const { version: published } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  assert.is(version, published);
  assert.is(nodeHost().agent, `ninelives/${published} node/${process.versions.node}`);
});

node('a timer keeps the process running', () => {
  const handle = nodeHost().clock.setTimeout(() => undefined, 1000);
  assert.is((handle as NodeJS.Timeout).hasRef(), true);
  nodeHost().clock.clearTimeout(handle);
});

node.run();
