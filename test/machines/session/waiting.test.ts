/** How long the machine waits between two tries, and what moves the next one. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { defaultRetryPolicy } from '../../../machines/session/retry.js';
import type { Step } from './support.js';
import * as s from './support.js';

const { end, lost, networkOffline, networkOnline, opened, passed, start, story, storyFrom, suspected, welcomed } = s;

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
