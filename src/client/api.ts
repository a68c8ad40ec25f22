import type { AnyContract, Contract } from '../stream/contract.js';
import type { ClientEvents } from './events.js';
import type { StartOptions } from './options.js';
import type { EndResult, StartResult } from './results.js';
import type { Session } from './session.js';
import type { ClientSnapshot } from './snapshot.js';

/**
 * A client: at most one session at a time. It opens nothing until a session is started, and leaves nothing running once it is over.
 */
export interface Client<C extends Contract = AnyContract> {
  /** Start a session. Never rejects; settles within its deadline; after a failure nothing goes on in the background. */
  startSession(options: StartOptions): Promise<StartResult<Session<C>>>;
  /** End the session, or take back a start. Never rejects; settles at once where there is nothing to end. */
  endSession(): Promise<EndResult>;
  /**
   * Try now instead of waiting, for a button beside "connection lost". True: a try begins, at once or, where there were many lately, within five
   * seconds (`getSnapshot().retryAt`). False: no try is waited for, or the server named its time, which is kept.
   */
  retryNow(): boolean;
  /** The session, while there is one. */
  readonly session: Session<C> | null;
  /** Listen to an event; the returned function stops it. */
  on<E extends keyof ClientEvents>(event: E, listener: ClientEvents[E]): () => void;
  /** The client at this moment: plain data, the same object until something changes. */
  getSnapshot(): ClientSnapshot;
  /** Be told that the snapshot has changed; the returned function stops it. */
  subscribe(listener: () => void): () => void;
}
