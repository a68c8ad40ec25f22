import type { Host } from '../../machines/ports/host.js';
import { platform, version } from './platform.js';

/**
 * The host in Node. Its timers keep the process running, as a session that waits to come back is something to wait for.
 * Node says nothing about the network, so there are no hints, and `online` is true: it can not tell.
 *
 * @example
 * const host = nodeHost();
 * host.agent; // 'ninelives/0.1.0 node/20.20.2'
 */
export const nodeHost = (): Host => ({
  ...platform((callback) => {
    setImmediate(callback);
  }),
  onHint: () => () => undefined,
  online: () => true,
  agent: `ninelives/${version} node/${process.versions.node}`,
  tab: async () => null,
});
