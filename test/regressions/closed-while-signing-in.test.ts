/** A server that was closed while an authenticator had not decided on a sign-in or a renewal left its timer running. Found by the simulation (seed 21090). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { testWorld } from '../../src/testing/index.js';

const closed = suite('a server that is closed while somebody signs in');

for (const what of ['sign-in', 'renewal'] as const)
  closed(`gives up a ${what} that is not decided`, async () => {
    let given: AbortSignal | null = null;
    let answers = true;
    const world = testWorld({
      server: {
        authenticate: ({ signal }) => {
          if (answers) return true;
          given = signal;
          return new Promise<never>(() => undefined);
        },
      },
    });
    const kitty = world.client();
    const session = await world.start(kitty, what === 'renewal' ? { username: 'jane', authParams: { word: 1 } } : { username: 'guest' });
    answers = false;
    if (what === 'renewal') void session.renew();
    else void session.signIn({ username: 'jane', authParams: { word: 1 } });
    await world.advance(100);
    assert.is((given as AbortSignal | null)?.aborted, false);
    await world.result(world.server.close());
    assert.is((given as AbortSignal | null)?.aborted, true);
    await world.close();
  });

closed.run();
