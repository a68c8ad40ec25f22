import { either as E } from 'fp-ts';
import { fromFunction } from '../../adapters/auth/function.js';
import { limitOf, within } from '../../adapters/auth/limit.js';
import { nodeHost } from '../../adapters/hosts/node.js';
import { memory } from '../../adapters/stores/memory.js';
import type { Authenticator, RequestInfo } from '../../machines/ports/authenticator.js';
import type { Host } from '../../machines/ports/host.js';
import type { AcceptedSocket } from '../../machines/ports/socket.js';
import type { KeptSession, StreamStore } from '../../machines/ports/store.js';
import { type Failure, failure, reasons } from '../../machines/reasons.js';
import { NineLivesError } from '../errors.js';
import { helloFromProtocols } from '../wire/hello.js';
import { Addresses } from './addresses.js';
import { type AdmissionEnv, type AdmittedSession, admit } from './admission.js';
import { AdmissionGate } from './admission-gate.js';
import type { Server, ServerEvents } from './api.js';
import type { StartAttempt } from './attempt.js';
import { type Audience, audienceOf } from './audience.js';
import { ServerConnection } from './connection.js';
import type { ConnectionServer } from './connection-server.js';
import { type AskStore, type Sessions, sessionsOf, type Users, usersOf } from './directory.js';
import { Drain, type DrainOptions, drainPlanOf } from './drain.js';
import { Emitter } from './emitter.js';
import { type AttachableServer, type AttachOptions, attachTo, type Listening, type ListenOptions, listenOn } from './http.js';
import { Identities } from './identity.js';
import { LimitedLog } from './limited-log.js';
import { located } from './located.js';
import { type Logger, loggerOf } from './logger.js';
import { type AddressOf, type ServerOptions, type Settings, settingsOf } from './options.js';
import { SessionIds } from './session-ids.js';
import { SessionKeeper } from './session-keeper.js';
import { askingStore } from './store-failure.js';
import { StoreKeeper } from './store-keeper.js';
import { Ticker } from './ticker.js';
import { Turns } from './turns.js';

/** A request that came without a network: from this very process. */
const inProcess: RequestInfo = { remoteAddress: null, origin: null, userAgent: null, url: '/', headers: {} };

export class SessionServer implements Server, ConnectionServer {
  readonly settings: Settings;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly #host: Host;
  readonly #log: Logger;
  /** What strangers can make the log say. */
  readonly #limited: LimitedLog;
  /** Which limits are reached. */
  readonly #reached: LimitedLog;
  readonly #addresses: Addresses;
  /** Of those that are pending. */
  readonly #pendingAddresses: Addresses;
  readonly #addressOf: AddressOf | undefined;
  readonly #store: StoreKeeper;
  readonly #env: AdmissionEnv;
  readonly #events: Emitter<ServerEvents>;
  readonly #turns: Turns | null;
  readonly keeper: SessionKeeper;
  readonly #gate: AdmissionGate;
  readonly identities: Identities;
  readonly #ticker: Ticker<ServerConnection>;
  /** Those that wait for their client's word. */
  readonly #watched: Ticker<ServerConnection>;
  /** Connections that are not welcomed yet. */
  readonly #pending = new Set<ServerConnection>();
  readonly #detach: (() => void)[] = [];
  #closing: Promise<void> | null = null;
  #draining: { readonly drain: Drain; readonly closed: Promise<void> } | null = null;

  constructor(options: ServerOptions) {
    this.settings = settingsOf(options);
    this.#host = options.host ?? nodeHost();
    this.#log = loggerOf(options.logger);
    const { clock } = this.#host;
    this.#limited = new LimitedLog(this.#log, clock, { lines: this.settings.logLinesPerSecond, everyMs: secondMs });
    this.#reached = new LimitedLog(this.#log, clock, { lines: 1, everyMs: reachedEveryMs });
    this.#addresses = new Addresses(this.settings.connectionsPerAddress);
    this.#pendingAddresses = new Addresses(Math.max(1, Math.floor(this.settings.pendingConnections / pendingShare)));
    this.#addressOf = options.addressOf;
    const store = options.store ?? memory();
    this.#store = new StoreKeeper(store, this.#host.clock, this.#log, (kept) => this.#opened(kept));
    this.#events = new Emitter(this.#log);
    this.#gate = new AdmissionGate(this.#host.clock, this.settings.admissionsPerSecond);
    this.#turns = store.streams === null ? null : turnsOf(store.streams, this.#host.clock, this.#log);
    this.keeper = new SessionKeeper({
      settings: this.settings,
      clock: this.#host.clock,
      store: this.#store,
      turns: this.#turns,
      log: this.#log,
      limited: this.#limited,
      events: this.#events,
      gate: this.#gate,
      addresses: this.#addresses,
      signIn: (session, item, number) => this.identities.signIn(session, item, number),
    });
    this.#ticker = new Ticker(this.#host.clock, this.settings.pingEveryMs);
    this.#watched = new Ticker(this.#host.clock, watchedRhythmMs);
    this.#env = {
      settings: this.settings,
      store,
      authenticator: authenticatorOf(options, this.#host),
      clock: this.#host.clock,
      log: this.#limited,
      ids: new SessionIds(),
    };
    this.identities = new Identities({
      env: this.#env,
      settings: this.settings,
      clock: this.#host.clock,
      log: this.#limited,
      events: this.#events,
      sessions: this.keeper,
    });
    const ask: AskStore = (question) => this.#store.ask(question);
    this.users = usersOf(ask);
    this.sessions = sessionsOf(ask, {
      dismiss: (id) => this.keeper.find(id)?.revoke(),
      refuseStarts: (name) => {
        for (const connection of this.#pending) connection.refuseStart(name, failure('SessionRevokedError'));
      },
      wall: () => this.#host.clock.wall(),
    });
  }

  /** What is at hand right now. */
  get counts(): { readonly pending: number; readonly unconfirmed: number; readonly active: number } {
    return { pending: this.#pending.size, unconfirmed: this.keeper.starts.unconfirmedCount, active: this.keeper.live.size };
  }

  get incarnation(): number {
    return this.#store.incarnation;
  }

  get clock(): Host['clock'] {
    return this.#host.clock;
  }

  on<E extends keyof ServerEvents>(event: E, listener: ServerEvents[E]): () => void {
    return this.#events.on(event, listener);
  }

  async listen(port: number, options: ListenOptions = {}): Promise<Listening> {
    this.#mustBeOpen();
    const { http, listening } = await listenOn(port, options, this.settings.helloTimeoutMs);
    try {
      await this.attach(http, options);
    } catch (error) {
      http.close();
      throw error;
    }
    http.on('error', (err) => this.#log.error({ err }, 'the HTTP server failed'));
    this.#detach.push(() => {
      http.close();
      http.closeAllConnections();
    });
    this.#log.info({ url: listening.url, store: this.#store.name }, 'listening');
    return listening;
  }

  async attach(http: AttachableServer, options: AttachOptions = {}): Promise<void> {
    this.#mustBeOpen();
    // At once: an upgrade that comes while the store opens waits for it, and is told where it could not be opened.
    const detach = attachTo(http, options, this.settings.batchSize, (socket, request, protocols) =>
      this.#accept(socket, located(this.#addressOf, request, this.#limited), protocols),
    );
    this.#detach.push(detach);
    const opened = await this.#store.open();
    if (E.isLeft(opened)) {
      detach();
      throw new NineLivesError(opened.left);
    }
    this.#mustBeOpen();
  }

  accept(socket: AcceptedSocket, { protocols }: { readonly protocols: readonly string[] }): void {
    this.#accept(socket, inProcess, protocols);
  }

  to(username: string): Audience {
    return audienceOf(() => this.keeper.live.byUser(username), this.settings.messageSize);
  }

  toSession(id: string): Audience {
    return audienceOf(() => [this.keeper.live.byId(id)].filter((session) => session !== undefined), this.settings.messageSize);
  }

  toEveryone(): Audience {
    return audienceOf(() => this.keeper.live.all(), this.settings.messageSize);
  }

  drain(options: DrainOptions = {}): Promise<void> {
    if (this.#closing !== null) return this.#closing;
    this.#draining ??= this.#drain(options);
    return this.#draining.closed;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // --- What connections ask of their server ---

  opened(): Promise<E.Either<Failure, void>> {
    return this.#store.open();
  }

  admit(attempt: StartAttempt, connection: ServerConnection): Promise<E.Either<Failure, AdmittedSession>> {
    return this.keeper.starts.decide(attempt.tokenHash, connection, () => this.#admit(attempt));
  }

  refused(what: Failure, { remoteAddress }: RequestInfo): void {
    this.#limited[reasons[what.code].next === 'stop' && what.code !== 'SessionEndedError' ? 'info' : 'debug'](
      { code: what.code, detail: what.message, remoteAddress },
      what.code === 'SessionEndedError' ? 'connection closed' : 'connection refused or closed',
    );
  }

  settled(connection: ServerConnection): void {
    if (this.#pending.delete(connection)) this.#pendingAddresses.leave(connection.request.remoteAddress);
  }

  closed(connection: ServerConnection): void {
    this.#ticker.remove(connection);
    this.#watched.remove(connection);
    this.#addresses.leave(connection.request.remoteAddress);
  }

  watch(connection: ServerConnection, isWatched: boolean): void {
    if (isWatched) this.#watched.add(connection);
    else this.#watched.remove(connection);
  }

  // --- Its own affairs ---

  #accept(socket: AcceptedSocket, request: RequestInfo, protocols: readonly string[]): void {
    const connection = new ServerConnection(this, socket, request);
    const pending = this.#pending.size + this.keeper.starts.unconfirmedCount;
    const isFull = pending >= this.settings.pendingConnections;
    // An office that comes back at once is welcome to all of the places; but not to the second half of them while it has a good part already.
    const isCrowding = !this.#pendingAddresses.enter(request.remoteAddress) && pending >= this.settings.pendingConnections / 2;
    this.#pending.add(connection);
    this.#ticker.add(connection);
    const isWithin = this.#addresses.enter(request.remoteAddress);
    if (this.#draining !== null || this.#closing !== null) return connection.refuse(this.#goodbye);
    if (isFull) return connection.refuse(this.#busy('pendingConnections', request));
    const offered = helloFromProtocols(protocols);
    if (isCrowding || (!isWithin && !this.#isBack(offered))) return connection.refuse(this.#busy('connectionsPerAddress', request));
    connection.open(offered);
  }

  /** Who comes back for a session that is here takes the place of its former connection, or has its own. A token that is not its own is refused at once. */
  #isBack(offered: ReturnType<typeof helloFromProtocols>): boolean {
    if (offered.kind !== 'hello') return false;
    const { resume } = offered.frame.hello;
    return resume !== undefined && this.keeper.find(resume.session) !== undefined;
  }

  #opened(kept: readonly KeptSession[]): void {
    // It was closed meanwhile: its sessions are left to the next one, and no timer to nobody.
    if (this.#closing !== null) return;
    for (const session of kept) this.keeper.restore(session);
    if (kept.length > 0) this.#log.info({ sessions: kept.length }, 'sessions of an earlier life wait for their clients');
    if (!this.settings.guestsSet)
      this.#log.warn(
        {},
        'guests are let in: anyone may start a session under a name that nobody registered. Set `guests` to true or false to say that you know.',
      );
    if (this.settings.apiKeys.length === 0) this.#log.warn({}, 'no `apiKeys` are set: only clients on this machine are served');
  }

  async #admit(attempt: StartAttempt): Promise<E.Either<Failure, AdmittedSession>> {
    const busy = this.keeper.isFull ? this.#busy('sessions') : this.#gate.begin();
    if (busy !== null) return E.left(busy);
    try {
      return await this.#decide(attempt);
    } finally {
      this.#gate.decided();
    }
  }

  async #decide(attempt: StartAttempt): Promise<E.Either<Failure, AdmittedSession>> {
    const opened = await this.#store.open();
    if (E.isLeft(opened)) return opened;
    const trouble = this.#turns?.trouble ?? null;
    if (trouble !== null) return E.left(trouble);
    const admitted = await admit(this.#env, attempt)();
    // Whether or not anyone still waits for the verdict: in the store they are revoked.
    if (E.isRight(admitted)) for (const { id } of admitted.right.revoked) this.keeper.find(id)?.revoke();
    return admitted;
  }

  /** No room for now, and the log says which limit it was. */
  #busy(
    limit: 'pendingConnections' | 'sessions' | 'connectionsPerAddress',
    { remoteAddress }: Pick<RequestInfo, 'remoteAddress'> = inProcess,
  ): Failure {
    this.#reached.warn({ limit, remoteAddress }, `\`limits.${limit}\` is reached: who comes is told that the server is busy`);
    // One address's excess does not lengthen the others' wait.
    return limit === 'connectionsPerAddress' ? failure('ServerBusyError', undefined, crowdedAddress) : this.#gate.turnAway();
  }

  get #goodbye(): Failure {
    return this.#draining?.drain.goodbye ?? failure('ServerDrainingError');
  }

  #drain(options: DrainOptions): { readonly drain: Drain; readonly closed: Promise<void> } {
    const sessions = [...this.keeper.live.all()].filter(({ connection }) => connection.hasLink);
    const plan = drainPlanOf(options, sessions.length, this.settings.admissionsPerSecond);
    this.#log.info({ sessions: sessions.length, ...plan }, 'draining: no new sessions, goodbyes are said');
    const begunAt = this.#host.clock.now();
    this.keeper.leave();
    const drain = new Drain(sessions, plan, this.#host.clock);
    const off = this.#events.on('ended', (session) => drain.gone(session));
    for (const connection of this.#pending) connection.input({ type: 'dismissed', failure: drain.goodbye });
    for (const { connection } of this.keeper.starts.all()) connection.input({ type: 'dismissed', failure: drain.goodbye });
    const closed = drain.done.then((cutShort) => {
      off();
      this.#log.info({ tookMs: Math.round(this.#host.clock.now() - begunAt), cutShort }, 'drained');
      return this.close();
    });
    return { drain, closed };
  }

  #mustBeOpen(): void {
    if (this.#draining !== null || this.#closing !== null) throw new NineLivesError(failure('ServerDrainingError', 'It was closed.'));
  }

  async #close(): Promise<void> {
    this.keeper.leave();
    for (const connection of this.#ticker.members()) connection.input({ type: 'dismissed', failure: this.#goodbye });
    this.#draining?.drain.stop();
    for (const detach of this.#detach) detach();
    this.keeper.close();
    // What is being admitted is forgotten again, which takes the store.
    await this.keeper.starts.decided(this.settings.endDeadlineMs, this.#host.clock);
    await this.#turns?.close();
    await this.keeper.closed();
    this.identities.close(this.keeper.live.all());
    await this.#store.close();
    this.#reached.close();
    this.#limited.close();
  }
}

const secondMs = 1_000;
/** How often the log says that a limit is reached, in milliseconds: often enough to be seen, and not once for each who is turned away. */
const reachedEveryMs = 60_000;
/** The part of `pendingConnections` that one address is sure of where many want them. */
const pendingShare = 4;

/** When somebody is to come again from whose address too many came, in milliseconds: some of them may be gone by then. */
const crowdedAddress = { retryAfterMs: 5_000, spreadMs: 10_000 } as const;

/** How often a quarter of it passes is how exactly a silent client is noticed that something waits for, in milliseconds: within a tenth of the two seconds. */
const watchedRhythmMs = 400;

const turnsOf = (streams: StreamStore, clock: Host['clock'], log: Logger): Turns =>
  new Turns({ clock, log, commit: (turns) => askingStore(() => streams.commit(turns)) });

/** How long an authenticator that is an object may take where nothing else is said, in milliseconds: twice what ours take at most by default. */
const ownAuthenticatorTimeoutMs = 10_000;

const authenticatorOf = ({ authenticate, authenticateTimeoutMs }: ServerOptions, { clock }: Host): Authenticator | null => {
  if (authenticate === undefined) return null;
  if (typeof authenticate === 'function') return fromFunction(authenticate, { timeoutMs: authenticateTimeoutMs, clock });
  // It has a limit of its own, by its contract: this one is for those that break it.
  const limit = limitOf('createServer', { timeoutMs: authenticateTimeoutMs ?? ownAuthenticatorTimeoutMs, clock });
  return {
    name: authenticate.name,
    authenticate: (attempt) => within(limit, attempt, async (signal) => authenticate.authenticate({ ...attempt, signal })),
  };
};
