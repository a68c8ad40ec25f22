import type { AcceptedSocket } from '../../machines/ports/socket.js';
import type { User } from '../../machines/ports/user.js';
import type { EndReason } from '../../machines/reasons.js';
import type { AnyContract, Contract } from '../stream/contract.js';
import type { HandlerReports } from '../stream/handlers.js';
import type { Unconfirmed } from '../stream/sent.js';
import type { Audience } from './audience.js';
import type { Sessions, Users } from './directory.js';
import type { DrainOptions } from './drain.js';
import type { AttachableServer, AttachOptions, Listening, ListenOptions } from './http.js';
import type { ServerSession } from './session.js';

/** What a server's app hears. A listener that throws or rejects is logged, and breaks nothing else. */
export interface ServerEvents<C extends Contract = AnyContract> {
  /**
   * Once for each session, before any of its messages is handled: the place to register handlers, before anything is awaited. Listen before `listen`
   * or `attach`: sessions that an earlier process left are told when the store is opened.
   */
  session: (session: ServerSession<C>, how: { readonly recovered: boolean }) => void;
  /** The session speaks for another user from here on: its client has signed in. Before any message is handled that was sent behind that. */
  identity: (session: ServerSession<C>, how: { readonly former: User }) => void;
  /** The session is over. `unconfirmed`: what was sent to it and is not known as handled. */
  ended: (session: ServerSession<C>, how: { readonly reason: EndReason; readonly unconfirmed: readonly Unconfirmed[] }) => void;
  /** A message came that nobody handles. */
  unhandled: (session: ServerSession<C>, event: Parameters<HandlerReports['unhandled']>[0]) => void;
  /** A handler threw. */
  handlerFailed: (session: ServerSession<C>, event: Parameters<HandlerReports['handlerFailed']>[0]) => void;
  /** A message or request whose handler the process died with again and again: it is passed over, and told as failed. */
  poisoned: (session: ServerSession<C>, message: { readonly id: string; readonly type: string }) => void;
  /** A message that link after link did not outlive: it is not sent any more. The client may have handled it. */
  handedBack: (session: ServerSession<C>, message: Unconfirmed) => void;
}

/**
 * A server of user sessions: on its own (`listen`), in another HTTP server (`attach`), or in the same process as its clients (`memory(server)`).
 */
export interface Server<C extends Contract = AnyContract> {
  /** Listen to an event; the returned function stops it. */
  on<E extends keyof ServerEvents>(event: E, listener: ServerEvents<C>[E]): () => void;
  /** Serve on a port of its own; 0 picks a free one. Rejects where the port or the store can not be had, and once the server is closed. */
  listen(port: number, options?: ListenOptions): Promise<Listening>;
  /** Serve on a path of an HTTP server. Its other paths, and the server itself, stay the app's. Rejects where the store can not be had, and once the server is closed. */
  attach(http: AttachableServer, options?: AttachOptions): Promise<void>;
  /** Serve one socket, however it came. */
  accept(socket: AcceptedSocket, request: { readonly protocols: readonly string[] }): void;
  readonly users: Users;
  readonly sessions: Sessions;
  /** All sessions of a user. */
  to(username: string): Audience<C>;
  /** One session. */
  toSession(id: string): Audience<C>;
  /** All sessions. */
  toEveryone(): Audience<C>;
  /**
   * Go in peace, and close: no new sessions, what runs in a session's handlers comes to its end, and each client is told goodbye, what had become of what it sent, and
   * when to come back, spread so that the next server can let them in. `close()` meanwhile cuts it short. It throws a TypeError where an option can not be used.
   *
   * @example
   * process.once('SIGTERM', () => void server.drain({ withinMs: 20_000 }));
   */
  drain(options?: DrainOptions): Promise<void>;
  /** Say goodbye to every client at once and give back ports and files. It is not opened again. */
  close(): Promise<void>;
}
