/** How long the machine waits between two tries, and what moves the next one. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultRetryPolicy } from '../../../machines/session/retry.js';
import type { Step } from './support.js';
import * as s from './support.js';

const { end, lost, networkOffline, networkOnline, opened, passed, retry, start, story, storyFrom, suspected, welcomed } = s;

const active: readonly Step[] = [start(), opened(1), welcomed(1)];
/** A link that was welcomed at 0 and lost an hour later. */
const afterAnHour = { now: 3_600_000, random: 0.5 };

const waiting = suite('waiting between tries');

waiting('the first try after a long healthy link is prompt; the next ones wait a random part of a doubling range', () => {
  const first = story(...active, lost(1, 'ConnectionLostError', {}, afterAnHour));
  assert.is(first.armed.retry, 0);
  const failed = (link: number) => lost(link, 'ConnectionLostError', {}, { ...afterAnHour, now: afterAnHour.now + link * 1_000 });
  const second = storyFrom(first.state, passed('retry'), failed(2));
  assert.is(second.armed.retry, 500);
  const third = storyFrom(second.state, passed('retry'), failed(3));
  assert.is(third.armed.retry, 1_000);
});

waiting('a link that was welcomed and lost again and again is not taken for healthy: the waits go on growing', () => {
  const flapping = [1, 2, 3, 4].flatMap((link): Step[] => [
    opened(link),
    welcomed(link, { outcome: 'resumed' }, { now: link * 1_000 }),
    lost(link, 'ConnectionLostError', {}, { now: link * 1_000 + 50, random: 1 - Number.EPSILON }),
    passed('retry'),
  ]);
  const { state } = story(start(), ...flapping);
  assert.is(state.context.attempt, 4);
  assert.is(Math.round(state.context.retryInMs), 4_000);
});

waiting('a link is healthy from the moment that the policy names', () => {
  const lostAt = (now: number) => story(...active, lost(1, 'ConnectionLostError', {}, { now, random: 0.5 })).armed.retry;
  assert.is(lostAt(defaultRetryPolicy.healthyAfterMs - 1), 250);
  assert.is(lostAt(defaultRetryPolicy.healthyAfterMs), 0);
});

waiting('a link that got nothing across was not healthy, however long it was there', () => {
  const stuck = (more: object) => ({ ...lost(1, 'ConnectionLostError', {}, { now: 60_000, random: 0.5 }), ...more }) as Step;
  const twice = (more: object) => story(start(), lost(1), passed('retry'), opened(2), welcomed(2), { ...stuck(more), link: 2 } as Step);
  assert.equal([twice({}).armed.retry, twice({}).state.context.attempt], [0, 1]);
  assert.equal([twice({ progress: 'made' }).armed.retry, twice({ progress: 'made' }).state.context.attempt], [0, 1]);
  assert.equal([twice({ progress: 'none' }).armed.retry, twice({ progress: 'none' }).state.context.attempt], [500, 2]);
});

waiting('a link that got something across begins the count anew, however short it was, and is no reason for a prompt try', () => {
  const young = { ...lost(2, 'ConnectionLostError', {}, { now: 100, random: 0.5 }), progress: 'made' } as Step;
  const { state, armed } = story(start(), lost(1), passed('retry'), opened(2), welcomed(2), young);
  assert.equal([armed.retry, state.context.attempt], [250, 1]);
});

waiting('the wait that the server asked for is obeyed, even after a healthy link, and a random part of its spread is added', () => {
  const drained = (more: { retryAfterMs?: number; spreadMs?: number }) =>
    story(...active, lost(1, 'ServerDrainingError', more, afterAnHour));
  assert.is(drained({ retryAfterMs: 2_000 }).armed.retry, 2_000);
  assert.is(drained({ spreadMs: 8_000 }).armed.retry, 4_000);
  assert.is(drained({ retryAfterMs: 2_000, spreadMs: 8_000 }).armed.retry, 6_000);
  assert.is(drained({ retryAfterMs: 2_000 }).state.context.retryAt, afterAnHour.now + 2_000);
});

waiting('when the next try is due is known while it is waited for, and only then', () => {
  const waits = story(start(), lost(1, 'ConnectionFailedError', {}, { now: 1_000, random: 0.5 }));
  assert.is(waits.state.context.retryAt, 1_250);
  for (const next of [passed('retry'), networkOffline, end, passed('startDeadline')])
    assert.is(storyFrom(waits.state, next).state.context.retryAt, null);
});

const hints = suite('hints of the network');

hints('without a network the client waits for it, and tries all the same after a while', () => {
  const { state, armed } = story(...active, networkOffline, lost(1));
  assert.equal(state.value, { lost: 'offline' });
  assert.is(armed.offlineRetry, 30_000);
  assert.is(armed.retry, undefined);
  assert.equal(storyFrom(state, passed('offlineRetry')).state.value, { lost: 'connecting' });
});

hints('a network that is back brings the next try forward', () => {
  assert.equal(story(...active, networkOffline, lost(1), networkOnline).state.value, { lost: 'connecting' });
  assert.equal(story(start(), lost(1), networkOnline).state.value, { starting: 'connecting' });
});

hints('whatever brings the next try forward does it at once the first time, and then keeps a growing distance from the try before', () => {
  const failed = (link: number, now: number) => lost(link, 'ConnectionFailedError', {}, { now, random: 0.9 });
  for (const [index, first] of s.soonerAt(1_001).entries()) {
    const waits = story(start(), failed(1, 1_000));
    const second = storyFrom(waits.state, first);
    assert.equal(second.state.value, { starting: 'connecting' });
    // The second try fails at 2,000: half a second must be between it and the third.
    const again = storyFrom(second.state, failed(2, 2_000), s.soonerAt(2_100)[index] as Step);
    assert.equal(again.state.value, { starting: 'waiting' });
    assert.is(again.armed.retry, 400);
    assert.is(again.state.context.retryAt, 2_500);
    const more = storyFrom(again.state, s.soonerAt(2_300)[index] as Step);
    assert.is(more.state.context.retryAt, 2_500, 'saying it again moves nothing');
    assert.equal(storyFrom(more.state, s.soonerAt(2_500)[index] as Step).state.value, { starting: 'connecting' });
  }
});

hints('what brings a try forward never puts it off', () => {
  const soon = story(start(), lost(1), passed('retry'), lost(2, 'ConnectionFailedError', {}, { now: 2_000, random: 0.1 }));
  assert.is(soon.state.context.retryAt, 2_100);
  for (const hint of s.soonerAt(2_050)) assert.is(storyFrom(soon.state, hint).state.context.retryAt, 2_100);
});

hints('who does not say when it is, as a tool, is not held back', () => {
  const waits = story(start(), lost(1), passed('retry'), lost(2));
  for (const hint of [networkOnline, s.hinted, retry]) {
    assert.equal(storyFrom(waits.state, hint).state.value, { starting: 'connecting' });
    assert.equal(storyFrom(waits.state, { ...hint, now: undefined } as Step).state.value, { starting: 'connecting' });
  }
});

hints('a network that comes and goes all the time is tried at a distance too', () => {
  const { state, armed } = story(
    start(),
    lost(1),
    networkOffline,
    { type: 'NETWORK_ONLINE', now: 10 },
    networkOffline,
    lost(2, 'ConnectionFailedError', {}, { now: 20 }),
    { type: 'NETWORK_ONLINE', now: 30 },
  );
  assert.equal(state.value, { starting: 'waiting' });
  assert.is(armed.retry, 490);
});

hints('the word of the user is believed where the platform says that there is no network', () => {
  const { state } = story(...active, networkOffline, lost(1), retry);
  assert.equal(state.value, { lost: 'connecting' });
  assert.is(state.context.online, true);
});

hints('a hint ends no link that lives', () => {
  for (const way of [[start()], [start(), opened(1)], active, [...active, suspected(1)], [...active, end]]) {
    const { state } = story(...way);
    const { state: next } = storyFrom(state, networkOffline);
    assert.equal(next.value, state.value);
    assert.is(next.context.online, false);
    assert.is(storyFrom(next, networkOnline).state.context.online, true);
  }
});

hints('a start is tried once, whatever the platform says', () => {
  assert.equal(story(networkOffline, start()).state.value, { starting: 'connecting' });
});

hints('the time that the server named is neither cut short nor forgotten by what the network does', () => {
  for (const more of [{ retryAfterMs: 60_000 }, { spreadMs: 60_000 }]) {
    const waits = story(start(), lost(1, 'ServerBusyError', more));
    const moved = storyFrom(waits.state, networkOffline, networkOnline, networkOffline);
    assert.equal(moved.state.value, { starting: 'waiting' });
    assert.equal(moved.armed, {}, 'no wait begins anew');
    assert.is(moved.state.context.retryAt, waits.state.context.retryAt);
    const due = storyFrom(moved.state, passed('retry'));
    assert.equal(due.state.value, { starting: 'offline' });
    assert.equal(storyFrom(due.state, networkOnline).state.value, { starting: 'connecting' });
  }
});

waiting.run();
hints.run();
