/**
 * What JavaScript leaves out or makes null: `revokeUser` without a name took everybody's session away, options that were null were thrown at who may never
 * be thrown at, and a handler that was no function failed messages that nobody sends twice.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ServerSession } from '../../src/server/index.js';
import { inMemory } from '../src/client/support.js';

const test = suite('what an app left out');

/** What only a caller without types can say. */
const left = (value: unknown): never => value as never;

test('is nobody, where a name is missing', async () => {
  const { host, server, kitty } = inMemory();
  const starting = kitty.startSession({ username: 'jane' });
  await host.settle();
  assert.ok((await starting).succeeded);
  for (const name of [undefined, null, '', {}]) {
    const { error } = await server.sessions.revokeUser(left(name));
    assert.is(error?.code, 'InvalidUsernameError');
  }
  assert.is((await server.sessions.revoke(left(undefined))).error?.code, 'SessionUnknownError');
  await host.settle();
  assert.is(kitty.getSnapshot().status, 'active');
  await server.close();
});

test('is no option, and a handler that is no function is refused when it is registered', async () => {
  const { host, server, kitty } = inMemory();
  const there: ServerSession[] = [];
  server.on('session', (session) => void there.push(session));
  const starting = kitty.startSession({ username: 'jane' });
  await host.settle();
  const sides = [(await starting).session, there[0]];
  await host.settle();
  for (const side of sides) {
    assert.is(side?.send('a', 1, left(null)).accepted, true);
    assert.is(await side?.ready(left(null)), true);
    const asking = side?.request('b', 1, left(null));
    await host.settle();
    assert.is((await asking)?.error?.code, 'RequestUnhandledError');
    assert.throws(() => side?.on('c', left(undefined)), /"c" is no function/);
    assert.throws(() => side?.onRequest('d', left({})), /"d" is no function/);
  }
  assert.is(server.toEveryone().send('a', 1, left(null)).sessions, 1);
  void kitty.endSession();
  await host.settle();
  await server.close();
});

test('is seen when the client is made', () => {
  assert.throws(() => inMemory({}, { handlers: left({ chat: 5 }) }), /"chat" is no function/);
  assert.throws(() => inMemory({}, { retry: left({ baseMs: 'soon' }) }), /`retry.baseMs` is a number of milliseconds/);
  inMemory({}, { handlers: left({ chat: undefined }), retry: { baseMs: 5 } });
});

test.run();
