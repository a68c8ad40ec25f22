/** Each rule of the order of knowledge, broken once in a tree of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkOrder, describe } from '../../scripts/check-order.js';
import { readImports } from '../../scripts/order/imports.js';
import { violations } from '../../scripts/order/rules.js';
import { readTree } from '../../scripts/order/tree.js';

type Files = Readonly<Record<string, string>>;

const found = (files: Files): string => describe(violations(readTree(new Map(Object.entries(files)))));

/** Two files: one that imports, and what it imports. */
const arrow = (from: string, specifier: string, to?: string, how = 'import'): string =>
  found({ [from]: `${how} { x } from '${specifier}';`, ...(to === undefined ? {} : { [to]: 'export const x = 1;' }) });

const order = suite('the order of knowledge');

order('lets each layer know those before it', () => {
  const files = {
    'machines/a.ts': `import { setup } from 'xstate'; import { b } from './b.js';`,
    'machines/b.ts': '',
    'src/wire/frames.ts': `import { b } from '../../machines/b.js';`,
    'adapters/sockets/memory.ts': `import { f } from '../../src/wire/frames.js'; import { WebSocket } from 'partysocket';`,
    'src/client/index.node.ts': `import { m } from '../../adapters/sockets/memory.js'; import WebSocket from 'ws';`,
    'src/server/index.ts': `import * as E from 'fp-ts/lib/Either.js'; import { pipe } from 'fp-ts'; import * as t from 'io-ts';`,
    'test/a.test.ts': `import { x } from '../src/server/index.js'; import { y } from '../src/client/index.node.js';`,
  };
  assert.is(found(files), '');
});

const forbidden: Readonly<Record<string, readonly [from: string, specifier: string, to?: string]>> = {
  'a machine that knows the wire': ['machines/a.ts', '../src/wire/frames.js', 'src/wire/frames.ts'],
  'a machine that knows a package other than xstate': ['machines/a.ts', 'ws'],
  'a machine that knows Node': ['machines/a.ts', 'node:timers'],
  'the wire knowing an adapter': ['src/wire/a.ts', '../../adapters/sockets/memory.js', 'adapters/sockets/memory.ts'],
  'the wire knowing the client': ['src/wire/a.ts', '../client/client.js', 'src/client/client.ts'],
  'an adapter that knows the server': ['adapters/auth/jwt.ts', '../../src/server/log.js', 'src/server/log.ts'],
  'an adapter that knows another of its port': ['adapters/stores/sqlite/open.ts', '../memory.js', 'adapters/stores/memory.ts'],
  'an adapter that knows one of another port': [
    'adapters/transports/ninelives.ts',
    '../sockets/websocket.js',
    'adapters/sockets/websocket.ts',
  ],
  'what adapters share knowing one of them': ['adapters/stores/rules.ts', './memory.js', 'adapters/stores/memory.ts'],
  'the client knowing the server': ['src/client/a.ts', '../server/b.js', 'src/server/b.ts'],
  'the server knowing the client': ['src/server/a.ts', '../client/b.js', 'src/client/b.ts'],
  'product code that knows a test': ['src/fp/a.ts', '../../test/support/x.js', 'test/support/x.ts'],
  'product code that imports itself as a package': ['adapters/auth/jwt.ts', 'ninelives/server'],
  'a file that is not there': ['src/server/a.ts', './b.js'],
};

for (const [title, [from, specifier, to]] of Object.entries(forbidden))
  order(`forbids ${title}`, () => {
    assert.match(arrow(from, specifier, to), `${from}:1: imports '${specifier}'`);
  });

order('forbids these as types as well', () => {
  assert.match(arrow('machines/a.ts', '../src/wire/frames.js', 'src/wire/frames.ts', 'import type'), 'machines know only');
});

order("lets the files of one adapter, and what a port's adapters share, know each other", () => {
  const files = {
    'adapters/stores/sqlite/open.ts': `import { x } from '../rules.js'; import { y } from '../sqlite-driver.js'; import { z } from './rows.js';`,
    'adapters/stores/sqlite/rows.ts': '',
    'adapters/stores/sqlite-driver.ts': '',
    'adapters/stores/rules.ts': '',
  };
  assert.is(found(files), '');
});

for (const specifier of ['fp-ts/Either', 'fp-ts/lib/Either', 'fp-ts/es6/Either.js', 'io-ts/PathReporter'])
  order(`forbids '${specifier}' everywhere, since tsc takes it and Node does not`, () => {
    assert.match(arrow('test/a.test.ts', specifier), 'Node does not');
  });

for (const from of [
  'src/client/a.ts',
  'adapters/sockets/a.ts',
  'adapters/transports/a.ts',
  'adapters/hosts/browser.ts',
  'src/wire/frames.ts',
])
  order(`lets ${from} import fp-ts and io-ts as types only`, () => {
    assert.match(arrow(from, 'io-ts'), 'as types only');
    assert.is(arrow(from, 'io-ts', undefined, 'import type'), '');
  });

order('takes an import of nothing but types inside braces for what it is: one that is still made', () => {
  assert.match(found({ 'src/client/a.ts': `import { type Either } from 'fp-ts/lib/Either.js';` }), 'as types only');
});

order('lets the codecs of the wire use io-ts', () => {
  assert.is(arrow('src/wire/codecs/hello.ts', 'io-ts'), '');
});

const browser = suite("what a browser's entry loads");
const ENTRY = 'src/client/index.browser.ts';

browser('may not be a Node module, however far away', () => {
  const said = found({
    [ENTRY]: `export { a } from './a.js';`,
    'src/client/a.ts': `import { b } from '../inspect/b.js';`,
    'src/inspect/b.ts': `const fs = await import('fs');`,
  });
  assert.match(said, `src/inspect/b.ts:1: imports 'fs'`);
  assert.match(said, 'src/client/index.browser.ts -> src/client/a.ts -> src/inspect/b.ts');
});

browser('may not be ws, the server or a codec', () => {
  assert.match(found({ [ENTRY]: `import WebSocket from 'ws';` }), 'has its own WebSocket');
  assert.match(
    found({ [ENTRY]: `export * from '../wire/codec.js';`, 'src/wire/codec.ts': `import * as t from 'io-ts';` }),
    'does not load fp-ts or io-ts',
  );
  assert.match(
    found({
      [ENTRY]: `export * from '../inspect/i.js';`,
      'src/inspect/i.ts': `export * from '../server/s.js';`,
      'src/server/s.ts': '',
    }),
    'does not load the server',
  );
});

browser('may be named as types', () => {
  assert.is(found({ [ENTRY]: `import type { Server } from 'node:http';` }), '');
});

const reading = suite('reading imports');

reading('finds every way to import, and its line', () => {
  const text = `import a from 'a';\nimport 'b';\nexport * from 'c';\nconst d = await import('d');\nlet e: import('e').E;\nimport type { F } from 'f';\nexport type { G } from 'g';`;
  assert.equal(
    readImports('x.ts', text).map(({ specifier, typeOnly, line }) => `${specifier}${line}${typeOnly ? ' type' : ''}`),
    ['a1', 'b2', 'c3', 'd4', 'e5 type', 'f6 type', 'g7 type'],
  );
});

reading('is not fooled by strings and comments', () => {
  assert.equal(readImports('x.ts', `// import 'a'\nconst s = "import 'b'";`), []);
});

reading('goes over a tree on the disk', () => {
  const root = mkdtempSync(join(tmpdir(), 'ninelives-order-'));
  const path = join(root, 'machines/session/a.ts');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `import { readFileSync } from 'node:fs';`);
  const said = describe(checkOrder(root));
  rmSync(root, { recursive: true });
  assert.match(said, 'machines/session/a.ts:1');
});

order.run();
browser.run();
reading.run();
