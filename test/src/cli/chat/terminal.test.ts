import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { chat } from '../../../../src/cli/chat/chat.js';
import { chatRoom } from '../../../../src/cli/chat-room.js';
import { exitCodes } from '../../../../src/cli/exit.js';
import { passwordsOf } from '../../../../src/cli/serve/passwords.js';
import { createServer } from '../../../../src/server/index.js';
import { testIo } from '../support.js';

const terminal = suite('ninelives chat at a terminal');

const room = async () => {
  const server = createServer({ guests: true, logger: false, authenticate: await passwordsOf(new Map([['jane', 'sesame']])) });
  chatRoom(server);
  const { url } = await server.listen(0, { host: '127.0.0.1' });
  /** The server knows a session a moment after its client does. */
  const entered = new Promise<void>((resolve) => server.on('session', () => resolve()));
  return { server, url, entered };
};

terminal('a typed line is shown once, as a message, and what others say comes above the prompt', async () => {
  const { server, url, entered } = await room();
  const io = testIo({ tty: true, columns: 80, env: { NO_COLOR: '1' } });
  const ended = chat({ url, username: 'joe' }, io);
  await io.until('Enter sends a line');
  await entered;
  io.stdin.write('hello\r');
  await io.until('joe  hello\n');
  server.toEveryone().send('chat', { from: 'jane', text: 'hi joe', at: 0 });
  await io.until('jane  hi joe\n');
  assert.is(io.out().split('joe  hello\n').length, 2);
  // Ctrl-D.
  io.stdin.write('\u0004');
  assert.is(await ended, exitCodes.done);
  assert.match(io.out(), '· ended\n');
  await server.close();
});

for (const [name, key] of [
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
  ['/quit', '/quit\r'],
] as const)
  terminal(`${name} ends the session, and that is no failure`, async () => {
    const { server, url } = await room();
    const over = new Promise<string>((resolve) => server.on('ended', (_session, { reason }) => resolve(reason)));
    const io = testIo({ tty: true, columns: 80 });
    const ended = chat({ url }, io);
    await io.until('Enter sends a line');
    io.stdin.write(key);
    assert.is(await ended, exitCodes.done);
    assert.is(await over, 'ended');
    await server.close();
  });

terminal('a password is asked for without showing it', async () => {
  const { server, url } = await room();
  const io = testIo({ tty: true, columns: 80 });
  const ended = chat({ url, username: 'jane', password: true }, io);
  io.stdin.write('sesame\r');
  await io.until('Enter sends a line');
  io.stdin.write('/whoami\r');
  await io.until('jane (jane), user 1, registered');
  io.stdin.write('\u0004');
  assert.is(await ended, exitCodes.done);
  assert.match(io.err(), 'Password of jane: ');
  assert.not.match(io.out() + io.err(), 'sesame');
  await server.close();
});

terminal('Ctrl-C at the question for the password breaks off, and nothing is started', async () => {
  const io = testIo({ tty: true });
  const ended = chat({ url: 'ws://127.0.0.1:1', username: 'jane', password: true }, io);
  io.stdin.write('ses\u0003');
  assert.is(await ended, 128 + 2);
  assert.not.match(io.out(), 'connecting');
});

terminal('colours are for terminals whose person did not ask for none', async () => {
  const { server, url } = await room();
  const colored = async (env: Record<string, string>): Promise<boolean> => {
    const io = testIo({ tty: true, columns: 80, env });
    const ended = chat({ url }, io);
    await io.until('Enter sends a line');
    io.stdin.write('\u0004');
    await ended;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that of a colour is what is looked for.
    return /\u001b\[\d+m/.test(io.out());
  };
  assert.is(await colored({}), true);
  assert.is(await colored({ NO_COLOR: '1' }), false);
  assert.is(await colored({ TERM: 'dumb' }), false);
  await server.close();
});

terminal('a session that the server takes away is told, and is a failure', async () => {
  const { server, url, entered } = await room();
  const io = testIo({ tty: true, columns: 80 });
  const ended = chat({ url, username: 'joe' }, io);
  await io.until('Enter sends a line');
  await entered;
  await server.sessions.revokeUser('joe');
  assert.is(await ended, exitCodes.failed);
  assert.match(io.out(), 'ended: the server took the session away');
  await server.close();
});

terminal('commands answer, and one that is none is not sent', async () => {
  const { server, url } = await room();
  const io = testIo({ tty: true, columns: 80, env: { NO_COLOR: '1' } });
  const ended = chat({ url, username: 'joe' }, io);
  await io.until('Enter sends a line');
  io.stdin.write('/help\r');
  await io.until('/whoami  asks the server who you are');
  io.stdin.write('/status\r');
  await io.until('0 lines not confirmed');
  io.stdin.write('/nonsense\r');
  await io.until('/nonsense is no command');
  io.stdin.write('//slash\r');
  await io.until('joe  /slash\n');
  io.stdin.write('\u0004');
  assert.is(await ended, exitCodes.done);
  await server.close();
});

terminal.run();
