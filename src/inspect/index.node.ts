/**
 * `ninelives/inspect` in Node: the Stately Inspector on a live client, through a relay on this machine.
 */
import { lazyInspector, type StatelyInspector } from './lazy.js';
import { fitToLeave } from './redact.js';

export type { StatelyInspector } from './lazy.js';

export interface StatelyInspectorOptions {
  /** A relay that runs already: `ws://localhost:8080`. Default: one is started here. */
  readonly url?: string;
  /** The port of the relay that is started here, and of the page that shows the viewer. Default: 8080. */
  readonly port?: number;
  /** Open the page in a browser? Default: true. */
  readonly open?: boolean;
}

/**
 * Open the Stately Inspector on a client's machine. Nothing is loaded before the client's machine exists; no credential or token leaves. The
 * relay keeps the process alive until `stop()`.
 *
 * @example
 * const inspect = statelyInspector();
 * const kitty = createClient({ url, inspect });
 * inspect.stop();
 */
export const statelyInspector = ({ url, port = 8080, open = true }: StatelyInspectorOptions = {}): StatelyInspector =>
  lazyInspector(async () => {
    const { createWebSocketInspector } = await import('@statelyai/inspect');
    const relay = url === undefined ? (await import('@statelyai/inspect/server')).createInspectorServer({ port, autoOpen: open }) : null;
    const inspector = createWebSocketInspector({ url: url ?? `ws://localhost:${port}`, serialize: fitToLeave });
    return {
      observe: (event) => inspector.inspect.next?.(event),
      stop: () => {
        inspector.stop();
        relay?.stop();
      },
    };
  });
