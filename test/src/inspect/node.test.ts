import { once } from 'node:events';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WebSocket, WebSocketServer } from 'ws';
import { createClient, memory } from '../../../src/client/index.node.js';
import { type StatelyInspector, statelyInspector } from '../../../src/inspect/index.node.js';
import { createServer } from '../../../src/server/index.js';

const test = suite('ninelives/inspect in Node');

const secrets = ['pa55-word-of-jane', 'key-of-the-app', 'in-the-properties'];

/** One authenticated session, from its start to its end, watched. */
const runSession = async (inspect: StatelyInspector): Promise<void> => {
  const server = createServer({
    apiKeys: ['key-of-the-app'],
    guests: false,
    logger: false,
    authenticate: () => ({ user: { properties: { apiToken: 'in-the-properties', team: 'blue' } } }),
  });
  const kitty = createClient({ transport: memory(server), apiKey: 'key-of-the-app', inspect });
  const started = await kitty.startSession({ username: 'jane', authParams: { password: 'pa55-word-of-jane' } });
  assert.ok(started.succeeded);
  await kitty.endSession();
  await server.close();
};

/** A viewer's end: everything that arrives until a text is among it. */
const collect = (ws: WebSocket, until: string): Promise<string[]> =>
  new Promise((resolve) => {
    const texts: string[] = [];
    ws.on('message', (data) => {
      texts.push(String(data));
      if (String(data).includes(until)) resolve(texts);
    });
  });

/** The inspector is loaded beside the session and not before it: its page may be there a moment later. */
const answer = async (url: string): Promise<Response> => {
  for (;;) {
    try {
      return await fetch(url);
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
};

test('a viewer behind a relay sees the machine, its states and its events, and no secret by value', async () => {
  const relay = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(relay, 'listening');
  const seen = once(relay, 'connection').then(([ws]) => collect(ws as WebSocket, '"value":"ended"'));
  const inspect = statelyInspector({ url: `ws://127.0.0.1:${(relay.address() as AddressInfo).port}` });
  await runSession(inspect);
  const texts = (await seen).join('\n');
  inspect.stop();
  relay.close();

  assert.ok(texts.includes('"type":"WELCOMED"'));
  assert.ok(texts.includes('authenticating'));
  assert.ok(texts.includes('jane'), 'who it is may be seen');
  assert.ok(texts.includes('blue'), 'and what the app says about them');
  for (const secret of secrets) assert.not.ok(texts.includes(secret), `${secret} left`);
  const definitions = texts
    .split('\n')
    .map((text) => JSON.parse(text) as { definition?: string })
    .flatMap(({ definition }) => (definition === undefined ? [] : [JSON.parse(definition) as Record<string, unknown>]));
  assert.ok(definitions.some(({ id, states }) => id === 'session' && typeof states === 'object'));
  assert.ok(definitions.every((definition) => !('context' in definition)));
});

test('without an address a relay with a page is started here, and stop() ends it', async () => {
  const free = createNetServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));

  const inspect = statelyInspector({ port });
  await runSession(inspect);
  try {
    const page = await answer(`http://127.0.0.1:${port}/`);
    assert.match(await page.text(), /Stately Inspector/);
    const viewer = new WebSocket(`ws://127.0.0.1:${port}`);
    assert.ok((await collect(viewer, '@xstate.actor')).length > 0);
    viewer.terminate();
    const foreign = new WebSocket(`ws://127.0.0.1:${port}`, { origin: 'https://evil.example' });
    const [refusal] = (await once(foreign, 'error')) as [Error];
    assert.match(refusal.message, /401/);
  } finally {
    inspect.stop();
  }
});

test('where its port is taken the client goes on without it', async () => {
  const other = createNetServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const told: unknown[] = [];
  const { error } = console;
  console.error = (...words: unknown[]) => void told.push(words.join(' '));
  try {
    const inspect = statelyInspector({ port: (other.address() as AddressInfo).port });
    await runSession(inspect);
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    inspect.stop();
  } finally {
    console.error = error;
    other.close();
  }
  assert.match(String(told[0]), /goes on without it.*EADDRINUSE/s);
});

test('nothing is loaded and no connection is opened before there is something to see', async () => {
  const relay = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(relay, 'listening');
  let connections = 0;
  relay.on('connection', () => (connections += 1));
  const inspect = statelyInspector({ url: `ws://127.0.0.1:${(relay.address() as AddressInfo).port}` });
  inspect.stop();
  await runSession(inspect);
  relay.close();
  assert.is(connections, 0);
});

test.run();
