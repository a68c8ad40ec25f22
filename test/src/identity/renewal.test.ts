/** A credential that is renewed before the authentication ends (docs/protocol.md, [R61]). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withVirtualWorld } from '../../support/virtual.js';

const renewal = suite('a renewal');

renewal("is asked for before the authentication ends, by the app's function anew, and the session goes on", async () => {
  const seen: unknown[] = [];
  const asked: null[] = [];
  let wall = (): number => 0;
  await withVirtualWorld(
    {
      authenticate: ({ authParams }) => {
        seen.push(authParams.n);
        return { expiresAt: wall() + 100_000 };
      },
    },
    async ({ host, client, ended, server }) => {
      wall = () => host.clock.wall();
      const { client: kitty } = client();
      const starting = kitty.startSession({ username: 'jane', authParams: async () => ({ n: asked.push(null) }) });
      await host.settle();
      const { session } = await starting;
      assert.ok(session);
      await host.advance(79_000);
      assert.equal(seen, [1]);
      await host.advance(3_000);
      assert.equal(seen, [1, 2]);
      await host.advance(400_000);
      assert.equal([seen.length, kitty.getSnapshot().status, ended], [7, 'active', []]);
      assert.is(server.counts.active, 1);
    },
  )();
});

renewal.run();
