import type { SnapshotFrom } from 'xstate';
import type { SessionMachine } from './session.machine.js';

/** What an app sees of the lifecycle. Adjectives at rest, participles in motion. */
export type Status = 'idle' | 'connecting' | 'authenticating' | 'active' | 'lost' | 'ending' | 'ended';

/** What goes on inside a status that has parts; null in the others. */
export type Substate = 'healthy' | 'suspect' | 'connecting' | 'authenticating' | 'waiting' | 'offline';

export interface StatusView {
  readonly status: Status;
  readonly substate: Substate | null;
}

type Value = SnapshotFrom<SessionMachine>['value'];

const unreachable = (value: never): never => {
  throw new Error(`The session machine has a state that its public status does not know: ${JSON.stringify(value)}.`);
};

/**
 * The public status of a state of the machine: a projection, never a second variable. A state that is added to the machine and not
 * here does not compile.
 */
export const statusOf = (value: Value): StatusView => {
  switch (value) {
    case 'idle':
    case 'ending':
    case 'ended':
      return { status: value, substate: null };
    default:
      if ('active' in value) return { status: 'active', substate: value.active };
      if ('lost' in value) return { status: 'lost', substate: value.lost };
      if ('starting' in value)
        // The waits between two tries of a start are part of connecting.
        return { status: value.starting === 'authenticating' ? 'authenticating' : 'connecting', substate: value.starting };
      return unreachable(value);
  }
};
