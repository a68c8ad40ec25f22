/** The client itself in a real page and in a real worker. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ServerOptions } from '../../src/server/index.js';
import { helloFromProtocols } from '../../src/wire/hello.js';
import { launch, needsChromium } from '../support/browser.js';
import { startPageServer } from '../support/page-server.js';
import type { Report, Who } from './probe.js';
import { openContext, openTab, PASSWORD, startChatServer, type Tab, temporaryFolder } from './stage.js';
import type { Watched } from './watch.js';

needsChromium();

/** A name of a host that is not this machine, though this machine answers to it. */
const SHOP = 'shop.test';

const folder = await temporaryFolder();
await build({
  entryPoints: { page: 'test/browser/probe-page.ts', worker: 'test/browser/probe-worker.ts' },
  outdir: folder.path,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  logLevel: 'warning',
});
await writeFile(
  join(folder.path, 'index.html'),
  '<!doctype html><meta charset="utf-8"><title>Probe</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>',
);
const browser = await launch({ hosts: { [SHOP]: '127.0.0.1' } });

interface Scene {
  readonly tab: Tab;
  /** Where the session server is. */
  readonly url: string;
  readonly ended: Promise<string>;
}

/** A page of this host, and a session server: the page's own, unless the page's host is another. */
const scene = async (play: (scene: Scene) => Promise<void>, options: ServerOptions = {}, host?: string): Promise<void> => {
  const pages = await startPageServer(folder.path);
  const elsewhere = host === undefined ? null : await startPageServer(folder.path);
  const server = await startChatServer(pages, options);
  const ended = new Promise<string>((resolve) => server.on('ended', (_session, { reason }) => resolve(reason)));
  const context = await openContext(browser);
  try {
    const tab = await openTab(context, `http://${host ?? '127.0.0.1'}:${(elsewhere ?? pages).port}/`);
    await tab.page.waitForFunction(() => 'probe' in window);
    await play({ tab, url: `ws://127.0.0.1:${pages.port}/`, ended });
  } finally {
    await context.close();
    await server.close();
    await pages.close();
    await elsewhere?.close();
  }
};

const playIn = ({ page }: Tab, url: string, who: Who): Promise<Report> =>
  page.evaluate(([to, by]) => window.probe.play(to, by), [url, who] as const);

const watchedIn = ({ page }: Tab): Promise<Watched> => page.evaluate(() => window.probe.watched());

const whole = (report: Report): void => {
  assert.equal(
    { ...report, final: report.final.status },
    {
      started: true,
      code: null,
      message: null,
      user: 'Jösé 🐈',
      heard: ['from a browser'],
      confirmed: 'handled',
      reply: 42,
      unhandled: 'RequestUnhandledError',
      second: 'SessionActiveError',
      endReason: 'ended',
      events: ['active', 'ended'],
      final: 'ended',
    },
  );
};

const nothingLeft = ({ listeners, timers, sockets }: Watched): void =>
  assert.equal({ listeners, timers, sockets }, { listeners: [], timers: 0, sockets: 0 });

const client = suite('the client in a browser');

client('listens to nothing, waits for nothing and opens nothing by being imported', () =>
  scene(async ({ tab }) => {
    const { listenersAdded, timersSet, offered } = await watchedIn(tab);
    assert.equal({ listenersAdded, timersSet, offered }, { listenersAdded: 0, timersSet: 0, offered: [] });
    assert.equal(tab.complaints, []);
  }),
);

client('starts, sends, asks and ends in a page, and leaves nothing behind', () =>
  scene(async ({ tab, url }) => {
    whole(await playIn(tab, url, { username: 'Jösé 🐈' }));
    await tab.page.waitForFunction(() => window.probe.watched().sockets === 0);
    const left = await watchedIn(tab);
    nothingLeft(left);
    assert.ok(left.listenersAdded > 0 && left.timersSet > 0, 'It did listen and wait while there was a session.');
    assert.equal(tab.complaints, []);
  }),
);

client('says its hello in the upgrade request, whatever the letters of the name, and is granted the protocol alone', () =>
  scene(async ({ tab, url }) => {
    await playIn(tab, url, { username: 'Jösé 🐈', password: PASSWORD });
    const [offer] = (await watchedIn(tab)).offered;
    assert.is(offer?.granted, 'ninelives.v1');
    const offered = helloFromProtocols(offer?.protocols ?? []);
    assert.is(offered.kind, 'hello');
    if (offered.kind !== 'hello') return;
    assert.is(offered.frame.hello.start?.username, 'Jösé 🐈');
    assert.equal(offered.frame.hello.start?.authParams, { password: PASSWORD });
    assert.match(offered.frame.hello.agent ?? '', /^ninelives\/.*Chrome/);
  }),
);

client('leaves nothing behind after a start that was denied', () =>
  scene(async ({ tab, url }) => {
    const { started, code, final } = await playIn(tab, url, { username: 'jane', password: 'a wrong one' });
    assert.equal({ started, code, status: final.status }, { started: false, code: 'AccessDeniedError', status: 'idle' });
    await tab.page.waitForFunction(() => window.probe.watched().sockets === 0);
    nothingLeft(await watchedIn(tab));
    assert.equal(tab.complaints, []);
  }),
);

client('does the same in a worker', () =>
  scene(async ({ tab, url }) => {
    const { report, imported, left } = await tab.page.evaluate(
      (asked) =>
        new Promise<{ readonly report: Report; readonly imported: Watched; readonly left: Watched }>((resolve, reject) => {
          const worker = new Worker('worker.js', { type: 'module' });
          worker.onerror = ({ message }) => reject(new Error(`The worker failed: ${message}`));
          worker.onmessage = ({ data }) => (data === 'ready' ? worker.postMessage(asked) : resolve(data));
        }),
      { url, who: { username: 'Jösé 🐈' } },
    );
    whole(report);
    assert.equal([imported.listenersAdded, imported.timersSet, imported.offered], [0, 0, []]);
    nothingLeft(left);
    assert.equal(tab.complaints, []);
  }),
);

client('says goodbye when its page is left', () =>
  scene(async ({ tab, url, ended }) => {
    const started = await tab.page.evaluate((to) => window.probe.begin(to, { username: 'jane' }), url);
    assert.is(started, true);
    await tab.page.goto('about:blank');
    assert.is(await ended, 'ended');
  }),
);

client('is refused from a page of another origin, with an error that names the option', () =>
  scene(
    async ({ tab, url }) => {
      const { code, message } = await playIn(tab, url, { username: 'jane' });
      assert.is(code, 'OriginNotAllowedError');
      assert.match(message ?? '', /`origins`/);
    },
    {},
    SHOP,
  ),
);

client('is served from a page of another origin where the option lists it', async () => {
  // The origin has the page server's port in it, which is known only once it runs.
  const pages = await startPageServer(folder.path);
  const shop = await startPageServer(folder.path);
  const server = await startChatServer(pages, { origins: [`http://${SHOP}:${shop.port}`] });
  const context = await openContext(browser);
  try {
    const tab = await openTab(context, `http://${SHOP}:${shop.port}/`);
    await tab.page.waitForFunction(() => 'probe' in window);
    whole(await playIn(tab, `ws://127.0.0.1:${pages.port}/`, { username: 'Jösé 🐈' }));
  } finally {
    await context.close();
    await server.close();
    await Promise.all([pages.close(), shop.close()]);
  }
});

client.after(async () => {
  await browser.close();
  await folder.remove();
});

client.run();
