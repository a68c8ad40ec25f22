/** Somebody with a client in a page of their own: they start a session whenever they have none, and load their page again. */
import type { VirtualPage, VirtualTab } from '../../../adapters/hosts/virtual-tab.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import type { EndReason } from '../../../machines/reasons.js';
import { SessionClient } from '../../../src/client/client.js';
import type { ClientSession } from '../../../src/client/session.js';
import { type Chance, chanceOf } from '../chance.js';
import type { Ledger, Sent } from '../check/ledger.js';
import type { PersonPlan } from '../plan/options.js';
import type { Being } from './being.js';
import type { House } from './house.js';
import { numbersLeft } from './left.js';
import type { Path } from './path.js';
import type { Side, Talk } from './talk.js';

/** What people need of their world. */
export interface PersonOwner {
  readonly seed: number;
  readonly ledger: Ledger;
  readonly talk: Talk;
  /** What the page stands on. */
  being(person: Person, tab: () => VirtualPage): Being;
  loading(loaded: Promise<unknown>): void;
  tell(what: string): void;
  later(run: () => void, ms: number): void;
}

/** Between two sides that keep the rules nobody breaks one. */
const brokenRules: ReadonlySet<string> = new Set(['ProtocolError', 'MessageTooLargeError', 'InvalidTextError']);

const signInNames = ['anne', 'beth', 'cleo', 'dora'] as const;

export class Person {
  readonly name: string;
  readonly plan: PersonPlan;
  readonly house: House;
  readonly path: Path;
  readonly tab: VirtualTab;
  /** What is asked of the present page's client, and what of it is answered. */
  asked = 0;
  answered = 0;
  lost = 0;
  resumed = 0;
  gaps = 0;
  /** The next start is taken back after so long, in milliseconds. */
  takeBackMs: number | null = null;
  readonly #owner: PersonOwner;
  readonly #chance: Chance;
  #isGuest: boolean;
  #isStarting = false;
  #hasEnded = false;
  #loaded: VirtualPage | null = null;
  #page: Being;
  #client: SessionClient;
  #session: ClientSession | null = null;
  /** Somebody else has shown what proves who this is. */
  isImpersonated = false;
  /** The sessions that this tab may have something of. */
  readonly #sessions = new Set<string>();
  /** What was sent while a sign-in was under way. */
  #pending: Sent[] | null = null;
  /** Whom the session may speak for, as a page was loaded again before it was told. */
  readonly #maybe = new Set<string>();
  #isRenewing = false;
  /** Its page is gone, and the next one not there yet. */
  #isGoing = false;

  constructor(name: string, plan: PersonPlan, house: House, path: Path, tab: VirtualTab, owner: PersonOwner) {
    this.name = name;
    this.plan = plan;
    this.house = house;
    this.path = path;
    this.tab = tab;
    this.#owner = owner;
    this.#chance = chanceOf(owner.seed, `person ${name}`);
    this.#isGuest = plan.isGuest;
    this.#page = owner.being(this, () => this.#tabPage());
    this.#client = this.#open();
  }

  get client(): SessionClient {
    return this.#client;
  }

  get page(): Being {
    return this.#page;
  }

  /** Their end of the session; null where there is none. */
  get side(): Side | null {
    const session = this.#client.session as ClientSession | null;
    if (session === null || !this.#page.isAlive || session !== this.#session) return null;
    return this.#sideOf(session);
  }

  /** Start a session, where there is none. */
  wish(): void {
    const { status } = this.#client.getSnapshot();
    if (this.#isStarting || !this.#page.isAlive || this.#page.isFrozen || (status !== 'idle' && status !== 'ended')) return;
    void this.#start();
  }

  end(): void {
    this.#hasEnded = true;
    this.#ask(this.#client.endSession(), () => undefined);
  }

  signIn(chance: Chance): boolean {
    const { side } = this;
    if (side === null || this.#pending !== null) return false;
    const session = side.talker as ClientSession;
    const former = session.user.name;
    const username = chance.oneOf(signInNames);
    const password = chance.likely(0.8) ? 'right' : 'wrong';
    const pending: Sent[] = [];
    const isBehindRenewal = this.#isRenewing;
    this.#pending = pending;
    this.#maybe.add(username);
    const names = this.house.signIns.get(session.id) ?? new Set([former]);
    this.house.signIns.set(session.id, names.add(username));
    this.#owner.tell(`${this.name} signs in as ${username}, ${password}`);
    this.#ask(session.signIn({ username, authParams: { password } }), (result) => {
      this.#pending = null;
      const { tell } = this.#owner;
      tell(`${this.name}: ${result.succeeded ? `signed in as ${result.user.name}` : result.error.code}`);
      if (result.succeeded) this.#isGuest = false;
      const isKnown = result.succeeded || result.error.code === 'AccessDeniedError';
      if (!isKnown || isBehindRenewal) return;
      for (const name of [...this.#maybe]) if (name === username) this.#maybe.delete(name);
      for (const sent of pending) if (sent.users !== null) sent.users = [result.succeeded ? username : former];
    });
    return true;
  }

  renew(): boolean {
    const { side } = this;
    if (side === null) return false;
    this.#isRenewing = true;
    this.#ask((side.talker as ClientSession).renew(), () => {
      this.#isRenewing = false;
    });
    return true;
  }

  /** The page is loaded again: it is told so, and goes. */
  reload(afterMs: number): void {
    this.#page.hint('leaving');
    // What the page's last task had left for its end is done.
    this.#owner.later(() => this.#gone(true, afterMs), 0);
  }

  /** The page dies, now or before one of its next effects. */
  crash(effects: number, isTold: boolean, afterMs: number): void {
    if (effects > 0) this.#page.dieAfter(effects, () => this.#gone(isTold, afterMs, false));
    else this.#gone(isTold, afterMs);
  }

  /** A duplicate of the tab, which has a copy of what is kept in it. */
  duplicate(): VirtualTab {
    for (const session of this.#sessions) this.#owner.ledger.shared.add(session);
    return this.tab.duplicate();
  }

  /** `isWhole`: its last turn has come to its end. */
  #gone(isTold: boolean, afterMs: number, isWhole = true): void {
    const page = this.#page;
    // Two things may want to end it.
    if (this.#isGoing) return;
    this.#isGoing = true;
    page.die();
    this.path.cut(isTold ? ['server'] : [], true);
    const kept = this.plan.isKept ? numbersLeft(this.tab, isWhole) : new Set<number>();
    this.#owner.ledger.died(page.id, ({ number, way }) => way === 'up' && kept.has(number));
    // In the turn in which it died it may have removed what it was about to hand back.
    if (!isWhole) this.#owner.ledger.forgotten(this.#sessions, 'up', kept);
    this.#loaded?.unload();
    this.#loaded = null;
    this.#owner.later(() => this.#load(), afterMs);
  }

  #load(): void {
    this.#isGoing = false;
    this.#page = this.#owner.being(this, () => this.#tabPage());
    this.#isStarting = false;
    this.#session = null;
    this.#pending = null;
    this.#isRenewing = false;
    this.asked = 0;
    this.answered = 0;
    this.#client = this.#open();
    this.#owner.tell(`${this.name}: the page is there again`);
    this.wish();
  }

  /** The tab, for the present page: the dead write nothing. */
  #tabPage(): VirtualPage {
    const page = this.#page;
    this.#owner.loading(import('../../../src/client/persist/tab-keeper.js'));
    this.#loaded ??= this.tab.load();
    const loaded = this.#loaded;
    const { storage } = loaded;
    return {
      ...loaded,
      storage: {
        ...storage,
        set: (key, text) => page.effect() && storage.set(key, text),
        remove: (key) => {
          if (page.effect()) storage.remove(key);
        },
      },
    };
  }

  #sideOf(session: ClientSession): Side {
    return {
      talker: session,
      way: 'up',
      being: this.#page,
      users: () => [session.user.name, ...this.#maybe],
      accepted: (sent) => this.#pending?.push(sent),
    };
  }

  /** Something is asked of the client, and answered as long as its page lives. */
  #ask<A>(asked: Promise<A>, answer: (result: A) => void): void {
    const page = this.#page;
    this.asked += 1;
    void asked.then((result) => {
      if (page !== this.#page || !page.isAlive) return;
      this.answered += 1;
      answer(result);
    });
  }

  async #start(): Promise<void> {
    const { name, plan } = this;
    const { talk, ledger, tell } = this.#owner;
    this.#isStarting = true;
    const controller = new AbortController();
    const takeBackMs = this.takeBackMs;
    this.takeBackMs = null;
    const page = this.#page;
    if (takeBackMs !== null) {
      this.#hasEnded = true;
      page.later(() => controller.abort(), takeBackMs);
    }
    this.#ask(
      this.#client.startSession({
        username: plan.name,
        ...(this.#isGuest ? {} : { authParams: async () => ({ password: 'right' }) }),
        deadlineMs: this.#chance.oneOf([2_000, 10_000, 60_000]),
        signal: controller.signal,
      }),
      (result) => {
        this.#isStarting = false;
        if (result.failed) {
          tell(`${name}: no session: ${result.error.code}`);
          // Somebody has registered the name meanwhile.
          if (result.error.code === 'AccessDeniedError') this.#isGuest = !this.#isGuest;
          return;
        }
        const session = result.session as ClientSession;
        for (const former of this.#sessions) ledger.recovered(former, 'up', page.id);
        this.#session = session;
        talk.equip(this.#sideOf(session));
      },
    );
  }

  #open(): SessionClient {
    const { plan, name } = this;
    const { ledger, tell } = this.#owner;
    const page = this.#page;
    const client = new SessionClient(
      {
        helloTimeoutMs: 2_500,
        connectTimeoutMs: 1_500,
        profile: plan.profile,
        window: plan.window,
        buffer: plan.buffer,
        handlerTimeoutMs: plan.handlerTimeoutMs,
        endDeadlineMs: plan.endDeadlineMs,
        giveUpAfterMs: plan.giveUpAfterMs,
        retry: { capMs: plan.retryCapMs },
        ...(plan.isKept ? { persist: 'tab' as const } : {}),
      },
      page.host,
      ninelivesTransport({ openSocket: this.path.opener(page), host: page.host }),
    );
    const on: SessionClient['on'] = (event, listener) =>
      client.on(event, ((what: never) => {
        if (page.isAlive) (listener as (what: never) => void)(what);
      }) as typeof listener);
    on('handlerFailed', () => undefined);
    on('active', ({ sessionId }) => {
      this.#sessions.add(sessionId);
      ledger.receives(sessionId, 'down', page.id);
      tell(`${name}: active`);
    });
    on('lost', ({ error }) => {
      this.lost += 1;
      tell(`${name}: lost: ${error.message}`);
      ledger.test('nobody breaks the rules', !brokenRules.has(error.code), `${name} was lost: ${error.message}`);
    });
    on('resumed', () => {
      this.resumed += 1;
      tell(`${name}: resumed`);
    });
    on('gap', ({ sessionId, unconfirmed }) => {
      this.gaps += 1;
      this.#sessions.add(sessionId);
      ledger.receives(sessionId, 'down', page.id);
      this.#maybe.clear();
      tell(`${name}: gap, ${unconfirmed.length} unconfirmed`);
      for (const message of unconfirmed) ledger.handedBack(message, page.id);
    });
    on('ended', ({ reason, unconfirmed, error }) => {
      this.#maybe.clear();
      tell(`${name}: ended: ${reason}, ${unconfirmed.length} unconfirmed ${error?.message ?? ''}`);
      ledger.test('a session ends for what has happened', this.#mayEnd(reason), `${name}: ${reason} ${error?.message ?? ''}`);
      for (const message of unconfirmed) ledger.handedBack(message, page.id);
    });
    on('handedBack', (message) => ledger.handedBack(message, page.id));
    return client;
  }

  #mayEnd(reason: EndReason): boolean {
    const { causes } = this.house;
    if (reason === 'gaveUp') return this.plan.giveUpAfterMs !== null;
    // Who had the tab before it was duplicated may name its session as abandoned.
    const isShared = [...this.#sessions].some((session) => this.#owner.ledger.shared.has(session));
    if (reason === 'ended') return this.#hasEnded || causes.has('ended') || isShared;
    if (reason === 'denied') return this.isImpersonated || causes.has('denied') || (causes.has('revoked') && this.#isGuest);
    return reason !== 'expired' && causes.has(reason);
  }
}
