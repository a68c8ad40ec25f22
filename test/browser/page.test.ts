/** The page of `ninelives serve` in a real browser, as a person uses it. */
import type { BrowserContextOptions, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ServerOptions } from '../../src/server/index.js';
import { launch, needsChromium } from '../support/browser.js';
import { buildPage, openContext, openTab, PASSWORD, type Stage, startStage, type Tab } from './stage.js';

needsChromium();

const folder = await buildPage();
const browser = await launch();

const status = (page: Page, name: string): Promise<void> => page.locator(`html[data-status="${name}"]`).waitFor();

const enter = async (page: Page, name: string, password?: string): Promise<void> => {
  await page.getByLabel('Name').fill(name);
  if (password !== undefined) {
    await page.getByLabel('With password').check();
    await page.getByLabel('Password', { exact: true }).fill(password);
  }
  await page.getByRole('button', { name: 'Start session' }).click();
};

const say = async (page: Page, text: string): Promise<void> => {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.keyboard.press('Enter');
};

const fateOf = async (page: Page, text: string, fate: string): Promise<void> =>
  page.locator(`.message.own[data-fate="${fate}"]`, { hasText: text }).waitFor();

const heard = (page: Page, from: string, text: string): Promise<void> =>
  page.locator('.message:not(.own)', { hasText: text }).filter({ hasText: from }).waitFor();

interface Scene {
  readonly stage: Stage;
  readonly tab: () => Promise<Tab>;
}

/** One server and one browser context for a test, both gone after it. */
const scene = async (
  play: (scene: Scene) => Promise<void>,
  { context: look = {}, server = {} }: { readonly context?: BrowserContextOptions; readonly server?: ServerOptions } = {},
): Promise<void> => {
  const stage = await startStage(folder.path, server);
  const context = await openContext(browser, look);
  try {
    await play({ stage, tab: () => openTab(context, stage.url) });
  } finally {
    await context.close();
    await stage.close();
  }
};

const page = suite('the page');

page('lets guests in two tabs talk, and says what became of each message', () =>
  scene(async ({ tab }) => {
    const [jane, joe] = [await tab(), await tab()];
    await enter(jane.page, 'jane');
    await status(jane.page, 'active');
    await enter(joe.page, 'Jösé 🐈');
    await status(joe.page, 'active');
    await say(jane.page, 'hello <b>you</b>');
    await heard(joe.page, 'jane', 'hello <b>you</b>');
    await fateOf(jane.page, 'hello <b>you</b>', 'handled');
    await say(joe.page, 'hello back');
    await heard(jane.page, 'Jösé 🐈', 'hello back');
    assert.is(await jane.page.locator('.message').count(), 2, 'The echo of an own message is that message.');
    assert.is(await jane.page.locator('[data-fact="user"]').textContent(), 'jane, a guest');
    assert.match((await jane.page.locator('[data-fact="session"]').textContent()) ?? '', /^\S{8,}$/);
    await jane.page.locator('[data-fact="roundTrip"]', { hasText: 'ms' }).waitFor();
    assert.is(await jane.page.locator('[data-fact="unconfirmed"]').textContent(), '0');
    assert.equal([...jane.complaints, ...joe.complaints], []);
  }),
);

page('shows the error of a wrong password, lets the right one in, and keeps neither', () =>
  scene(async ({ tab }) => {
    const { page, complaints } = await tab();
    await enter(page, 'jane', 'a wrong one');
    const alert = page.getByRole('alert');
    await alert.getByText('AccessDeniedError').waitFor();
    assert.match((await alert.textContent()) ?? '', /did not admit this user.*Check the username and authParams/);
    await status(page, 'idle');
    await page.locator('[data-event="failed"]').waitFor();
    const password = page.getByLabel('Password', { exact: true });
    assert.is(await password.inputValue(), '');
    await enter(page, 'jane', PASSWORD);
    await status(page, 'active');
    assert.is(await page.locator('[data-fact="user"]').textContent(), 'jane, registered');
    assert.is(await page.locator('.notice[data-code]').count(), 0, 'The error is gone with its cause.');
    assert.is(await page.locator('#password').inputValue(), '');
    const kept = await page.evaluate(
      () => `${document.documentElement.outerHTML} ${location.href} ${JSON.stringify({ ...localStorage, ...sessionStorage })}`,
    );
    assert.not.match(kept, /a wrong one/);
    assert.not.match(kept, new RegExp(PASSWORD));
    assert.equal(complaints, []);
  }),
);

page('shows an API key that the server does not know, and takes the right one', () =>
  scene(
    async ({ tab }) => {
      const { page, complaints } = await tab();
      await enter(page, 'jane');
      await page.getByRole('alert').getByText('InvalidApiKeyError').waitFor();
      await page.getByText('API key', { exact: true }).click();
      await page.getByLabel('Only where the server asks for one').fill('the key');
      await enter(page, 'jane');
      await status(page, 'active');
      assert.is(await page.locator('#api-key').inputValue(), '');
      assert.equal(complaints, []);
    },
    { server: { apiKeys: ['the key'] } },
  ),
);

page('ends a session, and may start another', () =>
  scene(async ({ tab, stage }) => {
    const { page, complaints } = await tab();
    await enter(page, 'jane');
    await status(page, 'active');
    await page.getByRole('button', { name: 'End session' }).click();
    await status(page, 'ended');
    assert.is(await page.locator('#status-text').textContent(), 'The session was ended.');
    assert.is(await page.getByLabel('Message', { exact: true }).isDisabled(), true);
    assert.is((await stage.server.sessions.list({ state: 'ACTIVE' })).sessions?.items.length, 0);
    await enter(page, 'jane');
    await status(page, 'active');
    assert.equal(await page.locator('[data-event]').evaluateAll((all) => all.map((one) => one.getAttribute('data-event'))), [
      'active',
      'ended',
      'active',
    ]);
    assert.equal(complaints, []);
  }),
);

page('has no second start while a session is active: neither by its form nor around it', () =>
  scene(async ({ tab, stage }) => {
    const { page, complaints } = await tab();
    await enter(page, 'jane');
    await status(page, 'active');
    assert.is(await page.getByRole('button', { name: 'Start session' }).count(), 0);
    assert.is(await page.locator('#name').isDisabled(), true);
    await page
      .locator('#start-form')
      .evaluate((form: HTMLFormElement) => form.dispatchEvent(new SubmitEvent('submit', { cancelable: true })));
    await page.getByRole('alert').getByText('SessionActiveError').waitFor();
    assert.is(await page.locator('html').getAttribute('data-status'), 'active');
    assert.is((await stage.server.sessions.list()).sessions?.items.length, 1);
    assert.equal(complaints, []);
  }),
);

page('takes a start back while the server takes its time', () => {
  let admit = (): void => undefined;
  const admitted = new Promise<void>((resolve) => {
    admit = resolve;
  });
  return scene(
    async ({ tab }) => {
      const { page, complaints } = await tab();
      await enter(page, 'jane', PASSWORD);
      await status(page, 'authenticating');
      await page.getByRole('button', { name: 'Cancel' }).click();
      await status(page, 'idle');
      admit();
      await page.locator('[data-event="failed"]', { hasText: 'StartAbortedError' }).waitFor();
      assert.is(await page.getByRole('alert').textContent(), '', 'What was done on purpose is no problem.');
      assert.equal(complaints, []);
    },
    { server: { authenticate: () => admitted } },
  );
});

/** Chromium reports each connection that was refused, whatever a page does about it. */
const besidesRefusals = (complaints: readonly string[]): readonly string[] =>
  complaints.filter((text) => !/ERR_CONNECTION_REFUSED/.test(text));

page('shows a lost session, and comes back when the network does', () =>
  scene(async ({ tab, stage }) => {
    const { page, complaints } = await tab();
    await enter(page, 'jane');
    await status(page, 'active');
    stage.proxy.refuse();
    stage.proxy.cut('both');
    await status(page, 'lost');
    await page.locator('.node.current[data-state="lost"]').waitFor();
    await page.getByRole('alert').getByText('ConnectionFailedError').waitFor();
    await page.locator('[data-fact="retry"]', { hasText: /^(in \d+ s|now)$/ }).waitFor();
    assert.match((await page.locator('[data-fact="attempt"]').textContent()) ?? '', /^[1-9]/);
    assert.is(await page.title(), 'jane · lost · Nine Lives');
    await stage.proxy.accept();
    await status(page, 'active');
    await say(page, 'back again');
    await fateOf(page, 'back again', 'handled');
    assert.is(await page.getByRole('alert').textContent(), '');
    assert.is(await page.locator('[data-fact="retry"]').textContent(), '–', 'No countdown runs on.');
    assert.equal(besidesRefusals(complaints), []);
  }),
);

page('notices a network that went without a word, and comes back with it', () =>
  scene(async ({ tab }) => {
    const { page, complaints } = await tab();
    await enter(page, 'jane');
    await status(page, 'active');
    // The socket stays open and nothing passes: no close tells of it.
    await page.context().setOffline(true);
    await status(page, 'lost');
    await page.getByText('There is no network.').waitFor();
    await page.context().setOffline(false);
    await status(page, 'active');
    await say(page, 'back again');
    await fateOf(page, 'back again', 'handled');
    assert.equal(complaints, []);
  }),
);

page('hands back what was not confirmed when a server that knows nothing takes the place of the first, and sends it again when asked', () =>
  scene(async ({ tab, stage }) => {
    const { page, complaints } = await tab();
    await enter(page, 'jane', PASSWORD);
    await status(page, 'active');
    const former = await page.locator('[data-fact="session"]').textContent();
    stage.proxy.refuse();
    stage.proxy.cut('both');
    await status(page, 'lost');
    await say(page, 'said into the void');
    await page.getByText('It will go out when the connection is back.').waitFor();
    await page.locator('.message.own[data-fate="sending"]').waitFor();
    await stage.restart();
    await stage.proxy.accept();
    await page.locator('[data-event="gap"]').waitFor();
    const handedBack = page.getByRole('region', { name: '1 message not confirmed' });
    assert.match((await handedBack.textContent()) ?? '', /said into the void.*was not handled/);
    await fateOf(page, 'said into the void', 'unknown');
    assert.is.not(await page.locator('[data-fact="session"]').textContent(), former);
    await handedBack.getByRole('button', { name: 'Send again' }).click();
    await fateOf(page, 'said into the void', 'handled');
    assert.is(await handedBack.count(), 0);
    assert.is(await page.evaluate(() => document.activeElement?.id), 'text', 'The focus does not go with the button.');
    assert.equal(besidesRefusals(complaints), []);
  }),
);

page('can be used by keyboard alone', () =>
  scene(async ({ tab }) => {
    const { page } = await tab();
    const press = async (...keys: readonly string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await press('Tab');
    await page.keyboard.type('jane');
    await press('Tab', 'ArrowRight', 'Tab');
    await page.keyboard.type(PASSWORD);
    await press('Enter');
    await status(page, 'active');
    await page.keyboard.type('without a mouse');
    await press('Enter');
    await fateOf(page, 'without a mouse', 'handled');
    await page.getByRole('button', { name: 'End session' }).focus();
    await press('Enter');
    await status(page, 'ended');
    assert.is(await page.evaluate(() => document.activeElement?.id), 'password', 'The focus is where the next start begins.');
  }),
);

page('names everything for a screen reader', () =>
  scene(async ({ tab }) => {
    const { page } = await tab();
    await enter(page, 'jane');
    await status(page, 'active');
    const nameless = await page.locator('input, button, section, [role], svg[role]').evaluateAll((all) =>
      all
        .filter((one) => one.checkVisibility() && !['alert', 'status'].includes(one.getAttribute('role') ?? ''))
        .filter((one) => {
          const by = one.getAttribute('aria-labelledby');
          const labels = one instanceof HTMLInputElement ? [...(one.labels ?? [])].map((label) => label.textContent).join('') : '';
          const named = by === null ? one.getAttribute('aria-label') : document.getElementById(by)?.textContent;
          return `${named ?? ''}${labels}${one instanceof HTMLButtonElement ? one.textContent : ''}`.trim() === '';
        })
        .map((one) => one.outerHTML.slice(0, 80)),
    );
    assert.equal(nameless, []);
    assert.match((await page.getByRole('img').getAttribute('aria-label')) ?? '', /Now: active, healthy\.$/);
    assert.is(await page.getByRole('status').filter({ hasText: 'Messages flow.' }).count(), 1);
  }),
);

for (const colorScheme of ['light', 'dark'] as const)
  page(`fits a phone in ${colorScheme} colours, with a long name, a long word and an error`, () =>
    scene(
      async ({ tab }) => {
        const { page } = await tab();
        const overflow = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.is(await overflow(), 0);
        await enter(page, 'jane', 'a wrong one');
        await page.getByRole('alert').getByText('AccessDeniedError').waitFor();
        assert.is(await overflow(), 0);
        const long = 'n'.repeat(256);
        await enter(page, long, PASSWORD);
        await status(page, 'active');
        await say(page, 'w'.repeat(400));
        await fateOf(page, 'wwww', 'handled');
        assert.is(await overflow(), 0);
        const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const [red = 0] = background.match(/\d+/g)?.map(Number) ?? [];
        assert.is(red < 128, colorScheme === 'dark');
      },
      { context: { viewport: { width: 390, height: 844 }, colorScheme } },
    ),
  );

page.after(async () => {
  await browser.close();
  await folder.remove();
});

page.run();
