/** A session that its app ended after its server was closed was to be written again and again, in vain: a timer that kept the process from coming to its end. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../adapters/hosts/virtual.js';
import { memorySockets } from '../../adapters/sockets/memory.js';
import { memory } from '../../adapters/stores/memory.js';
import { ninelivesTransport } from '../../adapters/transports/ninelives.js';
import { SessionClient } from '../../src/client/client.js';
import type { ServerSession } from '../../src/server/index.js';
import { SessionServer } from '../../src/server/server.js';

const test = suite('a session that is ended after its server was closed');

test('leaves no timer behind', async () => {
  const host = virtualHost({ seed: 1 });
  const server = new SessionServer({ guests: true, logger: false, host, store: memory({ durable: true }) });
  const sockets = memorySockets({ clock: host.clock });
  sockets.accept((socket, request) => server.accept(socket, request));
  const kitty = new SessionClient({}, host, ninelivesTransport({ openSocket: sockets.open, host }));
  const sessions: ServerSession[] = [];
  server.on('session', (session) => void sessions.push(session));
  const starting = kitty.startSession({ username: 'jane' });
  await host.advance(100);
  assert.ok((await starting).succeeded);
  sockets.cut();
  await host.settle();
  const closing = server.close();
  void kitty.endSession();
  await host.settle();
  await closing;
  assert.is(host.pendingTimers, 0);
  sessions[0]?.end();
  await host.settle();
  assert.is(host.pendingTimers, 0);
});

test.run();
