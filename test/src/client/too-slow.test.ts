/** A server that asks and never acknowledges: the client takes it for broken, leaves it, and tries again. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AcceptedSocket } from '../../../machines/ports/socket.js';
import { createClient, memory } from '../../../src/client/index.node.js';

const tooSlow = suite('a server that is too slow');

type Frame = readonly [string, ...unknown[]];

const user = {
  id: 1,
  name: 'jane',
  displayName: 'Jane',
  displayPictureUrl: null,
  isGuest: true,
  presence: { status: 'Available', online: true },
  properties: {},
};
const welcome = {
  session: 's1',
  outcome: 'started',
  user,
  incarnation: 1,
  expiresAt: null,
  resumeWindowMs: 0,
  features: [],
  window: { messages: 16, size: 65_536 },
  limits: { messageSize: 1_000, batchSize: 1_048_576 },
  pingEveryMs: 60_000,
  ackDelayMs: 25,
};

/** Welcomes, then asks without end as far as the client's window allows, and acknowledges nothing. Any further client it leaves waiting. */
const serve = (window: number, closed: (code: number) => void) => {
  let accepted = 0;
  let replies = 0;
  const accept = (socket: AcceptedSocket): void => {
    accepted += 1;
    if (accepted > 1) return socket.listen({ received: () => undefined, closed: () => undefined });
    let [asked, done] = [0, 0];
    const say = (...frames: readonly Frame[]): void => socket.send(JSON.stringify(frames));
    const ask = (): void => {
      for (; asked < done + window; asked += 1) say(['q', 'double', 1_000, 21]);
    };
    socket.listen({
      received: (data) => {
        for (const [tag, , second] of JSON.parse(data as string) as readonly Frame[]) {
          if (tag === 'a') done = second as number;
          if (tag === 'r' || tag === 'x') replies += 1;
          if (tag === 'confirm' || tag === 'a') ask();
        }
      },
      closed: ({ code }) => closed(code),
    });
    say(['welcome', welcome]);
  };
  return { accept, replies: () => replies };
};

tooSlow('the link is lost with a ProtocolError, after no more answers than may be kept, and the client tries again', async () => {
  const window = { messages: 64, size: 65_536 };
  let closeCode = 0;
  const server = serve(window.messages, (code) => {
    closeCode = code;
  });
  const client = createClient({
    transport: memory({ accept: (socket) => server.accept(socket) }),
    window,
    buffer: { messages: 100, size: 65_536 },
  });
  const lost = new Promise<string>((resolve) => client.on('lost', ({ error }) => resolve(`${error.code}: ${error.message}`)));
  const started = await client.startSession({ username: 'jane' });
  assert.ok(started.succeeded);
  if (started.succeeded) started.session.onRequest('double', (n) => (n as number) * 2);

  assert.match(await lost, /^ProtocolError: .* The server leaves too much unacknowledged\./);
  assert.is(client.getSnapshot().status, 'lost');
  // Four answers for each of 1,024 handlers, and as many cancels as its buffer has requests.
  assert.ok(server.replies() > 0 && server.replies() <= 4 * 1_024 + 100, `${server.replies()} replies`);
  await client.endSession();
  assert.is(closeCode, 1000);
});

tooSlow.run();
