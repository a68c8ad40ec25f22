/** The tab of a page: in memory on a virtual clock, and over what browsers have, which Node has most of. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tabContract } from '../../../adapters/contracts/tab.js';
import { browserHost } from '../../../adapters/hosts/browser.js';
import { browserTab, type TabScope } from '../../../adapters/hosts/browser-tab.js';
import { nodeHost } from '../../../adapters/hosts/node.js';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { type VirtualPage, virtualTabs } from '../../../adapters/hosts/virtual-tab.js';
import type { Clock, Tab } from '../../../machines/ports/host.js';

const virtual = suite('virtual tab');

tabContract(virtual, () => {
  const host = virtualHost({ seed: 1 });
  const open = virtualTabs(host.clock);
  const tabs = { same: open(), other: open() };
  return {
    load: (where) => tabs[where].load(),
    unload: (page) => (page as VirtualPage).unload(),
    advance: host.advance,
    fill: () => {
      tabs.same.room = 0;
    },
  };
});

virtual('is copied with what it keeps, and goes its own way from then on', async () => {
  const tab = virtualTabs(virtualHost({ seed: 1 }).clock)();
  tab.load().storage.set('key', 'text');
  const copy = tab.duplicate();
  copy.load().storage.set('key', 'another');
  assert.equal([tab.texts.get('key'), copy.texts.get('key')], ['text', 'another']);
});

virtual('is what a virtual host is in, where it is given one', async () => {
  const page = virtualTabs(virtualHost({ seed: 1 }).clock)().load();
  assert.is(await virtualHost({ seed: 1, tab: page }).tab(), page);
  assert.is(await virtualHost({ seed: 1 }).tab(), null);
});

/** A session storage, as far as it is used. */
class Storage {
  readonly texts = new Map<string, string>();
  isFull = false;
  get length(): number {
    return this.texts.size;
  }
  key(index: number): string | null {
    return [...this.texts.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.texts.get(key) ?? null;
  }
  setItem(key: string, text: string): void {
    if (this.isFull) throw new DOMException('There is no room.', 'QuotaExceededError');
    this.texts.set(key, text);
  }
  removeItem(key: string): void {
    this.texts.delete(key);
  }
}

interface Waiting {
  take(): void;
}

/** Locks as a browser has them: what a page holds or waits for goes with it. */
const lockManagers = () => {
  const held = new Map<string, Waiting[]>();
  return () => {
    const gone: (() => void)[] = [];
    const request = (name: string, { signal }: { signal: AbortSignal }, run: () => Promise<void>): Promise<void> =>
      new Promise((resolve, reject) => {
        const one: Waiting = {
          take: () => {
            const waiting: Waiting[] = held.get(name) ?? [];
            held.set(name, waiting);
            const release = (): void => {
              held.delete(name);
              const [next, ...others] = waiting;
              if (next !== undefined) {
                held.set(name, others);
                next.take();
              }
              resolve();
            };
            gone.push(release);
            void run().then(() => {
              gone.splice(gone.indexOf(release), 1);
              release();
            });
          },
        };
        const others = held.get(name);
        if (others === undefined) return one.take();
        others.push(one);
        signal.addEventListener('abort', () => {
          if (!others.includes(one)) return;
          others.splice(others.indexOf(one), 1);
          reject(new DOMException('It was waited for in vain.', 'AbortError'));
        });
      });
    return {
      locks: { request } as unknown as NonNullable<TabScope['navigator']>['locks'],
      unload: () => {
        for (const release of [...gone]) release();
      },
    };
  };
};

/** Ten times as fast as real time, which these wait for. */
const SPEED = 10;
const real = nodeHost().clock;
const clock: Clock = {
  ...real,
  now: () => real.now() * SPEED,
  setTimeout: (callback, delayMs) => real.setTimeout(callback, delayMs / SPEED),
};
const advance = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / SPEED));

/** Pages of two tabs. */
const pages = (means: 'locks' | 'channels') => {
  const storages = { same: new Storage(), other: new Storage() };
  const locksOf = lockManagers();
  const unloads = new Map<Tab, () => void>();
  let timeOrigin = 0;
  const load = (where: 'same' | 'other'): Tab => {
    timeOrigin += 1;
    const { locks, unload } = locksOf();
    const channels: BroadcastChannel[] = [];
    class Own extends BroadcastChannel {
      constructor(name: string) {
        super(name);
        channels.push(this);
      }
    }
    const scope = means === 'locks' ? { navigator: { locks } } : { BroadcastChannel: Own };
    const page = browserTab({ ...scope, sessionStorage: storages[where], performance: { timeOrigin } } as unknown as TabScope, clock);
    if (page === null) throw new Error('There is storage.');
    unloads.set(page, () => {
      unload();
      for (const channel of channels) channel.close();
    });
    return page;
  };
  return {
    load,
    unload: (page: Tab) => unloads.get(page)?.(),
    advance,
    fill: () => {
      storages.same.isFull = true;
    },
    close: () => {
      for (const unload of unloads.values()) unload();
    },
  };
};

const locking = suite('browser tab, in a secure context');
tabContract(locking, () => pages('locks'));

locking('has no name where locks are refused to the page', async () => {
  const locks = { request: () => Promise.reject(new DOMException('This origin has none.', 'SecurityError')) };
  const tab = browserTab({ sessionStorage: new Storage(), navigator: { locks } } as unknown as TabScope, clock);
  assert.is(await tab?.claim('name', 10), null);
});

const asking = suite('browser tab, outside a secure context');
tabContract(asking, () => pages('channels'));

asking('has a name from the moment it asks: who asks later, before there was time for an answer, does not get it', async () => {
  const { load, close } = pages('channels');
  const first = load('same').claim('name', 0);
  await advance(100);
  const later = load('other').claim('name', 0);
  assert.equal([(await first) !== null, await later], [true, null]);
  close();
});

const lacking = suite('browser tab, where something is missing');

lacking('is none where there is no session storage, as in a worker, or the page may not use it', async () => {
  assert.is(browserTab({}, clock), null);
  const sandboxed = {
    get sessionStorage(): never {
      throw new DOMException('It is sandboxed.', 'SecurityError');
    },
  };
  assert.is(browserTab(sandboxed, clock), null);
  assert.is(await browserHost({ addEventListener: () => undefined }).tab(), null);
  assert.is(await nodeHost().tab(), null);
});

lacking('gives a name to whoever asks where nothing tells of other tabs', async () => {
  const tab = browserTab({ sessionStorage: new Storage() } as unknown as TabScope, clock);
  const releases = await Promise.all([tab?.claim('name', 10), tab?.claim('name', 10)]);
  for (const release of releases) release?.();
  assert.is(releases.filter((release) => release !== null).length, 2);
});

lacking('is told from other loads by the clock where the page does not say when it was loaded', async () => {
  const tab = browserTab({ sessionStorage: new Storage() } as unknown as TabScope, { ...clock, wall: () => 17 });
  assert.is(tab?.load, '17');
});

virtual.run();
locking.run();
asking.run();
lacking.run();
