/** What the kit promises its users: a test of ten minutes offline is short, and quick. It is the example of docs/testing.md that is measured. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('a test of ten minutes offline');

/** What is measured: fewer lines than this, from the title to the end of the test, and less time, in milliseconds. */
const linesMax = 20;
const msMax = 50;
/** How often it is run: the best one says what it takes, the others what else this machine did. */
const runs = 10;

const page = readFileSync('docs/testing.md', 'utf8');
const block = (name: string): string => page.split(`<!-- run: ${name} -->\n\`\`\`js\n`)[1]?.split('```')[0] ?? '';
const entry = (name: string): string => pathToFileURL(resolve(`src/${name}/index.ts`)).href;

/** The tests of an example, by their titles. */
const testsOf = async (name: string): Promise<ReadonlyMap<string, () => Promise<void>>> => {
  const folder = mkdtempSync(join('test', '.offline-'));
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'runner.js'), 'export const tests = new Map();\nexport const test = (title, run) => tests.set(title, run);');
    writeFileSync(join(folder, 'chat.js'), block('chat.js'));
    writeFileSync(
      join(folder, name),
      block(name)
        .replace("'node:test'", "'./runner.js'")
        .replace("'ninelives/testing'", `'${entry('testing')}'`),
    );
    await import(pathToFileURL(resolve(folder, name)).href);
    const { tests } = await import(pathToFileURL(resolve(folder, 'runner.js')).href);
    return tests as ReadonlyMap<string, () => Promise<void>>;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('takes under 20 lines and under 50 ms', async () => {
  const title = 'what is said in a tunnel arrives behind it, once and in order';
  const lines = block('offline.test.js').split(`test('${title}'`)[1]?.split('\n});')[0]?.split('\n').length ?? linesMax;
  const run = (await testsOf('offline.test.js')).get(title);
  assert.ok(run !== undefined);
  await run();
  const times: number[] = [];
  for (let n = 0; n < runs; n += 1) {
    const begunAt = performance.now();
    await run();
    times.push(performance.now() - begunAt);
  }
  times.sort((a, b) => a - b);
  console.log(`${lines + 1} lines; ${times[0]?.toFixed(1)} ms, at most ${times.at(-1)?.toFixed(1)} ms`);
  assert.ok(lines + 1 < linesMax);
  assert.ok((times[0] ?? msMax) < msMax);
});

test.run();
