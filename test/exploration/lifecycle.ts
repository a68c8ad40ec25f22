/** The shipped session machine, one pure step at a time; states that differ only in how long something waits are the same. */
import { initialTransition, type SnapshotFrom, transition } from 'xstate';
import type { User } from '../../machines/ports/user.js';
import { failure, type ReasonCode } from '../../machines/reasons.js';
import type { Command, Fact } from '../../machines/session/events.js';
import { sessionMachine } from '../../machines/session/session.machine.js';
import { statusOf } from '../../machines/session/status.js';
import { Made, type Part, Parts } from './parts.js';

export type Lifecycle = SnapshotFrom<typeof sessionMachine>;

/** What a step asks of the shell, in the order in which the client's shell does it. */
export interface Asked {
  readonly emitted: readonly ('active' | 'failed' | 'lost' | 'resumed' | 'gap' | 'ended')[];
  /** The link of this generation is to be opened. */
  readonly opens: number | null;
  /** The link before this step is to be closed. */
  readonly closes: boolean;
  /** The goodbye is to be said. */
  readonly saysGoodbye: boolean;
}

export interface Step extends Asked {
  readonly to: Part<Lifecycle>;
}

export const jane: User = {
  id: 1,
  name: 'jane',
  displayName: 'Jane',
  displayPictureUrl: null,
  isGuest: false,
  presence: { status: '', online: true },
  properties: {},
};

/** All that a step of the machine can depend on, but for waits, which are no time here. */
const keyOf = ({ value, context, children }: Lifecycle): string =>
  JSON.stringify([value, context.link, context.session, context.failure?.code, context.endReason, Object.keys(children).length]);

type Delay = 'retry' | 'endDeadline';
type Happened = Command | Fact | { readonly passed: Delay };

interface Effect {
  readonly type: string;
  readonly params?: { readonly event?: { readonly type: string } };
}

const stamp = { now: 0, random: 0 };

export const facts = {
  opened: (link: number): Fact => ({ type: 'LINK_OPENED', link }),
  lost: (link: number, code: ReasonCode): Fact => ({ type: 'LINK_LOST', link, failure: failure(code), ...stamp }),
  denied: (link: number, code: ReasonCode): Fact => ({ type: 'DENIED', link, failure: failure(code), ...stamp }),
  welcomed: (link: number, session: number, outcome: 'started' | 'resumed', incarnation: number): Fact => ({
    type: 'WELCOMED',
    link,
    welcome: { sessionId: `${session}`, user: jane, outcome, resumeWindowMs: 60_000, expiresAt: null, incarnation },
    ...stamp,
  }),
  endConfirmed: (link: number): Fact => ({ type: 'END_CONFIRMED', link }),
} as const;

export class Lifecycles {
  readonly #all = new Parts<Lifecycle>(keyOf);
  readonly #made = new Made<Step>();

  initial(): Part<Lifecycle> {
    return this.#all.of(initialTransition(sessionMachine, {})[0]);
  }

  step(from: Part<Lifecycle>, happened: Happened): Step {
    return this.#made.of(from.id, JSON.stringify(happened), () => this.#step(from.value, happened));
  }

  #step(from: Lifecycle, happened: Happened): Step {
    const event = 'passed' in happened ? delayed(from, happened.passed) : happened;
    const [next, actions] = transition(sessionMachine, from, event as Command);
    const effects = actions as unknown as readonly Effect[];
    const events = (type: string): readonly string[] =>
      effects.flatMap((effect) => (effect.type === type && effect.params?.event !== undefined ? [effect.params.event.type] : []));
    return {
      to: this.#all.of(next),
      emitted: events('xstate.emit') as Asked['emitted'],
      opens: next.context.link > from.context.link ? next.context.link : null,
      closes: effects.some(({ type }) => type === 'xstate.stopChild'),
      saysGoodbye: events('xstate.sendTo').includes('END'),
    };
  }
}

/** The clock's own event, in the state that waits for it. */
const delayed = ({ value }: Lifecycle, delay: Delay): { readonly type: string } => {
  if (delay === 'endDeadline') return { type: 'xstate.after.endDeadline.session.ending' };
  return { type: `xstate.after.retry.session.${typeof value === 'object' && 'lost' in value ? 'lost' : 'starting'}.waiting` };
};

export const statusIn = ({ value }: Lifecycle): ReturnType<typeof statusOf> => statusOf(value);
