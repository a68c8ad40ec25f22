/** A session whose page is hidden, and then frozen, as browsers do with tabs that nobody looks at: it is there again, with nothing lost or doubled. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { needsChromium } from '../support/browser.js';
import { launchTabs } from '../support/tabs-browser.js';
import { until } from '../support/until.js';
import { bothWhole, buildCountingPage, startCountingServer, type Tally } from './counting.js';

needsChromium();

/** How often each side counts, in milliseconds. */
const EVERY_MS = 10;

const folder = await buildCountingPage();
const browser = await launchTabs();

const TALLY = `window.counting.then(({ kitty, sessionId, resumed, events, sent, heard }) => {
  const { status, persisted, unconfirmed } = kitty.getSnapshot();
  return { sessionId, resumed, status, persisted, unconfirmed, events, sent: sent(), heard: heard() };
})`;

const hidden = suite('a page that nobody looks at');

hidden('counts on while it is hidden; frozen, it is lost to the server; thawed, it resumes, and nothing is lost or doubled', async () => {
  const server = await startCountingServer(folder.path, '127.0.0.1');
  try {
    const tab = await browser.open(`http://127.0.0.1:${server.pages.port}/`);
    await until(() => tab.evaluate<boolean>(`'counting' in window`), 'the page is there');
    const tally = () => tab.evaluate<Tally>(TALLY);
    const { sessionId } = await tally();
    const mine = server.of(sessionId);
    server.count(EVERY_MS);
    await tab.evaluate(`window.counting.then(({ count }) => count(${EVERY_MS}))`);
    await until(() => mine.up.length > 20, 'it counts');

    const front = await browser.open('about:blank');
    await front.activate();
    await until(() => tab.evaluate<boolean>(`document.visibilityState === 'hidden'`), 'it is hidden');
    const atHiding = { up: mine.up.length, heard: (await tally()).heard.length };
    await until(
      async () => mine.up.length > atHiding.up && (await tally()).heard.length > atHiding.heard + 50,
      'it counts on while it is hidden',
    );

    const lostAt = server.losses.length;
    await tab.freeze();
    const atFreezing = mine.down;
    await until(() => server.losses.length > lostAt, 'the server notices');
    await tab.thaw();
    await tab.activate();
    await until(async () => (await tally()).status === 'active' && (await tally()).heard.length > atFreezing, 'it is back');
    server.count(0);
    await tab.evaluate('window.counting.then(({ count }) => count(0))');
    const told = await bothWhole(mine, tally);
    assert.equal([told.resumed, told.sessionId, told.events], [false, sessionId, ['active', 'lost', 'resumed']]);
    assert.equal([server.counts.length, server.ended], [1, []]);
  } finally {
    await server.close();
  }
});

hidden.after(async () => {
  await browser.close();
  await folder.remove();
});

hidden.run();
