/** The machine as an actor: its delays on a clock, its link opened and closed. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createActor, fromCallback } from 'xstate';
import type { SessionPolicy } from '../../../machines/session/context.js';
import type { Emitted, LinkCommand } from '../../../machines/session/events.js';
import { emittedTypes } from '../../../machines/session/public.js';
import { type LinkInput, sessionMachine } from '../../../machines/session/session.machine.js';
import { SteppingClock } from './clock.js';
import type { Event } from './support.js';
import * as s from './support.js';

/** A running machine, with a link that does nothing but say what is done to it. */
const run = (policy: Partial<SessionPolicy> = {}) => {
  const clock = new SteppingClock();
  const links: string[] = [];
  const open = new Set<number>();
  let openMax = 0;
  const link = fromCallback<LinkCommand, LinkInput>(({ input, receive }) => {
    links.push(`open ${input.link}`);
    open.add(input.link);
    openMax = Math.max(openMax, open.size);
    receive(({ type }) => links.push(`${type} ${input.link}`));
    return () => {
      links.push(`close ${input.link}`);
      open.delete(input.link);
    };
  });
  const actor = createActor(sessionMachine.provide({ actors: { link } }), { clock, input: { policy } });
  const heard: Emitted[] = [];
  for (const type of emittedTypes) actor.on(type, (event) => heard.push(event));
  actor.start();
  return {
    actor,
    clock,
    links,
    open,
    openMax: () => openMax,
    heard: () => heard.map(({ type }) => type),
    send: (...events: readonly Event[]) => {
      for (const event of events) actor.send(event);
    },
    value: () => actor.getSnapshot().value,
  };
};

const active = [s.start(), s.opened(1), s.welcomed(1)] as const;
const aMinute = 60_000;

const delays = suite('delays');

delays('a start fails at its deadline and not a millisecond before', () => {
  const { clock, send, value, heard } = run();
  send(s.start({ deadlineMs: 800 }));
  clock.pass(799);
  assert.equal(value(), { starting: 'connecting' });
  clock.pass(1);
  assert.is(value(), 'idle');
  assert.equal(heard(), ['failed']);
});

delays('the tries of a start do not put its deadline off, and after it nothing runs on', () => {
  const { clock, send, value, links } = run();
  send(s.start());
  for (const link of [1, 2, 3]) {
    clock.pass(2_500);
    send(s.lost(link, 'ConnectionFailedError', {}, { random: 0 }));
    clock.pass(0);
  }
  clock.pass(2_499);
  assert.equal(value(), { starting: 'connecting' });
  clock.pass(1);
  assert.is(value(), 'idle');
  assert.is(clock.pending, 0);
  clock.pass(aMinute);
  assert.equal(links, ['open 1', 'close 1', 'open 2', 'close 2', 'open 3', 'close 3', 'open 4', 'close 4']);
});

delays('a wait is as long as the loss said', () => {
  const { clock, send, links } = run();
  send(...active, s.lost(1, 'ServerBusyError', { retryAfterMs: 4_000 }));
  clock.pass(3_999);
  assert.equal(links, ['open 1', 'close 1']);
  clock.pass(1);
  assert.equal(links, ['open 1', 'close 1', 'open 2']);
});

delays('without a network a try is made after offlineRetryMs', () => {
  const { clock, send, value } = run({ offlineRetryMs: 7_000 });
  send(...active, s.networkOffline, s.lost(1));
  clock.pass(6_999);
  assert.equal(value(), { lost: 'offline' });
  clock.pass(1);
  assert.equal(value(), { lost: 'connecting' });
});

delays('a goodbye is waited for until endDeadlineMs', () => {
  const { clock, send, value, links, heard } = run({ endDeadlineMs: 300 });
  send(...active, s.end);
  clock.pass(299);
  assert.is(value(), 'ending');
  clock.pass(1);
  assert.is(value(), 'ended');
  assert.equal(links, ['open 1', 'END 1', 'close 1']);
  assert.equal(heard(), ['active', 'ended']);
});

delays('the limit of being lost runs through all tries, and starts anew with the next loss', () => {
  const { clock, send, value } = run({ giveUpAfterMs: aMinute });
  send(...active, s.lost(1, 'ConnectionFailedError', {}, { random: 0 }));
  clock.pass(59_999);
  assert.equal(value(), { lost: 'connecting' });
  send(s.opened(2), s.welcomed(2, { outcome: 'resumed' }), s.lost(2, 'ConnectionFailedError', {}, { random: 0 }));
  clock.pass(59_999);
  assert.equal(value(), { lost: 'connecting' });
  clock.pass(1);
  assert.is(value(), 'ended');
});

delays('a client without that limit is still trying after a month', () => {
  const { clock, send, value } = run();
  send(...active, s.lost(1));
  clock.pass(31 * 24 * 60 * aMinute);
  assert.equal(value(), { lost: 'connecting' });
});

const linkOf = suite('the link');

linkOf('one link carries a session from its start through active to the goodbye', () => {
  const { send, links } = run();
  send(...active, s.suspected(1), s.heard(1), s.end, s.endConfirmed(1));
  assert.equal(links, ['open 1', 'END 1', 'close 1']);
});

linkOf('a former link is closed before the next one is opened', () => {
  const { clock, send, links } = run();
  send(...active, s.lost(1), s.networkOnline, s.lost(2));
  clock.pass(aMinute);
  assert.equal(links, ['open 1', 'close 1', 'open 2', 'close 2', 'open 3']);
});

linkOf('a stopped machine closes its link and waits for nothing', () => {
  const { actor, clock, send, open } = run();
  send(...active);
  actor.stop();
  assert.is(open.size, 0);
  assert.is(clock.pending, 0);
});

linkOf('whatever comes in whatever order, one link is open at most, and none at rest', () => {
  const eventOf = fc.tuple(fc.nat(13), fc.nat(1), fc.nat(40_000)).map(([kind, former, ms]) => ({ kind, former, ms }));
  fc.assert(
    fc.property(fc.array(eventOf, { maxLength: 40 }), (script) => {
      const { actor, clock, send, open, openMax, value } = run({ giveUpAfterMs: aMinute });
      for (const { kind, former, ms } of script) {
        const link = actor.getSnapshot().context.link - former;
        const events: readonly Event[] = [
          s.start(),
          s.end,
          s.opened(link),
          s.welcomed(link),
          s.welcomed(link, { outcome: 'resumed' }),
          s.denied(link, 'AccessDeniedError'),
          s.denied(link, 'ServerBusyError', { retryAfterMs: ms }),
          s.lost(link),
          s.suspected(link),
          s.heard(link),
          s.endConfirmed(link),
          s.networkOffline,
          s.networkOnline,
        ];
        const event = events[kind];
        if (event === undefined) clock.pass(ms);
        else send(event);
        assert.ok(openMax() <= 1);
      }
      send(s.end);
      clock.pass(aMinute);
      assert.ok(value() === 'idle' || value() === 'ended');
      assert.is(open.size, 0);
      assert.is(clock.pending, 0);
      assert.is(actor.getSnapshot().status, 'active');
    }),
  );
});

const listeners = suite('listeners');

listeners('a listener that looks at the machine sees the state that it was told of', () => {
  const { actor, send } = run();
  const seen: unknown[] = [];
  for (const type of emittedTypes) actor.on(type, () => seen.push([type, actor.getSnapshot().value]));
  send(
    ...active,
    s.lost(1),
    s.networkOnline,
    s.opened(2),
    s.welcomed(2, { outcome: 'resumed' }),
    s.end,
    s.endConfirmed(2),
    s.start(),
    s.end,
  );
  assert.equal(seen, [
    ['active', { active: 'healthy' }],
    ['lost', { lost: 'waiting' }],
    ['resumed', { active: 'healthy' }],
    ['ended', 'ended'],
    ['failed', 'idle'],
  ]);
});

listeners('a listener may start the next session at once', () => {
  const { actor, send, value } = run();
  actor.on('ended', () => actor.send(s.start()));
  send(...active, s.lost(1, 'SessionRevokedError'));
  assert.equal(value(), { starting: 'connecting' });
});

delays.run();
linkOf.run();
listeners.run();
