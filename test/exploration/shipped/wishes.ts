/** What may happen in a world, and need not: what an app wishes, and faults. */
import { mayClientSpeak, speakingIn, timersIn } from './moves.js';
import { serverMs, stepMs } from './timers.js';
import type { Choice, ShippedWorld } from './world.js';

/** Each once. */
export const wishesIn = (world: ShippedWorld): readonly Choice[] => {
  const {
    configuration: { clientDoes, serverDoes },
    page,
    process,
    did,
    met,
  } = world;
  const all: Choice[] = [];
  const may = (what: string, label: string, run: Choice['run']): void => {
    if (did.has(what)) return;
    const first = (): void | Promise<void> => {
      did.add(what);
      return run();
    };
    all.push({ label, isSure: false, run: first });
  };
  const { client, life } = page;
  const { session } = client;
  const { status } = client.getSnapshot();
  if (mayClientSpeak(world)) {
    if (clientDoes.includes('ends')) may('client ends', 'client: ends', () => void client.endSession());
    if (clientDoes.includes('signsIn'))
      may('client signs in', 'client: signs in', () => {
        world.signingIn = 'june';
        void session?.signIn({ username: 'june', authParams: { word: 'x' } }).then(({ succeeded }) => {
          if (!life.isAlive) return;
          world.signingIn = null;
          met.note(succeeded ? 'signed in' : 'a sign-in failed');
        });
      });
  }
  if (clientDoes.includes('renews') && status === 'active')
    may('client renews', 'client: renews', () => {
      void session?.renew().then(({ succeeded }) => {
        if (life.isAlive) met.note(succeeded ? 'renewed' : 'a renewal failed');
      });
    });
  if (clientDoes.includes('startsAgain') && status === 'ended') may('client starts again', 'client: starts again', () => page.start());
  const speaking = speakingIn(world);
  if (serverDoes.includes('ends') && speaking !== undefined) may('server ends', 'server: ends', () => speaking.end());
  if (serverDoes.includes('revokes') && speaking !== undefined) may('server revokes', 'server: revokes', () => speaking.revoke());
  if (serverDoes.includes('drains') && !did.has('has drained'))
    may('drains', 'server: drains', () => {
      void process.server.drain({ withinMs: serverMs.drain }).then(() => {
        if (process.life.isAlive) did.add('drained');
      });
    });
  return all;
};

/** As many of each as the configuration has. */
export const faultsIn = (world: ShippedWorld): readonly Choice[] => {
  const { left, network, page, process, time, met } = world;
  const all: Choice[] = [];
  const may = (label: string, run: Choice['run']): void => void all.push({ label, isSure: false, run });
  for (const [index, link] of network.links.entries()) {
    const { isCut, isClientOpen, isServerOpen, up, down, server } = link;
    if (isCut && !isClientOpen && up.length > 1 && server !== null)
      may(`up ${index + 1}: the rest is lost`, () => network.lose(link, 'up'));
    if (isCut && !isServerOpen && down.length > 1) may(`down ${index + 1}: the rest is lost`, () => network.lose(link, 'down'));
    if (left.cuts === 0 || !isClientOpen || !isServerOpen) continue;
    for (const told of server === null ? (['both'] as const) : (['client', 'server', 'both'] as const))
      may(`link ${index + 1}: cut, told to ${told}`, () => {
        left.cuts -= 1;
        network.cut(link, told);
      });
  }
  if (left.serverDeaths > 0) may('server: dies', () => world.serverDied());
  if (left.reloads > 0 && page.client.getSnapshot().status !== 'ended') may('client: reloads', () => world.pageGone());
  const [first] = process.gate.pending;
  if (left.storeFailures > 0 && first !== undefined)
    for (const isDone of first.what === 'commit' ? [false, true] : [false])
      may(`store: ${first.what} ${isDone ? 'is done, and said to fail' : 'fails'}`, () => {
        left.storeFailures -= 1;
        process.gate.pending.shift();
        met.note('the store failed');
        return first.fail(isDone);
      });
  if (left.earlyTimers > 0)
    for (const { label, run } of timersIn(world, 'waits', false))
      may(`${label}, early`, () => {
        left.earlyTimers -= 1;
        return run();
      });
  if (left.repeatedHellos > 0)
    for (const index of network.heard.keys())
      may(`somebody: says hello ${index} again`, () => {
        left.repeatedHellos -= 1;
        network.repeat(index);
      });
  if (left.timeSteps > 0)
    may('time passes', () => {
      left.timeSteps -= 1;
      time.now += stepMs;
    });
  return all;
};
