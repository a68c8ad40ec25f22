/**
 * `ninelives/inspect` in Node: the Stately Inspector on a live client, through a relay on this machine.
 */
import { lazyInspector, type StatelyInspector } from './lazy.js';
import { fitToLeave } from './redact.js';

export type { StatelyInspector } from './lazy.js';

/** Stately's own viewer, which needs the network. */
const statelyViewer = 'https://stately.ai/inspect';

export interface StatelyInspectorOptions {
  /** A relay that runs already: `ws://localhost:8080`. Default: one is started here, for this machine alone. */
  readonly url?: string;
  /** The port of the relay that is started here, and of the page that shows the viewer. Default: 8080. */
  readonly port?: number;
  /** The viewer that the page frames. Default: Stately's own. */
  readonly viewerUrl?: string;
}

/**
 * Open the Stately Inspector on a client's machine: the address of its page is printed. Nothing is loaded before the client's machine
 * exists; no credential or token leaves. Where it can't be opened, the client goes on without it.
 *
 * @example
 * const inspect = statelyInspector();
 * const kitty = createClient({ url, inspect });
 * inspect.stop();
 */
export const statelyInspector = ({ url, port = 8080, viewerUrl = statelyViewer }: StatelyInspectorOptions = {}): StatelyInspector =>
  lazyInspector(async () => {
    const { createWebSocketInspector } = await import('@statelyai/inspect');
    const relay = url === undefined ? await (await import('./relay.js')).startRelay(port, viewerUrl) : null;
    if (relay !== null) console.error(`ninelives/inspect: the Stately Inspector is at ${relay.url}`);
    const inspector = createWebSocketInspector({ url: url ?? (relay?.socketUrl as string), serialize: fitToLeave });
    return {
      observe: (event) => inspector.inspect.next?.(event),
      stop: () => {
        inspector.stop();
        relay?.stop();
      },
    };
  });
