/** Blocks of the guide that are marked to be run, run as they are written. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DatabaseSync } from '../adapters/stores/sqlite/scratch.js';

const test = suite('the guide');

const guide = readFileSync('docs/guide.md', 'utf8');

const block = (name: string): string => {
  const [, text] = new RegExp(`<!-- run: ${name} -->\\n\`\`\`js\\n([\\s\\S]*?)\`\`\``).exec(guide) ?? [];
  if (text === undefined) throw new Error(`docs/guide.md has no block that is marked as run: ${name}.`);
  return text;
};

test('a handler that knows its message by its id may be run again: it changes nothing', async () => {
  const folder = mkdtempSync(join('test', '.guide-'));
  try {
    const orders = join(folder, 'orders.db');
    const driver = pathToFileURL(resolve('test/adapters/stores/sqlite/scratch.ts')).href;
    const text = block('idempotent').replace("'node:sqlite'", `'${driver}'`).replace("'orders.db'", `'${orders}'`);
    const program = `${text.replace('server.on(', 'export const run = (server) => server.on(')}\nexport const close = () => db.close();`;
    const file = join(folder, 'orders.mjs');
    writeFileSync(file, program);
    const { run, close } = (await import(pathToFileURL(resolve(file)).href)) as {
      readonly run: (server: unknown) => void;
      readonly close: () => void;
    };
    type Handler = (order: unknown, message: { readonly id: string }) => void;
    let handle: Handler = () => assert.unreachable('no handler was registered');
    const sent: unknown[] = [];
    const session = { on: (_: string, handler: Handler) => (handle = handler), send: (...what: unknown[]) => sent.push(what) };
    run({ on: (_: string, listener: (given: typeof session) => void) => listener(session) });
    for (const id of ['s:up:1', 's:up:1', 's:up:2']) handle({ sku: 'tea', amount: 2 }, { id });
    close();
    const db = new DatabaseSync(orders, { readOnly: true });
    assert.is(db.prepare('SELECT * FROM orders').all().length, 2);
    db.close();
    assert.is(sent.length, 3, 'it is told each time');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
