/** The Stately Inspector on a live client in a real page; the viewer is a page of our own, as Stately's needs the network. */
import { createServer as createHttpServer } from 'node:http';
import { build } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from '../../src/server/index.js';
import { launch, needsChromium } from '../support/browser.js';
import { listen, stop } from '../support/tcp.js';

needsChromium();

const test = suite('ninelives/inspect in a page');

const app = `
import { createClient } from './src/client/index.browser.ts';
import { statelyInspector } from './src/inspect/index.browser.ts';
window.run = async (url) => {
  const kitty = createClient({ url, apiKey: 'key-of-the-app', inspect: statelyInspector({ url: '/viewer' }) });
  const result = await kitty.startSession({ username: 'jane', authParams: { password: 'pa55-word-of-jane' } });
  if (result.failed) throw result.error;
  return (await kitty.endSession()).reason;
};
`;

/** A viewer says to its opener that it is there, and keeps what it is sent. */
const viewer = `<script>
window.seen = [];
addEventListener('message', ({ data }) => window.seen.push(data));
opener.postMessage({ type: '@statelyai.connected' }, '*');
</script>`;

test('a window opens on the live machine, and no secret is among what it is sent', async () => {
  const { outputFiles } = await build({
    stdin: { contents: app, resolveDir: '.', loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
  });
  const pages = createHttpServer((request, response) => {
    const isScript = request.url === '/app.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? outputFiles[0]?.text : request.url === '/viewer' ? viewer : '<script type="module" src="/app.js"></script>');
  });
  const port = await listen(pages);
  const server = createServer({ apiKeys: ['key-of-the-app'], guests: false, logger: false, authenticate: () => undefined });
  const { url } = await server.listen(0, { host: '127.0.0.1' });
  const browser = await launch();
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    const opened = context.waitForEvent('page');
    const reason = await page.evaluate((address) => (window as unknown as { run(url: string): Promise<string> }).run(address), url);
    assert.is(reason, 'ended');
    const shown = await opened;
    await shown.waitForFunction(() => JSON.stringify((window as unknown as { seen: unknown[] }).seen).includes('"value":"ended"'));
    const seen = await shown.evaluate(() => JSON.stringify((window as unknown as { seen: unknown[] }).seen));
    assert.ok(seen.includes('"id\\":\\"session\\"'), 'the machine itself is there, to be drawn');
    assert.ok(seen.includes('WELCOMED'));
    assert.not.ok(seen.includes('pa55-word-of-jane'));
    assert.not.ok(seen.includes('key-of-the-app'));
  } finally {
    await browser.close();
    await server.close();
    await stop(pages);
  }
});

test.run();
