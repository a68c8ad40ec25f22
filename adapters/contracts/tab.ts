import { deepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { Tab } from '../../machines/ports/host.js';

/** What the contract of a tab needs of an adapter. */
export interface TabBench {
  /** Load a page in the one tab, or in another one of the same origin. It stays until it is unloaded. */
  load(where: 'same' | 'other'): Tab;
  /** A page is gone, with all that runs in it. */
  unload(page: Tab): void;
  /** Let at least this much time pass. A real host waits. */
  advance(ms: number): Promise<void>;
  /** Have the storage of the one tab refuse whatever is to be written from now on. */
  fill(): void;
  close?(): void;
}

type Test = (title: string, run: () => Promise<void>) => void;

/** Long enough for any answer of another page, in milliseconds. */
const WAIT_MS = 600;

/**
 * What every tab of a Host must do, as tests. `make` gives a fresh bench for each of them.
 *
 * @example
 * const test = suite('my tab');
 * tabContract(test, () => ({ load, unload, advance, fill }));
 * test.run();
 */
export const tabContract = (test: Test, make: () => TabBench): void => {
  const on = (title: string, run: (bench: TabBench) => Promise<void>) =>
    test(title, async () => {
      const bench = make();
      try {
        await run(bench);
      } finally {
        bench.close?.();
      }
    });

  on('it keeps texts while the page is loaded again, and a tab of its own has none of them', async ({ load, unload }) => {
    const page = load('same');
    ok(page.storage.set('one', 'text'));
    ok(page.storage.set('two', ''));
    unload(page);
    const again = load('same');
    deepStrictEqual([again.storage.get('one'), again.storage.get('two'), again.storage.get('three')], ['text', '', null]);
    deepStrictEqual([...again.storage.keys()].sort(), ['one', 'two']);
    again.storage.remove('one');
    again.storage.remove('three');
    deepStrictEqual(again.storage.keys(), ['two']);
    deepStrictEqual(load('other').storage.keys(), []);
  });

  on('it says that it has no room, and what was there before stays', async ({ load, fill }) => {
    const { storage } = load('same');
    ok(storage.set('key', 'text'));
    fill();
    strictEqual(storage.set('key', 'a longer text'), false);
    strictEqual(storage.set('other', 'text'), false);
    deepStrictEqual([storage.get('key'), storage.keys()], ['text', ['key']]);
  });

  on('each load of a page is told from the others', async ({ load }) => {
    const page = load('same');
    strictEqual(page.load, page.load);
    notStrictEqual(load('same').load, page.load);
    notStrictEqual(load('other').load, page.load);
  });

  on('a name has one owner among all pages: another one waits, and is told that it waited in vain', async ({ load, advance }) => {
    const own = load('same').claim('name', WAIT_MS);
    await advance(WAIT_MS);
    ok(await own);
    const other = load('other').claim('name', WAIT_MS);
    await advance(2 * WAIT_MS);
    strictEqual(await other, null);
    const another = load('other').claim('another name', WAIT_MS);
    await advance(WAIT_MS);
    ok(await another);
  });

  on('of two who want a name at once, one has it', async ({ load, advance }) => {
    const claims = [load('same'), load('other')].map((page) => page.claim('name', WAIT_MS));
    await advance(3 * WAIT_MS);
    strictEqual((await Promise.all(claims)).filter((release) => release !== null).length, 1);
  });

  on('a name is free once its owner gives it up, and giving it up again takes it from nobody', async ({ load, advance }) => {
    const first = load('same').claim('name', WAIT_MS);
    await advance(WAIT_MS);
    const release = await first;
    release?.();
    const second = load('other').claim('name', WAIT_MS);
    await advance(WAIT_MS);
    ok(await second);
    release?.();
    const third = load('same').claim('name', WAIT_MS);
    await advance(2 * WAIT_MS);
    strictEqual(await third, null);
  });

  on('a name is free once the page that has it is gone, also for one who waits for it', async ({ load, unload, advance }) => {
    const former = load('same');
    const had = former.claim('name', WAIT_MS);
    await advance(WAIT_MS);
    ok(await had);
    const waiting = load('same').claim('name', 2 * WAIT_MS);
    await advance(WAIT_MS / 4);
    unload(former);
    await advance(2 * WAIT_MS);
    ok(await waiting);
  });
};
