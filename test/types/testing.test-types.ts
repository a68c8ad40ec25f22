/** What the compiler has to say about `ninelives/testing`: a world has the types of its contract. Compiled by `tsc`, never run. */
import type { Server } from '../../src/server/index.js';
import { lives, type TestWorld, testWorld } from '../../src/testing/index.js';

interface Chat {
  toServer: { messages: { say: { text: string } }; requests: { history: (query: { last: number }) => string[] } };
  toClient: { messages: { line: { from: string; text: string } } };
}

const chatServer = (server: Server<Chat>): void => {
  server.on('session', (session) => {
    session.on('say', ({ text }) => session.send('line', { from: session.user.name, text: text.trim() }));
    session.onRequest('history', ({ last }) => Array<string>(last));
  });
};

/** Never called. */
export const uses = async (): Promise<void> => {
  // The contract follows from the app.
  const world = testWorld({ app: chatServer });
  world satisfies TestWorld<Chat>;
  const kitty = world.client({ handlers: { line: ({ from }) => from.length } });
  const session = await world.start(kitty, { username: 'jane' });
  session.send('say', { text: 'hi' });
  // @ts-expect-error: nothing of this type is sent.
  session.send('shout', { text: 'hi' });
  // @ts-expect-error: its payload has another shape.
  session.send('say', { words: 'hi' });
  const { reply } = await world.result(session.request('history', { last: 1 }));
  reply satisfies string[] | undefined;
  // @ts-expect-error: the server sends nothing of this type.
  world.server.to('jane').send('shout', 'x');
  // @ts-expect-error: there is no such end.
  world.network.cut('clients');
  // @ts-expect-error: how the server is reached is the world's.
  world.client({ url: 'ws://localhost' });
  (await world.until(Promise.resolve(7))) satisfies number;

  await lives({
    world: { app: chatServer },
    open: async (client, { username }) => ({ client, started: (await client.startSession({ username })).succeeded }),
    actions: { say: ({ client }, { upTo }) => client.session?.send('say', { text: `${upTo(9)}` }) },
    check: (_, pages) => pages.every(({ started }) => started),
  });
};
