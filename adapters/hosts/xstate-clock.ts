import type { ActorOptions, AnyActorLogic } from 'xstate';
import type { Clock } from '../../machines/ports/host.js';

/** The clock that XState asks for, under the name that it does not export. */
export type XStateClock = NonNullable<ActorOptions<AnyActorLogic>['clock']>;

/**
 * A host's clock as the one that XState's delayed transitions run on.
 *
 * @example
 * createActor(machine, { clock: xstateClock(host.clock) });
 */
export const xstateClock = (clock: Clock): XStateClock => ({
  setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
  clearTimeout: (handle) => clock.clearTimeout(handle),
});
