import type { Clock, Tab } from '../../machines/ports/host.js';

/** A load of a page in a virtual tab. */
export interface VirtualPage extends Tab {
  /** The page is gone: what it had claimed is free. */
  unload(): void;
}

/** One tab of a browser. */
export interface VirtualTab {
  /** What it keeps. */
  readonly texts: Map<string, string>;
  /** How many characters it can keep, keys included. */
  room: number;
  /** Load a page in it. The one before stays until it is unloaded, as a browser may let it for a moment. */
  load(): VirtualPage;
  /** Another tab with a copy of what this one keeps, as browsers make it of a duplicate and of an opened window. */
  duplicate(): VirtualTab;
}

/**
 * A browser's tabs for tests, all of one origin, on a clock that is in the test's hands.
 *
 * @example
 * const tab = virtualTabs(host.clock)();
 * const page = tab.load();
 * page.storage.set('key', 'text');
 * page.unload();
 * tab.load().storage.get('key'); // 'text'
 */
export const virtualTabs = (clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>): (() => VirtualTab) => {
  /** Who waits for each name that somebody has. */
  const claimed = new Map<string, (() => void)[]>();
  let loads = 0;

  const claim = (name: string, waitMs: number): Promise<(() => void) | null> =>
    new Promise((resolve) => {
      const take = (): void => {
        const waiting: (() => void)[] = [];
        claimed.set(name, waiting);
        resolve(() => {
          if (claimed.get(name) !== waiting) return;
          claimed.delete(name);
          const next = waiting.shift();
          next?.();
          claimed.get(name)?.push(...waiting);
        });
      };
      const others = claimed.get(name);
      if (others === undefined) return take();
      const turn = (): void => {
        clock.clearTimeout(timer);
        take();
      };
      const timer = clock.setTimeout(() => {
        const queue = claimed.get(name);
        queue?.splice(queue.indexOf(turn), 1);
        resolve(null);
      }, waitMs);
      others.push(turn);
    });

  const tabWith = (texts: Map<string, string>): VirtualTab => {
    const sizeWithout = (key: string): number =>
      [...texts].reduce((sum, [other, text]) => (other === key ? sum : sum + other.length + text.length), 0);
    const tab: VirtualTab = {
      texts,
      room: Number.POSITIVE_INFINITY,
      load: () => {
        loads += 1;
        const held = new Set<() => void>();
        let isGone = false;
        return {
          load: `load ${loads}`,
          storage: {
            get: (key) => texts.get(key) ?? null,
            set: (key, text) => {
              if (sizeWithout(key) + key.length + text.length > tab.room) return false;
              texts.set(key, text);
              return true;
            },
            remove: (key) => void texts.delete(key),
            keys: () => [...texts.keys()],
          },
          claim: async (name, waitMs) => {
            const release = isGone ? null : await claim(name, waitMs);
            if (release === null) return null;
            held.add(release);
            // It may have gone while it waited.
            if (isGone) release();
            return release;
          },
          unload: () => {
            isGone = true;
            for (const release of held) release();
          },
        };
      },
      duplicate: () => tabWith(new Map(texts)),
    };
    return tab;
  };
  return () => tabWith(new Map());
};
