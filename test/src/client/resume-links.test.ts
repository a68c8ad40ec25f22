/** Resumes over real links that break as real ones do: on both ends, on one end alone, or silently. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from '../../../adapters/hosts/seeded.js';
import type { Client } from '../../../src/client/index.node.js';
import type { ServerSession } from '../../../src/server/index.js';
import { type FaultProxy, startProxy } from '../../support/proxy.js';
import { started, type TestServer, withServer } from '../../support/server.js';
import { until } from '../../support/until.js';

/** Silence is noticed after about this and a probe. */
const pingEveryMs = 100;
const options = { resumeWindowMs: 60_000, pingEveryMs };

/** A test with a server, a proxy before it, and a client that comes back quickly. */
const throughProxy = (run: (test: TestServer & { readonly proxy: FaultProxy; readonly kitty: Client }) => Promise<void>) =>
  withServer(options, async (test) => {
    const proxy = await startProxy({ target: { host: '127.0.0.1', port: test.port } });
    try {
      await run({ ...test, proxy, kitty: test.client({ url: proxy.url, retry: { baseMs: 10, capMs: 50 } }) });
    } finally {
      proxy.resume();
      for (const { id } of test.sessions) test.server.keeper.find(id)?.revoke();
      await proxy.close();
    }
  });

const slow = suite('a link that is slow');

slow(
  'is not lost while a message is on its way that takes longer than any silence',
  throughProxy(async ({ proxy, kitty, sessions }) => {
    await started(kitty, 'jane');
    let lost = 0;
    kitty.on('lost', () => {
      lost += 1;
    });
    const lengths: number[] = [];
    await until(() => sessions.length > 0, 'the server has the session');
    sessions[0]?.on('long', (text) => void lengths.push(String(text).length));
    proxy.throttle(30_000);
    const sent = kitty.session?.send('long', 'x'.repeat(100_000));
    assert.ok(sent?.accepted);
    assert.is((await sent.confirmed).status, 'handled');
    assert.equal([lengths, lost], [[100_000], 0]);
  }),
);

/** Ways to break a link, and to mend the network where that is needed for a return. */
const breaks = {
  both: (proxy: FaultProxy) => proxy.cut('both'),
  client: (proxy: FaultProxy) => proxy.cut('client'),
  server: (proxy: FaultProxy) => proxy.cut('server'),
  silent: (proxy: FaultProxy) => proxy.stall('both'),
  silentDown: (proxy: FaultProxy) => proxy.stall('down'),
} as const;
type Break = keyof typeof breaks;

/** How often a client lost its session and had it back. */
const watch = (kitty: Client, proxy: FaultProxy) => {
  const seen = { lost: 0, resumed: 0, gaps: 0 };
  kitty.on('lost', () => {
    seen.lost += 1;
    // What was held back arrives now, late: at a connection that its client has left.
    proxy.resume();
  });
  kitty.on('resumed', () => {
    seen.resumed += 1;
  });
  kitty.on('gap', () => {
    seen.gaps += 1;
  });
  return {
    seen,
    /** Break the link; settles when the session is back. */
    broken: async (how: Break) => {
      const { lost } = seen;
      breaks[how](proxy);
      await until(() => seen.lost > lost && kitty.getSnapshot().status === 'active', `the session is back after a break: ${how}`);
    },
  };
};

const one = suite('a link that breaks');

const titles: Readonly<Record<Break, string>> = {
  both: 'on both ends is replaced',
  client: 'for the client alone is replaced: the server takes the session away from the end that still looks alive to it',
  server: 'for the server alone is replaced once the client notices the silence',
  silent: 'without a word is replaced, and what it held back is not heard twice',
  silentDown: 'in one direction, to the client, is replaced',
};

for (const how of Object.keys(breaks) as Break[])
  one(
    titles[how],
    throughProxy(async ({ kitty, proxy, server, sessions, ended }) => {
      const heard = { up: [] as unknown[], down: [] as unknown[] };
      server.on('session', (session) => void session.on('count', (n) => void heard.up.push(n)));
      const { broken, seen } = watch(kitty, proxy);
      const session = await started(kitty, 'jane');
      const { id } = session;
      session.on('count', (n) => void heard.down.push(n));
      const onServer = await until(() => sessions[0], 'the server has the session');
      const say = (n: number) => {
        session.send('count', n);
        onServer.send('count', n);
      };
      say(1);
      await until(() => heard.up.length === 1 && heard.down.length === 1, 'the first is heard');
      // While nobody knows yet, too.
      const back = broken(how);
      say(2);
      await back;
      say(3);
      await until(() => heard.up.length >= 3 && heard.down.length >= 3, 'the last is heard');
      assert.equal(heard, { up: [1, 2, 3], down: [1, 2, 3] });
      assert.equal([kitty.session?.id, sessions.length, ended.length, seen.gaps], [id, 1, 0, 0]);
    }),
  );

const many = suite('a link that breaks again and again');

/** All breaks of a run, in the order that the seed decides. A silent one takes two seconds to be noticed: there are few of them. */
const breaksOfARun: readonly Break[] = [
  ...Array<Break>(9).fill('both'),
  ...Array<Break>(8).fill('client'),
  'server',
  'silent',
  'silentDown',
];
const rounds = breaksOfARun.length;
const perRound = 25;

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000));

many(
  `loses, doubles and reorders nothing of 500 messages each way over 20 breaks (SEED=${seed})`,
  throughProxy(async ({ kitty, proxy, server, sessions, ended }) => {
    const random = seededRandom(seed);
    const left = [...breaksOfARun];
    const drawn = (): Break => left.splice(Math.floor(random() * left.length), 1)[0] as Break;
    const heard = { up: [] as unknown[], down: [] as unknown[] };
    const asked = { up: 0, down: 0 };
    server.on('session', (session) => {
      session.on('count', (n) => void heard.up.push(n));
      session.onRequest('echo', (n) => {
        asked.up += 1;
        return n;
      });
    });
    const { broken, seen } = watch(kitty, proxy);
    const session = await started(kitty, 'jane');
    session.on('count', (n) => void heard.down.push(n));
    session.onRequest('echo', (n) => {
      asked.down += 1;
      return n;
    });
    const onServer: ServerSession = await until(() => sessions[0], 'the server has the session');
    const outcomes: Promise<string>[] = [];
    const replies: Promise<unknown>[] = [];
    let said = 0;
    for (let round = 0; round < rounds; round += 1) {
      const breakAt = Math.floor(random() * perRound);
      let back: Promise<void> = Promise.resolve();
      for (let turn = 0; turn < perRound; turn += 1) {
        if (turn === breakAt) back = broken(drawn());
        for (const side of [session, onServer]) {
          const sent = side.send('count', said);
          if (sent.accepted) outcomes.push(sent.confirmed.then(({ status }) => status));
          else assert.unreachable(`${sent.error.code} (SEED=${seed})`);
        }
        said += 1;
        if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
      }
      for (const side of [session, onServer]) replies.push(side.request('echo', round).then(({ reply }) => reply));
      await back;
    }
    const what = `SEED=${seed}`;
    assert.equal(
      await Promise.all(replies),
      Array.from({ length: rounds * 2 }, (_, index) => Math.floor(index / 2)),
      what,
    );
    assert.equal(new Set(await Promise.all(outcomes)), new Set(['handled']), what);
    const all = Array.from({ length: rounds * perRound }, (_, n) => n);
    assert.equal(heard, { up: all, down: all }, what);
    assert.equal(asked, { up: rounds, down: rounds }, what);
    assert.equal([sessions.length, ended.length, seen.gaps, kitty.getSnapshot().unconfirmed], [1, 0, 0, 0], what);
    assert.ok(seen.resumed >= rounds, what);
  }),
);

one.run();
many.run();
slow.run();
