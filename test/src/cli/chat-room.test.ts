import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ChatContract, type ChatMessage, chatRoom } from '../../../src/cli/chat-room.js';
import { createClient, memory } from '../../../src/client/index.node.js';
import { createServer } from '../../../src/server/index.js';

const room = suite('the built-in chat room');

const NOW = 1_700_000_000_000;

const enter = async (server: ReturnType<typeof createServer>, username: string) => {
  const kitty = createClient<ChatContract>({ transport: memory(server) });
  const { session, error } = await kitty.startSession({ username });
  if (session === undefined) throw error;
  const heard: ChatMessage[] = [];
  const first = new Promise<ChatMessage>((resolve) => {
    session.on('chat', (message) => {
      heard.push(message);
      resolve(message);
    });
  });
  // A reply comes after the server has announced the session.
  const answer = await session.request('whoami', null);
  return { session, heard, first, answer, leave: () => kitty.endSession() };
};

room('what one says everyone hears, the sender too, with the name and the time', async () => {
  const server = createServer({ guests: true, logger: false });
  chatRoom(server, () => NOW);
  const [jane, joe] = [await enter(server, 'jane'), await enter(server, 'joe')];
  const sent = jane.session.send('chat', { text: 'hi' });
  assert.equal(sent.accepted && (await sent.confirmed), { status: 'handled' });
  for (const { first } of [jane, joe]) assert.equal(await first, { from: 'jane', text: 'hi', at: NOW });
  await Promise.all([jane.leave(), joe.leave()]);
  await server.close();
});

room('whoami answers the user', async () => {
  const server = createServer({ guests: true, logger: false });
  chatRoom(server);
  const { session, answer, leave } = await enter(server, 'joe');
  assert.equal(answer.succeeded && answer.reply, session.user);
  await leave();
  await server.close();
});

room('a message of another shape is told as failed, and nobody hears it', async () => {
  const server = createServer({ guests: true, logger: false });
  chatRoom(server);
  const { session, heard, first, leave } = await enter(server, 'joe');
  for (const payload of [null, 'hi', { text: 1 }, {}]) {
    const sent = session.send('chat', payload as unknown as { text: string });
    assert.equal(sent.accepted && (await sent.confirmed), { status: 'failed' });
  }
  session.send('chat', { text: 'the first that is one' });
  await first;
  assert.is(heard.length, 1);
  await leave();
  await server.close();
});

room.run();
