/** A server that was closed while its store was being opened took up the sessions of an earlier life all the same, and told its app of their end once their window was over. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../adapters/hosts/virtual.js';
import { sqlite } from '../../adapters/stores/sqlite.js';
import { SessionClient } from '../../src/client/client.js';
import { memory } from '../../src/client/index.node.js';
import { SessionServer } from '../../src/server/server.js';

const test = suite('a server that is closed while its store is being opened');

test('leaves the sessions of an earlier life to the next one, and no timer behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ninelives-'));
  const host = virtualHost({ seed: 1 });
  const serve = (): SessionServer => new SessionServer({ guests: true, logger: false, host, store: sqlite(join(folder, 'store.db')) });
  const first = serve();
  const kitty = new SessionClient({}, host, memory(first)(host));
  const starting = kitty.startSession({ username: 'jane' });
  while (kitty.getSnapshot().status !== 'active') await host.advance(1);
  assert.ok((await starting).succeeded);
  await host.advance(100);
  await first.close();
  void kitty.endSession();
  await host.settle();

  const second = serve();
  let told = 0;
  second.on('session', () => {
    told += 1;
  });
  const opening = second.users.list();
  const closing = second.close();
  await host.settle();
  await Promise.all([opening, closing]);
  assert.equal([told, host.pendingTimers], [0, 0]);

  const third = serve();
  const again = new Promise<string>(
    (resolve) => void third.on('session', ({ user }, { recovered }) => resolve(`${user.name} ${recovered}`)),
  );
  await third.users.list();
  assert.is(await again, 'jane true');
  await third.close();
  await rm(folder, { recursive: true });
});

test.run();
