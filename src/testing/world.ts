import { AssertionError } from 'node:assert';
import { type VirtualHost, virtualHost } from '../../adapters/hosts/virtual.js';
import { type VirtualTab, virtualTabs } from '../../adapters/hosts/virtual-tab.js';
import type { Clock, NetworkHint } from '../../machines/ports/host.js';
import type { Client } from '../client/api.js';
import type { ClientOptions, StartOptions } from '../client/options.js';
import type { Session } from '../client/session.js';
import type { Server } from '../server/index.js';
import type { AnyContract, Contract } from '../stream/contract.js';
import type { CrashPoint, StoreFaults, TestClientOptions, TestWorld, TestWorldOptions } from './api.js';
import { Calls, demandRealTimers } from './calls.js';
import { brokenPromises, type Guarantees, Ledger, watchedMax } from './ledger.js';
import type { LogLine } from './log.js';
import { demandClientOptions, demandWorldOptions } from './misuse.js';
import { type Network, networkOver } from './network.js';
import { openPage, type Page, type PageOwner } from './page.js';
import { fineConditions, Path } from './path.js';
import { Story } from './story.js';
import { timeOf, type WorldTime } from './time.js';
import { Watch } from './watch.js';
import { WorldServer } from './world-server.js';

/** The world itself: untyped, as all payloads are JSON within. */
class World implements TestWorld {
  readonly #host: VirtualHost;
  readonly #options: TestWorldOptions;
  readonly #time: WorldTime;
  readonly #calls = new Calls((message) => console.warn(message));
  readonly #newTab: () => VirtualTab;
  readonly #pages = new Map<Client, Page>();
  /** Has the conditions that clients to come meet. */
  readonly #standing: Path;
  readonly #ledger = new Ledger();
  readonly #story: Story;
  readonly #watch: Watch;
  readonly #server: WorldServer;
  #loading: Promise<unknown> = Promise.resolve();
  readonly network: Network;

  constructor(options: TestWorldOptions) {
    demandRealTimers();
    demandWorldOptions(options);
    demandClientOptions(options.client ?? {});
    this.#options = options;
    this.#host = virtualHost({ seed: options.seed ?? 1 });
    this.#time = timeOf(this.#host, () => this.#loading);
    this.#newTab = virtualTabs(this.#host.clock);
    this.#standing = new Path(this.#pathOwner, fineConditions());
    this.#story = new Story(() => this.#host.clock.now());
    this.#watch = new Watch({
      ledger: this.#ledger,
      story: this.#story,
      awaited: (name, promise) => this.#calls.awaited(name, promise),
    });
    const routes = () => [...this.#pages.values()].map(routeOf);
    this.network = networkOver(routes, (text) => this.#story.note('network', `network: ${text}`), this.#standing);
    this.#server = new WorldServer({
      host: this.#host,
      time: this.#time,
      options,
      ledger: this.#ledger,
      story: this.#story,
      watch: this.#watch,
      cutClients: () => {
        for (const { path } of this.#pages.values()) path.cut('client');
      },
    });
  }

  get server(): Server {
    return this.#server.server as unknown as Server;
  }

  get store(): StoreFaults {
    return this.#server.store;
  }

  get log(): readonly LogLine[] {
    return this.#server.log;
  }

  get clock(): Clock {
    return this.#host.clock;
  }

  client(options: TestClientOptions = {}): Client {
    this.#calls.demandOpen('client');
    demandClientOptions(options);
    return this.#open(this.#newTab(), { ...this.#options.client, ...options }, this.#standing, this.#story.client());
  }

  start(client: Client, options: StartOptions): Promise<Session> {
    return this.#calls.run('start', async () => {
      this.#pageOf(client);
      const started = await this.#time.result(client.startSession(options));
      if (started.failed) throw started.error;
      return started.session;
    });
  }

  networkOf(client: Client): Network {
    const page = this.#pageOf(client);
    return networkOver(
      () => [routeOf(page)],
      (text) => this.#story.note(page.actor, `network: ${text}`),
    );
  }

  hint(client: Client, hint: NetworkHint): void {
    this.#lifeOf(client, `hint: ${hint}`).hint(hint);
  }

  freeze(client: Client): void {
    this.#lifeOf(client, 'page frozen').freeze();
    this.#pageOf(client).path.freeze();
  }

  thaw(client: Client): void {
    this.#lifeOf(client, 'page thawed').thaw();
    this.#pageOf(client).path.thaw();
  }

  hide(client: Client): void {
    this.#lifeOf(client, 'page hidden').hide();
  }

  show(client: Client): void {
    this.#lifeOf(client, 'page visible').show();
  }

  skew(whose: Client | 'server', ms: number): void {
    if (whose === 'server') this.#server.skew(ms);
    else this.#lifeOf(whose, `date wrong by ${ms} ms`).skew(ms);
  }

  reload(client: Client): Promise<Client> {
    return this.#calls.run('reload', () => this.#reload(client));
  }

  async #reload(client: Client): Promise<Client> {
    const page = this.#pageOf(client);
    page.life.hint('leaving');
    // What is written before a page goes, and its goodbye.
    await this.#time.settle();
    const { sessionId, persisted } = client.getSnapshot();
    if (sessionId !== null && persisted) this.#ledger.writing('up', sessionId)();
    if (sessionId !== null) this.#ledger.died('up', [sessionId]);
    page.unload();
    this.#story.note(page.actor, 'page loaded again');
    this.#pages.delete(client);
    return this.#open(page.tab, page.options, page.path, page.actor);
  }

  duplicateTab(client: Client): Client {
    const { tab, options, path } = this.#pageOf(client);
    return this.#open(tab.duplicate(), options, path, this.#story.client());
  }

  deny(username?: string): void {
    this.#server.deny(username);
  }

  allow(username?: string): void {
    this.#server.allow(username);
  }

  expire(client: Client, inMs = 0): void {
    this.#server.expire(client.session?.id ?? '', inMs);
  }

  restartServer(): Promise<void> {
    return this.#calls.run('restartServer', () => this.#server.restart());
  }

  killServer({ at }: { readonly at?: CrashPoint } = {}): Promise<void> {
    return this.#calls.run('killServer', () => this.#server.kill(at));
  }

  get isServerAlive(): boolean {
    return this.#server.isAlive;
  }

  async close(): Promise<void> {
    if (this.#calls.isClosed) return;
    await this.#calls.run('close', async () => {
      for (const { life, path } of this.#pages.values()) {
        life.thaw();
        path.thaw();
      }
      await this.#time.result(Promise.all([...this.#pages.keys()].map((client) => client.endSession())));
      if (this.#server.isAlive) await this.#server.stop();
      for (const page of this.#pages.values()) page.unload();
    });
    this.#calls.close();
  }

  guarantees(): Guarantees {
    return this.#ledger.guarantees();
  }

  assertGuarantees(): void {
    this.#calls.demandRest('assertGuarantees');
    if (this.#ledger.isFull)
      throw new Error(`More than ${watchedMax} messages were sent and handled in this world: its guarantees are not known.`);
    const message = brokenPromises(this.guarantees());
    if (message !== null) throw new AssertionError({ message: `${message}\n\n${this.story({ lines: failureLines })}` });
  }

  story({ lines }: { readonly lines?: number } = {}): string {
    return this.#story.toString(lines);
  }

  advance(ms: number): Promise<void> {
    return this.#calls.run('advance', () => this.#time.advance(ms));
  }

  settle(): Promise<void> {
    return this.#calls.run('settle', () => this.#time.settle());
  }

  result<T>(promise: Promise<T>, options?: { readonly withinMs?: number }): Promise<T> {
    return this.#calls.run('result', () => this.#time.result(promise, options));
  }

  until<T>(awaited: Promise<T> | (() => unknown), options?: { readonly realMs?: number }): Promise<T> {
    return this.#calls.run('until', () => this.#time.until(awaited, options));
  }

  now(): number {
    return this.#time.now();
  }

  get #pathOwner() {
    return { host: this.#host, accept: () => (this.#server.isAlive ? this.#server.accept : null) };
  }

  #open(tab: VirtualTab, options: ClientOptions, { conditions }: Path, actor: number): Client {
    const owner: PageOwner = {
      ...this.#pathOwner,
      loading: (loaded) => {
        this.#loading = loaded;
      },
      watch: (client, number, isAlive) => this.#watch.client(client, number, isAlive),
    };
    const page = openPage(owner, conditions, tab, options, actor);
    this.#pages.set(page.client, page);
    return page.client;
  }

  #pageOf(client: Client): Page {
    const page = this.#pages.get(client);
    if (page === undefined)
      throw new TypeError('This is no client of this world, or its page was loaded again: reload() gives the client of the new page.');
    return page;
  }

  #lifeOf(client: Client, happens: string): Page['life'] {
    const { actor, life } = this.#pageOf(client);
    this.#story.note(actor, happens);
    return life;
  }
}

/** How much of a story a failure shows. */
const failureLines = 40;

const routeOf = ({ path, life }: Page) => ({ path, hint: life.hint });

/**
 * Make a world: nothing in it happens until time passes in it.
 *
 * @example
 * const world = testWorld<Chat>({ server: { guests: false, authenticate }, app: registerHandlers });
 */
export const testWorld = <C extends Contract = AnyContract>(options: TestWorldOptions<C> = {}): TestWorld<C> =>
  new World(options as unknown as TestWorldOptions) as unknown as TestWorld<C>;
