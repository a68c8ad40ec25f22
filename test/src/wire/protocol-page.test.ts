import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reasonCodes, reasons } from '../../../machines/reasons.js';
import { reasonsTable, withReasons } from '../../../scripts/generators/protocol-reasons.js';

const page = readFileSync('docs/protocol.md', 'utf8');
const rules = [...page.matchAll(/\*\*\[R(\d+)\]\*\*/g)].map(([, n]) => Number(n));
const sources = ['machines', 'src', 'adapters'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file)),
);

/** The tags of all frames: the vectors have every one. */
const tags = new Set(
  ['client-frames', 'server-frames']
    .flatMap((file) => JSON.parse(readFileSync(`test/vectors/${file}.json`, 'utf8')) as readonly { readonly text: string }[])
    .flatMap(({ text }) => (JSON.parse(text) as readonly (readonly [string])[]).map(([tag]) => tag)),
);

const protocolPage = suite('docs/protocol.md');

// A rule that is added later stands where it belongs, under the next free number.
protocolPage('numbers its rules without gap or repetition', () => {
  assert.equal(
    [...rules].sort((a, b) => a - b),
    rules.map((_, index) => index + 1),
  );
  assert.ok(rules.length > 50);
});

protocolPage('has every rule that it, or the code, names', () => {
  const named = [{ file: 'docs/protocol.md', text: page }, ...sources.map((file) => ({ file, text: readFileSync(file, 'utf8') }))];
  for (const { file, text } of named) {
    for (const [rule, n] of text.matchAll(/\[R(\d+)\]/g)) assert.ok(rules.includes(Number(n)), `${file} names ${rule}`);
  }
});

protocolPage('describes every frame', () => {
  for (const tag of tags) assert.ok(page.includes(`["${tag}"`), tag);
});

protocolPage('has every reason that goes over the wire, with its close code, and no other', () => {
  const table = reasonsTable();
  for (const code of reasonCodes) {
    const { sayer, closeCode } = reasons[code];
    assert.is(table.includes(`| \`${code}\` | ${sayer} | ${closeCode ?? ''} |`), sayer !== 'local', code);
  }
});

protocolPage('names, for each bad input, the close code that the table of reasons gives', () => {
  const rows = page.slice(page.indexOf('## Bad input')).matchAll(/^\|.*`(\w+Error)`.*\| (\d+) \|$/gm);
  let count = 0;
  for (const [row, code, closeCode] of rows) {
    count++;
    assert.is(reasons[code as keyof typeof reasons].closeCode, Number(closeCode), row);
  }
  assert.ok(count > 15, String(count));
});

const generator = suite('the generator of the table of reasons');

generator('rewrites what is between its marks, and nothing else', () => {
  const made = withReasons('before\n<!-- reasons:begin -->\nold\n<!-- reasons:end -->\nafter\n');
  assert.is(made, `before\n<!-- reasons:begin -->\n${reasonsTable()}\n<!-- reasons:end -->\nafter\n`);
  assert.is(withReasons(made), made);
});

generator('refuses a page without its marks', () => {
  assert.throws(() => withReasons('a page'), /reasons:begin/);
  assert.throws(() => withReasons('<!-- reasons:end --><!-- reasons:begin -->'), /reasons:end/);
});

protocolPage.run();
generator.run();
