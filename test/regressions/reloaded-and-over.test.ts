/**
 * A page was loaded again after the server had ended its session for a reason of its own. The start asked for that session first, failed with its end as often as
 * it was tried, and what the page had left was never handed back. Found by the simulation (seed 9080).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testWorld } from '../../src/testing/index.js';

const over = suite('a page that is loaded again when its session is over');

over('begins a new one at its first start, and is handed back what was not confirmed', async () => {
  const world = testWorld({ client: { persist: 'tab' } });
  let kitty = world.client();
  const first = await world.start(kitty, { username: 'jane' });
  world.network.offline();
  first.send('say', 'hi');
  await world.advance(100);
  await world.result(world.server.sessions.revoke(first.id));
  kitty = await world.reload(kitty);
  const back: unknown[] = [];
  kitty.on('gap', ({ formerSessionId, unconfirmed }) => back.push([formerSessionId, unconfirmed.map(({ payload }) => payload)]));
  world.network.online();
  const second = await world.start(kitty, { username: 'jane' });
  assert.is.not(second.id, first.id);
  await world.settle();
  assert.equal(back, [[first.id, ['hi']]]);
  await world.close();
});

over.run();
