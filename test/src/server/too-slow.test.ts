/** Who asks and never acknowledges, over sockets in memory: it is ended with only so much held for it, and costs nobody else anything. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySockets } from '../../../adapters/sockets/memory.js';
import { type Client, createClient, memory } from '../../../src/client/index.node.js';
import { createServer, type Server } from '../../../src/server/index.js';
import { serverDefaults } from '../../../src/server/options.js';
import { limitsOf } from '../../../src/stream/limits.js';

/** Let timers have their turn: what goes on in memory alone needs none. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const tooSlow = suite('a client that is too slow');

type Frame = readonly [string, ...unknown[]];

/** What became of a client of the test's own. */
interface Outcome {
  readonly asked: number;
  readonly replies: number;
  /** The code of the server's last word. */
  readonly bye: string | null;
  readonly closeCode: number;
}

/** Asks `total` requests, as fast as it has credit for them, reads all that comes, and never acknowledges. Settles when it is closed. */
const askWithoutEnd = (server: Server, total: number): Promise<Outcome> =>
  new Promise((resolve) => {
    const sockets = memorySockets();
    sockets.accept((socket, request) => server.accept(socket, request));
    const token = 'r'.repeat(43);
    const hello = { v: 1, agent: 'raw', features: [], window: { messages: 16, size: 65_536 }, start: { username: 'raw', token } };
    let [window, asked, done, replies] = [0, 0, 0, 0];
    let bye: string | null = null;
    const say = (...frames: readonly Frame[]): void => socket.send(JSON.stringify(frames));
    const ask = (): void => {
      for (let count = 1; count > 0; asked += count) {
        count = Math.min(128, total - asked, done + window - asked);
        if (count > 0) say(...Array.from({ length: count }, (): Frame => ['q', 'double', 1_000, 21]));
      }
    };
    const hear = ([tag, first, second]: Frame): void => {
      if (tag === 'welcome') {
        window = (first as { readonly window: { readonly messages: number } }).window.messages;
        say(['confirm']);
      }
      if (tag === 'a') done = second as number;
      if (tag === 'r') replies += 1;
      if (tag === 'bye') bye = (first as { readonly code: string }).code;
    };
    const socket = sockets.open(
      { protocols: ['ninelives.v1'], openTimeoutMs: 5_000 },
      {
        opened: () => say(['hello', hello]),
        received: (data) => {
          for (const frame of JSON.parse(data as string) as readonly Frame[]) hear(frame);
          ask();
        },
        closed: ({ code }) => resolve({ asked, replies, bye, closeCode: code }),
      },
    );
  });

const { window, buffer, messageSize } = serverDefaults;
/** How many answers a server of the default limits keeps for one client. */
const answersMax = limitsOf({ ownWindow: window, buffer }, { peerWindow: window, messageSizeMax: messageSize }).answers.messages;

/** A server in memory, what it says of its ended sessions, and its client, whose session must not be lost. */
const withServer = (run: (parts: { server: Server; client: Client; ended: string[] }) => Promise<void>) => async (): Promise<void> => {
  const server = createServer({ guests: true, logger: false });
  const ended: string[] = [];
  server.on('session', (session) => {
    session.on('chat', (payload) => void session.send('chat', payload));
    session.onRequest('double', (n) => (n as number) * 2);
  });
  server.on('ended', (session, { reason }) => void ended.push(`${session.user.name}: ${reason}`));
  const client = createClient({ transport: memory(server) });
  for (const event of ['lost', 'gap', 'failed'] as const) client.on(event, () => assert.unreachable(`the session is ${event}`));
  try {
    await run({ server, client, ended });
  } finally {
    await client.endSession();
    await server.close();
  }
};

tooSlow(
  'a client that asks 100,000 requests and never acknowledges is ended with a bounded number of answers kept, and others notice nothing',
  withServer(async ({ server, client, ended }) => {
    const started = await client.startSession({ username: 'jane' });
    assert.ok(started.succeeded);
    if (!started.succeeded) return;
    const { session } = started;
    const chats: unknown[] = [];
    session.on('chat', (n) => void chats.push(n));

    let isOver = false;
    const raw = askWithoutEnd(server, 100_000).finally(() => {
      isOver = true;
    });
    let rounds = 0;
    for (; !isOver || rounds < 10; rounds += 1) {
      const sent = session.send('chat', rounds);
      const reply = await session.request('double', rounds);
      assert.ok(reply.succeeded && reply.reply === rounds * 2);
      assert.equal(sent.accepted && (await sent.confirmed), { status: 'handled' });
      await turn();
    }

    const outcome = await raw;
    assert.equal([outcome.bye, outcome.closeCode], ['SlowConsumerError', 4413]);
    assert.ok(
      outcome.replies <= answersMax && outcome.replies > answersMax - window.messages,
      `${outcome.replies} of ${answersMax} replies`,
    );
    assert.ok(outcome.asked <= answersMax + 2 * window.messages, `${outcome.asked} requests`);
    assert.equal(ended, ['raw: tooSlow']);
    assert.is(client.getSnapshot().status, 'active');
    assert.equal(
      chats,
      Array.from({ length: rounds }, (_, n) => n),
    );
  }),
);

tooSlow(
  'a client whose message handler stands still may ask more than that many requests: it acknowledges that it has the answers',
  withServer(async ({ client, ended }) => {
    const started = await client.startSession({ username: 'jane' });
    assert.ok(started.succeeded);
    if (!started.succeeded) return;
    const { session } = started;
    let replies = 0;
    session.on('chat', async () => {
      for (; replies <= answersMax; replies += 1_000) {
        const results = await Promise.all(Array.from({ length: 1_000 }, (_, n) => session.request('double', n)));
        assert.ok(results.every(({ succeeded }) => succeeded));
      }
    });
    const sent = session.send('chat', 'go');
    assert.equal(sent.accepted && (await sent.confirmed), { status: 'handled' });
    while (replies <= answersMax) await turn();
    assert.equal(ended, []);
    assert.is(client.getSnapshot().status, 'active');
  }),
);

tooSlow.run();
