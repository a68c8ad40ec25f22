import type { Clock, Host, NetworkHint } from '../../machines/ports/host.js';
import type { TabScope } from './browser-tab.js';
import { platform, version } from './platform.js';

type Target = Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>>;

/** What is read of the global scope of a page or a worker. A worker has no document, and not every browser tells of its connection. */
export interface BrowserScope extends Target, TabScope {
  readonly document?: Target & { readonly visibilityState: string };
  readonly navigator?: TabScope['navigator'] & { readonly onLine?: boolean; readonly userAgent?: string; readonly connection?: Target };
}

/** Characters of a browser's own name that go into the hello, which has no room to waste. */
const NAME_MAX = 256;

/**
 * Timers are clamped to 4 ms when nested and throttled to a second in background tabs, messages are neither.
 * The channel lives only while something waits: an idle one would keep a process that tests this running.
 */
const messageTasks = (): Clock['macrotask'] => {
  const waiting: (() => void)[] = [];
  let channel: MessageChannel | undefined;
  const runOne = () => {
    const callback = waiting.shift();
    if (waiting.length === 0) {
      channel?.port1.close();
      channel = undefined;
    }
    callback?.();
  };
  return (callback) => {
    waiting.push(callback);
    if (!channel) {
      channel = new MessageChannel();
      channel.port1.onmessage = runOne;
    }
    channel.port2.postMessage(0);
  };
};

type HintOf = (event: Event) => NetworkHint | undefined;
const isPersisted = (event: Event) => (event as PageTransitionEvent).persisted;

/**
 * The host in a page or a worker. It listens to the platform only while somebody listens to it.
 * A page that goes into the back-forward cache is hidden, not leaving, and thawed when it comes back.
 *
 * @example
 * const host = browserHost();
 * const off = host.onHint((hint) => console.log(hint)); // 'offline', 'hidden', ...
 */
export const browserHost = (scope: BrowserScope = globalThis as BrowserScope): Host => {
  const page = scope.document;
  const sources: readonly (readonly [Target | undefined, string, HintOf])[] = [
    [scope, 'online', () => 'online'],
    [scope, 'offline', () => 'offline'],
    [scope, 'pagehide', (event) => (isPersisted(event) ? 'hidden' : 'leaving')],
    [scope, 'pageshow', (event) => (isPersisted(event) ? 'thawed' : undefined)],
    [page, 'visibilitychange', () => (page?.visibilityState === 'hidden' ? 'hidden' : 'visible')],
    [page, 'freeze', () => 'hidden'],
    [page, 'resume', () => 'thawed'],
    [scope.navigator?.connection, 'change', () => 'changed'],
  ];
  const own = platform(messageTasks());
  return {
    ...own,
    onHint: (listener) => {
      const offs = sources.map(([target, type, hintOf]) => {
        const listen = (event: Event) => {
          const hint = hintOf(event);
          if (hint) listener(hint);
        };
        target?.addEventListener?.(type, listen);
        return () => target?.removeEventListener?.(type, listen);
      });
      return () => {
        for (const off of offs) off();
      };
    },
    online: () => scope.navigator?.onLine !== false,
    agent: `ninelives/${version} ${scope.navigator?.userAgent?.slice(0, NAME_MAX) ?? ''}`.trim(),
    // Loaded where it is asked for: few pages do.
    tab: async () => (await import('./browser-tab.js')).browserTab(scope, own.clock),
  };
};
