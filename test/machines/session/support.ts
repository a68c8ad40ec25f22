/** What the tests of the session machine share: sample events, and one pure step with everything that comes out of it. */
import { getNextTransitions, initialTransition, type SnapshotFrom, transition } from 'xstate';
import type { User } from '../../../machines/ports/user.js';
import { type Failure, failure, type ReasonCode } from '../../../machines/reasons.js';
import type { SessionPolicy } from '../../../machines/session/context.js';
import type { Command, Emitted, Fact, Welcome } from '../../../machines/session/events.js';
import { sessionMachine } from '../../../machines/session/session.machine.js';

export type Event = Command | Fact;
export type State = SnapshotFrom<typeof sessionMachine>;
export type Delay = 'startDeadline' | 'retry' | 'offlineRetry' | 'endDeadline' | 'giveUp';
/** The clock's own event: the named delay is over. */
export interface Passed {
  readonly passed: Delay;
}
export type Step = Event | Passed;

export const jane: User = {
  id: 1,
  name: 'jane',
  displayName: 'Jane',
  displayPictureUrl: null,
  isGuest: false,
  presence: { status: '', online: true },
  properties: {},
};

type More = Omit<Failure, 'code' | 'message'>;
interface When {
  readonly now?: number;
  readonly random?: number;
}
const stamp = ({ now = 0, random = 0.5 }: When) => ({ now, random });

export const start = (more: { readonly username?: string; readonly deadlineMs?: number } = { username: 'jane' }): Event => ({
  type: 'START',
  ...more,
});
export const end: Event = { type: 'END' };
export const opened = (link: number): Event => ({ type: 'LINK_OPENED', link });
export const welcomed = (link: number, welcome: Partial<Welcome> = {}, when: When = {}): Event => ({
  type: 'WELCOMED',
  link,
  welcome: { sessionId: `s${link}`, user: jane, outcome: 'started', resumeWindowMs: 60_000, expiresAt: null, incarnation: 1, ...welcome },
  ...stamp(when),
});
export const denied = (link: number, code: ReasonCode, more: More = {}, when: When = {}): Event => ({
  type: 'DENIED',
  link,
  failure: failure(code, undefined, more),
  ...stamp(when),
});
export const lost = (link: number, code: ReasonCode = 'ConnectionLostError', more: More = {}, when: When = {}): Event => ({
  type: 'LINK_LOST',
  link,
  failure: failure(code, undefined, more),
  ...stamp(when),
});
export const suspected = (link: number): Event => ({ type: 'SUSPECTED', link });
export const heard = (link: number): Event => ({ type: 'HEARD', link });
export const endConfirmed = (link: number): Event => ({ type: 'END_CONFIRMED', link });
export const identified = (user: User = jane, expiresAt: number | null = null): Event => ({ type: 'IDENTIFIED', user, expiresAt });
export const networkOffline: Event = { type: 'NETWORK_OFFLINE' };
export const networkOnline: Event = { type: 'NETWORK_ONLINE' };
export const hinted: Event = { type: 'HINTED' };
export const retry: Event = { type: 'RETRY' };
/** The same three, at a time. */
export const soonerAt = (now: number): readonly Event[] => [
  { type: 'NETWORK_ONLINE', now },
  { type: 'HINTED', now },
  { type: 'RETRY', now },
];
export const passed = (delay: Delay): Passed => ({ passed: delay });

/** The event that the clock sends when this delay is over; undefined where it is not waited for. */
export const delayedEvent = (state: State, delay: Delay): Event | undefined => {
  const found = getNextTransitions(state).find(({ eventType }) => eventType.startsWith(`xstate.after.${delay}.`));
  // XState types its own delayed events apart from the machine's.
  return found && ({ type: found.eventType } as unknown as Event);
};

/** One pure step: the next state, and the effects that the machine asks for. */
export interface Outcome {
  readonly state: State;
  readonly emitted: readonly Emitted[];
  /** The delays that begin with this step, in milliseconds. */
  readonly armed: Readonly<Partial<Record<Delay, number>>>;
  /** What the link is told. */
  readonly told: readonly string[];
}

interface Effect {
  readonly type: string;
  readonly params?: { readonly event?: Emitted; readonly delay?: number };
}

export const step = (state: State, event: Event): Outcome => {
  const [next, actions] = transition(sessionMachine, state, event);
  const effects = actions as unknown as readonly Effect[];
  const events = (type: string) => effects.flatMap((effect) => (effect.type === type && effect.params?.event ? [effect.params.event] : []));
  const armed = effects.flatMap(({ type, params }) =>
    type === 'xstate.raise' && params?.delay !== undefined ? [[String(params.event?.type).split('.')[2], params.delay] as const] : [],
  );
  return {
    state: next,
    emitted: events('xstate.emit'),
    armed: Object.fromEntries(armed),
    told: events('xstate.sendTo').map((e) => e.type),
  };
};

export const idle = (policy: Partial<SessionPolicy> = {}): State => initialTransition(sessionMachine, { policy })[0];

/** All steps from idle; the outcome of the last one. Throws where the clock is asked for a delay that nobody waits for. */
export const storyFrom = (from: State, ...steps: readonly Step[]): Outcome =>
  steps.reduce<Outcome>(
    ({ state }, next) => {
      const event = 'passed' in next ? delayedEvent(state, next.passed) : next;
      if (event === undefined) throw new Error(`Nothing waits for ${JSON.stringify(next)} in ${JSON.stringify(state.value)}.`);
      return step(state, event);
    },
    { state: from, emitted: [], armed: {}, told: [] },
  );

export const story = (...steps: readonly Step[]): Outcome => storyFrom(idle(), ...steps);

/** The names of the actors that run in this state. */
export const running = (state: State): readonly string[] => Object.keys(state.children);
