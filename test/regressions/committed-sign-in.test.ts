/**
 * A sign-in that was written, and whose server died before it came to say so, was judged again by the next one: a credential that is good once was refused,
 * and the client told that it had not signed in, in a session that was the user's.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memory } from '../../adapters/stores/memory.js';
import type { SessionStore, StreamStore } from '../../machines/ports/store.js';
import type { Server } from '../../src/server/index.js';
import { testWorld } from '../../src/testing/index.js';

const test = suite('a sign-in that was written');

/** A store that writes no turn behind an identity, until it is told to. */
const interrupted = () => {
  const inner = memory({ durable: true });
  const streams = inner.streams as StreamStore;
  const state = { isHeld: false, identified: 0 };
  const store: SessionStore = {
    ...inner,
    streams: { ...streams, commit: (turns) => (state.isHeld ? () => new Promise(() => undefined) : streams.commit(turns)) },
    identify: (identification) => async () => {
      const answer = await inner.identify(identification)();
      state.identified += 1;
      state.isHeld = state.identified === 1;
      return answer;
    },
  };
  return { store, state };
};

test('is said by the next life of the server, and not judged again', async () => {
  const { store, state } = interrupted();
  const used = new Set<unknown>();
  const handled: string[] = [];
  const app = (server: Server): void => {
    server.on('session', (session) => {
      session.on('chat', (text, { user, redelivered }) => void handled.push(`${user.name} ${text}${redelivered ? ' again' : ''}`));
    });
  };
  const authenticate = ({ authParams }: { authParams: { ticket?: unknown } }): boolean => {
    const { ticket } = authParams;
    if (used.has(ticket)) return false;
    used.add(ticket);
    return true;
  };
  const world = testWorld({ app, server: { store, guests: true, authenticate } });
  const kitty = world.client();
  const session = await world.start(kitty, { username: 'visitor' });
  session.send('chat', 'one');
  const signingIn = session.signIn({ username: 'jane', authParams: { ticket: 1 } });
  session.send('chat', 'two');
  await world.until(() => state.isHeld);
  await world.killServer();
  state.isHeld = false;
  await world.restartServer();
  const { error } = await world.result(signingIn);
  assert.is(error, undefined);
  await world.advance(1_000);
  assert.equal([kitty.getSnapshot().user?.name, session.user.name, state.identified], ['jane', 'jane', 1]);
  assert.equal(handled, ['visitor one', 'jane two', 'jane two again']);

  // The token is the one that the sign-in brought at last: the session goes on with it, on a new link and after another restart.
  world.network.cut();
  await world.advance(1_000);
  await world.killServer();
  await world.restartServer();
  await world.advance(1_000);
  session.send('chat', 'three');
  await world.advance(1_000);
  assert.equal([kitty.getSnapshot().status, handled.at(-1)], ['active', 'jane three']);
  world.assertGuarantees();
  await world.close();
});

test.run();
