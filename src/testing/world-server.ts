import type { VirtualHost } from '../../adapters/hosts/virtual.js';
import { memory } from '../../adapters/stores/memory.js';
import type { SessionStore } from '../../machines/ports/store.js';
import { authenticationUntil } from '../server/session.js';
import type { CrashPoint, StoreFaults, TestWorldOptions } from './api.js';
import type { Ledger } from './ledger.js';
import { keptLog, type LogLine } from './log.js';
import { demandMs, demandWord } from './misuse.js';
import { mortal } from './mortal.js';
import type { StoreConditions } from './mortal-store.js';
import type { Accept } from './path.js';
import { type ServerProcess, startProcess } from './server-process.js';
import type { Story } from './story.js';
import type { WorldTime } from './time.js';
import type { Watch } from './watch.js';

/** What the server's side needs of its world. */
export interface WorldServerParts {
  readonly host: VirtualHost;
  readonly time: WorldTime;
  readonly options: TestWorldOptions;
  readonly ledger: Ledger;
  readonly story: Story;
  readonly watch: Watch;
  /** The server's process died: the platform closes the connections that it had open. */
  cutClients(): void;
}

/** The server's side of a world: one process after the other over the same store, and what a test does to them. */
export class WorldServer {
  readonly #parts: WorldServerParts;
  readonly #log = keptLog();
  readonly #store: SessionStore;
  readonly #denied = new Set<string>();
  #deniesAll = false;
  readonly #storeConditions: StoreConditions = { isFailing: false, latencyMs: 0 };
  #skewMs = 0;
  /** Where it is to die. */
  #crashAt: CrashPoint | null = null;
  /** The store of a process that died is closed. */
  #storeClosed: Promise<unknown> = Promise.resolve();
  #process: ServerProcess;
  /** What a test does to its store. */
  readonly store: StoreFaults;

  constructor(parts: WorldServerParts) {
    this.#parts = parts;
    this.#store = parts.options.server?.store ?? memory({ durable: true });
    this.store = storeFaults(this.#storeConditions, (text) => this.#note(`store: ${text}`));
    this.#process = this.#start();
  }

  get server(): ServerProcess['server'] {
    return this.#process.server;
  }

  get isAlive(): boolean {
    return this.#process.life.isAlive;
  }

  get log(): readonly LogLine[] {
    return this.#log.lines;
  }

  readonly accept: Accept = (socket, request) => this.#process.server.accept(socket, request);

  skew(ms: number): void {
    this.#note(`date wrong by ${ms} ms`);
    this.#skewMs = ms;
    this.#process.life.skew(ms);
  }

  deny(username?: string): void {
    this.#note(`deny ${username ?? 'everybody'}`);
    if (username === undefined) this.#deniesAll = true;
    else this.#denied.add(username);
  }

  allow(username?: string): void {
    this.#note(`allow ${username ?? 'everybody'}`);
    if (username !== undefined) return void this.#denied.delete(username);
    this.#deniesAll = false;
    this.#denied.clear();
  }

  expire(sessionId: string, inMs: number): void {
    const { server } = this.#process;
    const session = server.keeper.find(sessionId);
    if (session === undefined) return;
    this.#note(`the authentication of ${session.user.name} ends in ${inMs} ms`);
    const now = this.#parts.time.now();
    session.authentication = authenticationUntil(now + inMs, now, server.settings.renewBeforeMs);
    session.durable?.changed();
  }

  async restart(): Promise<void> {
    if (this.isAlive) await this.stop();
    await this.#storeClosed;
    this.#crashAt = null;
    this.#note('another process starts');
    this.#process = this.#start();
    await this.#parts.time.settle();
  }

  async kill(at: CrashPoint | undefined): Promise<void> {
    if (at !== undefined) {
      demandWord('killServer', '`at`', at, ['handler', 'beforeCommit', 'afterCommit'] satisfies CrashPoint[]);
      this.#crashAt = at;
      return;
    }
    this.#crash('killed');
    await this.#storeClosed;
    await this.#parts.time.settle();
  }

  async stop(): Promise<void> {
    this.#note('closes');
    const { server, life } = this.#process;
    // It may be killed while it closes.
    await this.#parts.time.result(Promise.race([server.close(), life.death]));
    if (life.isAlive) this.#died();
  }

  #start(): ServerProcess {
    const { host, options, ledger, watch } = this.#parts;
    const life = mortal(host);
    const isAlive = (): boolean => life.isAlive;
    return startProcess({
      life,
      store: this.#store,
      storeConditions: this.#storeConditions,
      skewMs: this.#skewMs,
      options: options.server ?? {},
      app: options.app,
      logger: this.#log.logger,
      isDenied: (username) => this.#deniesAll || this.#denied.has(username),
      watch: (server) => watch.server(server, isAlive, () => isAlive() && this.#reached('handler')),
      writes: {
        given: (turns) => {
          const written = turns.map(({ id }) => ledger.writing('down', id));
          return () => {
            for (const isWritten of written) isWritten();
          };
        },
        begins: () => this.#reached('beforeCommit'),
        done: () => this.#reached('afterCommit'),
      },
    });
  }

  #reached(point: CrashPoint): void {
    if (this.#crashAt !== point) return;
    this.#crashAt = null;
    this.#crash(`killed at '${point}'`);
  }

  #crash(how: string): void {
    this.#note(how);
    this.#died();
    // The platform closes what the process had open: its clients' connections, and its store.
    this.#parts.cutClients();
    this.#storeClosed = this.#store.close()();
  }

  #died(): void {
    const { ledger } = this.#parts;
    this.#process.life.die();
    ledger.died('down', ledger.sessions('down'));
  }

  #note(text: string): void {
    this.#parts.story.note('server', text);
  }
}

const storeFaults = (conditions: StoreConditions, note: (text: string) => void): StoreFaults => ({
  fail: () => {
    note('fail');
    conditions.isFailing = true;
  },
  slow: (latencyMs) => {
    demandMs('slow', 'its time', latencyMs);
    note(`slow, ${latencyMs} ms`);
    conditions.latencyMs = latencyMs;
  },
  heal: () => {
    note('heal');
    conditions.isFailing = false;
    conditions.latencyMs = 0;
  },
});
