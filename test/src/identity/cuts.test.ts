/** A sign-in with messages queued on both sides, over a link that is cut between any two deliveries. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { memorySockets } from '../../../adapters/sockets/memory.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import { createServer } from '../../../src/server/index.js';
import { clientOn } from '../client/support.js';

/** How long the verdict takes, in milliseconds: a few losses and returns. */
const verdictMs = 40;
const before = [1, 2, 3];
const behind = [4, 5, 6];

interface Run {
  readonly deliveries: number;
  readonly result: readonly unknown[];
  /** What the server handled: number, whom it speaks for, whose the session was. */
  readonly up: readonly unknown[];
  readonly requests: readonly unknown[];
  /** What the client handled: number and whom it was said to. */
  readonly down: readonly unknown[];
  readonly identities: readonly unknown[];
  readonly judged: number;
  readonly left: { readonly open: number; readonly timers: number };
}

const run = async (cutsAt: readonly number[], password = 'right'): Promise<Run> => {
  const host = virtualHost({ seed: 5 });
  const held: (() => void)[] = [];
  const sockets = memorySockets({ clock: host.clock, schedule: (deliver) => void held.push(deliver) });
  let judged = 0;
  const server = createServer({
    logger: false,
    guests: true,
    host,
    authenticate: ({ authParams }) => {
      judged += 1;
      return new Promise<false | undefined>((resolve) => {
        host.clock.setTimeout(() => resolve(authParams.password === 'right' ? undefined : false), verdictMs);
      });
    },
  });
  sockets.accept((socket, request) => server.accept(socket, request));
  const kitty = clientOn(host, { transport: ninelivesTransport({ openSocket: sockets.open, host }), retry: { baseMs: 20, capMs: 100 } });
  const up: unknown[] = [];
  const down: unknown[] = [];
  const requests: unknown[] = [];
  const identities: unknown[] = [];
  const result: unknown[] = [];
  // The messages each way, two requests each with its answer, and the sign-in.
  let open = 2 * (before.length + behind.length) + 5;
  const note = (list: unknown[], value: unknown): void => {
    list.push(value);
    open -= 1;
  };
  server.on('identity', (session, { former }) => void identities.push(`${former.name} is ${session.user.name}`));
  server.on('session', (session) => {
    session.on('say', (n, { user }) => {
      note(up, [n, user.name, session.user.name]);
      session.send('echo', n);
    });
    session.onRequest('who', (n, { user }) => {
      note(requests, [n, user.name]);
      return n;
    });
  });
  void kitty.startSession({ username: 'visitor' }).then(({ session }) => {
    if (session === undefined) return;
    session.on('echo', (n, { user }) => note(down, [n, user.name]));
    const ask = (n: number): void => void session.request('who', n, { timeoutMs: 60_000 }).then(({ failed }) => note([], failed));
    for (const n of before) session.send('say', n);
    ask(0);
    void session.signIn({ username: 'jane', authParams: { password } }).then(({ user, error }) => note(result, user?.name ?? error?.code));
    for (const n of behind) session.send('say', n);
    ask(1);
  });
  let deliveries = 0;
  const deliverAll = async (): Promise<void> => {
    await host.settle();
    for (let deliver = held.shift(); deliver !== undefined; deliver = held.shift()) {
      deliver();
      deliveries += 1;
      await host.settle();
      if (cutsAt.includes(deliveries)) sockets.cut();
    }
  };
  const live = async (ms: number, isOver: () => boolean): Promise<void> => {
    for (let waited = 0; !isOver() && waited < ms; waited += 10) {
      await deliverAll();
      await host.advance(10);
    }
  };
  await live(5_000, () => open === 0);
  const atRest = deliveries;
  void kitty.endSession();
  await live(200, () => false);
  const closed = server.close();
  await live(200, () => false);
  await closed;
  requests.sort();
  return { deliveries: atRest, result, up, requests, down, identities, judged, left: { open, timers: host.pendingTimers } };
};

const assertWhole = ({ deliveries: _, ...run }: Run, what: string, isGood = true): void => {
  const later = isGood ? 'jane' : 'visitor';
  const by = (name: string) => (n: number) => [n, name, name];
  assert.equal(
    run,
    {
      result: [isGood ? 'jane' : 'AccessDeniedError'],
      up: [...before.map(by('visitor')), ...behind.map(by(later))],
      requests: [
        [0, 'visitor'],
        [1, later],
      ],
      down: [...before.map((n) => [n, 'visitor']), ...behind.map((n) => [n, later])],
      identities: isGood ? ['visitor is jane'] : [],
      judged: 1,
      left: { open: 0, timers: 0 },
    },
    what,
  );
};

const cuts = suite('a sign-in over a link that is cut');

cuts('behind any one delivery is judged once, and what is queued on both sides keeps its place before it or behind it', async () => {
  const whole = await run([]);
  assertWhole(whole, 'uncut');
  for (let at = 1; at <= whole.deliveries; at += 1) assertWhole(await run([at]), `cut behind delivery ${at}`);
});

cuts('behind any two deliveries, those of the resume among them, comes to the same', async () => {
  const { deliveries } = await run([]);
  for (let first = 1; first <= deliveries; first += 1)
    for (let gap = 1; gap <= 8; gap += 1) assertWhole(await run([first, first + gap]), `cut behind ${first} and ${first + gap}`);
});

cuts('that is refused leaves all as it was, wherever the cut is', async () => {
  const { deliveries } = await run([], 'wrong');
  for (let at = 0; at <= deliveries; at += 1) assertWhole(await run([at], 'wrong'), `cut behind delivery ${at}`, false);
});

cuts.run();
