/**
 * The lifecycle of a client's session, as one statechart. It decides and does nothing: the link (a transport) is an actor provided from
 * outside, facts carry the time and chance they need, delays are pure functions of the context. `docs/lifecycle.md` is generated from it.
 */
import { assertEvent, type EventObject, fromCallback, setup } from 'xstate';
import type { User } from '../ports/user.js';
import { type Failure, failure, reasons } from '../reasons.js';
import type { Context, SessionInfo, SessionPolicy } from './context.js';
import type { Command, Emitted, Fact, LinkCommand, Welcome } from './events.js';
import { defaultRetryPolicy, hurriedInMs, namesTime, retryInMs } from './retry.js';

/** The defaults: a start of ten seconds is as long as a person waits; a goodbye of five covers a slow handler's last message. */
export const defaultSessionPolicy: SessionPolicy = {
  startDeadlineMs: 10_000,
  endDeadlineMs: 5_000,
  giveUpAfterMs: null,
  offlineRetryMs: 30_000,
  retry: defaultRetryPolicy,
};

/** Field by field, since options that an app passes on are often there and undefined, which a spread would take for a value. */
const policyWith = (policy: Partial<SessionPolicy> = {}): SessionPolicy => ({
  startDeadlineMs: policy.startDeadlineMs ?? defaultSessionPolicy.startDeadlineMs,
  endDeadlineMs: policy.endDeadlineMs ?? defaultSessionPolicy.endDeadlineMs,
  giveUpAfterMs: policy.giveUpAfterMs ?? defaultSessionPolicy.giveUpAfterMs,
  offlineRetryMs: policy.offlineRetryMs ?? defaultSessionPolicy.offlineRetryMs,
  retry: policy.retry ?? defaultSessionPolicy.retry,
});

/** For what the step before has set: the context has null for it before a first start, and an emitted event has not. */
const orElse = <A>(value: A | null | undefined, otherwise: A): A => value ?? otherwise;

const causedBy = (cause: Failure | null): Pick<Failure, 'cause'> => (cause === null ? {} : { cause });

/** How long a try that is brought forward still waits. Who does not say when it is, as a tool, is not held back. */
const hurried = ({ attempt, failedAt, policy }: Context, event: Command | Fact): number =>
  'now' in event && event.now !== undefined && failedAt !== null ? hurriedInMs(attempt, event.now - failedAt, policy.retry) : 0;

/** The longest wait that a timer of the platform can carry; a longer one would fire at once (HTML, "timers"; Node, `timers`). */
const timerMaxMs = 2_147_483_647;

/** What a session machine is given at its creation; `{}` for the defaults. */
export interface SessionInput {
  readonly policy?: Partial<SessionPolicy>;
  /** What the platform says about the network at that moment; true where it is left out. */
  readonly online?: boolean;
}

export interface LinkInput {
  /** The generation of this link. */
  readonly link: number;
}

/** A guest whose name is registered is another user, if under the same id. */
const isAnother = (user: User, known: User | undefined): boolean => user.id !== known?.id || user.isGuest !== known.isGuest;

/** In a session that goes on another user comes by the stream, at the right place: a welcome that knows of it is ahead of that. */
export const userOf = (session: Pick<SessionInfo, 'user'> | null, { outcome, user }: Welcome): User =>
  outcome === 'resumed' && session !== null && isAnother(user, session.user) ? session.user : user;

const base = setup({
  types: {} as {
    context: Context;
    events: Command | Fact;
    emitted: Emitted;
    input: SessionInput;
    children: { link: 'link' };
  },
  actors: {
    /** Inert: a transport is provided from outside, and a tool can drive the machine with facts alone. */
    link: fromCallback<LinkCommand, LinkInput, EventObject>(() => undefined),
  },
  guards: {
    /** Is this about the link we have, and not a former one? */
    isCurrent: ({ context, event }) => 'link' in event && event.link === context.link,
    /** A verdict on a start that no further try would change. */
    settlesStart: ({ context, event }) =>
      (event.type === 'DENIED' || event.type === 'LINK_LOST') &&
      event.link === context.link &&
      reasons[event.failure.code].start === 'fails',
    /** A reason that a live session does not survive. */
    endsSession: ({ context, event }) =>
      (event.type === 'DENIED' || event.type === 'LINK_LOST') && event.link === context.link && reasons[event.failure.code].ends !== null,
    /** A loss to be sat out: the platform says that there is no network, and the server named no time to come back at. */
    sitsOut: ({ context, event }) =>
      (event.type === 'DENIED' || event.type === 'LINK_LOST') &&
      event.link === context.link &&
      !context.online &&
      !namesTime(event.failure),
    isResumed: ({ context, event }) => event.type === 'WELCOMED' && event.link === context.link && event.welcome.outcome === 'resumed',
    /** Does the session speak for another user, and not for the same one with a new credential? */
    isAnother: ({ context, event }) => event.type === 'IDENTIFIED' && isAnother(event.user, context.session?.user),
    /** The platform's hints may move the next try, unless the server named its time: that one is kept. */
    mayMove: ({ context }) => context.failure === null || !namesTime(context.failure),
    /** And far enough from the try before? */
    mayMoveNow: ({ context, event }) => (context.failure === null || !namesTime(context.failure)) && hurried(context, event) === 0,
    isFarEnough: ({ context, event }) => hurried(context, event) === 0,
    isOffline: ({ context }) => !context.online,
    givesUp: ({ context }) => context.policy.giveUpAfterMs !== null,
  },
  delays: {
    startDeadline: ({ context }) => Math.min(context.deadlineMs, timerMaxMs),
    endDeadline: ({ context }) => Math.min(context.policy.endDeadlineMs, timerMaxMs),
    giveUp: ({ context }) => Math.min(context.policy.giveUpAfterMs ?? timerMaxMs, timerMaxMs),
    offlineRetry: ({ context }) => Math.min(context.policy.offlineRetryMs, timerMaxMs),
    retry: ({ context }) => Math.min(context.retryInMs, timerMaxMs),
  },
});

const vocabulary = base.extend({
  actions: {
    // A link belongs to the states that need one, not to one of them: it outlives the step from lost to active. The states without one
    // close it, and every way into `connecting` leads through one of them.
    openLink: base.enqueueActions(({ enqueue, context }) => {
      const link = context.link + 1;
      enqueue.assign({ link, retryAt: null });
      enqueue.spawnChild('link', { id: 'link', input: { link } });
    }),
    closeLink: base.stopChild('link'),
    sayGoodbye: base.sendTo('link', { type: 'END' } satisfies LinkCommand),

    noteStart: base.assign(({ context, event }) => {
      assertEvent(event, 'START');
      return {
        username: event.username ?? null,
        deadlineMs: event.deadlineMs ?? context.policy.startDeadlineMs,
        attempt: 0,
        session: null,
        welcomedAt: null,
        failure: null,
        error: null,
        endReason: null,
      };
    }),
    noteWelcome: base.assign(({ context, event }) => {
      assertEvent(event, 'WELCOMED');
      const { sessionId, resumeWindowMs, expiresAt, incarnation } = event.welcome;
      return {
        session: { id: sessionId, user: userOf(context.session, event.welcome), resumeWindowMs, expiresAt, incarnation },
        welcomedAt: event.now,
        failure: null,
        retryAt: null,
      };
    }),
    noteIdentity: base.assign(({ context, event }) => {
      assertEvent(event, 'IDENTIFIED');
      const { user, expiresAt } = event;
      // Taken in states that a welcome leads to.
      return { username: user.name, session: { ...(context.session as SessionInfo), user, expiresAt } };
    }),
    /** Count the loss and decide how long to wait. After a healthy link, or one that got something across, the count starts again. */
    noteLoss: base.assign(({ context, event }) => {
      assertEvent(event, ['DENIED', 'LINK_LOST']);
      const { policy, welcomedAt } = context;
      const progress = event.type === 'LINK_LOST' ? event.progress : undefined;
      const wasHealthy = welcomedAt !== null && event.now - welcomedAt >= policy.retry.healthyAfterMs && progress !== 'none';
      const attempt = wasHealthy || progress === 'made' ? 1 : context.attempt + 1;
      const waitMs = retryInMs({ attempt, failure: event.failure, wasHealthy, random: event.random, policy: policy.retry });
      return {
        attempt,
        retryInMs: waitMs,
        retryAt: event.now + waitMs,
        failedAt: event.now,
        welcomedAt: null,
        failure: event.failure,
      };
    }),
    /** The next try is brought forward, as far as the one before allows. */
    noteSooner: base.assign(({ context, event }) => {
      assertEvent(event, ['NETWORK_ONLINE', 'HINTED', 'RETRY']);
      const now = orElse(event.now, 0);
      const waitMs = Math.min(hurried(context, event), orElse(context.retryAt, Number.POSITIVE_INFINITY) - now);
      return { retryInMs: waitMs, retryAt: now + waitMs };
    }),
    noteStartFailed: base.assign(({ event }) => {
      assertEvent(event, ['DENIED', 'LINK_LOST']);
      return { error: event.failure, retryAt: null };
    }),
    noteStartTimedOut: base.assign(({ context }) => ({
      error: failure(
        'StartTimeoutError',
        context.failure === null ? `${context.deadlineMs} ms.` : `${context.deadlineMs} ms; the last try met ${context.failure.code}.`,
        causedBy(context.failure),
      ),
      retryAt: null,
    })),
    noteStartAborted: base.assign({ error: failure('StartAbortedError'), retryAt: null }),
    noteEnded: base.assign({ endReason: 'ended', retryAt: null }),
    noteGaveUp: base.assign(({ context }) => ({
      endReason: 'gaveUp',
      error: failure('GaveUpError', undefined, causedBy(context.failure)),
      retryAt: null,
    })),
    noteEndedByPeer: base.assign(({ event }) => {
      assertEvent(event, ['DENIED', 'LINK_LOST']);
      const reason = orElse(reasons[event.failure.code].ends, 'ended');
      return { endReason: reason, error: reason === 'ended' ? null : event.failure, retryAt: null };
    }),
    noteOnline: base.assign({ online: true }),
    noteOffline: base.assign({ online: false }),
    noteNoRetry: base.assign({ retryAt: null }),

    tellFailed: base.emit(({ context }) => ({ type: 'failed', failure: orElse(context.error, failure('StartAbortedError')) })),
    tellActive: base.emit(({ event }) => {
      assertEvent(event, 'WELCOMED');
      return { type: 'active', sessionId: event.welcome.sessionId, user: event.welcome.user };
    }),
    tellLost: base.emit(({ event }) => {
      assertEvent(event, ['DENIED', 'LINK_LOST']);
      return { type: 'lost', failure: event.failure };
    }),
    tellResumed: base.emit(({ context, event }) => {
      assertEvent(event, 'WELCOMED');
      return { type: 'resumed', sessionId: event.welcome.sessionId, user: userOf(context.session, event.welcome) };
    }),
    // Before `noteWelcome` in its transition: the former session is still in the context then.
    tellGap: base.emit(({ context, event }) => {
      assertEvent(event, 'WELCOMED');
      const { sessionId, user } = event.welcome;
      return { type: 'gap', sessionId, formerSessionId: orElse(context.session?.id, ''), user };
    }),
    // Before `noteIdentity`: the former user is still in the context then.
    tellIdentity: base.emit(({ context, event }) => {
      assertEvent(event, 'IDENTIFIED');
      const { user } = event;
      return { type: 'identity', sessionId: orElse(context.session?.id, ''), user, former: orElse(context.session?.user, user) };
    }),
    tellEnded: base.emit(({ context }) => ({
      type: 'ended',
      sessionId: orElse(context.session?.id, ''),
      reason: orElse(context.endReason, 'ended'),
      failure: context.error,
    })),
  },
});

type StateConfig = Parameters<typeof vocabulary.createStateConfig>[0];

/** A loss is waited out, or sat out while the platform says that there is no network. */
const again = [
  { guard: 'sitsOut', target: 'offline', actions: 'noteLoss' },
  { guard: 'isCurrent', target: 'waiting', actions: 'noteLoss' },
] as const;

/** The next try is brought forward: to now, or as near to it as the try before allows. */
const sooner = [
  { guard: 'mayMoveNow', target: 'connecting' },
  { guard: 'mayMove', target: 'waiting', reenter: true, actions: 'noteSooner' },
] as const;

/** There is a network, says the platform, or the user. */
const backOnline = [
  { guard: 'isFarEnough', target: 'connecting', actions: 'noteOnline' },
  { target: 'waiting', actions: ['noteOnline', 'noteSooner'] },
] as const;

/**
 * Connecting, authenticating and the two ways of waiting between tries: the same for a first start and for a lost session. What
 * differs is what a final failure leads to and what a welcome means, and both stand on the state around these.
 */
const attempts = {
  connecting: {
    description: 'A link is being opened; the credential travels with it.',
    entry: 'openLink',
    on: { LINK_OPENED: { guard: 'isCurrent', target: 'authenticating' }, LINK_LOST: again },
  },
  authenticating: {
    description: 'The link is open; the server has not given its verdict.',
    on: { DENIED: again, LINK_LOST: again },
  },
  // The root takes note of a hint that is not followed here.
  waiting: {
    description: 'Between two tries, for a random part of a growing wait or for as long as the server asked.',
    entry: 'closeLink',
    after: { retry: [{ guard: 'isOffline', target: 'offline' }, { target: 'connecting' }] },
    on: {
      NETWORK_ONLINE: sooner,
      HINTED: sooner,
      RETRY: sooner,
      NETWORK_OFFLINE: { guard: 'mayMove', target: 'offline', actions: 'noteOffline' },
    },
  },
  offline: {
    description: 'Between two tries, while the platform says that there is no network; after a while one is made all the same.',
    entry: ['closeLink', 'noteNoRetry'],
    after: { offlineRetry: 'connecting' },
    on: { NETWORK_ONLINE: backOnline, RETRY: backOnline },
  },
} as const satisfies Record<string, StateConfig>;

/** `attempts`, where some failures are final and a welcome leads out. */
const attemptsUntil = <Final, Welcomed>(final: Final, welcomed: Welcomed) =>
  ({
    connecting: { ...attempts.connecting, on: { ...attempts.connecting.on, LINK_LOST: [final, ...again] } },
    authenticating: { ...attempts.authenticating, on: { WELCOMED: welcomed, DENIED: [final, ...again], LINK_LOST: [final, ...again] } },
    waiting: attempts.waiting,
    offline: attempts.offline,
  }) as const;

const starting = attemptsUntil(
  { guard: 'settlesStart', target: '#session.idle', actions: ['noteStartFailed', 'tellFailed'] } as const,
  { guard: 'isCurrent', target: '#session.active', actions: ['noteWelcome', 'tellActive'] } as const,
) satisfies Record<string, StateConfig>;

const endedByPeer = { guard: 'endsSession', target: '#session.ended', actions: ['noteEndedByPeer', 'tellEnded'] } as const;

const lost = attemptsUntil(endedByPeer, [
  { guard: 'isResumed', target: '#session.active', actions: ['noteWelcome', 'tellResumed'] },
  { guard: 'isCurrent', target: '#session.active', actions: ['tellGap', 'noteWelcome'] },
] as const) satisfies Record<string, StateConfig>;

const losses = [
  endedByPeer,
  { guard: 'sitsOut', target: '#session.lost.offline', actions: ['noteLoss', 'tellLost'] },
  { guard: 'isCurrent', target: '#session.lost.waiting', actions: ['noteLoss', 'tellLost'] },
] as const;

const identified = [{ guard: 'isAnother', actions: ['tellIdentity', 'noteIdentity'] }, { actions: 'noteIdentity' }] as const;

const overWithoutPeer = { guard: 'isCurrent', target: 'ended', actions: ['noteEnded', 'tellEnded'] } as const;

/** The lifecycle of a client's session. Provide `link` to run it; without, it can be driven with facts. */
export const sessionMachine = vocabulary.createMachine({
  id: 'session',
  // XState's types ask for an input; a tool in plain JavaScript may give none.
  context: ({ input = {} }) => ({
    policy: policyWith(input.policy),
    link: 0,
    attempt: 0,
    retryInMs: 0,
    retryAt: null,
    failedAt: null,
    online: input.online ?? true,
    username: null,
    deadlineMs: defaultSessionPolicy.startDeadlineMs,
    session: null,
    welcomedAt: null,
    failure: null,
    error: null,
    endReason: null,
  }),
  initial: 'idle',
  on: {
    NETWORK_ONLINE: { actions: 'noteOnline' },
    NETWORK_OFFLINE: { actions: 'noteOffline' },
  },
  states: {
    idle: {
      description: 'No session; a start that failed or was taken back comes here with its error.',
      entry: 'closeLink',
      on: { START: { target: 'starting', actions: 'noteStart' } },
    },
    starting: {
      description: 'A session is being started. One deadline spans all tries.',
      initial: 'connecting',
      after: { startDeadline: { target: 'idle', actions: ['noteStartTimedOut', 'tellFailed'] } },
      on: { END: { target: 'idle', actions: ['noteStartAborted', 'tellFailed'] } },
      states: starting,
    },
    active: {
      description: 'The session is there and messages flow.',
      initial: 'healthy',
      on: {
        DENIED: losses,
        LINK_LOST: losses,
        IDENTIFIED: identified,
        END: 'ending',
      },
      states: {
        healthy: {
          description: 'The other side is heard from in its rhythm.',
          on: { SUSPECTED: { guard: 'isCurrent', target: 'suspect' } },
        },
        suspect: {
          description: "Silence for longer than this link's rhythm allows; a probe is out.",
          on: { HEARD: { guard: 'isCurrent', target: 'healthy' } },
        },
      },
    },
    lost: {
      description: 'The link is gone, the session is not: the client tries to come back.',
      initial: 'waiting',
      after: { giveUp: { guard: 'givesUp', target: 'ended', actions: ['noteGaveUp', 'tellEnded'] } },
      on: { END: { target: 'ended', actions: ['noteEnded', 'tellEnded'] } },
      states: lost,
    },
    ending: {
      description: 'The goodbye is out; what is in flight is being confirmed.',
      entry: 'sayGoodbye',
      after: { endDeadline: { target: 'ended', actions: ['noteEnded', 'tellEnded'] } },
      on: { IDENTIFIED: identified, END_CONFIRMED: overWithoutPeer, DENIED: overWithoutPeer, LINK_LOST: overWithoutPeer },
    },
    ended: {
      description: 'Over, with a reason; what is not confirmed was handed back.',
      entry: 'closeLink',
      on: { START: { target: 'starting', actions: 'noteStart' } },
    },
  },
});

export type SessionMachine = typeof sessionMachine;
