/**
 * A handler that still runs belongs to the session, whichever stream its message came by: the next one waits for it. After a second new stream it did
 * not: the second one looked at the first, which had nothing running.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deferred, scripted } from '../src/client/support.js';

const test = suite('a handler that outlives two streams');

test('is waited for by the messages of the third', async () => {
  const { host, wire, kitty } = scripted();
  const held = deferred<void>();
  const begun: unknown[] = [];
  const starting = kitty.startSession({ username: 'jane' });
  const first = await wire.link();
  await first.hello();
  first.welcomed({ sessionId: 'one' });
  const { session } = await starting;
  session?.on('chat', (payload) => {
    begun.push(payload);
    return payload === 1 ? held.promise : undefined;
  });
  await host.settle();
  first.received({ kind: 'message', type: 'chat', payload: 1 });
  let link = first;
  for (const sessionId of ['two', 'three']) {
    link.lost('ConnectionLostError');
    while (link.ended !== null) {
      await host.advance(10);
      link = wire.links.at(-1) ?? link;
    }
    link.opened();
    await link.gone();
    link.welcomed({ sessionId });
    await host.settle();
  }
  link.received({ kind: 'message', type: 'chat', payload: 2 });
  await host.settle();
  assert.equal(begun, [1]);
  held.resolve();
  await host.settle();
  assert.equal(begun, [1, 2]);
  void kitty.endSession();
  await host.advance(10_000);
});

test.run();
