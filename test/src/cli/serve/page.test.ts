import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findPage, pageApp } from '../../../../src/cli/serve/page.js';
import { inFolder } from '../support.js';

const page = suite('the page of `ninelives serve`');

const healthy = async () => true;

page('the health says that a store which does not answer is failing', async () => {
  const health = async (isHealthy: () => Promise<boolean>) => {
    const response = await pageApp({ version: '1', folder: null, isHealthy }).request('/health');
    return [response.status, ((await response.json()) as { status: string }).status];
  };
  assert.equal(await health(healthy), [200, 'ok']);
  assert.equal(await health(async () => false), [503, 'failing']);
});

page('where it was not built, it says so and what to do', async () => {
  const response = await pageApp({ version: '1', folder: null, isHealthy: healthy }).request('/');
  assert.is(response.status, 503);
  assert.match(await response.text(), 'npm run build:console');
});

page(
  'its files are served with their types, from its folder and from nowhere else',
  inFolder(async (folder) => {
    mkdirSync(join(folder, 'page'));
    for (const [name, text] of [
      ['page/index.html', '<!doctype html>'],
      ['page/main.js', 'go()'],
      ['page/style.css', 'a {}'],
      ['secret.txt', 'secret'],
    ] as const)
      writeFileSync(join(folder, name), text);
    const app = pageApp({ version: '1', folder: `${folder}/page/`, isHealthy: healthy });
    for (const [path, type, text] of [
      ['/', 'text/html', '<!doctype html>'],
      ['/main.js', 'javascript', 'go()'],
      ['/style.css', 'text/css', 'a {}'],
    ] as const) {
      const response = await app.request(path);
      assert.match(response.headers.get('content-type') ?? '', type);
      assert.match(response.headers.get('content-security-policy') ?? '', "default-src 'self'");
      assert.is(response.headers.get('x-content-type-options'), 'nosniff');
      assert.is(await response.text(), text);
    }
    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/page/../../secret.txt']) {
      const response = await app.request(path);
      assert.is(response.status, 404, path);
      assert.not.match(await response.text(), 'secret');
    }
  }),
);

page(
  'it is found beside the compiled command, and beside the sources where it was built',
  inFolder(async (folder) => {
    const put = (...names: readonly string[]): void => {
      for (const name of names) {
        mkdirSync(join(folder, name, '..'), { recursive: true });
        writeFileSync(join(folder, name), '');
      }
    };
    const from = (name: string): string => pathToFileURL(join(folder, name)).href;
    put('console/index.html', 'console/main.ts');
    assert.is(findPage(from('src/cli/serve/page.ts')), null);
    put('console/dist/index.html', 'console/dist/main.js');
    assert.is(findPage(from('src/cli/serve/page.ts')), join(folder, 'console/dist/'));
    put('dist/console/index.html', 'dist/console/main.js');
    assert.is(findPage(from('dist/src/cli/serve/page.js')), join(folder, 'dist/console/'));
  }),
);

page.run();
