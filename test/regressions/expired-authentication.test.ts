/** An authentication that had ended went on admitting: `expiresAt` was told in the welcome and meant nothing. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../adapters/hosts/virtual.js';
import { SessionClient } from '../../src/client/client.js';
import { memory } from '../../src/client/index.node.js';
import { SessionServer } from '../../src/server/server.js';

const test = suite('an authentication that ends');

test('ends its session as denied, and the client stays away', async () => {
  const host = virtualHost({ seed: 1 });
  const expiresAt = host.clock.wall() + 60_000;
  const server = new SessionServer({ logger: false, host, authenticate: () => ({ expiresAt }) });
  const options = { transport: memory(server) };
  const kitty = new SessionClient(options, host, options.transport(host));
  const starting = kitty.startSession({ username: 'jane', authParams: { password: 'x' } });
  await host.settle();
  assert.ok((await starting).succeeded);
  await host.advance(55_000);
  assert.is(kitty.getSnapshot().status, 'active');
  await host.advance(10_000);
  assert.equal([kitty.getSnapshot().status, kitty.getSnapshot().endReason], ['ended', 'denied']);
  const { sessions } = await server.sessions.list({ state: 'ENDED' });
  assert.is(sessions?.items[0]?.endReason, 'denied');
  await server.close();
});

test.run();
