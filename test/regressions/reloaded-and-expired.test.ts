/**
 * A page was loaded again while it handled a message; its authentication had ended meanwhile. The server took the next page's word for the
 * former one's, and handed the message back as certainly not handled. Found by the simulation (seed 100329).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type TestWorld, testWorld } from '../../src/testing/index.js';

const expired = suite('a page that is loaded again when its authentication has ended');

expired('leaves what it was sent as perhaps handled', async () => {
  let expiresInMs = 3_600_000;
  const back: unknown[] = [];
  const handled: unknown[] = [];
  const note = (text: unknown): Promise<void> => {
    handled.push(text);
    return new Promise(() => undefined);
  };
  const world: TestWorld = testWorld({
    client: { persist: 'tab', handlers: { note } },
    server: { authenticate: () => ({ expiresAt: world.clock.wall() + expiresInMs }), renewBeforeMs: 1 },
    app: (server) =>
      void server.on('ended', (_, { unconfirmed }) => back.push(...unconfirmed.map(({ payload, handled: was }) => [payload, was]))),
  });
  let kitty = world.client();
  const start = { username: 'jane', authParams: { word: 1 } };
  const session = await world.start(kitty, start);
  world.server.to('jane').send('note', 'hi');
  await world.settle();
  assert.equal(handled, ['hi']);
  kitty = await world.reload(kitty);
  world.skew('server', expiresInMs);
  expiresInMs *= 10;
  assert.is.not((await world.start(kitty, start)).id, session.id);
  assert.equal(back, [['hi', 'unknown']]);
  await world.close();
});

expired.run();
