import { suite } from 'uvu';
import { transportContract } from '../../../adapters/contracts/transport.js';
import { nodeHost } from '../../../adapters/hosts/node.js';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { memorySockets } from '../../../adapters/sockets/memory.js';
import { ninelivesBench } from '../../support/ninelives-bench.js';
import { startWsBench } from '../../support/ws-bench.js';

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

for (const helloIn of ['upgrade', 'frame'] as const) {
  const inMemory = suite(`ninelives.v1 in memory, the hello in the ${helloIn}`);
  transportContract(inMemory, () => {
    const host = virtualHost({ seed: 1 });
    const sockets = memorySockets({ clock: host.clock });
    const nowhere = memorySockets({ clock: host.clock });
    // Nothing is ever delivered here, so that its peer never answers.
    const silent = memorySockets({ schedule: () => undefined, clock: host.clock });
    return ninelivesBench({
      sockets: {
        open: sockets.open,
        openRefused: nowhere.open,
        openSilent: silent.open,
        accept: sockets.accept,
        close: async () => sockets.cut(),
      },
      host,
      helloIn,
      advance: host.advance,
    });
  });
  inMemory.run();

  const overWebSockets = suite(`ninelives.v1 over a WebSocket, the hello in the ${helloIn}`);
  transportContract(overWebSockets, async () =>
    ninelivesBench({ sockets: await startWsBench(), host: nodeHost(), helloIn, advance: pass }),
  );
  overWebSockets.run();
}
