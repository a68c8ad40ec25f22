/**
 * What the compiler has to say about the session machine's vocabulary. Compiled by `tsc`, never run: an event or a command that is added
 * on one side alone, or a wrong use that begins to compile, fails here.
 */
import { type ActorRefFrom, type EmittedFrom, type EventFromLogic, fromCallback } from 'xstate';
import type { Command, Emitted, Fact, LinkCommand } from '../../machines/session/events.js';
import type { CommandMethod, CommandMethods, EventListeners, Exhaustive, emittedTypes } from '../../machines/session/public.js';
import { type LinkInput, type SessionMachine, sessionMachine } from '../../machines/session/session.machine.js';
import type { Status, Substate } from '../../machines/session/status.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T | undefined => undefined;

// --- The names. Whoever adds one adds it here too, and to docs, client and table by the errors that follow ---

holds<Equal<Command['type'], 'START' | 'END' | 'RETRY'>>();
holds<Equal<CommandMethod, 'startSession' | 'endSession' | 'retryNow'>>();
holds<Equal<Emitted['type'], 'active' | 'failed' | 'lost' | 'resumed' | 'gap' | 'identity' | 'ended'>>();
holds<Equal<Status, 'idle' | 'connecting' | 'authenticating' | 'active' | 'lost' | 'ending' | 'ended'>>();
holds<Equal<Substate, 'healthy' | 'suspect' | 'connecting' | 'authenticating' | 'waiting' | 'offline'>>();

// --- One row a command, one listener and one name an emitted event ---

holds<Equal<keyof CommandMethods, Command['type']>>();
holds<Equal<keyof EventListeners, Emitted['type']>>();
holds<Equal<(typeof emittedTypes)[number], Emitted['type']>>();
holds<Equal<(typeof emittedTypes)['length'], 7>>();
holds<Equal<Parameters<EventListeners['lost']>[0], Omit<Extract<Emitted, { type: 'lost' }>, 'type'>>>();

type Letters = 'a' | 'b';
export type Complete = Exhaustive<Letters, { a: 1; b: 2 }>;
// @ts-expect-error A row is missing.
export type Missing = Exhaustive<Letters, { a: 1 }>;
// @ts-expect-error A row is too many.
export type Surplus = Exhaustive<Letters, { a: 1; b: 2; c: 3 }>;

// --- The machine takes these events, says those, and no others ---

holds<Equal<EventFromLogic<SessionMachine>, Command | Fact>>();
holds<Equal<EmittedFrom<SessionMachine>, Emitted>>();

declare const actor: ActorRefFrom<SessionMachine>;
export const uses = (): void => {
  // Every command can be asked about by its type alone.
  const commands: { readonly [T in Command['type']]: Extract<Command, { type: T }> } = {
    START: { type: 'START' },
    END: { type: 'END' },
    RETRY: { type: 'RETRY' },
  };
  actor.getSnapshot().can(commands.START);

  // @ts-expect-error There is no such event.
  actor.send({ type: 'BEGIN' });
  // @ts-expect-error A fact of a link says which link.
  actor.send({ type: 'LINK_OPENED' });
  // @ts-expect-error A loss carries time and chance, so that the machine needs neither.
  actor.send({ type: 'LINK_LOST', link: 1, failure: { code: 'ServerError', message: '' } });
  // @ts-expect-error A failure has a code of the table.
  actor.send({ type: 'LINK_LOST', link: 1, failure: { code: 'Oops', message: '' }, now: 0, random: 0 });
  // @ts-expect-error No credential in an event: inspectors show them.
  actor.send({ type: 'START', username: 'jane', authParams: { password: 'x' } });
  // @ts-expect-error No token in an event.
  actor.send({ type: 'LINK_OPENED', link: 1, token: 'x' });

  actor.on('gap', ({ formerSessionId }) => formerSessionId.length);
  // @ts-expect-error There is no such emitted event.
  actor.on('gone', () => undefined);
  // @ts-expect-error `lost` has a failure, no session.
  actor.on('lost', ({ sessionId }) => sessionId);

  const link = fromCallback<LinkCommand, LinkInput>(() => undefined);
  sessionMachine.provide({ actors: { link } });
  // @ts-expect-error The link is the only actor there is.
  sessionMachine.provide({ actors: { socket: link } });
  // @ts-expect-error There is no such state.
  actor.getSnapshot().matches('paused');
  // @ts-expect-error There is no such part of a state.
  actor.getSnapshot().matches({ active: 'offline' });
};
