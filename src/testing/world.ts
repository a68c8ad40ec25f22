import { type VirtualHost, virtualHost } from '../../adapters/hosts/virtual.js';
import { type VirtualTab, virtualTabs } from '../../adapters/hosts/virtual-tab.js';
import { memory } from '../../adapters/stores/memory.js';
import type { Clock, NetworkHint } from '../../machines/ports/host.js';
import type { Client } from '../client/client.js';
import type { ClientOptions, StartOptions } from '../client/options.js';
import type { Session } from '../client/session.js';
import type { Server, ServerOptions } from '../server/index.js';
import { authenticationUntil } from '../server/session.js';
import type { AnyContract, Contract } from '../stream/contract.js';
import { keptLog, type LogLine } from './log.js';
import { type Network, networkOver } from './network.js';
import { openPage, type Page } from './page.js';
import { type Accept, fineConditions, Path } from './path.js';
import { type ServerProcess, startProcess } from './server-process.js';
import { timeOf, type WorldTime } from './time.js';

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
  /** `kill -9`: the server is gone between two events, and so is all that its store does not have. Nobody listens until `restartServer`. */
  killServer(): Promise<void>;
  /** What the servers logged, the last 1,000 lines; where the options name no logger. */
  readonly log: readonly LogLine[];
  /** The clock, for an app that takes one. */
  readonly clock: Clock;
  /** End all that goes on. */
  close(): Promise<void>;
}

/** The world itself: untyped, as all payloads are JSON within. */
class World implements TestWorld {
  readonly #host: VirtualHost;
  readonly #options: TestWorldOptions;
  readonly #time: WorldTime;
  readonly #log = keptLog();
  readonly #store: NonNullable<ServerOptions['store']>;
  readonly #newTab: () => VirtualTab;
  readonly #pages = new Map<Client, Page>();
  /** Has the conditions that clients to come meet. */
  readonly #standing: Path;
  readonly #denied = new Set<string>();
  #deniesAll = false;
  #process: ServerProcess;
  #loading: Promise<unknown> = Promise.resolve();
  readonly network: Network;

  constructor(options: TestWorldOptions) {
    this.#options = options;
    this.#host = virtualHost({ seed: options.seed ?? 1 });
    this.#time = timeOf(this.#host, () => this.#loading);
    this.#store = options.server?.store ?? memory({ durable: true });
    this.#newTab = virtualTabs(this.#host.clock);
    this.#standing = new Path(this.#pathOwner, fineConditions());
    this.network = networkOver(() => [...this.#pages.values()].map(routeOf), this.#standing);
    this.#process = this.#startServer();
  }

  get server(): Server {
    return this.#process.server as unknown as Server;
  }

  get log(): readonly LogLine[] {
    return this.#log.lines;
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  client(options: TestClientOptions = {}): Client {
    return this.#open(this.#newTab(), { ...this.#options.client, ...options }, this.#standing);
  }

  async start(client: Client, options: StartOptions): Promise<Session> {
    const started = await this.result(client.startSession(options));
    if (started.failed) throw started.error;
    return started.session;
  }

  networkOf(client: Client): Network {
    const route = routeOf(this.#pageOf(client));
    return networkOver(() => [route]);
  }

  hint(client: Client, hint: NetworkHint): void {
    this.#pageOf(client).life.hint(hint);
  }

  async reload(client: Client): Promise<Client> {
    const page = this.#pageOf(client);
    page.life.hint('leaving');
    // What is written before a page goes, and its goodbye.
    await this.settle();
    page.unload();
    this.#pages.delete(client);
    return this.#open(page.tab, page.options, page.path);
  }

  duplicateTab(client: Client): Client {
    const { tab, options, path } = this.#pageOf(client);
    return this.#open(tab.duplicate(), options, path);
  }

  deny(username?: string): void {
    if (username === undefined) this.#deniesAll = true;
    else this.#denied.add(username);
  }

  allow(username?: string): void {
    if (username !== undefined) return void this.#denied.delete(username);
    this.#deniesAll = false;
    this.#denied.clear();
  }

  expire(client: Client, inMs = 0): void {
    const { server } = this.#process;
    const session = server.keeper.find(client.session?.id ?? '');
    if (session === undefined) return;
    const now = this.now();
    session.authentication = authenticationUntil(now + inMs, now, server.settings.renewBeforeMs);
    session.durable?.changed();
  }

  async restartServer(): Promise<void> {
    if (this.#process.life.isAlive) await this.#stopServer();
    this.#process = this.#startServer();
    await this.settle();
  }

  async killServer(): Promise<void> {
    this.#process.life.die();
    // The platform closes what the process had open: its clients' connections, and its store.
    for (const { path } of this.#pages.values()) path.cut('client');
    await this.#store.close()();
    await this.settle();
  }

  async close(): Promise<void> {
    await this.result(Promise.all([...this.#pages.keys()].map((client) => client.endSession())));
    if (this.#process.life.isAlive) await this.#stopServer();
    for (const page of this.#pages.values()) page.unload();
  }

  advance(ms: number): Promise<void> {
    return this.#time.advance(ms);
  }

  settle(): Promise<void> {
    return this.#time.settle();
  }

  result<T>(promise: Promise<T>, options?: { readonly withinMs?: number }): Promise<T> {
    return this.#time.result(promise, options);
  }

  until(condition: () => unknown, options?: { readonly realMs?: number }): Promise<void> {
    return this.#time.until(condition, options);
  }

  now(): number {
    return this.#time.now();
  }

  get #pathOwner() {
    const accept: Accept = (socket, request) => this.#process.server.accept(socket, request);
    return { host: this.#host, accept: () => (this.#process.life.isAlive ? accept : null) };
  }

  #open(tab: VirtualTab, options: ClientOptions, { conditions }: Path): Client {
    const page = openPage(this.#host, this.#pathOwner, conditions, tab, options, (loaded) => {
      this.#loading = loaded;
    });
    this.#pages.set(page.client, page);
    return page.client;
  }

  #pageOf(client: Client): Page {
    const page = this.#pages.get(client);
    if (page === undefined) throw new TypeError('This is no client of this world, or its page was loaded again.');
    return page;
  }

  #startServer(): ServerProcess {
    const { server: options = {}, app } = this.#options;
    const started = startProcess({
      host: this.#host,
      store: this.#store,
      options,
      logger: this.#log.logger,
      isDenied: (username) => this.#deniesAll || this.#denied.has(username),
      committing: () => undefined,
    });
    app?.(started.server as unknown as Server);
    // As listening does: sessions of an earlier server wait for their clients from now on.
    void started.server.opened();
    return started;
  }

  async #stopServer(): Promise<void> {
    await this.result(this.#process.server.close());
    this.#process.life.die();
  }
}

const routeOf = ({ path, life }: Page) => ({ path, hint: life.hint });

/**
 * Make a world: nothing in it happens until time passes in it.
 *
 * @example
 * const world = testWorld<Chat>({ server: { guests: false, authenticate }, app: registerHandlers });
 */
export const testWorld = <C extends Contract = AnyContract>(options: TestWorldOptions<C> = {}): TestWorld<C> =>
  new World(options as unknown as TestWorldOptions) as unknown as TestWorld<C>;
