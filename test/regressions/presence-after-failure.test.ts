/** A store that failed for a moment when somebody came said for ever that they were not there. Found by the simulation (seed 5250). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testWorld } from '../../src/testing/index.js';

const presence = suite('presence, where the store fails when somebody comes or goes');

const onlineOf = async (world: ReturnType<typeof testWorld>): Promise<readonly string[]> => {
  const listed = await world.result(world.server.users.list({ page: 0, size: 10 }));
  return (listed.users?.items ?? []).filter((user) => user.presence.online).map(({ name }) => name);
};

presence('is written as it is when the store works again', async () => {
  const world = testWorld({ server: { presenceGraceMs: 0 } });
  const [jane, joe] = [world.client(), world.client()];
  await world.start(joe, { username: 'joe' });
  world.network.slow({ latencyMs: 20 });
  const started = jane.startSession({ username: 'jane' });
  // The store has admitted her, and her client has not confirmed it.
  await world.advance(50);
  world.store.fail();
  assert.ok((await world.result(started)).succeeded);
  await world.result(joe.endSession());
  await world.advance(1_000);
  world.store.heal();
  await world.advance(10_000);
  assert.equal(await onlineOf(world), ['jane']);
  await world.close();
});

presence.run();
