/** What the machine remembers: its policy, no secret, and enough for a tool that composes a state by hand. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createActor, initialTransition } from 'xstate';
import { failure } from '../../../machines/reasons.js';
import { defaultSessionPolicy, sessionMachine } from '../../../machines/session/session.machine.js';
import type { Event, Step } from './support.js';
import * as s from './support.js';

const { end, idle, jane, lost, opened, start, story, storyFrom, welcomed } = s;

const active: readonly Step[] = [start(), opened(1), welcomed(1)];

const secrets = suite('secrets');

secrets('a credential that strays into a start is not kept', () => {
  const stray = { type: 'START', username: 'jane', authParams: { password: 'hunter2' }, token: 'hunter2' } as Event;
  const actor = createActor(sessionMachine, { input: {} }).start();
  actor.send(stray);
  assert.not.match(JSON.stringify(actor.getSnapshot().context), 'hunter2');
  assert.not.match(JSON.stringify(actor.getPersistedSnapshot()), 'hunter2');
  actor.stop();
});

secrets('the context has no place for one', () => {
  const keys: string[] = [];
  const { context } = story(...active, lost(1, 'ServerBusyError', { retryAfterMs: 1, spreadMs: 1, cause: failure('ServerError') })).state;
  JSON.stringify(context, (key, value) => {
    keys.push(key);
    return value;
  });
  assert.ok(keys.includes('username'), 'the keys were read');
  assert.equal(
    keys.filter((key) => /auth|token|password|secret|credential|cookie|key/i.test(key)),
    [],
  );
});

const policy = suite('policy');

policy('an option that is there and undefined means the default', () => {
  const none = {
    startDeadlineMs: undefined,
    endDeadlineMs: undefined,
    giveUpAfterMs: undefined,
    offlineRetryMs: undefined,
    retry: undefined,
  };
  assert.equal(idle(none).context.policy, defaultSessionPolicy);
});

policy('each option counts by itself', () => {
  const mine = {
    startDeadlineMs: 1,
    endDeadlineMs: 2,
    giveUpAfterMs: 3,
    offlineRetryMs: 4,
    retry: { baseMs: 5, capMs: 6, healthyAfterMs: 7 },
  };
  assert.equal(idle(mine).context.policy, mine);
  assert.equal(idle({ giveUpAfterMs: 3 }).context.policy, { ...defaultSessionPolicy, giveUpAfterMs: 3 });
});

policy('a host that knows of no network says so at the beginning', () => {
  assert.is(createActor(sessionMachine, { input: { online: false } }).getSnapshot().context.online, false);
  assert.is(createActor(sessionMachine, { input: {} }).getSnapshot().context.online, true);
});

policy('plain JavaScript may give no input at all', () => {
  const [{ context }] = initialTransition(sessionMachine, undefined as never);
  assert.equal([context.policy, context.online], [defaultSessionPolicy, true]);
});

const tools = suite('tools');

tools('a state that a tool composed by hand, without a session in it, still ends, fails and comes back in words', () => {
  const by = (value: Parameters<typeof sessionMachine.resolveState>[0]['value'], ...steps: readonly Step[]) =>
    storyFrom(sessionMachine.resolveState({ value, context: { ...idle().context, link: 1 } }), ...steps).emitted;
  assert.equal(by({ lost: 'waiting' }, end), [{ type: 'ended', sessionId: '', reason: 'ended', failure: null }]);
  assert.equal(by({ lost: 'authenticating' }, welcomed(1)), [{ type: 'gap', sessionId: 's1', formerSessionId: '', user: jane }]);
});

secrets.run();
policy.run();
tools.run();
