import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reasonCodes, reasons } from '../../machines/reasons.js';
import { remedyOf } from '../../machines/remedies.js';
import { stale } from '../../scripts/generate.js';
import { errorsPage } from '../../scripts/generators/errors.js';
import { dependencyFaults, scriptFaults } from '../../scripts/support/docs.js';

const docs = suite('what the docs say about package.json');

docs('a dependency of any kind needs its line', () => {
  const manifest = { dependencies: { a: '1' }, devDependencies: { '@b/c': '1' }, peerDependencies: { d: '1' }, overrides: { e: '1' } };
  assert.equal(dependencyFaults(manifest, '- `a` is it.\n- `@b/c` too.\n- `d` also.\n- `e` as well.\n'), []);
  assert.equal(dependencyFaults(manifest, '- `a` is it.\n- `d` also.\n- `e` as well.\nand `@b/c` in passing').length, 1);
});

docs('a line about what is no dependency is stale', () => {
  assert.equal(dependencyFaults({}, '- `gone` was good.'), ['`gone` has a line, but is no dependency']);
});

docs('a script that a page names must exist', () => {
  const manifest = { scripts: { test: 'x', 'test:package': 'x' } };
  assert.equal(scriptFaults(manifest, 'Run `npm test -- NAME` or `npm run test:package`, then npm install.'), []);
  assert.equal(scriptFaults(manifest, '`npm start`, `npm run benchmark`').length, 2);
});

docs.run();

const generated = suite('generated pages');

generated('one that is not what its generator says is stale', async () => {
  const found = await stale([{ path: 'package.json', generate: () => 'else' }]);
  assert.equal([...found], [['package.json', 'else']]);
});

generated('one that is not there is stale', async () => {
  assert.is((await stale([{ path: 'docs/nowhere.md', generate: async () => 'new' }])).size, 1);
});

generated('the page of errors has every code, sentence, remedy and close code of the table', () => {
  const page = errorsPage();
  for (const code of reasonCodes) {
    const section = page.slice(page.indexOf(`### ${code}\n`)).split('\n### ')[0] ?? '';
    assert.ok(section.includes(reasons[code].what) && section.includes(remedyOf(code)), code);
    if (reasons[code].closeCode !== null) assert.match(section, `close code: ${reasons[code].closeCode}.`);
  }
});

generated.run();
