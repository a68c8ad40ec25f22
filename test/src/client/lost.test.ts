import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { NetworkHint } from '../../../machines/ports/host.js';
import { createServer, type ServerOptions } from '../../../src/server/index.js';
import { admits, admitsDeafly, denies, greetsOnly, inTurn, isSilent, refuses } from '../../support/scripted-transport.js';
import { causeOf, inMemory, leftovers, namesOf, next, nothingLeft, scripted } from './support.js';

const lost = suite('a lost session');

lost('is told, and where the server keeps none comes back on the same object under a new id, its handlers still there', async () => {
  const world = inMemory({ resumeWindowMs: 0 } as ServerOptions);
  world.server.on('session', (session) => session.send('greeting', session.id));
  const names = namesOf(world.kitty);
  const { session } = await world.kitty.startSession({ username: 'jane' });
  const greeted: unknown[] = [];
  session?.on('greeting', (payload) => greeted.push(payload));
  await world.host.advance(6_000);
  const formerId = session?.id;

  const gap = next(world.kitty, 'gap');
  world.cut();
  await world.host.settle();
  assert.is(world.kitty.getSnapshot().status, 'lost');
  assert.is(world.kitty.getSnapshot().error?.code, 'ConnectionLostError');
  await world.host.advance(100);
  const event = await gap;
  assert.is(event.formerSessionId, formerId);
  assert.is(event.sessionId, session?.id);
  assert.is.not(session?.id, formerId);
  assert.is(world.kitty.session, session);
  await world.host.advance(100);
  assert.equal(greeted, [formerId, session?.id]);
  assert.equal(names, ['active', 'lost', 'gap']);
  assert.is(world.kitty.getSnapshot().status, 'active');
  assert.is(world.kitty.getSnapshot().error, null);
  const confirmed = session?.send('anything', 1).confirmed;
  await world.host.advance(100);
  assert.equal(await confirmed, { status: 'unhandled' });
  void world.kitty.endSession();
  await world.host.advance(100);
  await world.server.close();
});

lost(
  'hands back in the gap all that is not confirmed, with its payload, and whether it was shipped; nothing is sent again by itself',
  async () => {
    const world = scripted(inTurn(admits, greetsOnly));
    const { session } = await world.kitty.startSession({ username: 'jane' });
    const [first] = world.wire.links;
    const confirmed = session?.send('chat', 'confirmed');
    const shipped = session?.send('chat', { n: 1 });
    const askedBefore = session?.request('price', 'before');
    await first?.wrote(3);
    first?.received({ kind: 'ack', received: 1, done: 1, last: 0, seen: 0, exceptions: [] });
    first?.lost('ConnectionLostError');
    const kept = session?.send('chat', [2]);
    const askedMeanwhile = session?.request('price', 'meanwhile');
    assert.is(kept?.accepted, true);
    assert.is(world.kitty.getSnapshot().status, 'lost');
    assert.is(world.kitty.getSnapshot().unconfirmed, 4);
    assert.equal(await confirmed?.confirmed, { status: 'handled' });

    const gap = next(world.kitty, 'gap');
    await world.host.advance(1_000);
    const second = world.wire.links[1];
    await second?.gone();
    second?.welcomed({ sessionId: 'second' });
    assert.equal((await gap).unconfirmed, [
      { kind: 'message', type: 'chat', payload: { n: 1 }, shipped: true, handled: 'unknown' },
      { kind: 'request', type: 'price', payload: 'before', shipped: true, handled: 'unknown' },
      { kind: 'message', type: 'chat', payload: [2], shipped: false, handled: 'no' },
      { kind: 'request', type: 'price', payload: 'meanwhile', shipped: false, handled: 'no' },
    ]);
    assert.equal(await shipped?.confirmed, { status: 'unknown' });
    assert.equal(await kept?.confirmed, { status: 'unknown' });
    const before = await askedBefore;
    assert.is(before?.error?.code, 'SessionGoneError');
    assert.is(before?.maybeHandled, true);
    const meanwhile = await askedMeanwhile;
    assert.is(meanwhile?.error?.code, 'SessionGoneError');
    assert.is(meanwhile?.maybeHandled, false);
    assert.is(world.kitty.getSnapshot().unconfirmed, 0);
    session?.send('chat', 'anew');
    await second?.wrote(1);
    assert.equal(second?.written, [{ kind: 'message', type: 'chat', payload: '"anew"' }]);
  },
);

lost('offers its token and its positions for a resume', async () => {
  const world = scripted();
  const starting = world.kitty.startSession({ username: 'jane' });
  const first = await world.wire.link();
  const token = (await first.hello())?.token;
  first.welcomed({ sessionId: 'first', incarnation: 7 });
  const { session } = await starting;
  session?.send('chat', 1);
  session?.send('chat', 2);
  await first.wrote(2);
  first.received({ kind: 'message', type: 'nobody', payload: 1 }, { kind: 'ack', received: 2, done: 1, last: 1, seen: 0, exceptions: [] });
  await world.host.settle();
  first.lost('ConnectionLostError');
  await world.host.advance(600);
  const { resume } = (await world.wire.link()).openings;
  assert.equal(resume?.tokens, [token]);
  assert.match(resume?.nextToken ?? '', /^[\w-]{43}$/);
  assert.is.not(resume?.nextToken, token);
  assert.is(resume?.sessionId, 'first');
  assert.equal(resume?.positions, {
    received: 1,
    done: 1,
    seen: 1,
    last: 2,
    exceptions: [{ number: 1, outcome: 'unhandled' }],
    incarnation: 7,
  });
});

lost('that is resumed all the same is not taken for whole: it begins anew', async () => {
  const world = scripted(inTurn(admits, isSilent));
  const { session } = await world.kitty.startSession({ username: 'jane' });
  session?.send('chat', 1);
  world.wire.links[0]?.lost('ConnectionLostError');
  await world.host.advance(600);
  const second = world.wire.links[1];
  await second?.hello();
  second?.welcomed({ outcome: 'resumed' }, { received: 0, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 });
  assert.is(world.kitty.getSnapshot().status, 'lost');
  assert.is(world.kitty.getSnapshot().error?.code, 'ProtocolError');
  const gap = next(world.kitty, 'gap');
  await world.host.advance(1_500);
  const third = world.wire.links[2];
  assert.is(third?.openings.resume, null);
  await third?.hello();
  third?.welcomed({ sessionId: 'anew' });
  assert.is((await gap).unconfirmed.length, 1);
});

lost('tries at once after a link that was healthy, and backs off after one that was not', async () => {
  const healthy = scripted(inTurn(admits, isSilent));
  await healthy.kitty.startSession({ username: 'jane' });
  await healthy.host.advance(5_000);
  healthy.wire.links[0]?.lost('ConnectionLostError');
  assert.is(healthy.kitty.getSnapshot().attempt, 1);
  await healthy.host.advance(1);
  assert.is(healthy.wire.links.length, 2);

  const young = scripted(inTurn(admits, refuses), { retry: { baseMs: 400, capMs: 1_600 } });
  await young.kitty.startSession({ username: 'jane' });
  young.wire.links[0]?.lost('ConnectionLostError');
  const spans: number[] = [];
  for (let tries = 1; tries <= 8; tries += 1) {
    const { retryAt, attempt, substate } = young.kitty.getSnapshot();
    assert.is(attempt, tries);
    assert.is(substate, 'waiting');
    const inMs = (retryAt ?? Number.NaN) - young.host.clock.wall();
    assert.ok(inMs >= 0 && inMs <= Math.min(1_600, 400 * 2 ** (tries - 1)) + 1, `${inMs}`);
    spans.push(inMs);
    await young.host.advance((young.host.nextTimerAt ?? 0) - young.host.clock.now());
  }
  assert.ok(new Set(spans).size > 4, 'jitter');
});

lost('keeps the time that the server names, whatever the network says', async () => {
  const world = scripted(inTurn(admits, denies('ServerBusyError', { retryAfterMs: 30_000 }), isSilent));
  await world.kitty.startSession({ username: 'jane' });
  world.wire.links[0]?.lost('ConnectionLostError');
  await world.host.advance(600);
  assert.is(world.wire.links.length, 2);
  const { retryAt } = world.kitty.getSnapshot();
  world.host.hint('offline');
  world.host.hint('online');
  world.host.stepWall(3_600_000);
  assert.is(world.kitty.getSnapshot().retryAt, retryAt, 'a wait keeps the date that it was first shown with');
  await world.host.advance(29_000);
  assert.is(world.wire.links.length, 2);
  await world.host.advance(1_000);
  assert.is(world.wire.links.length, 3);
});

lost('shows each wait with its own date, also where nobody looked in between', async () => {
  const world = scripted(inTurn(admits, admits, isSilent), { retry: { healthyAfterMs: 10 } });
  await world.kitty.startSession({ username: 'jane' });
  await world.host.advance(1_000);
  const draining = { code: 'ServerDrainingError', message: '', retryAfterMs: 100 } as const;
  world.wire.links[0]?.lost(draining);
  const first = world.kitty.getSnapshot().retryAt ?? 0;
  await world.host.advance(1_000);
  world.wire.links[1]?.lost(draining);
  assert.is(world.kitty.getSnapshot().retryAt, first + 1_000);
});

lost('sits a loss out while the platform says that there is no network, and tries at once when there is one again', async () => {
  const world = scripted(inTurn(admits, isSilent), { offlineRetryMs: 60_000 });
  await world.kitty.startSession({ username: 'jane' });
  world.host.hint('offline');
  world.wire.links[0]?.lost('ConnectionLostError');
  assert.is(world.kitty.getSnapshot().substate, 'offline');
  assert.is(world.kitty.getSnapshot().retryAt, null);
  await world.host.advance(50_000);
  assert.is(world.wire.links.length, 1);
  world.host.hint('online');
  assert.is(world.wire.links.length, 2);
});

lost('tries when the user asks for it, at once the first time, and then at a growing distance', async () => {
  const world = scripted(inTurn(admits, refuses), { retry: { baseMs: 20_000 } });
  assert.is(world.kitty.retryNow(), false, 'there is nothing to try');
  await world.kitty.startSession({ username: 'jane' });
  assert.is(world.kitty.retryNow(), false, 'it is there');
  world.wire.links[0]?.lost('ConnectionLostError');
  assert.is(world.kitty.retryNow(), true);
  assert.is(world.wire.links.length, 2);
  assert.is(world.kitty.retryNow(), false, 'a try is being made');
  await world.host.advance(0);
  assert.is(world.kitty.getSnapshot().substate, 'waiting');
  for (let presses = 0; presses < 200; presses += 1) {
    assert.is(world.kitty.retryNow(), true);
    await world.host.advance(50);
  }
  assert.ok(world.wire.links.length <= 2 + 3, `${world.wire.links.length} links in ten seconds of pressing`);
  assert.ok(world.wire.links.length > 2, 'it did try');
});

lost('keeps the time that the server named from a user who presses the button', async () => {
  const world = scripted(inTurn(admits, denies('ServerBusyError', { retryAfterMs: 30_000 }), isSilent));
  await world.kitty.startSession({ username: 'jane' });
  world.wire.links[0]?.lost('ConnectionLostError');
  await world.host.advance(600);
  assert.is(world.wire.links.length, 2);
  assert.is(world.kitty.retryNow(), false);
  await world.host.advance(29_000);
  assert.is(world.wire.links.length, 2);
});

lost('tries when the user asks for it also where the platform says that there is no network', async () => {
  const world = scripted(inTurn(admits, isSilent));
  await world.kitty.startSession({ username: 'jane' });
  world.host.hint('offline');
  world.wire.links[0]?.lost('ConnectionLostError');
  assert.is(world.kitty.getSnapshot().substate, 'offline');
  assert.is(world.kitty.retryNow(), true);
  assert.is(world.wire.links.length, 2);
});

lost('does not follow a network that comes and goes with a try each time', async () => {
  const world = scripted(inTurn(admits, refuses), { retry: { baseMs: 20_000 } });
  await world.kitty.startSession({ username: 'jane' });
  world.wire.links[0]?.lost('ConnectionLostError');
  for (let flaps = 0; flaps < 200; flaps += 1) {
    world.host.hint('offline');
    world.host.hint('online');
    await world.host.advance(50);
  }
  assert.ok(world.wire.links.length > 1 && world.wire.links.length <= 1 + 4, `${world.wire.links.length} links in ten seconds`);
});

lost('tries at once when the page is looked at again, thawed, or on another network', async () => {
  for (const hint of ['visible', 'thawed', 'changed'] satisfies NetworkHint[]) {
    const world = scripted(inTurn(admits, isSilent), { retry: { baseMs: 20_000 } });
    await world.kitty.startSession({ username: 'jane' });
    world.wire.links[0]?.lost('ConnectionLostError');
    world.host.hint('hidden');
    assert.is(world.wire.links.length, 1);
    world.host.hint(hint);
    assert.is(world.wire.links.length, 2);
    void world.kitty.endSession();
  }
});

lost('goes on backing off where what waits to be sent never arrives, however long each link lasts', async () => {
  const world = scripted(admitsDeafly);
  const { session } = await world.kitty.startSession({ username: 'jane' });
  await world.host.advance(10_000);
  // What is sent a moment before the loss says nothing about its link.
  session?.send('chat', 1);
  await world.host.settle();
  const attempts: number[] = [];
  for (let link = 0; link <= 3; link += 1) {
    world.wire.links[link]?.lost('ConnectionLostError');
    attempts.push(world.kitty.getSnapshot().attempt);
    await world.host.advance(14_000);
  }
  assert.equal(attempts, [1, 2, 3, 4]);
});

lost('is ended where giving up is wanted, with what it met last', async () => {
  const world = scripted(inTurn(admits, refuses), { giveUpAfterMs: 10_000 });
  const { session } = await world.kitty.startSession({ username: 'jane' });
  session?.send('chat', 1);
  const ended = next(world.kitty, 'ended');
  world.wire.links[0]?.lost('ConnectionLostError');
  await world.host.advance(10_000);
  const { reason, error, unconfirmed } = await ended;
  assert.is(reason, 'gaveUp');
  assert.is(error?.code, 'GaveUpError');
  assert.is(causeOf(error ?? undefined)?.code, 'ConnectionFailedError');
  assert.is(unconfirmed.length, 1);
  assert.equal(leftovers(world), nothingLeft);
});

lost('is ended by a verdict that it meets on its way back', async () => {
  const world = scripted(inTurn(admits, denies('AccessDeniedError')));
  await world.kitty.startSession({ username: 'jane' });
  const ended = next(world.kitty, 'ended');
  world.wire.links[0]?.lost('ConnectionLostError');
  await world.host.advance(1_000);
  assert.is((await ended).reason, 'denied');
  assert.equal(leftovers(world), nothingLeft);
});

lost('survives a server that goes away and comes back as another process', async () => {
  const world = inMemory();
  await world.kitty.startSession({ username: 'jane' });
  await world.host.advance(6_000);
  const names = namesOf(world.kitty);
  await world.server.close();
  world.cut();
  await world.host.advance(3_000);
  assert.is(world.kitty.getSnapshot().status, 'lost');
  const reborn = createServer({ logger: false, guests: true, host: world.host });
  world.serve(reborn);
  await world.host.advance(60_000);
  assert.is(world.kitty.getSnapshot().status, 'active');
  assert.equal(names.at(-1), 'gap');
  void world.kitty.endSession();
  await world.host.advance(100);
  await reborn.close();
});

const hints = suite('hints of the platform');

hints('make an active session ask whether something is heard; a page that is merely hidden is left alone', async () => {
  const world = scripted(admits);
  await world.kitty.startSession({ username: 'jane' });
  const probes: Record<string, number> = {};
  for (const hint of ['online', 'offline', 'visible', 'hidden', 'thawed', 'changed'] satisfies NetworkHint[]) {
    const before = world.wire.links[0]?.probes ?? 0;
    world.host.hint(hint);
    probes[hint] = (world.wire.links[0]?.probes ?? 0) - before;
  }
  assert.equal(probes, { online: 1, offline: 1, visible: 1, hidden: 0, thawed: 1, changed: 1 });
  assert.is(world.kitty.getSnapshot().status, 'active', 'offline is a hint, not a fact');
});

hints('that the page is leaving say goodbye', async () => {
  const world = scripted(admits);
  await world.kitty.startSession({ username: 'jane' });
  world.host.hint('leaving');
  assert.is(world.wire.links[0]?.ended, 'goodbye');
});

hints('are listened to only while there is a session or a start', async () => {
  const world = scripted(inTurn(denies('AccessDeniedError'), admits));
  assert.is(world.host.hintListeners, 0);
  const starting = world.kitty.startSession({ username: 'jane' });
  assert.is(world.host.hintListeners, 1);
  await starting;
  assert.is(world.host.hintListeners, 0);
  await world.kitty.startSession({ username: 'jane' });
  assert.is(world.host.hintListeners, 1);
  world.wire.links[1]?.lost('SessionRevokedError');
  assert.is(world.host.hintListeners, 0);
});

hints('of a network that is gone before a start have it tried all the same', async () => {
  const world = scripted(admits);
  world.host.hint('offline');
  assert.is((await world.kitty.startSession({ username: 'jane' })).succeeded, true);
});

lost.run();
hints.run();
