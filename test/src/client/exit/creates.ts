/** A process that makes a client and does nothing with it: it must end by itself, at once, and print one line. */
import { createClient, memory, websocket } from '../../../../src/client/index.node.js';

const before = process.getActiveResourcesInfo().length;
const server = { accept: () => undefined };
for (const options of [{ url: 'ws://127.0.0.1:1' }, { transport: websocket({ url: 'ws://127.0.0.1:1' }) }, { transport: memory(server) }]) {
  const kitty = createClient(options);
  kitty.on('active', () => undefined);
  kitty.subscribe(() => undefined);
  kitty.getSnapshot();
}
console.log(JSON.stringify({ left: process.getActiveResourcesInfo().length - before }));
