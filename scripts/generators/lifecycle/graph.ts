/** The session machine as rows: its states, and for each what leads out of it, in words. Read from the definition, not written beside it. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { emittedTypes } from '../../../machines/session/public.js';
import { sessionMachine } from '../../../machines/session/session.machine.js';
import { statusOf } from '../../../machines/session/status.js';

type EmittedType = (typeof emittedTypes)[number];

/**
 * The guards in words. `isCurrent` stands behind every fact of a link and is said once, in the introduction. A guard that is missing
 * here is an error of the generator.
 */
const guardWords: Readonly<Record<string, string>> = {
  isCurrent: '',
  settlesStart: 'final for a start',
  endsSession: 'final for a session',
  sitsOut: 'no network',
  isOffline: 'no network',
  isResumed: 'resumed',
  isAnother: 'another user',
  mayMove: 'no time named by the server',
  mayMoveNow: 'the server named no time, and the try before is long enough ago',
  isFarEnough: 'the try before is long enough ago',
  givesUp: 'there is a limit',
};

/** One way out of a state. */
export interface Way {
  /** The name of an event, or `after` and the name of a delay. */
  readonly event: string;
  /** Under which condition, in words; empty: always. */
  readonly words: string;
  /** The path of the target, `lost.waiting`; null where the state stays. */
  readonly to: string | null;
  /** The emitted event that goes with it; null where the app hears nothing. */
  readonly says: EmittedType | null;
}

export interface StateRow {
  /** `idle`, `starting`, `starting.connecting`. */
  readonly path: string;
  readonly meaning: string;
  /** What `getSnapshot()` of a client says; null for a state that only groups others with different ones. */
  readonly status: string | null;
  readonly inner: readonly StateRow[];
  readonly ways: readonly Way[];
}

const pathOf = (node: AnyStateNode): string => node.path.join('.');

const eventOf = (type: string): string => (type.startsWith('xstate.after.') ? `after ${type.split('.')[2]}` : type);

const wordsOf = ({ guard }: AnyTransitionDefinition, index: number): string => {
  const words = guard === undefined ? '' : guardWords[String(guard)];
  if (words === undefined) throw new Error(`The guard ${String(guard)} has no words in scripts/generators/lifecycle/graph.ts.`);
  return words === '' && index > 0 ? 'otherwise' : words;
};

/** An action that emits is named after its event: `tellLost`, `lost`. */
const saysOf = ({ actions }: AnyTransitionDefinition): EmittedType | null =>
  emittedTypes.find((type) => actions.some((action) => action === `tell${type.replace(/^./, (first) => first.toUpperCase())}`)) ?? null;

const waysOf = (node: AnyStateNode): readonly Way[] =>
  [...node.transitions.values()].flatMap((choices) =>
    choices.map((choice, index) => ({
      event: eventOf(choice.eventType),
      words: wordsOf(choice, index),
      to: choice.target?.[0] === undefined ? null : pathOf(choice.target[0]),
      says: saysOf(choice),
    })),
  );

const viewOf = (path: readonly string[]): string => {
  const [group, inner] = path;
  const { status, substate } = statusOf((inner === undefined ? group : { [group as string]: inner }) as Parameters<typeof statusOf>[0]);
  return substate === null ? `\`${status}\`` : `\`${status}\` / \`${substate}\``;
};

const rowOf = (node: AnyStateNode): StateRow => {
  const inner = Object.values(node.states).map(rowOf);
  if (node.description === undefined) throw new Error(`The state ${node.id} has no description.`);
  return {
    path: pathOf(node),
    meaning: node.description,
    status: inner.length === 0 ? viewOf(node.path) : null,
    inner,
    ways: waysOf(node),
  };
};

// The types of a machine with typed emitted events do not fit XState's own type for any machine.
const machine = sessionMachine as unknown as AnyStateMachine;

/** The states of the machine, in the order of its definition. */
export const states: readonly StateRow[] = Object.values(machine.root.states).map(rowOf);
/** What is taken in every state that does not take it itself. */
export const everywhere: readonly Way[] = waysOf(machine.root);
/** Where the machine begins, and where each state that has parts does. */
export const initial: string = pathOf(machine.root.initial.target[0] as AnyStateNode);
export const initialOf = (path: string): string => pathOf(machine.root.states[path]?.initial.target[0] as AnyStateNode);
