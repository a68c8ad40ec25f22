import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodes } from '../../../../src/cli/exit.js';
import { cli, inFolder, serve, start } from '../support.js';

const chatting = suite('ninelives chat from a pipe');

const memory = ['--store', 'memory'] as const;
const active = 'active as';

chatting(
  'two of them hear each other, and each ends when all it said is confirmed',
  inFolder(async (folder) => {
    const server = await serve(folder, memory);
    const [jane, joe] = ['jane', 'joe'].map((name) => start(folder, ['chat', '--url', server.url, '--username', name]));
    if (jane === undefined || joe === undefined) throw new Error('unreachable');
    await Promise.all([jane.until(active), joe.until(active)]);
    jane.write('hi joe\n');
    await joe.until(/\d\d:\d\d:\d\d jane {2}hi joe\n/);
    joe.write('hi jane\n');
    await jane.until(/\d\d:\d\d:\d\d joe {2}hi jane\n/);
    jane.write('bye');
    jane.end();
    assert.is(await jane.ended, exitCodes.done);
    await joe.until('bye');
    joe.write('/quit\nnever said\n');
    assert.is(await joe.ended, exitCodes.done);
    assert.not.match(joe.stdout(), 'never said');
    assert.match(joe.stderr(), /connecting to ws:[\s\S]*active as joe, a guest\n[\s\S]*ended\n/);
    await server.stop();
  }),
);

chatting(
  'a thousand lines are all said, once and in order',
  inFolder(async (folder) => {
    const server = await serve(folder, memory);
    const ear = start(folder, ['chat', '--url', server.url, '--username', 'ear']);
    await ear.until(active);
    const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
    const { code, stderr } = await cli(folder, ['chat', '--url', server.url, '--username', 'mouth'], { input: lines.join('\n') });
    assert.is(code, exitCodes.done, stderr);
    await ear.until('line 999\n');
    assert.equal(
      [...ear.stdout().matchAll(/mouth {2}(.*)\n/g)].map(([, text]) => text),
      lines,
    );
    ear.end();
    assert.is(await ear.ended, exitCodes.done);
    await server.stop();
  }),
);

chatting(
  'a password comes from the environment, and one that is wrong is a failure that says what to do',
  inFolder(async (folder) => {
    const server = await serve(folder, [...memory, '--password', 'jane=sesame', '--api-key', 'k']);
    const args = ['chat', '--url', server.url, '--username', 'jane'];
    const env = { NINELIVES_API_KEY: 'k' };
    const right = await cli(folder, args, { input: '/whoami\n', env: { ...env, NINELIVES_PASSWORD: 'sesame' } });
    assert.is(right.code, exitCodes.done);
    assert.match(right.stderr, 'jane (jane), user 1, registered');
    const wrong = await cli(folder, [...args, '--password', 'open-sesame'], { env: { ...env, NINELIVES_PASSWORD: 'sesame' } });
    assert.is(wrong.code, exitCodes.failed);
    assert.match(wrong.stderr, 'ninelives: The server did not admit this user.');
    assert.not.match(wrong.stderr, 'open-sesame');
    assert.is((await cli(folder, args)).code, exitCodes.failed);
    await server.stop();
  }),
);

chatting(
  'the exit code tells that a line was not handled, and the line is named',
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'deaf.mjs'), 'export default { setup: () => undefined };\n');
    const server = await serve(folder, [...memory, '--config', 'deaf.mjs']);
    const { code, stderr } = await cli(folder, ['chat', '--url', server.url], { input: 'hello\nagain\n' });
    assert.is(code, exitCodes.unconfirmed);
    assert.match(stderr, '"hello": not handled, as nothing on the server takes chat messages');
    assert.match(stderr, 'ninelives: 2 lines may not have been handled.');
    await server.stop();
  }),
);

chatting(
  'a server that is gone is waited for no longer than --wait says, and what it never confirmed is told',
  inFolder(async (folder) => {
    const server = await serve(folder, memory);
    const kitty = start(folder, ['chat', '--url', server.url, '--wait', '1']);
    await kitty.until(active);
    server.child.kill('SIGKILL');
    await kitty.until('lost');
    kitty.write('anybody?\n');
    kitty.end();
    assert.is(await kitty.ended, exitCodes.unconfirmed);
    assert.match(kitty.stderr(), /"anybody\?": perhaps not handled/);
  }),
);

chatting(
  'a signal ends the session properly, and the exit code says which it was',
  inFolder(async (folder) => {
    const server = await serve(folder, memory);
    const kitty = start(folder, ['chat', '--url', server.url]);
    await kitty.until(active);
    kitty.child.kill('SIGTERM');
    assert.is(await kitty.ended, 128 + 15);
    assert.match(kitty.stderr(), 'ended');
    await server.until('"msg":"session ended"');
    assert.match(server.stdout(), '"reason":"ended"');
    await server.stop();
  }),
);

chatting(
  'a start is taken back by a signal',
  inFolder(async (folder) => {
    // It takes connections and never says a word.
    const mute = createServer().listen(0, '127.0.0.1');
    const sockets = new Set<{ destroy(): void }>();
    const connected = new Promise<void>((resolve) =>
      mute.on('connection', (socket) => {
        sockets.add(socket.on('error', () => undefined));
        resolve();
      }),
    );
    await new Promise((resolve) => mute.once('listening', resolve));
    const { port } = mute.address() as { port: number };
    const kitty = start(folder, ['chat', '--url', `ws://127.0.0.1:${port}`]);
    await connected;
    kitty.child.kill('SIGINT');
    assert.is(await kitty.ended, 128 + 2);
    for (const socket of sockets) socket.destroy();
    mute.close();
  }),
);

for (const [args, said] of [
  [['--url', 'http://127.0.0.1'], '--url can not be used. It has to be a ws: or wss: address'],
  [['--url', 'ws://jane:hidden@127.0.0.1'], '--url can not be used.'],
  [['--wait', '0'], '--wait can not be used.'],
  [['--username', ' jane'], '--username can not be used: the name begins or ends with white space'],
  [['--password', 'hidden'], 'no name says whose it is'],
  [['--username', 'jane', '--password'], 'asks at the terminal, and there is none'],
] as const)
  chatting(
    `wrong use is told: chat ${args.join(' ')}`,
    inFolder(async (folder) => {
      const { code, stderr } = await cli(folder, ['chat', ...args]);
      assert.is(code, exitCodes.usage);
      assert.match(stderr, said);
      assert.not.match(stderr, 'hidden');
    }),
  );

chatting.run();
