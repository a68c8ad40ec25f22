/** The entry of the probe in a worker: it is told what to play, and answers with the report and with what it left behind. */
import type { Who } from './probe.js';
import { type Watched, watch } from './watch.js';

/** What a test asks of the worker. */
export interface Asked {
  readonly url: string;
  readonly who: Who;
}

const watched = watch();
const { play } = await import('./probe.js');
const imported: Watched = watched();

self.onmessage = async ({ data: { url, who } }: MessageEvent<Asked>) => {
  const report = await play(url, who);
  // The goodbye of the socket itself is the platform's: it has its own time.
  const answer = (): void => (watched().sockets > 0 ? queue() : self.postMessage({ report, imported, left: watched() }));
  const { port1, port2 } = new MessageChannel();
  const queue = (): void => port2.postMessage(0);
  port1.onmessage = answer;
  answer();
};
self.postMessage('ready');
