/** Sessions in a real browser whose pages are loaded again, duplicated and cut off: nothing lost, and nothing doubled unmarked. */

import type { BrowserContext, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { launch, needsChromium } from '../support/browser.js';
import { until } from '../support/until.js';
import { bothWhole, buildCountingPage, type CountingServer, startCountingServer, type Tally } from './counting.js';
import { openContext, openTab } from './stage.js';

needsChromium();

/** A name of a host that is no secure context: no Web Locks there. */
const INSECURE = 'shop.test';
/** How often each side counts, in milliseconds. */
const EVERY_MS = 5;

const folder = await buildCountingPage();
const browser = await launch({ hosts: { [INSECURE]: '127.0.0.1' } });

interface Scene {
  readonly server: CountingServer;
  readonly context: BrowserContext;
  /** The page's address. */
  readonly address: string;
  readonly page: Page;
  readonly complaints: readonly string[];
}

const scene = async (play: (scene: Scene) => Promise<void>, host = '127.0.0.1'): Promise<void> => {
  const server = await startCountingServer(folder.path, host);
  const context = await openContext(browser);
  try {
    const address = `http://${host}:${server.pages.port}/`;
    const { page, complaints } = await openTab(context, address);
    await play({ server, context, address, page, complaints });
  } finally {
    await context.close();
    await server.close();
  }
};

const tallyOf = (page: Page) => (): Promise<Tally> =>
  page
    .waitForFunction(() => 'counting' in window)
    .then(() =>
      page.evaluate(async () => {
        const { kitty, sessionId, resumed, events, sent, heard } = await window.counting;
        const { status, persisted, unconfirmed } = kitty.getSnapshot();
        return { sessionId, resumed, status, persisted, unconfirmed, events, sent: sent(), heard: heard() };
      }),
    );

const count = (page: Page, everyMs: number): Promise<void> => page.evaluate(async (every) => (await window.counting).count(every), everyMs);

const reload = suite('a page in a browser');

reload('has its session still when it is loaded again, and again, while both sides count', () =>
  scene(async ({ server, page, complaints }) => {
    const { sessionId, resumed, persisted } = await tallyOf(page)();
    assert.equal([resumed, persisted], [false, true]);
    const mine = server.of(sessionId);
    server.count(EVERY_MS);
    for (let load = 1; load <= 6; load += 1) {
      await count(page, EVERY_MS);
      const had = mine.up.length;
      await until(() => mine.up.length > had + 20, 'it counts');
      await page.reload();
      const again = await tallyOf(page)();
      assert.equal([again.resumed, again.sessionId, again.events], [true, sessionId, ['active']]);
    }
    server.count(0);
    await bothWhole(mine, tallyOf(page));
    assert.equal([server.counts.length, server.ended, complaints], [1, [], []]);
  }),
);

reload('that is left for another site and come back to has its session still', () =>
  scene(async ({ server, address, page }) => {
    const { sessionId } = await tallyOf(page)();
    await page.goto('about:blank');
    await page.goto(address);
    const again = await tallyOf(page)();
    assert.equal([again.resumed, again.sessionId, server.counts.length], [true, sessionId, 1]);
  }),
);

reload('keeps no secret once its session was ended', () =>
  scene(async ({ page }) => {
    const { sessionId } = await tallyOf(page)();
    const keys = (): Promise<string[]> => page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('ninelives:')));
    assert.equal(await keys(), [`ninelives:${sessionId}`]);
    await page.evaluate(async () => (await window.counting).kitty.endSession());
    assert.equal(await keys(), []);
  }),
);

reload('that has no room left to store in says so, and goes on', () =>
  scene(async ({ server, context, page }) => {
    const { sessionId } = await tallyOf(page)();
    await page.evaluate(() => {
      for (let size = 1_000_000; size >= 1; size = Math.floor(size / 2))
        for (let n = 0; ; n += 1)
          try {
            sessionStorage.setItem(`fill ${size} ${n}`, 'x'.repeat(size));
          } catch {
            break;
          }
    });
    // As long as it is not confirmed there is something to keep.
    await context.setOffline(true);
    await until(async () => (await tallyOf(page)()).status === 'lost', 'the loss is noticed');
    await page.evaluate(async () => void (await window.counting).kitty.session?.send('up', 1));
    await until(async () => !(await tallyOf(page)()).persisted, 'it is not kept');
    await context.setOffline(false);
    await until(() => server.of(sessionId).up.length === 1, 'it arrives');
    assert.is((await tallyOf(page)()).status, 'active');
  }),
);

const offline = suite('a browser that is offline and back');

offline('resumes the session: what both sides counted meanwhile is there', () =>
  scene(async ({ server, context, page }) => {
    const { sessionId } = await tallyOf(page)();
    const mine = server.of(sessionId);
    server.count(EVERY_MS);
    await count(page, EVERY_MS);
    await until(() => mine.up.length > 20, 'it counts');
    await context.setOffline(true);
    await until(async () => (await tallyOf(page)()).status === 'lost', 'the loss is noticed');
    await context.setOffline(false);
    await until(async () => (await tallyOf(page)()).events.at(-1) === 'resumed', 'it is resumed');
    server.count(0);
    await count(page, 0);
    const { events } = await bothWhole(mine, tallyOf(page));
    assert.equal(events, ['active', 'lost', 'resumed']);
    assert.is(server.counts.length, 1);
  }),
);

/** A window that a page opens has a copy of what its tab keeps, as a duplicated tab has. */
const duplicate = async (context: BrowserContext, page: Page, address: string): Promise<Page> => {
  const opened = context.waitForEvent('page');
  await page.evaluate((to) => void window.open(to), address);
  return opened;
};

const ownSession = (host: string) =>
  scene(async ({ server, context, address, page, complaints }) => {
    const first = await tallyOf(page)();
    await count(page, EVERY_MS);
    const copy = await duplicate(context, page, `${address}?fresh`);
    const second = await tallyOf(copy)();
    assert.is(second.resumed, false);
    assert.is.not(second.sessionId, first.sessionId);
    server.count(EVERY_MS);
    await count(copy, EVERY_MS);
    await until(() => server.counts.every(({ up }) => up.length > 20), 'both count');
    // Each has its own again.
    await page.reload();
    await copy.reload();
    server.count(0);
    for (const [tab, { sessionId }] of [
      [page, first],
      [copy, second],
    ] as const) {
      const again = await tallyOf(tab)();
      assert.equal([again.resumed, again.sessionId, again.persisted], [true, sessionId, true]);
    }
    await bothWhole(server.of(first.sessionId), tallyOf(page));
    assert.equal([server.counts.length, server.ended, complaints], [2, [], []]);
  }, host);

const copies = suite('a duplicated tab in a browser');
copies('has a session of its own, and the first goes on with its own', () => ownSession('127.0.0.1'));
copies('has one outside a secure context too, where there are no locks', () => ownSession(INSECURE));

copies.after(async () => {
  await browser.close();
  await folder.remove();
});

reload.run();
offline.run();
copies.run();
