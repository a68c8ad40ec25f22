import type { Clock, Tab, TabStorage } from '../../machines/ports/host.js';

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;
type Locks = Pick<LockManager, 'request'>;
type Channel = Pick<BroadcastChannel, 'postMessage' | 'close' | 'onmessage'>;

/** What of the global scope a tab is made of. A worker has no session storage, and a page outside a secure context no locks. */
export interface TabScope {
  readonly sessionStorage?: Storage;
  readonly navigator?: { readonly locks?: Locks };
  readonly BroadcastChannel?: new (name: string) => Channel;
  readonly performance?: { readonly timeOrigin: number };
}

type Claim = Tab['claim'];

const storageOver = (storage: Storage): TabStorage => ({
  get: (key) => storage.getItem(key),
  set: (key, text) => {
    try {
      storage.setItem(key, text);
      return true;
    } catch {
      // QuotaExceededError, and whatever else a browser throws where it does not let a page store: the answer says so.
      return false;
    }
  },
  remove: (key) => storage.removeItem(key),
  keys: () => Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? ''),
});

/** Web Locks: the browser itself gives a lock up when its page is gone, and a frozen page keeps its own. */
const byLock =
  (locks: Locks, clock: Clock): Claim =>
  (name, waitMs) =>
    new Promise((resolve) => {
      const waiting = new AbortController();
      const timer = clock.setTimeout(() => waiting.abort(), waitMs);
      const had = (): Promise<void> => {
        clock.clearTimeout(timer);
        return new Promise((release) => resolve(() => release()));
      };
      // Rejected when it was waited for in vain, or where the page may have no locks.
      locks.request(name, { signal: waiting.signal }, had).catch(() => {
        clock.clearTimeout(timer);
        resolve(null);
      });
    });

/** How long whoever has a name may take to say so, in milliseconds: a page that is busy for longer loses it. */
const ANSWER_MS = 200;

/**
 * By asking around, where there are no locks. Each who has the name says so when it is asked for; of two who ask, the one who asked first has it. A
 * page that is frozen can not answer, and loses what it has.
 */
const byAsking =
  (Channel: NonNullable<TabScope['BroadcastChannel']>, clock: Clock): Claim =>
  (name, waitMs) =>
    new Promise((resolve) => {
      const channel = new Channel(name);
      const until = clock.now() + waitMs;
      // Pages of one machine have one date. The fraction decides within a millisecond.
      const since = clock.wall() + Math.random();
      let isMine = false;
      let isTaken = false;
      channel.onmessage = ({ data }: MessageEvent<number | 'taken'>) => {
        if (data !== 'taken' && (isMine || since < data)) channel.postMessage('taken');
        else isTaken = true;
      };
      const ask = (): void => {
        isTaken = false;
        channel.postMessage(since);
        clock.setTimeout(() => {
          if (isTaken && clock.now() < until) return ask();
          isMine = !isTaken;
          if (isMine) return resolve(() => channel.close());
          channel.close();
          resolve(null);
        }, ANSWER_MS);
      };
      ask();
    });

/** Where nothing tells of other tabs, a duplicate takes what it finds: the guide says so. */
const byFaith: Claim = async () => () => undefined;

/**
 * The tab of a page, over its session storage. Null in a worker, and where the page may not store.
 *
 * @example
 * const tab = browserTab(globalThis, clock);
 * if (tab !== null && (await tab.claim('the only one', 1_000)) !== null) tab.storage.set('key', 'text');
 */
export const browserTab = (scope: TabScope, clock: Clock): Tab | null => {
  let storage: Storage | undefined;
  try {
    storage = scope.sessionStorage;
  } catch {
    // SecurityError: a sandboxed frame, or a person who lets no page store.
  }
  if (storage === undefined) return null;
  const locks = scope.navigator?.locks;
  const others = scope.BroadcastChannel === undefined ? byFaith : byAsking(scope.BroadcastChannel, clock);
  return {
    storage: storageOver(storage),
    load: String(scope.performance?.timeOrigin ?? clock.wall()),
    claim: locks === undefined ? others : byLock(locks, clock),
  };
};
