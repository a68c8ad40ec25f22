/** Two thousand clients that come back at once: to a server that lived on, and to one that was started again. One process, one virtual clock. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { memorySockets } from '../../../adapters/sockets/memory.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import { SessionClient } from '../../../src/client/client.js';
import { SessionServer } from '../../../src/server/server.js';
import { keptLog } from '../../support/server.js';

const clientCount = 2_000;
/** What a server admits unless it is told otherwise. */
const perSecond = 400;
/** So rarely that the test is not about pings. */
const pingEveryMs = 600_000;

const makeHerd = async () => {
  const host = virtualHost({ seed: 11 });
  const sockets = memorySockets({ clock: host.clock });
  const serve = () => {
    const log = keptLog();
    const server = new SessionServer({ guests: true, pingEveryMs, logger: log.logger, host });
    /** When each was welcomed, by what the server heard and said of it. */
    const admittedAt: number[] = [];
    const noted = log.logger.info;
    log.logger.info = (fields, message) => {
      if (message === 'session active' || message === 'session resumed') admittedAt.push(host.clock.now());
      noted(fields, message);
    };
    const leave = sockets.accept((socket, request) => server.accept(socket, request));
    return { server, log, admittedAt, leave };
  };
  const clients = Array.from(
    { length: clientCount },
    () => new SessionClient({}, host, ninelivesTransport({ openSocket: sockets.open, host })),
  );
  const first = serve();
  const starts = clients.map((client, index) => client.startSession({ username: `u${index}` }));
  // Within the deadline of a start, as all do that comes below.
  await host.advance(10_000);
  for (const { succeeded } of await Promise.all(starts)) assert.ok(succeeded);
  return {
    host,
    sockets,
    clients,
    first,
    serve,
    active: () => clients.filter((client) => client.getSnapshot().status === 'active').length,
    close: async (...servers: readonly SessionServer[]) => {
      for (const server of servers) void server.close();
      for (const client of clients) void client.endSession();
      await host.advance(10_000);
    },
  };
};

/** The most in any one second, wherever it begins. */
const mostInASecond = (times: readonly number[]): number =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));

const herd = suite('two thousand clients');

herd(
  'are admitted 400 in any second at most: when they start, when their links are cut, when the server was started again, and when it was drained',
  async () => {
    const { host, sockets, clients, first, serve, active, close } = await makeHerd();
    assert.is(first.admittedAt.length, clientCount);
    assert.ok(mostInASecond(first.admittedAt) <= perSecond, 'at their start');

    const resumed = clients.map((client) => client.session?.id);
    const cutAt = host.clock.now();
    sockets.cut();
    await host.advance(10_000);
    const back = first.admittedAt.slice(clientCount);
    assert.is(active(), clientCount);
    assert.is(back.length, clientCount, 'each is admitted once');
    assert.ok(mostInASecond(back) <= perSecond, 'after the cut');
    assert.ok(Math.max(...back) - cutAt < 7_500, 'the excess comes back evenly: half as long again as the limit alone takes, at most');
    assert.equal(
      clients.map((client) => client.session?.id),
      resumed,
      'each has its session',
    );

    first.leave();
    void first.server.close();
    sockets.cut();
    const second = serve();
    await host.advance(10_000);
    assert.is(active(), clientCount);
    assert.is(second.admittedAt.length, clientCount);
    assert.ok(mostInASecond(second.admittedAt) <= perSecond, 'after the restart');

    const drained = second.server.drain();
    // Twenty batches.
    await host.advance(2_000);
    await drained;
    second.leave();
    const third = serve();
    // A second for the next server to be there, and the six and a quarter over which 2,000 are spread.
    await host.advance(9_000);
    assert.is(active(), clientCount);
    assert.ok(mostInASecond(third.admittedAt) <= perSecond, 'after the drain');
    assert.ok(
      third.log.lines.filter(({ fields }) => fields.code === 'ServerBusyError').length < clientCount / 10,
      'hardly anybody comes in vain',
    );
    await close(third.server);
  },
);

herd.run();
