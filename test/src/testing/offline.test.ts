/** What the kit promises its users: a test of ten minutes offline is short, and quick. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testWorld } from '../../../src/testing/index.js';

const test = suite('a test of ten minutes offline');

// the user's test begins
const offlineForTenMinutes = async () => {
  const heard: string[] = [];
  const world = testWorld({
    server: { resumeWindowMs: 15 * 60_000 },
    app: (server) => void server.on('session', (session) => void session.on('chat', ({ text }) => heard.push(text))),
  });
  const kitty = world.client();
  const session = await world.start(kitty, { username: 'jane' });
  world.network.offline();
  session.send('chat', { text: 'one' });
  session.send('chat', { text: 'two' });
  await world.advance(10 * 60_000);
  assert.is(kitty.getSnapshot().status, 'lost');
  world.network.online();
  await world.advance(10_000);
  assert.equal(heard, ['one', 'two']);
  await world.close();
};
// the user's test ends

test('takes under 20 lines and under 50 ms', async () => {
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const lines = source.split("// the user's test begins")[1]?.split("// the user's test ends")[0]?.trim().split('\n').length ?? 99;
  await offlineForTenMinutes();
  const times: number[] = [];
  for (let run = 0; run < 10; run += 1) {
    const begunAt = performance.now();
    await offlineForTenMinutes();
    times.push(performance.now() - begunAt);
  }
  times.sort((a, b) => a - b);
  console.log(`${lines} lines; ${times[0]?.toFixed(1)} ms, at most ${times.at(-1)?.toFixed(1)} ms`);
  assert.ok(lines < 20);
  assert.ok((times[0] ?? 99) < 50);
});

test.run();
