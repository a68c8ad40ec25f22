/** The tour of the README, run as it is written: its blocks, one after the other, in one program. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { freePort } from '../support/tcp.js';

const test = suite('the README');

const readme = readFileSync('README.md', 'utf8');

const block = (name: string): string => {
  const [, text] = new RegExp(`<!-- run: ${name} -->\\n\`\`\`js\\n([\\s\\S]*?)\`\`\``).exec(readme) ?? [];
  if (text === undefined) throw new Error(`README.md has no block that is marked as run: ${name}.`);
  return text;
};

/** The package's names stand for this folder's sources, and its port for a free one. */
const here = (text: string, port: number): string =>
  text
    .replaceAll("'ninelives/server'", `'${pathToFileURL(resolve('src/server/index.ts')).href}'`)
    .replaceAll("'ninelives'", `'${pathToFileURL(resolve('src/client/index.node.ts')).href}'`)
    .replaceAll('4150', String(port));

test('the tour runs as it is written: a guest talks, a user signs in', async () => {
  const folder = mkdtempSync(join('test', '.readme-'));
  try {
    const port = await freePort();
    const program = `${here([block('server'), block('guest')].join('\n'), port)}
      await new Promise((resolve) => result.session.on('chat', resolve));
      ${here(block('authenticated'), port)}
      await server.close();`;
    const file = join(folder, 'tour.mts');
    writeFileSync(file, program);
    const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    const texts = ['', ''];
    child.stdout.on('data', (data) => (texts[0] += data));
    child.stderr.on('data', (data) => (texts[1] += data));
    const [code] = await once(child, 'close');
    assert.is(code, 0, texts.join('\n'));
    assert.match(texts[0] ?? '', /jane\.doe@chatkitty\.com: hi/);
    assert.match(texts[0] ?? '', /^false$/m);
    assert.is(texts[1], '');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the calls of a session stand in it as its users know them', () => {
  for (const call of [
    'kitty.startSession({',
    'result.succeeded',
    'result.session;',
    'result.failed',
    'result.error;',
    'kitty.endSession();',
  ])
    assert.ok(readme.includes(call), call);
});

test.run();
