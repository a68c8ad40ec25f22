/**
 * `ninelives/machine`: the decisions of a client without its connection, for tools and for tests of your own. It opens nothing: the
 * machine's link is inert until one is provided, and can be driven with facts alone. docs/lifecycle.md describes every state.
 *
 * @example
 * import { createActor } from 'xstate'
 * import { sessionMachine, statusOf } from 'ninelives/machine'
 *
 * const actor = createActor(sessionMachine, { input: {} }).start()
 * actor.on('failed', ({ failure }) => console.log(failure.code))   // StartAbortedError
 * actor.send({ type: 'START', username: 'jane' })
 * statusOf(actor.getSnapshot().value)                              // { status: 'connecting', substate: 'connecting' }
 * actor.send({ type: 'END' })
 *
 * @example
 * // Without an actor: `transition` is pure, and returns the effects as data.
 * import { initialTransition, transition } from 'xstate'
 *
 * const [idle] = initialTransition(sessionMachine, { policy: { startDeadlineMs: 2_000 } })
 * const [starting, effects] = transition(sessionMachine, idle, { type: 'START', username: 'jane' })
 */
export type { Json, JsonObject } from '../../machines/ports/json.js';
export type { Presence, User } from '../../machines/ports/user.js';
export {
  type EndReason,
  type Failure,
  failure,
  isReasonCode,
  type NextStep,
  type Reason,
  type ReasonCode,
  reasonCodes,
  reasonFromCloseCode,
  reasonFromPeer,
  reasons,
  type Sayer,
} from '../../machines/reasons.js';
export type { Context, SessionInfo, SessionPolicy } from '../../machines/session/context.js';
export type { Command, Emitted, Fact, LinkCommand, Stamp, Welcome } from '../../machines/session/events.js';
export {
  type CommandMethod,
  type CommandMethods,
  type EventListeners,
  type Exhaustive,
  emittedTypes,
} from '../../machines/session/public.js';
export { defaultRetryPolicy, namesTime, type RetryPolicy, type RetryQuestion, retryInMs } from '../../machines/session/retry.js';
export {
  defaultSessionPolicy,
  type LinkInput,
  type SessionInput,
  type SessionMachine,
  sessionMachine,
} from '../../machines/session/session.machine.js';
export { type Status, type StatusView, type Substate, statusOf } from '../../machines/session/status.js';
