/**
 * What the public API is derived from, so that nothing is written twice: each command has its method, each emitted event its
 * listener. A command or an event that is added on one side alone does not compile (test/types/session.test-types.ts).
 */
import type { Command, Emitted } from './events.js';

/**
 * `T`, where it has exactly one property for each of `K`: a missing one and one too many are errors.
 *
 * @example
 * type Rows = Exhaustive<'START' | 'END', { START: 'startSession'; END: 'endSession' }>
 */
export type Exhaustive<K extends PropertyKey, T extends Record<K, unknown> & { [Surplus in Exclude<keyof T, K>]: never }> = T;

/** The method of the client that sends each command. */
export type CommandMethods = Exhaustive<
  Command['type'],
  {
    readonly START: 'startSession';
    readonly END: 'endSession';
    readonly RETRY: 'retryNow';
  }
>;

/** The name of a client's method that sends a command. */
export type CommandMethod = CommandMethods[keyof CommandMethods];

/** The listener of each emitted event: it is given what the event says. */
export type EventListeners = { readonly [E in Emitted as E['type']]: (event: Omit<E, 'type'>) => void };

/** The emitted events by name, for run time; the type test holds it against `Emitted`. */
export const emittedTypes = [
  'active',
  'failed',
  'lost',
  'resumed',
  'gap',
  'identity',
  'ended',
] as const satisfies readonly Emitted['type'][];
