/** The programs that an installed package is tried with. They are texts, since they see the package and not this repository. */

/** Imports each entry in turn; what it prints is a list of `{ entry, error? }`. That it ends by itself shows that importing opens nothing. */
export const importing = (entries: readonly string[]): string => `
const results = [];
for (const entry of ${JSON.stringify(entries)}) {
  try {
    const exported = Object.keys(await import(entry));
    results.push(exported.length > 0 ? { entry } : { entry, error: 'it exports nothing' });
  } catch (error) {
    results.push({ entry, error: String(error?.stack ?? error) });
  }
}
console.log(JSON.stringify(results));
`;

/** What an app's bundler starts from. */
export const BROWSER_APP = `export { createClient } from 'ninelives';\n`;

/** A consumer in TypeScript: it must compile as it stands, and run when compiled. */
export const CONSUMER = `import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from 'ninelives';
import { createServer } from 'ninelives/server';
import { testWorld } from 'ninelives/testing';

interface Chat {
  toServer: { messages: { chat: { text: string } } };
}
const heard: string[] = [];
const world = testWorld<Chat>({ app: (server) => server.on('session', (session) => session.on('chat', ({ text }) => heard.push(text))) });
const offline = await world.start(world.client(), { username: 'jane' });
world.network.offline();
offline.send('chat', { text: 'hi' });
await world.advance(60_000);
world.network.online();
await world.advance(10_000);
world.assertGuarantees();
if (heard[0] !== 'hi') throw new Error('The test kit has lost a message.');
await world.close();

const http = createHttpServer();
const server = createServer({ apiKeys: ['trial'], guests: true });
await server.attach(http);
server.on('session', (session) => {
  session.onRequest('double', async (payload) => ({ doubled: Number(payload) * 2 }));
});
http.listen(0, '127.0.0.1');
await once(http, 'listening');

const client = createClient({ url: \`ws://127.0.0.1:\${(http.address() as AddressInfo).port}\`, apiKey: 'trial' });
const result = await client.startSession({ username: 'jane' });
if (result.failed) throw result.error;
const reply = await result.session.request('double', 21);
console.log(JSON.stringify(reply));
await client.endSession();
await server.close();
http.close();
`;

/** The compiler's options for a consumer, by kind of module resolution. The package's own types are checked too. */
export const consumerConfig = (resolution: 'nodenext' | 'bundler'): string =>
  JSON.stringify({
    compilerOptions: {
      target: 'es2022',
      lib: ['es2022', 'dom'],
      module: resolution === 'nodenext' ? 'nodenext' : 'preserve',
      moduleResolution: resolution,
      strict: true,
      skipLibCheck: false,
      types: ['node'],
      outDir: `out-${resolution}`,
      rootDir: '.',
    },
    files: ['consumer.ts'],
  });
