import type { Clock, NetworkHint } from '../../machines/ports/host.js';
import type { Client } from '../client/api.js';
import type { ClientOptions, StartOptions } from '../client/options.js';
import type { Session } from '../client/session.js';
import type { Server, ServerOptions } from '../server/index.js';
import type { AnyContract, Contract } from '../stream/contract.js';
import type { Guarantees } from './ledger.js';
import type { LogLine } from './log.js';
import type { Network } from './network.js';
import type { WorldTime } from './time.js';

/** What a client in a world may be told. How the server is reached is the world's. */
export type TestClientOptions<C extends Contract = AnyContract> = Omit<ClientOptions<C>, 'url' | 'transport'>;

/** What a world begins with. */
export interface TestWorldOptions<C extends Contract = AnyContract> {
  /** The app's server: called with each new one, before anything reaches it. */
  readonly app?: (server: Server<C>) => void;
  /**
   * What `createServer` is given. Its clock is the world's. Default for `store`: one in memory that keeps streams, so that sessions outlive their server.
   * Default for `logger`: `world.log`.
   */
  readonly server?: Omit<ServerOptions, 'host'>;
  /** What `createClient` is given, for each client of the world. */
  readonly client?: TestClientOptions<C>;
  /** The same seed gives the same random draws. Default: 1. */
  readonly seed?: number;
}

/** The moments of a crash that matter to a store and to an app. */
export type CrashPoint =
  /** The handlers of a message were called, and nobody has heard of it yet: the message is handled again, marked `redelivered`. */
  | 'handler'
  /** Something is about to be written: it never is. */
  | 'beforeCommit'
  /** It is written, and nothing of it has left yet. */
  | 'afterCommit';

/** The store of a world's servers, as it is made to be. */
export interface StoreFaults {
  /** From now on it answers all that it is asked with an error, as a full disk does; nothing is done. */
  fail(): void;
  /** From now on all that it is asked takes this long. */
  slow(latencyMs: number): void;
  /** Undo both. */
  heal(): void;
}

/**
 * A server, its clients and the network between them, in one process and one virtual time.
 *
 * @example
 * const world = testWorld({ app: (server) => server.on('session', (session) => session.on('chat', store)) });
 * const kitty = world.client();
 * const session = await world.start(kitty, { username: 'jane' });
 * world.network.offline();
 * session.send('chat', { text: 'hi' });
 * await world.advance(60_000);
 * world.network.online();
 * await world.advance(1_000); // resumed, and handled
 * await world.close();
 */
export interface TestWorld<C extends Contract = AnyContract> extends WorldTime {
  /** The server: another object once it was restarted. */
  readonly server: Server<C>;
  /** A client in a tab of its own, for the app's code: what `createClient` gives. */
  client(options?: TestClientOptions<C>): Client<C>;
  /** Start a session, and let the time pass that it takes. Rejects with the start's error. */
  start(client: Client<C>, options: StartOptions): Promise<Session<C>>;
  /** The network of all clients, and of those to come. */
  readonly network: Network;
  /** The network of one client. */
  networkOf(client: Client<C>): Network;
  /** What a client's platform says: that its page is hidden or visible again, has thawed, or that the network is another one. */
  hint(client: Client<C>, hint: NetworkHint): void;
  /** The browser freezes a client's page, as in a pocket: no timer fires and nothing is read, while its connection stays open. */
  freeze(client: Client<C>): void;
  /** The page goes on: it is told so, and what fell due meanwhile happens now. */
  thaw(client: Client<C>): void;
  /** The user looks at another tab: the page is told that it is hidden, and its timers fire late, at whole seconds, after five minutes at whole minutes. */
  hide(client: Client<C>): void;
  /** The user looks at the page again. */
  show(client: Client<C>): void;
  /** A date that is wrong: ahead of `now()` by so many milliseconds, or behind it where it is negative. Of a client's device, or of the server, restarts included. */
  skew(whose: Client<C> | 'server', ms: number): void;
  /** Load the page of a client again: gives the client of the new page, in the same tab. Only with `persist: 'tab'` does it know of the former one's session. */
  reload(client: Client<C>): Promise<Client<C>>;
  /** A client in a duplicate of another's tab, with a copy of what is kept there. */
  duplicateTab(client: Client<C>): Client<C>;
  /** From now on nobody of this name is admitted, no credential of theirs is renewed, nobody signs in as them. Sessions go on until then. Without a name: nobody at all. */
  deny(username?: string): void;
  /** Undo `deny`, for one name or for all. */
  allow(username?: string): void;
  /**
   * Let the authentication of a client's session end in so many milliseconds. Default: 0, at once, without a renewal. A session that its server does not have is left as it is.
   *
   * @example
   * world.expire(kitty, 60_000); // the server asks for a new credential in time
   */
  expire(client: Client<C>, inMs?: number): void;
  /** A deploy: the server says its goodbyes and closes, and another one opens its store. */
  restartServer(): Promise<void>;
  /**
   * `kill -9`: the server is gone between two events, and so is all that its store does not have. Nobody listens until `restartServer`. `at`: not now, but
   * the next time that this process comes to this moment; the call itself is over at once.
   *
   * @example
   * await world.killServer({ at: 'handler' });
   * session.send('order', { sku: 1 });
   * await world.advance(1_000); // it dies in the order's handler
   * await world.restartServer();
   */
  killServer(options?: { readonly at?: CrashPoint }): Promise<void>;
  /** Is there a server process? */
  readonly isServerAlive: boolean;
  /** The store's faults. */
  readonly store: StoreFaults;
  /** What has become of all that was sent so far. */
  guarantees(): Guarantees;
  /**
   * Throws an AssertionError where something that was sent was lost, doubled or reordered, or is still waiting; the message says what. What was handed back, or marked as
   * `redelivered`, is as promised.
   *
   * @example
   * await world.advance(10_000);
   * world.assertGuarantees();
   */
  assertGuarantees(): void;
  /**
   * What happened so far, as a sequence diagram in text: sessions, messages and requests, and what the test did to them. At most the last `lines` of it
   * (default: all, up to 2,000). Payloads are cut to 60 characters.
   *
   * @example
   * console.log(world.story());
   */
  story(options?: { readonly lines?: number }): string;
  /** What the servers logged, the last 1,000 lines; where the options name no logger. */
  readonly log: readonly LogLine[];
  /** The clock, for an app that takes one. */
  readonly clock: Clock;
  /** End all that goes on. */
  close(): Promise<void>;
}
