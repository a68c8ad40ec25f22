/** The examples of docs/testing.md, run as they are written, by the runner that they are written for. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('docs/testing.md');

const page = readFileSync('docs/testing.md', 'utf8');

/** The package's names stand for this folder's sources. */
const here = (text: string): string =>
  text.replaceAll(/'ninelives\/(server|testing|adapters\/[a-z/-]+)'/g, (_, entry: string) => {
    const file = entry.startsWith('adapters/') ? `${entry}.ts` : `src/${entry}/index.ts`;
    return `'${pathToFileURL(resolve(file)).href}'`;
  });

const blocks = [...page.matchAll(/<!-- run: (\S+) -->\n```js\n([\s\S]*?)```/g)].map(([, name = '', text = '']) => ({ name, text }));

test('each of its examples is a test that passes', async () => {
  const folder = mkdtempSync(join('test', '.testing-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    for (const { name, text } of blocks) writeFileSync(join(folder, name), here(text));
    const tests = blocks.filter(({ name }) => name.endsWith('.test.js'));
    writeFileSync(join(folder, 'all.js'), tests.map(({ name }) => `import './${name}';`).join('\n'));
    const child = spawn(process.execPath, ['--import', 'tsx', join(folder, 'all.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
    });
    const [code] = await once(child, 'close');
    assert.is(code, 0, said);
    for (const { text } of tests) for (const [, title] of text.matchAll(/^test\('([^']+)'/gm)) assert.ok(said.includes(title ?? ''), title);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('none of its examples is left out', () => {
  assert.is(blocks.length, page.match(/^```js$/gm)?.length);
});

test.run();
