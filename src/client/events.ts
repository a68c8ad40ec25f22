import type { EventListeners } from '../../machines/session/public.js';
import type { NineLivesError } from '../errors.js';
import type { HandlerReports } from '../stream/handlers.js';
import type { Unconfirmed } from '../stream/sent.js';

type MachineEvents = { [E in keyof EventListeners]: Parameters<EventListeners[E]>[0] };

/** A failure is plain data in the machine and an Error for the app. */
type WithError<E> = E extends { readonly failure: infer F }
  ? Omit<E, 'failure'> & { readonly error: null extends F ? NineLivesError | null : NineLivesError }
  : E;

/** What the shell adds to the machine's events: payloads are kept out of the machine, so that no inspector shows them. */
interface Additions {
  /** Everything that was accepted and is not known as handled, oldest first. Nothing of it is sent again by itself. */
  gap: { readonly unconfirmed: readonly Unconfirmed[] };
  ended: { readonly unconfirmed: readonly Unconfirmed[] };
}

type Event<E extends keyof MachineEvents> = WithError<MachineEvents[E]> & (E extends keyof Additions ? Additions[E] : unknown);

/** What happens to a session's messages on this side rather than to its lifecycle. */
interface MessageEvents {
  unhandled: (event: Parameters<HandlerReports['unhandled']>[0]) => void;
  handlerFailed: (event: Parameters<HandlerReports['handlerFailed']>[0]) => void;
  handlerSlow: (event: Parameters<HandlerReports['handlerSlow']>[0]) => void;
  /** A message that link after link did not outlive: it is not sent any more. The server may have handled it. */
  handedBack: (message: Unconfirmed) => void;
}

/** Every event of a client with its listener: one for each that the machine emits, and those of its messages. */
export type ClientEvents = { [E in keyof MachineEvents]: (event: Event<E>) => void } & MessageEvents;
export type ClientEvent<E extends keyof ClientEvents> = Parameters<ClientEvents[E]>[0];
