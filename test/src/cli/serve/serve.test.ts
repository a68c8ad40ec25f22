import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodes } from '../../../../src/cli/exit.js';
import { run } from '../../../../src/cli/run.js';
import { createClient, type StartOptions } from '../../../../src/client/index.node.js';
import { cli, inFolder, serve, start, testIo } from '../support.js';

const serving = suite('ninelives serve');

serving(
  'one port has the WebSocket, the page and the health',
  inFolder(async (folder) => {
    const server = await serve(folder);
    const at = `http://127.0.0.1:${server.port}`;
    const health = await fetch(`${at}/health`);
    assert.is(health.status, 200);
    const { status, name, version } = (await health.json()) as Record<string, string>;
    assert.equal([status, name], ['ok', 'ninelives']);
    assert.is(version, (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
    const page = await fetch(`${at}/`);
    assert.match(page.headers.get('content-type') ?? '', 'text/html');
    assert.match(await page.text(), 'Nine Lives');
    assert.is((await fetch(`${at}/nothing`)).status, 404);

    const kitty = createClient({ url: server.url });
    const { session } = await kitty.startSession({ username: 'joe' });
    assert.is(session?.user.isGuest, true);
    const answer = await session?.request('whoami', null);
    assert.is(answer?.succeeded && answer.reply.name, 'joe');
    await kitty.endSession();
    assert.is(await server.stop(), exitCodes.done);
    assert.is(server.stderr(), '');
  }),
);

serving(
  'the default store keeps itself out of a repository, and a store in memory makes no file',
  inFolder(async (folder) => {
    assert.is(await (await serve(folder, ['--store', 'memory'])).stop(), exitCodes.done);
    assert.equal(readdirSync(folder), []);
    assert.is(await (await serve(folder)).stop(), exitCodes.done);
    assert.ok(existsSync(join(folder, '.ninelives/ninelives.db')));
    assert.match(readFileSync(join(folder, '.ninelives/.gitignore'), 'utf8'), /^\*$/m);
  }),
);

serving(
  'a port that is taken gets a sentence that says what to do',
  inFolder(async (folder) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const { code, stderr, stdout } = await cli(folder, ['serve', '--store', 'memory', '--port', String(port)]);
    assert.is(code, exitCodes.unavailable);
    assert.match(stderr, `Port ${port} on 127.0.0.1 is taken`);
    assert.match(stderr, /-> .*--port \d+, or --port 0/);
    assert.not.match(stderr, /\bat .*:\d+:\d+/);
    assert.is(stdout, '');
    other.close();
  }),
);

serving(
  'a second server on one store is refused, with the first one named, and gives its port back',
  inFolder(async (folder) => {
    const first = await serve(folder);
    const { code, stderr } = await cli(folder, ['serve', '--port', '0']);
    assert.is(code, exitCodes.unavailable);
    assert.match(stderr, `another server writes this file (process ${first.child.pid} on`);
    assert.match(stderr, '--store PATH');
    await first.stop();
  }),
);

serving(
  'a folder that a named store needs is not made up',
  inFolder(async (folder) => {
    const { code, stderr } = await cli(folder, ['serve', '--port', '0', '--store', 'dta/live.db']);
    assert.is(code, exitCodes.unavailable);
    assert.match(stderr, /The directory .*dta does not exist/);
    assert.equal(readdirSync(folder), []);
  }),
);

serving(
  'a name with a password is signed in with it, and is no guest',
  inFolder(async (folder) => {
    const server = await serve(folder, ['--store', 'memory', '--password', 'jane=sesame']);
    const kitty = createClient({ url: server.url });
    const attempts: readonly StartOptions[] = [
      { username: 'jane', authParams: { password: 'other' } },
      { username: 'jane', authParams: {} },
      { username: 'jane' },
      { username: 'joe', authParams: { password: 'sesame' } },
    ];
    for (const attempt of attempts) assert.is((await kitty.startSession(attempt)).error?.code, 'AccessDeniedError');
    const { session } = await kitty.startSession({ username: 'jane', authParams: { password: 'sesame' } });
    assert.is(session?.user.isGuest, false);
    await kitty.endSession();
    assert.ok((await kitty.startSession({ username: 'joe' })).succeeded);
    await kitty.endSession();
    await server.stop();
  }),
);

serving(
  '--no-guests lets nobody in without a password, and a client without a key is refused where keys are set',
  inFolder(async (folder) => {
    const server = await serve(folder, ['--store', 'memory', '--no-guests', '--api-key', 'k1', '--api-key', 'k2']);
    const without = await createClient({ url: server.url }).startSession({ username: 'joe' });
    assert.is(without.error?.code, 'InvalidApiKeyError');
    const withKey = await createClient({ url: server.url, apiKey: 'k2' }).startSession({ username: 'joe' });
    assert.is(withKey.error?.code, 'AccessDeniedError');
    await server.stop();
  }),
);

serving(
  'a configuration file brings its own app and decides who enters',
  inFolder(async (folder) => {
    writeFileSync(
      join(folder, 'ninelives.config.mjs'),
      `export default {
        store: 'memory',
        authenticate: ({ authParams }) => authParams.code === 'open',
        setup: (server) => server.on('session', (session) => session.onRequest('double', (n) => n * 2)),
        options: { pingEveryMs: 1000 },
      };`,
    );
    const server = await serve(folder);
    const kitty = createClient({ url: server.url });
    assert.is((await kitty.startSession({ username: 'jane', authParams: { code: 'x' } })).error?.code, 'AccessDeniedError');
    const { session } = await kitty.startSession({ username: 'jane', authParams: { code: 'open' } });
    const doubled = await session?.request('double', 21);
    assert.is(doubled?.succeeded && doubled.reply, 42);
    const chat = session?.send('chat', { text: 'hi' });
    assert.equal(chat?.accepted && (await chat.confirmed), { status: 'unhandled' });
    await kitty.endSession();
    await server.stop();
  }),
);

for (const [what, config, code, said] of [
  [
    'a setup that throws',
    "{ setup: () => { throw new Error('no queue'); } }",
    exitCodes.failed,
    /setup in ninelives\.config\.mjs failed: no queue/,
  ],
  ['an option that createServer refuses', '{ options: { pingEveryMs: -1 } }', exitCodes.usage, /pingEveryMs/],
  [
    'two ways to decide who enters',
    "{ authenticate: () => true, webhook: 'https://example.com' }",
    exitCodes.usage,
    /2 are set: webhook in .*, authenticate in/,
  ],
  ['an issuer without a key set', "{ jwtIssuer: 'https://example.com' }", exitCodes.usage, /jwtIssuer in .* is set, but nothing/],
  ['a password for a name that nobody can have', "{ passwords: { ' jane': 'x' } }", exitCodes.usage, /can not be a username/],
] as const)
  serving(
    `${what} is told, and nothing is left running`,
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'ninelives.config.mjs'), `export default ${config};\n`);
      const ended = await cli(folder, ['serve', '--port', '0', '--store', 'memory']);
      assert.match(ended.stderr, said);
      assert.is(ended.code, code);
      assert.not.match(ended.stderr, /\bat .*:\d+:\d+/);
    }),
  );

serving(
  'no key, password, token or secret of anybody is in the log, at any level',
  inFolder(async (folder) => {
    const secrets = { key: 'key-74100259', password: 'password-83920', wrong: 'wrong-5512048', hook: 'hook-662910' };
    const server = await serve(folder, ['--log-level', 'debug', '--api-key', secrets.key, '--password', `jane=${secrets.password}`]);
    const kitty = createClient({ url: server.url, apiKey: secrets.key });
    const stranger = createClient({ url: server.url, apiKey: secrets.hook });
    await stranger.startSession({ username: 'jane', authParams: { password: secrets.wrong } });
    await kitty.startSession({ username: 'jane', authParams: { password: secrets.wrong, token: secrets.hook } });
    const { session } = await kitty.startSession({ username: 'jane', authParams: { password: secrets.password } });
    const sent = session?.send('chat', { not: 'a chat' });
    assert.equal(sent?.accepted && (await sent.confirmed), { status: 'failed' });
    await kitty.endSession();
    await server.stop();
    const log = server.stdout() + server.stderr();
    assert.match(log, 'access denied');
    assert.match(log, 'session ended');
    for (const secret of Object.values(secrets)) assert.not.match(log, secret);
    assert.not.match(log, /"(authParams|token|tokenHash|password|apiKey)":"(?!\[redacted\])/);
  }),
);

serving(
  'a log for people has no JSON and no colour where none is wanted, and says the address',
  inFolder(async (folder) => {
    const server = start(folder, ['serve', '--port', '0', '--store', 'memory', '--no-json-logs']);
    await server.until('Ctrl-C stops it.');
    assert.match(server.stdout(), /page +http:\/\/127\.0\.0\.1:\d+\/\n +clients +ws:\/\/127\.0\.0\.1:\d+\n/);
    assert.not.match(server.stdout(), '{"');
    assert.not.match(server.stdout(), '\u001b');
    server.child.kill('SIGINT');
    assert.is(await server.ended, exitCodes.done);
    assert.match(server.stdout(), 'stopping');
  }),
);

serving(
  'the address is told at every log level but silent',
  inFolder(async (folder) => {
    const server = await serve(folder, ['--store', 'memory', '--log-level', 'error']);
    assert.is(server.stdout().trim().split('\n').length, 1);
    await server.stop();
  }),
);

serving('a second signal does not wait for the goodbyes', async () => {
  const io = testIo();
  const ended = run(['serve', '--port', '0', '--store', 'memory'], io);
  await io.until('"msg":"listening"');
  io.signal('SIGTERM');
  assert.equal(io.exits, []);
  io.signal('SIGINT');
  assert.equal(io.exits, [128 + 2]);
  assert.is(await ended, exitCodes.done);
});

serving(
  'an app that left something open does not keep a stopped server from ending',
  inFolder(async (folder) => {
    writeFileSync(
      join(folder, 'ninelives.config.mjs'),
      "export default { store: 'memory', setup: () => { setInterval(() => {}, 1000); } };\n",
    );
    assert.is(await (await serve(folder)).stop(), exitCodes.done);
  }),
);

serving.run();
