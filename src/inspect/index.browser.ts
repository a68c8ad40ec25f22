/**
 * `ninelives/inspect` in browsers: the Stately Inspector on a live client.
 */

import { lazyInspector, type StatelyInspector } from './lazy.js';
import { fitToLeave } from './redact.js';

export type { StatelyInspector } from './lazy.js';

export interface StatelyInspectorOptions {
  /** The viewer's page. Default: Stately's own, which needs the network. */
  readonly url?: string;
  /** Show it in this frame instead of in a window of its own. */
  readonly iframe?: HTMLIFrameElement;
}

/**
 * Open the Stately Inspector on a client's machine. Nothing is loaded before the client's machine exists; no credential or token leaves. The
 * browser may ask whether the window may be opened.
 *
 * @example
 * const kitty = createClient({ url, inspect: statelyInspector() });
 */
export const statelyInspector = ({ url, iframe }: StatelyInspectorOptions = {}): StatelyInspector =>
  lazyInspector(async () => {
    const { createBrowserInspector } = await import('@statelyai/inspect');
    const inspector = createBrowserInspector({ ...(url === undefined ? {} : { url }), iframe: iframe ?? null, serialize: fitToLeave });
    return { observe: (event) => inspector.inspect.next?.(event), stop: () => inspector.stop() };
  });
