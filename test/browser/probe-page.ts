/** The entry of the probe in a page: what watches comes first, then the client. */
import type { begin, play } from './probe.js';
import { type Watched, watch } from './watch.js';

declare global {
  interface Window {
    /** What a test calls from outside. */
    probe: { readonly begin: typeof begin; readonly play: typeof play; readonly watched: () => Watched };
  }
}

const watched = watch();
const { begin: beginHere, play: playHere } = await import('./probe.js');
window.probe = { begin: beginHere, play: playHere, watched };
