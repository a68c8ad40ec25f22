/** The shipped client, the shipped server, a network and a store: all that can happen next, and its happening. */
import { virtualTabs } from '../../../adapters/hosts/virtual-tab.js';
import { memory } from '../../../adapters/stores/memory.js';
import type { ConnectionState } from '../../../machines/connection/connection.js';
import type { SessionStore } from '../../../machines/ports/store.js';
import type { LiveSession } from '../../../src/server/session.js';
import { Met } from '../rules.js';
import { Account } from './accounts.js';
import type { Faults, ShippedConfiguration } from './configuration.js';
import { type Life, type Time, Timer } from './life.js';
import { movesIn, timersIn } from './moves.js';
import { type Link, Network } from './network.js';
import { openPage, type Page } from './page.js';
import { type Process, startProcess } from './process.js';
import { type Kind, kindOf } from './timers.js';
import { Watch } from './watch.js';
import { faultsIn, wishesIn } from './wishes.js';

/** Something that can happen next. */
export interface Choice {
  readonly label: string;
  /** Does it happen where nothing is in its way? What is not sure is a fault, or an app's wish. */
  readonly isSure: boolean;
  run(): void | Promise<void>;
}

/** Bytes in a token, the client's only draw. */
const tokenBytes = 32;

/** The n-th that is drawn, as it is written. */
export const tokenOf = (n: number): string => Buffer.alloc(tokenBytes, n).toString('base64url');

/** Random bytes of the client, the same in each run. */
const bytesOf =
  (draws: { count: number }) =>
  (length: number): Uint8Array => {
    draws.count += 1;
    return new Uint8Array(length).fill(draws.count);
  };

const realTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const death = /^(.*), and (the server dies|the page goes) after (\d+)$/;

export type Side = 'client' | 'server';

export class ShippedWorld {
  readonly configuration: ShippedConfiguration;
  readonly met: Met;
  readonly time: Time = { now: 1_000_000, macrotasks: [] };
  readonly client: Account;
  readonly server: Account;
  readonly network: Network;
  readonly watch: Watch;
  readonly left: { -readonly [Fault in keyof Faults]: number } & { timeSteps: number };
  readonly did = new Set<string>();
  /** Whom the client's app wants to speak for, until it has an answer. */
  signingIn: string | null = null;
  readonly draws = { count: 0 };
  readonly tab = virtualTabs({ setTimeout: (callback, delayMs) => new Timer(delayMs, callback), clearTimeout: () => undefined })();
  store: SessionStore;
  process: Process;
  page: Page;
  /** How many things the processes did in the latest step that others can see. */
  effects = { server: 0, client: 0 };

  constructor(configuration: ShippedConfiguration, met: Met = new Met()) {
    this.configuration = configuration;
    this.met = met;
    this.left = { ...configuration.faults, timeSteps: configuration.timeSteps };
    this.client = new Account('client', configuration.up, configuration.down, met);
    this.server = new Account('server', configuration.down, configuration.up, met);
    this.watch = new Watch(this);
    this.network = new Network(this.watch);
    this.store = memory({ durable: configuration.durable });
    this.process = this.#startProcess();
    this.page = this.#openPage();
  }

  async begin(): Promise<void> {
    this.page.start();
    await this.#drain();
  }

  /** All that can happen next; what is sure comes first. */
  choices(): readonly Choice[] {
    const sure = movesIn(this);
    // Nobody gives up while anything else is about to happen.
    const last = sure.length > 0 ? [] : timersIn(this, 'waits', true).slice(0, 1);
    return [...sure, ...last, ...wishesIn(this), ...faultsIn(this)];
  }

  /** Let it happen. @throws Violation, and RangeError where there is no such choice. */
  async take(label: string): Promise<void> {
    const [, base = label, who, count] = death.exec(label) ?? [];
    const choice = this.choices().find((one) => one.label === base);
    if (choice === undefined) throw new RangeError(`It can not happen now: ${base}`);
    const { page, process } = this;
    this.watch.lines = [];
    page.life.effects = 0;
    process.life.effects = 0;
    const dying = who === undefined ? null : who === 'the server dies' ? process.life : page.life;
    if (dying !== null) dying.diesAfter = Number(count);
    await choice.run();
    await this.#drain();
    this.effects = { server: process.life.effects, client: page.life.effects };
    if (dying === process.life) await this.serverDied();
    if (dying === page.life) await this.pageGone();
    this.watch.assertHolds();
  }

  lifeOf(side: Side): Life {
    return side === 'client' ? this.page.life : this.process.life;
  }

  kindOf(side: Side, timer: Timer): Kind {
    if (side === 'server' && this.process.isStoreRetry(timer)) return { name: 'store again', rank: 'sure' };
    return kindOf(side, timer, this.time.now, this.watch.retryInMs());
  }

  // --- Lives ---

  #startProcess(): Process {
    return startProcess({
      configuration: this.configuration,
      time: this.time,
      account: this.server,
      store: this.store,
      storeOwner: this.watch,
    });
  }

  #openPage(): Page {
    const { configuration, time, network, tab, client } = this;
    return openPage({ configuration, time, network, tab, account: client, randomBytes: bytesOf(this.draws) });
  }

  async serverDied(): Promise<void> {
    this.left.serverDeaths -= 1;
    this.met.note('the server died');
    await this.nextServer();
  }

  async nextServer(): Promise<void> {
    for (const what of ['drained', 'drains']) if (this.did.delete(what)) this.did.add('has drained');
    this.process.life.die();
    this.server.died();
    this.network.died('server');
    await this.store.close()();
    if (!this.configuration.durable) {
      this.store = memory();
      this.watch.forgot();
    }
    this.process = this.#startProcess();
    await this.#drain();
  }

  async pageGone(): Promise<void> {
    this.left.reloads -= 1;
    this.met.note('the page was loaded again');
    this.page.unload();
    this.client.died();
    this.signingIn = null;
    this.network.died('client');
    this.page = this.#openPage();
    this.page.start();
    await this.#drain();
  }

  /** Microtasks and macrotasks, until none is left. */
  async #drain(): Promise<void> {
    const { macrotasks } = this.time;
    await realTurn();
    for (let next = macrotasks.shift(); next !== undefined; next = macrotasks.shift()) {
      next();
      await realTurn();
    }
  }

  /** Where nothing is sure to happen any more. */
  assertAtRest(): void {
    this.watch.assertAtRest();
  }

  /** Which state each connection of the server is in. */
  connectionOf(link: Link): { readonly state: ConnectionState; readonly session: LiveSession | null } | null {
    return link.server as unknown as { readonly state: ConnectionState; readonly session: LiveSession | null } | null;
  }
}
