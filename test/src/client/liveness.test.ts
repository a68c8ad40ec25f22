/** The client notices by itself that nothing comes any more: over a real server and a path that goes dead, in virtual time. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { memorySockets } from '../../../adapters/sockets/memory.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import { createServer } from '../../../src/server/index.js';
import { admits } from '../../support/scripted-transport.js';
import { clientOn, namesOf, scripted } from './support.js';

const liveness = suite('liveness');

/** How often the server pings, in milliseconds. */
const pingEveryMs = 5_000;

/** A session over a path that can be made to deliver nothing, and to deliver it later. */
const overPath = async () => {
  const host = virtualHost({ seed: 1 });
  const held: (() => void)[] = [];
  let isDead = false;
  const sockets = memorySockets({
    clock: host.clock,
    schedule: (deliver) => {
      if (isDead) held.push(deliver);
      else queueMicrotask(deliver);
    },
  });
  const server = createServer({ logger: false, guests: true, host, pingEveryMs });
  sockets.accept((socket, request) => server.accept(socket, request));
  const kitty = clientOn(host, { transport: ninelivesTransport({ openSocket: sockets.open, host }) });
  const substates: string[] = [];
  kitty.subscribe(() => {
    const { status, substate } = kitty.getSnapshot();
    const now = substate === null ? status : `${status}.${substate}`;
    if (substates.at(-1) !== now) substates.push(now);
  });
  await kitty.startSession({ username: 'jane' });
  await host.advance(6_000);
  substates.length = 0;
  return {
    host,
    kitty,
    server,
    substates,
    die: () => {
      isDead = true;
    },
    revive: () => {
      isDead = false;
      for (const deliver of held.splice(0)) queueMicrotask(deliver);
    },
    done: async () => {
      isDead = false;
      held.length = 0;
      void kitty.endSession();
      await host.advance(10_000);
      await server.close();
    },
  };
};

liveness('an idle session stays healthy for as long as the server is there, and its round-trip time is known', async () => {
  const path = await overPath();
  await path.host.advance(600_000);
  assert.equal(path.substates, []);
  assert.is(path.kitty.getSnapshot().substate, 'healthy');
  assert.type(path.kitty.getSnapshot().roundTripMs, 'number');
  await path.done();
});

liveness('silence is suspected, then probed, then the session is lost: within ten seconds where the server pings each five', async () => {
  const path = await overPath();
  const diedAt = path.host.clock.now();
  path.die();
  const names = namesOf(path.kitty);
  while (!names.includes('lost')) await path.host.advance(100);
  assert.ok(path.host.clock.now() - diedAt <= 10_000, `${path.host.clock.now() - diedAt} ms`);
  assert.equal(path.substates.slice(0, 2), ['active.suspect', 'lost.waiting']);
  assert.is(path.kitty.getSnapshot().error?.code, 'ConnectionSilentError');
  await path.done();
});

liveness('what is heard on a suspect link makes it healthy again', async () => {
  const path = await overPath();
  path.die();
  while (path.kitty.getSnapshot().substate !== 'suspect') await path.host.advance(50);
  path.revive();
  await path.host.settle();
  assert.is(path.kitty.getSnapshot().substate, 'healthy');
  await path.host.advance(60_000);
  assert.equal(path.substates, ['active.suspect', 'active.healthy']);
  await path.done();
});

liveness('a machine that slept asks first, and concludes nothing from its own lateness', async () => {
  const path = await overPath();
  path.host.sleep(14_000);
  await path.host.advance(5_000);
  assert.not.ok(path.substates.includes('lost.waiting'), path.substates.join());
  assert.is(path.kitty.getSnapshot().status, 'active');
  await path.done();
});

liveness('a hint has a dead path noticed in the time of one probe', async () => {
  const path = await overPath();
  path.die();
  const names = namesOf(path.kitty);
  path.host.hint('changed');
  await path.host.advance(1_500);
  assert.equal(names, ['lost']);
  await path.done();
});

liveness('is what a transport says it is', async () => {
  const { kitty, wire } = scripted(admits);
  await kitty.startSession({ username: 'jane' });
  wire.links[0]?.suspected();
  assert.is(kitty.getSnapshot().substate, 'suspect');
  assert.is(kitty.getSnapshot().status, 'active');
  wire.links[0]?.heard();
  assert.is(kitty.getSnapshot().substate, 'healthy');
  wire.links[0]?.suspected();
  wire.links[0]?.lost('ConnectionSilentError');
  assert.is(kitty.getSnapshot().status, 'lost');
  assert.is(kitty.getSnapshot().roundTripMs, null);
});

liveness.run();
