/** What the session machine is for, told as stories: a list of events, and what came of it. No clock, no socket, no mock. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, reasons } from '../../../machines/reasons.js';
import { defaultSessionPolicy } from '../../../machines/session/session.machine.js';
import type { Event, Step } from './support.js';
import * as s from './support.js';

const { denied, end, endConfirmed, heard, idle, jane, lost, networkOffline, opened, passed, start, story, storyFrom, suspected, welcomed } =
  s;

const active: readonly Step[] = [start(), opened(1), welcomed(1)];

const starting = suite('starting');

starting('a start opens a link, waits for the verdict, and is active with the session that the server described', () => {
  assert.equal(story(start()).state.value, { starting: 'connecting' });
  assert.equal(story(start(), opened(1)).state.value, { starting: 'authenticating' });
  const { state, emitted } = story(...active);
  assert.equal(state.value, { active: 'healthy' });
  assert.equal(emitted, [{ type: 'active', sessionId: 's1', user: jane }]);
  assert.equal(state.context.session, { id: 's1', user: jane, resumeWindowMs: 60_000, expiresAt: null, incarnation: 1 });
  assert.is(state.context.username, 'jane');
});

starting('a start needs no field, so that an app can ask beforehand whether it would be taken', () => {
  assert.is(idle().can({ type: 'START' }), true);
  const { state } = story(start({}));
  assert.is(state.context.username, null);
  assert.is(state.context.deadlineMs, defaultSessionPolicy.startDeadlineMs);
});

starting('a start has the deadline it names, or else the one of the policy', () => {
  assert.is(story(start({ deadlineMs: 250 })).armed.startDeadline, 250);
  assert.is(story(start()).armed.startDeadline, 10_000);
  assert.is(storyFrom(idle({ startDeadlineMs: 3_000 }), start()).armed.startDeadline, 3_000);
});

starting('a deadline longer than a timer of the platform can carry is as long as it can', () => {
  assert.is(story(start({ deadlineMs: Number.POSITIVE_INFINITY })).armed.startDeadline, 2_147_483_647);
});

starting('a verdict is final: the start has failed, and no further try is made', () => {
  const { state, emitted } = story(start(), opened(1), denied(1, 'AccessDeniedError'));
  assert.is(state.value, 'idle');
  assert.equal(emitted, [{ type: 'failed', failure: failure('AccessDeniedError') }]);
  assert.equal(state.context.error, failure('AccessDeniedError'));
  assert.equal(s.running(state), []);
});

starting('a verdict that comes as the end of the link is as final', () => {
  const { state, emitted } = story(start(), lost(1, 'InvalidApiKeyError'));
  assert.is(state.value, 'idle');
  assert.equal(emitted, [{ type: 'failed', failure: failure('InvalidApiKeyError') }]);
});

starting('a failure that may pass is retried, and counted', () => {
  const { state, emitted } = story(start(), lost(1, 'ConnectionFailedError'), passed('retry'), lost(2, 'ConnectionFailedError'));
  assert.equal(state.value, { starting: 'waiting' });
  assert.is(state.context.attempt, 2);
  assert.equal(emitted, []);
});

starting('a start that was retried until its deadline fails with what the last try met as its cause', () => {
  const { state, emitted } = story(
    start(),
    lost(1, 'ConnectionFailedError'),
    passed('retry'),
    lost(2, 'ServerError'),
    passed('startDeadline'),
  );
  const [failed] = emitted;
  if (failed?.type !== 'failed') return assert.unreachable('nothing was said of the failure');
  assert.is(failed.failure.code, 'StartTimeoutError');
  assert.equal(failed.failure.cause, failure('ServerError'));
  assert.match(failed.failure.message, '10000 ms; the last try met ServerError.');
  assert.is(state.value, 'idle');
  assert.is(state.context.retryAt, null);
});

starting('a start whose only try never came to anything fails without a cause', () => {
  const { state } = story(start({ deadlineMs: 800 }), passed('startDeadline'));
  assert.is(state.context.error?.code, 'StartTimeoutError');
  assert.is(state.context.error?.message, `${reasons.StartTimeoutError.what} 800 ms.`);
  assert.is(state.context.error?.cause, undefined);
  assert.equal(s.running(state), []);
});

starting('a start that is taken back fails at once, and no link is left', () => {
  for (const way of [[], [opened(1)], [lost(1)]]) {
    const { state, emitted } = story(start(), ...way, end);
    assert.is(state.value, 'idle');
    assert.equal(emitted, [{ type: 'failed', failure: failure('StartAbortedError') }]);
    assert.equal(s.running(state), []);
  }
});

starting('the next start begins afresh: nothing of the former one is left in the context', () => {
  const first = story(...active, lost(1, 'SessionRevokedError'));
  assert.is(first.state.context.error?.code, 'SessionRevokedError');
  const { context } = storyFrom(first.state, start({ username: 'joe', deadlineMs: 1_000 })).state;
  assert.equal([context.error, context.failure, context.session, context.endReason, context.welcomedAt], [null, null, null, null, null]);
  assert.equal([context.username, context.attempt, context.link], ['joe', 0, 2]);
});

starting('the link generation counts on over starts, so that a link of a former start is never taken for the current one', () => {
  const { state } = story(start(), end, start(), opened(1), welcomed(1));
  assert.equal(state.value, { starting: 'connecting' });
  assert.is(state.context.link, 2);
});

const losing = suite('losing and coming back');

losing('a lost session comes back where it was', () => {
  const { state, emitted } = story(...active, lost(1), passed('retry'), opened(2), welcomed(2, { outcome: 'resumed', sessionId: 's1' }));
  assert.equal(state.value, { active: 'healthy' });
  assert.equal(emitted, [{ type: 'resumed', sessionId: 's1', user: jane }]);
  assert.equal(s.running(state), ['link']);
});

losing('where the server no longer has it, a session with a new id takes its place, and the gap names both', () => {
  const { state, emitted } = story(...active, lost(1), passed('retry'), opened(2), welcomed(2));
  assert.equal(state.value, { active: 'healthy' });
  assert.equal(emitted, [{ type: 'gap', sessionId: 's2', formerSessionId: 's1', user: jane }]);
  assert.is(state.context.session?.id, 's2');
});

losing('the app hears of the loss once, with its reason, and not of the tries', () => {
  assert.equal(story(...active, lost(1)).emitted, [{ type: 'lost', failure: failure('ConnectionLostError') }]);
  assert.equal(story(...active, lost(1), passed('retry'), lost(2)).emitted, []);
});

losing('a suspect link that is heard again is healthy; one that is not is lost', () => {
  assert.equal(story(...active, suspected(1)).state.value, { active: 'suspect' });
  assert.equal(story(...active, suspected(1), heard(1)).state.value, { active: 'healthy' });
  assert.equal(story(...active, suspected(1), lost(1, 'ConnectionSilentError')).state.value, { lost: 'waiting' });
});

losing('a session outlives a refusal that may pass, and not one that is final', () => {
  const back = [...active, lost(1), passed('retry'), opened(2)] as const;
  assert.equal(story(...back, denied(2, 'AuthenticationTimeoutError')).state.value, { lost: 'waiting' });
  const { state, emitted } = story(...back, denied(2, 'AccessDeniedError'));
  assert.is(state.value, 'ended');
  assert.equal(emitted, [{ type: 'ended', sessionId: 's1', reason: 'denied', failure: failure('AccessDeniedError') }]);
});

losing('the server can take the session away, and the app hears why', () => {
  for (const [code, reason] of [
    ['SessionRevokedError', 'revoked'],
    ['SessionSupersededError', 'superseded'],
    ['SessionExpiredError', 'expired'],
    ['SlowConsumerError', 'tooSlow'],
  ] as const) {
    assert.equal(story(...active, lost(1, code)).emitted, [{ type: 'ended', sessionId: 's1', reason, failure: failure(code) }]);
  }
});

losing('a session that the other side ended in good order is over without a failure', () => {
  const { emitted, state } = story(...active, lost(1, 'SessionEndedError'));
  assert.equal(emitted, [{ type: 'ended', sessionId: 's1', reason: 'ended', failure: null }]);
  assert.is(state.context.error, null);
});

losing('the client gives up after its own limit, and says what the last try met', () => {
  const { state, emitted, armed } = storyFrom(idle({ giveUpAfterMs: 60_000 }), ...active, lost(1));
  assert.is(armed.giveUp, 60_000);
  assert.equal(emitted.length, 1);
  const over = storyFrom(state, passed('retry'), lost(2, 'ConnectTimeoutError'), passed('giveUp'));
  assert.is(over.state.value, 'ended');
  const cause = failure('ConnectTimeoutError');
  assert.equal(over.emitted, [{ type: 'ended', sessionId: 's1', reason: 'gaveUp', failure: failure('GaveUpError', undefined, { cause }) }]);
});

losing('a client without such a limit never gives up', () => {
  const { state } = story(...active, lost(1), passed('giveUp'));
  assert.equal(state.value, { lost: 'waiting' });
});

const ending = suite('ending');

ending('the end of an active session says goodbye and waits for the other side to confirm', () => {
  const { state, told, armed } = story(...active, end);
  assert.is(state.value, 'ending');
  assert.equal(told, ['END']);
  assert.is(armed.endDeadline, 5_000);
  assert.equal(s.running(state), ['link']);
  const over = storyFrom(state, endConfirmed(1));
  assert.is(over.state.value, 'ended');
  assert.equal(over.emitted, [{ type: 'ended', sessionId: 's1', reason: 'ended', failure: null }]);
  assert.equal(s.running(over.state), []);
});

ending('a goodbye that nobody answers is over at its deadline, or when the link is gone', () => {
  for (const last of [passed('endDeadline'), lost(1), lost(1, 'SessionRevokedError'), denied(1, 'AccessDeniedError')]) {
    const { state, emitted } = story(...active, end, last);
    assert.is(state.value, 'ended');
    assert.equal(emitted, [{ type: 'ended', sessionId: 's1', reason: 'ended', failure: null }]);
  }
});

ending('the end of a lost session settles at once', () => {
  for (const way of [[], [passed('retry')], [passed('retry'), opened(2)], [networkOffline]]) {
    const { state, emitted } = story(...active, lost(1), ...way, end);
    assert.is(state.value, 'ended');
    assert.equal(emitted, [{ type: 'ended', sessionId: 's1', reason: 'ended', failure: null }]);
    assert.equal(s.running(state), []);
  }
});

ending('there is nothing to end before a start, after an end, and while ending', () => {
  for (const way of [[], [...active, end], [...active, end, endConfirmed(1)]]) assert.is(story(...way).state.can(end), false);
});

ending('a second start is not taken until the first session is over', () => {
  for (const way of [[start()], active, [...active, lost(1)], [...active, end]]) assert.is(story(...way).state.can(start()), false);
  assert.is(story(...active, end, endConfirmed(1)).state.can(start()), true);
});

const links = suite('links');

links('two losses of one link are one', () => {
  const { state } = story(...active, lost(1), lost(1));
  assert.is(state.context.attempt, 1);
});

links('what a former link still says changes nothing', () => {
  const { state } = story(...active, lost(1), passed('retry'));
  const stale: readonly Event[] = [
    opened(1),
    welcomed(1),
    denied(1, 'AccessDeniedError'),
    lost(1),
    suspected(1),
    heard(1),
    endConfirmed(1),
  ];
  for (const event of stale) {
    const { state: next, emitted } = storyFrom(state, event);
    assert.equal([next.value, next.context, emitted], [state.value, state.context, []]);
  }
});

starting.run();
losing.run();
ending.run();
links.run();
