/** When each side notices that the other is gone, and that it does not where it is not: over a path with a delay, in virtual time. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seededRandom } from '../../adapters/hosts/seeded.js';
import { virtualHost } from '../../adapters/hosts/virtual.js';
import { memorySockets } from '../../adapters/sockets/memory.js';
import { ninelivesTransport } from '../../adapters/transports/ninelives.js';
import { SessionClient } from '../../src/client/client.js';
import type { ClientOptions } from '../../src/client/options.js';
import { SessionServer } from '../../src/server/server.js';
import { type DelayOf, type Direction, overPath } from '../support/path.js';

interface World {
  readonly options?: ClientOptions;
  readonly delayOf: DelayOf;
  readonly seed?: number;
}

/** A session over a path, and when each side gave its link up. */
const world = async ({ delayOf, seed = 1, options = {} }: World) => {
  const host = virtualHost({ seed });
  const sockets = memorySockets({ clock: host.clock });
  const server = new SessionServer({ guests: true, logger: false, host });
  let dead: readonly Direction[] = [];
  /** When the server's end of the first connection was closed by the server, or told that it is over. */
  let serverGaveUpAt: number | null = null;
  sockets.accept((socket, request) =>
    server.accept(
      {
        send: (text) => socket.send(text),
        close: (code, reason) => {
          serverGaveUpAt ??= host.clock.now();
          socket.close(code, reason);
        },
        get bufferedAmount() {
          return socket.bufferedAmount;
        },
        listen: (events) => socket.listen(events),
      },
      request,
    ),
  );
  const open = overPath(host, sockets.open, (direction, now) => (dead.includes(direction) ? 'never' : delayOf(direction, now)));
  const client = new SessionClient(options, host, ninelivesTransport({ openSocket: open, host }));
  const lostAt: number[] = [];
  client.on('lost', () => lostAt.push(host.clock.now()));
  server.on('session', (session) => void session.on('up', () => undefined));
  const starting = client.startSession({ username: 'jane' });
  await host.advance(3_000);
  const started = await starting;
  if (started.failed) throw started.error;
  started.session.on('down', () => undefined);
  return {
    host,
    lostAt,
    get serverGaveUpAt() {
      return serverGaveUpAt;
    },
    say: (direction: Direction) =>
      direction === 'up' ? started.session.send('up', 1).accepted : server.to('jane').send('down', 1) !== undefined,
    die: (...directions: readonly Direction[]) => {
      dead = directions;
    },
    close: async () => {
      dead = [];
      void client.endSession();
      await host.advance(15_000);
      const closed = server.close();
      await host.advance(15_000);
      await closed;
    },
  };
};

type InWorld = Awaited<ReturnType<typeof world>>;

/** A second of a message each way, so often that both sides know the path. */
const talk = async ({ host, say }: InWorld, seconds: number): Promise<void> => {
  for (let second = 0; second < seconds; second += 1) {
    say('up');
    say('down');
    await host.advance(1_000);
  }
};

/** How long until this side gave the link up, in milliseconds. */
const noticedIn = async (inWorld: InWorld, side: 'client' | 'server', limitMs: number): Promise<number> => {
  const from = inWorld.host.clock.now();
  const at = (): number | null => (side === 'client' ? (inWorld.lostAt[0] ?? null) : inWorld.serverGaveUpAt);
  while (at() === null && inWorld.host.clock.now() - from < limitMs) await inWorld.host.advance(10);
  return (at() ?? Number.POSITIVE_INFINITY) - from;
};

/** The server looks at those that wait each tenth of a second, and noticing takes it a look to ask and one to conclude. */
const lookMs = 200;
/** A timer of the virtual host fires at whole milliseconds of its own start. */
const timersMs = 2;

const halfOpen = suite('a path that goes dead without a word');

for (const rttMs of [5, 400])
  for (const side of ['client', 'server'] as const) {
    const own = side === 'client' ? 'up' : 'down';

    halfOpen(`is noticed within ten seconds by an idle ${side}, at ${rttMs} ms`, async () => {
      const path = await world({ delayOf: () => rttMs / 2 });
      for (const idleMs of [0, 777, 4_900]) {
        await path.host.advance(12_000 + idleMs);
        assert.is(path.lostAt.length, 0);
      }
      path.die('up', 'down');
      const took = await noticedIn(path, side, 20_000);
      assert.ok(took <= 10_000, `${took}`);
      await path.close();
    });

    halfOpen(`is noticed within two seconds by a ${side} that waits for an acknowledgement, at ${rttMs} ms`, async () => {
      const path = await world({ delayOf: () => rttMs / 2 });
      await talk(path, 40);
      path.die('up', 'down');
      path.say(own);
      const took = await noticedIn(path, side, 20_000);
      assert.ok(took <= 2_000 + (side === 'server' ? lookMs : timersMs), `${took}`);
      await path.close();
    });

    halfOpen(
      `is noticed by a ${side} that knows its path from the start alone, in an answer's time and a probe's, at ${rttMs} ms`,
      async () => {
        const path = await world({ delayOf: () => rttMs / 2 });
        path.die('up', 'down');
        path.say(own);
        const took = await noticedIn(path, side, 20_000);
        const answerMs = rttMs + 4 * Math.max(rttMs / 2, 250);
        assert.ok(took <= Math.max(2_000, 2 * answerMs) + lookMs, `${took}`);
        await path.close();
      },
    );

    halfOpen(`is noticed within ten seconds by a ${side} that hears everything and is not heard, at ${rttMs} ms`, async () => {
      const path = await world({ delayOf: () => rttMs / 2 });
      await talk(path, 40);
      path.die(own);
      const from = path.host.clock.now();
      const gaveUpAt = () => (side === 'client' ? path.lostAt[0] : path.serverGaveUpAt);
      while ((gaveUpAt() ?? null) === null && path.host.clock.now() - from < 20_000) {
        path.say('up');
        path.say('down');
        await path.host.advance(100);
      }
      const took = (gaveUpAt() ?? Number.POSITIVE_INFINITY) - from;
      assert.ok(took <= 10_000 + 2 * lookMs, `${took}`);
      await path.close();
    });
  }

halfOpen(
  'is noticed more slowly by a client that spares its battery: idle in half a minute, in six seconds where something waits',
  async () => {
    const options: ClientOptions = { profile: 'batterySaver' };
    const idle = await world({ delayOf: () => 20, options });
    await idle.host.advance(300_000);
    assert.is(idle.lostAt.length, 0);
    idle.die('up', 'down');
    const idleMs = await noticedIn(idle, 'client', 60_000);
    assert.ok(idleMs > 10_000 && idleMs <= 30_000, `${idleMs}`);
    await idle.close();

    const busy = await world({ delayOf: () => 20, options });
    await talk(busy, 40);
    busy.die('up', 'down');
    busy.say('up');
    const busyMs = await noticedIn(busy, 'client', 60_000);
    assert.ok(busyMs > 2_000 && busyMs <= 6_000 + timersMs, `${busyMs}`);
    await busy.close();
  },
);

const jitter = suite('a path whose delay jumps by a second in 30 % of its seconds');

for (const direction of ['up', 'down', 'both'] as const)
  for (const rttMs of [5, 50, 400])
    for (const everyMs of [null, 137, 3_011])
      jitter(
        `${direction === 'both' ? 'both ways' : `on the way ${direction}`} costs no side its link in ten minutes, at ${rttMs} ms, ${everyMs === null ? 'idle' : `with a message each way every ${everyMs} ms`}`,
        async () => {
          const random = seededRandom(rttMs * 31 + (everyMs ?? 0));
          const isBad = Array.from({ length: 700 }, () => random() < 0.3);
          const path = await world({
            delayOf: (way, now) =>
              rttMs / 2 + ((direction === 'both' || way === direction) && isBad[Math.floor(now / 1_000)] === true ? 1_000 : 0),
          });
          const until = path.host.clock.now() + 600_000;
          while (path.host.clock.now() < until) {
            await path.host.advance(everyMs ?? 10_000);
            if (everyMs === null) continue;
            path.say('up');
            path.say('down');
          }
          assert.equal([path.lostAt, path.serverGaveUpAt], [[], null]);
          await path.close();
        },
      );

const calm = suite('a calm path');

calm('is never suspected, whatever is sent over it, and an answer on it does not hurry anybody', async () => {
  const path = await world({ delayOf: () => 20 });
  await talk(path, 120);
  await path.host.advance(600_000);
  assert.equal([path.lostAt, path.serverGaveUpAt], [[], null]);
  await path.close();
});

halfOpen.run();
jitter.run();
calm.run();
