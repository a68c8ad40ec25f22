/**
 * The client for browsers, bundled and run where there is nothing: no window, no timers, no process. Importing it and making a client must
 * touch none of these, as on a server that renders pages. `Event` and `EventTarget`, which partysocket extends, are there wherever pages are
 * rendered today.
 */
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';

const { outputFiles } = await build({
  stdin: { contents: "export * from './src/client/index.browser.ts';", resolveDir: process.cwd(), loader: 'ts' },
  bundle: true,
  write: false,
  format: 'iife',
  globalName: 'ninelives',
  platform: 'browser',
  define: { 'process.env.NODE_ENV': '"production"' },
});
const context = createContext({ Event, EventTarget });
runInContext(outputFiles[0]?.text ?? '', context);
const before = runInContext('Object.keys(globalThis).sort().join()', context) as string;
const seen = runInContext(
  `
  const kitty = ninelives.createClient({ url: 'ws://localhost:1' });
  const off = kitty.subscribe(() => {});
  kitty.on('active', () => {});
  const { status } = kitty.getSnapshot();
  off();
  JSON.stringify({ status, same: kitty.getSnapshot() === kitty.getSnapshot() })
  `,
  context,
) as string;
console.log(JSON.stringify({ ...(JSON.parse(seen) as object), globals: before }));
