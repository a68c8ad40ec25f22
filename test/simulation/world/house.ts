/** A server of a life: its processes, one after the other or side by side for a while, and what outlives them. */
import { either as E } from 'fp-ts';
import { memory } from '../../../adapters/stores/memory.js';
import type { Authenticator } from '../../../machines/ports/authenticator.js';
import type { SessionTurn } from '../../../machines/ports/store.js';
import type { User } from '../../../machines/ports/user.js';
import { SessionServer } from '../../../src/server/server.js';
import type { LiveSession } from '../../../src/server/session.js';
import { keptLog } from '../../support/server.js';
import type { Ledger, Sent } from '../check/ledger.js';
import type { HousePlan } from '../plan/options.js';
import type { Being } from './being.js';
import type { Door } from './path.js';
import { Disk, type StoreManner, storeOf } from './store.js';
import type { Payload, Side, Talk } from './talk.js';

/** What a house needs of its world. */
export interface HouseOwner {
  readonly ledger: Ledger;
  readonly talk: Talk;
  being(agent: string, house: House): Being;
  tell(what: string): void;
  /** A process is gone: its connections are. */
  deserted(house: House, being: Being, isTold: boolean): void;
}

interface Process {
  readonly server: SessionServer;
  readonly being: Being;
  /** It is closing, or was closed. */
  isLeaving: boolean;
  end(): void;
}

/** How long an authenticator may take, in milliseconds. */
const authenticateTimeoutMs = 2_000;

export class House {
  readonly name: string;
  readonly plan: HousePlan;
  readonly log = keptLog();
  readonly manner: StoreManner & { delayMs: number; lateMs: number };
  /** How it judges who comes. */
  readonly judging: { mode: 'admits' | 'refuses' | 'fails'; delayMs: number; lifeMs: number | null };
  /** What has happened that explains how a session ends. */
  readonly causes = new Set<'denied' | 'revoked' | 'ended' | 'superseded' | 'tooSlow'>();
  /** Did its store ever fail? */
  hasFailed = false;
  /** Timers of closed processes that were left running. */
  lastTimers = 0;
  /** The names that each session may speak for, where its client has tried to change them. */
  readonly signIns = new Map<string, Set<string>>();
  readonly #owner: HouseOwner;
  readonly #disk: Disk | null;
  readonly #sessions = new Set<string>();
  /** The numbers of what sessions sent that was written. */
  readonly #written = new Set<number>();
  /** All that live, the newest one last. */
  #processes: Process[] = [];

  constructor(name: string, plan: HousePlan, owner: HouseOwner, file: string, isCopied: boolean, random: () => number) {
    this.name = name;
    this.plan = plan;
    this.#owner = owner;
    this.#disk = plan.store === 'none' ? null : new Disk(plan.store === 'sqlite' ? file : null, isCopied);
    this.manner = {
      delayMs: plan.storeMs,
      lateMs: 0,
      failing: 'nothing',
      beforeMs: () => (this.manner.delayMs === 0 ? 0 : random() * this.manner.delayMs),
      afterMs: () => (this.manner.lateMs === 0 ? 0 : random() * this.manner.lateMs),
    };
    this.judging = { mode: 'admits', delayMs: plan.authenticationMs, lifeMs: null };
    if (plan.sessionsPerUser !== 'many') this.causes.add('superseded');
    if (plan.whenFull === 'end') this.causes.add('tooSlow');
  }

  get isDurable(): boolean {
    return this.#disk !== null;
  }

  get server(): SessionServer | null {
    return this.#newest?.server ?? null;
  }

  get being(): Being | null {
    return this.#newest?.being ?? null;
  }

  /** Is its newest process there to stay? */
  get isUp(): boolean {
    return this.#newest !== null && !this.#newest.isLeaving;
  }

  /** Confirmed sessions, in all its processes. */
  get sessions(): readonly LiveSession[] {
    return this.#processes.flatMap(({ server }) => [...server.keeper.live.all()]);
  }

  get door(): Door | null {
    const newest = this.#newest;
    return newest && { being: newest.being, accept: (socket, request) => newest.server.accept(socket, request) };
  }

  /** Begin its next process. */
  begin(): void {
    const { plan } = this;
    const being = this.#owner.being(`server ${this.name}`, this);
    const opened = this.#disk?.open() ?? { store: memory(), end: () => undefined };
    const store = storeOf(this.#disk, opened.store, being, this.manner, {
      written: (turns) => this.#wrote(turns),
      // What its client ships may have come to a process that knows it, and dies before it is confirmed.
      admitted: (session) => this.#owner.ledger.receives(session, 'up', being.id),
    });
    const server = new SessionServer({
      guests: true,
      resumeWindowMs: plan.resumeWindowMs,
      presenceGraceMs: plan.presenceGraceMs,
      pingEveryMs: plan.pingEveryMs,
      helloTimeoutMs: 3_000,
      confirmWithinMs: plan.confirmWithinMs,
      handlerTimeoutMs: plan.handlerTimeoutMs,
      renewBeforeMs: plan.renewBeforeMs,
      endDeadlineMs: 2_000,
      sessionsPerUser: plan.sessionsPerUser,
      whenFull: plan.whenFull,
      authenticateTimeoutMs,
      limits: {
        messageSize: plan.messageSize,
        window: plan.window,
        buffer: plan.buffer,
        admissionsPerSecond: plan.admissionsPerSecond,
        lostSessions: plan.lostSessions,
      },
      logger: this.log.logger,
      host: being.host,
      store,
      authenticate: this.#authenticator(being),
    });
    this.#listen(server, being);
    this.#processes.push({ server, being, isLeaving: false, end: opened.end });
    // As listening does: the store is opened, and what it kept waits for its clients.
    void server.opened();
  }

  /** Close the newest process, in peace or at once, and tell when it is gone. With `before`, the next one is there already. */
  leave(how: 'close' | 'drain', after: () => void): void {
    const leaving = this.#processes.find(({ isLeaving }) => !isLeaving);
    if (leaving === undefined) return;
    leaving.isLeaving = true;
    const { server, being } = leaving;
    const closed = how === 'drain' ? server.drain({ withinMs: 2_000, everyMs: 20, batch: 2 }) : server.close();
    void closed.then(() => {
      if (!being.isAlive) return;
      this.lastTimers += being.timers;
      this.#gone(leaving, true);
      after();
    });
  }

  /** Its newest process dies, now or before one of its next effects. */
  crash(effects: number, isTold: boolean, after: () => void): void {
    const dying = this.#newest;
    if (dying === null) return;
    const how = (): void => {
      this.#gone(dying, isTold);
      after();
    };
    if (effects > 0) dying.being.dieAfter(effects, how);
    else how();
  }

  /** Put its store back, while no process is there. */
  async rollBack(changes: number): Promise<boolean> {
    const found = (await this.#disk?.rollBack(changes)) ?? null;
    if (found === null) return false;
    this.causes.add('denied');
    this.#owner.ledger.forgotten(this.#sessions, 'down');
    for (const session of this.#sessions) {
      this.#owner.ledger.copied.add(session);
      if (found.isBeforeStart) this.#owner.ledger.putBack.add(session);
    }
    return true;
  }

  /** Whom its newest process knows. */
  async users(wait: () => Promise<void>): Promise<readonly User[]> {
    const asked = this.server?.users.list({ page: 0, size: 100 });
    await wait();
    const found = await asked;
    return found?.users?.items ?? [];
  }

  /** For good, where it was closed. */
  async remove(): Promise<void> {
    for (const process of [...this.#processes]) this.#gone(process, false);
    await this.#disk?.remove();
  }

  get isClosed(): boolean {
    return this.#processes.length === 0;
  }

  /** Its end of a session. */
  sideOf(session: LiveSession): Side | null {
    const process = this.#processes.find(({ server }) => server.keeper.find(session.id) === session);
    return process === undefined ? null : this.#side(session, process.being);
  }

  get #newest(): Process | null {
    return this.#processes.at(-1) ?? null;
  }

  #side(session: LiveSession, being: Being): Side {
    return {
      talker: session,
      way: 'down',
      being,
      // A server may die after a sign-in was written and before it said so: for whom it speaks until that has come again, its client is not told.
      users: () => [session.user.name, ...((this.isDurable && this.signIns.get(session.id)) || [])],
    };
  }

  #gone(process: Process, isTold: boolean): void {
    const { being, end } = process;
    this.#processes = this.#processes.filter((other) => other !== process);
    being.die();
    end();
    const isKept = ({ number, way }: Sent): boolean => this.isDurable && way === 'down' && this.#written.has(number);
    if (this.hasFailed) for (const session of this.#sessions) this.#owner.ledger.unwritten.add(session);
    this.#owner.ledger.died(being.id, isKept);
    this.#owner.deserted(this, being, isTold);
  }

  #wrote(turns: readonly SessionTurn[]): void {
    for (const { part } of turns)
      for (const { item } of part?.body.entries ?? [])
        if (item.kind === 'message') this.#written.add((JSON.parse(item.payload) as Payload).n);
  }

  #listen(server: SessionServer, being: Being): void {
    const { ledger, talk, tell } = this.#owner;
    server.on('session', (made, { recovered }) => {
      const session = made as LiveSession;
      if (!being.isAlive) return;
      this.#sessions.add(session.id);
      if (recovered) ledger.recovered(session.id, 'down', being.id);
      talk.equip(this.#side(session, being));
    });
    server.on('ended', (session, { reason, unconfirmed }) => {
      if (!being.isAlive) return;
      tell(`${this.name}: a session of ${session.user.name} ended: ${reason}, ${unconfirmed.length} unconfirmed`);
      for (const message of unconfirmed) ledger.handedBack(message, being.id);
    });
    server.on('handedBack', (_, message) => {
      if (being.isAlive) ledger.handedBack(message, being.id);
    });
    server.on('poisoned', (session, { id }) => {
      if (being.isAlive) ledger.poisoned(session.id, id);
    });
  }

  #authenticator(being: Being): Authenticator {
    const { judging, causes } = this;
    return {
      name: 'simulated',
      authenticate: async ({ authParams }) => {
        if (judging.delayMs > 0) await new Promise<void>((resolve) => being.later(resolve, judging.delayMs));
        if (judging.mode === 'fails') return E.left({ code: 'AuthenticationUnavailableError', detail: 'It fails as it was told to.' });
        if (judging.mode === 'refuses' || authParams.password !== 'right')
          return E.left({ code: 'AccessDeniedError', detail: 'It refuses as it was told to.' });
        causes.add('revoked');
        if (judging.lifeMs === null) return E.right({});
        causes.add('denied');
        return E.right({ expiresAt: being.host.clock.wall() + judging.lifeMs });
      },
    };
  }
}
