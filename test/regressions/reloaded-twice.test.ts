/**
 * A page left a journal of which everything was confirmed. The next page went on with its session, and wrote that the journal had a part again, which was
 * over: the page after that found the part missing, and took the whole session for lost. Found by many random lives of a chat.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testWorld } from '../../src/testing/index.js';

const reloaded = suite('a page that is loaded again twice');

for (const sent of [0, 1, 3])
  reloaded(`keeps its session where ${sent} messages were confirmed before, and what it says then`, async () => {
    const heard: number[] = [];
    const world = testWorld({
      client: { persist: 'tab' },
      app: (server) => void server.on('session', (session) => void session.on('say', (n) => void heard.push(n))),
    });
    let kitty = world.client();
    const first = await world.start(kitty, { username: 'jane' });
    for (let n = 0; n < sent; n += 1) first.send('say', n);
    await world.advance(500);
    for (let load = 1; load <= 3; load += 1) {
      kitty = await world.reload(kitty);
      const session = await world.start(kitty, { username: 'jane' });
      assert.is(session.id, first.id, `load ${load}`);
      await world.advance(500);
    }
    world.network.offline();
    kitty.session?.send('say', sent);
    kitty = await world.reload(kitty);
    world.network.online();
    assert.is((await world.start(kitty, { username: 'jane' })).id, first.id);
    await world.advance(1_000);
    assert.equal(heard, [...Array(sent + 1).keys()]);
    world.assertGuarantees();
    await world.close();
  });

reloaded.run();
