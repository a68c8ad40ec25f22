import { either as E, function as F, taskEither as TE } from 'fp-ts';
import { fromFunction } from '../../adapters/auth/function.js';
import { nodeHost } from '../../adapters/hosts/node.js';
import { memory } from '../../adapters/stores/memory.js';
import type { Authenticator, RequestInfo } from '../../machines/ports/authenticator.js';
import type { Host } from '../../machines/ports/host.js';
import type { AcceptedSocket } from '../../machines/ports/socket.js';
import type { SessionStore, StoreTask } from '../../machines/ports/store.js';
import { type EndReason, type Failure, failure, reasons } from '../../machines/reasons.js';
import { NineLivesError } from '../errors.js';
import type { AnyContract, Contract } from '../stream/contract.js';
import type { HandlerReports } from '../stream/handlers.js';
import type { Unconfirmed } from '../stream/sent.js';
import type { HelloFields, StartFields } from '../wire/frames.js';
import { helloFromProtocols } from '../wire/hello.js';
import { type AdmissionEnv, type AdmittedSession, admit, hashOfToken } from './admission.js';
import { type Audience, audienceOf } from './audience.js';
import { type ConnectionServer, ServerConnection } from './connection.js';
import { conversationFor } from './conversation.js';
import { type AskStore, mapStore, type Sessions, sessionsOf, type Users, usersOf } from './directory.js';
import { Emitter } from './emitter.js';
import { type AttachableServer, type AttachOptions, attachTo, type Listening, type ListenOptions, listenOn } from './http.js';
import { LiveSessions } from './live.js';
import { type Logger, loggerOf } from './logger.js';
import { type ServerOptions, type Settings, settingsOf } from './options.js';
import { Presence } from './presence.js';
import { LiveSession, type ServerSession } from './session.js';
import { Ticker } from './ticker.js';

/** What a server's app hears. */
export interface ServerEvents<C extends Contract = AnyContract> {
  /** Once for each session, before any of its messages is handled: the place to register handlers. */
  session: (session: ServerSession<C>, how: { readonly recovered: boolean }) => void;
  /** The session is over. `unconfirmed`: what was sent to it and is not known as handled. */
  ended: (session: ServerSession<C>, how: { readonly reason: EndReason; readonly unconfirmed: readonly Unconfirmed[] }) => void;
  /** A message came that nobody handles. */
  unhandled: (session: ServerSession<C>, event: Parameters<HandlerReports['unhandled']>[0]) => void;
  /** A handler threw. */
  handlerFailed: (session: ServerSession<C>, event: Parameters<HandlerReports['handlerFailed']>[0]) => void;
}

/**
 * A server of user sessions: on its own (`listen`), in another HTTP server (`attach`), or in the same process as its clients (`memory(server)`).
 */
export interface Server<C extends Contract = AnyContract> {
  /** Listen to an event; the returned function stops it. */
  on<E extends keyof ServerEvents>(event: E, listener: ServerEvents<C>[E]): () => void;
  /** Serve on a port of its own; 0 picks a free one. Rejects where the port or the store can not be had. */
  listen(port: number, options?: ListenOptions): Promise<Listening>;
  /** Serve on a path of an HTTP server. Its other paths, and the server itself, stay the app's. Rejects where the store can not be had. */
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
  /** Say goodbye to every client and give back ports and files. */
  close(): Promise<void>;
}

/** A request that came without a network: from this very process. */
const inProcess: RequestInfo = { remoteAddress: null, origin: null, userAgent: null, url: '/', headers: {} };

export class SessionServer implements Server, ConnectionServer {
  readonly settings: Settings;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly #host: Host;
  readonly #log: Logger;
  readonly #store: SessionStore;
  readonly #env: AdmissionEnv;
  readonly #events: Emitter<ServerEvents>;
  readonly #live = new LiveSessions();
  readonly #presence: Presence;
  readonly #ticker: Ticker<ServerConnection>;
  /** Connections that are not welcomed yet. */
  readonly #pending = new Set<ServerConnection>();
  /** Sessions that are not confirmed yet, by the hash of their start's token. */
  readonly #unconfirmed = new Map<string, { readonly session: LiveSession; connection: ServerConnection }>();
  readonly #detach: (() => void)[] = [];
  #opening: Promise<E.Either<Failure, void>> | null = null;
  #closing: Promise<void> | null = null;
  incarnation = 0;

  constructor(options: ServerOptions) {
    this.settings = settingsOf(options);
    this.#host = options.host ?? nodeHost();
    this.#log = loggerOf(options.logger);
    this.#store = options.store ?? memory();
    this.#events = new Emitter(this.#log);
    this.#presence = new Presence(this.#host.clock, this.settings.presenceGraceMs, (id, online) => this.#tellPresence(id, online));
    this.#ticker = new Ticker(this.#host.clock);
    this.#env = {
      settings: this.settings,
      store: this.#store,
      authenticator: authenticatorOf(options, this.#host),
      clock: this.#host.clock,
      log: this.#log,
    };
    const ask: AskStore = (question) =>
      F.pipe(
        () => this.#open(),
        TE.chain(() => mapStore(question(this.#store))),
      );
    this.users = usersOf(ask);
    this.sessions = sessionsOf(ask, {
      dismiss: (id) => this.#live.byId(id)?.revoke(),
      dismissUser: (name) => {
        const sessions = this.#live.byUser(name);
        for (const session of sessions) session.revoke();
        return sessions.length;
      },
      wall: () => this.#host.clock.wall(),
    });
  }

  get clock(): Host['clock'] {
    return this.#host.clock;
  }

  on<E extends keyof ServerEvents>(event: E, listener: ServerEvents[E]): () => void {
    return this.#events.on(event, listener);
  }

  async listen(port: number, options: ListenOptions = {}): Promise<Listening> {
    const { http, listening } = await listenOn(port, options);
    try {
      await this.attach(http, options);
    } catch (error) {
      http.close();
      throw error;
    }
    this.#detach.push(() => {
      http.close();
      http.closeAllConnections();
    });
    this.#log.info({ url: listening.url, store: this.#store.name }, 'listening');
    return listening;
  }

  async attach(http: AttachableServer, options: AttachOptions = {}): Promise<void> {
    // At once: an upgrade that comes while the store opens waits for it, and is told where it could not be opened.
    const detach = attachTo(http, options, this.settings.batchSize, (socket, request, protocols) => this.#accept(socket, request, protocols));
    this.#detach.push(detach);
    const opened = await this.#open();
    if (E.isRight(opened)) return;
    detach();
    throw new NineLivesError(opened.left);
  }

  accept(socket: AcceptedSocket, { protocols }: { readonly protocols: readonly string[] }): void {
    this.#accept(socket, inProcess, protocols);
  }

  to(username: string): Audience {
    return audienceOf(() => this.#live.byUser(username), this.settings.messageSize);
  }

  toSession(id: string): Audience {
    return audienceOf(() => [this.#live.byId(id)].filter((session) => session !== undefined), this.settings.messageSize);
  }

  toEveryone(): Audience {
    return audienceOf(() => this.#live.all(), this.settings.messageSize);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  // --- What connections ask of their server ---

  async admit(attempt: Parameters<ConnectionServer['admit']>[0]): Promise<E.Either<Failure, AdmittedSession>> {
    const opened = await this.#open();
    return E.isLeft(opened) ? opened : admit(this.#env, attempt)();
  }

  takeOver(hello: HelloFields, start: StartFields, by: ServerConnection): LiveSession | null {
    const held = this.#unconfirmed.get(hashOfToken(start.token, hello.key));
    if (held === undefined || held.session.user.name !== start.username) return null;
    const session = held.connection.release();
    held.connection = by;
    if (session !== null) session.control = controlOf(by);
    return session;
  }

  open(admitted: AdmittedSession, hello: HelloFields, start: StartFields, connection: ServerConnection): LiveSession {
    for (const { id } of admitted.revoked) this.#live.byId(id)?.revoke();
    const hash = hashOfToken(start.token, hello.key);
    const conversation = conversationFor(
      this.settings,
      this.#host.clock,
      admitted.session.id,
      connection.peerWindow,
      () => this.#unconfirmed.get(hash)?.connection ?? connection,
      {
        unhandled: (event) => this.#events.emit('unhandled', session, event),
        handlerFailed: (event) => this.#handlerFailed(session, event),
        handlerSlow: (event) => this.#log.warn({ session: session.id, ...event }, 'a message handler is slow'),
        requestFailed: (event) => this.#handlerFailed(session, event),
      },
    );
    const session = new LiveSession(
      admitted.session,
      connection.request,
      conversation,
      controlOf(connection),
      this.settings.requestTimeoutMs,
    );
    this.#unconfirmed.set(hash, { session, connection });
    return session;
  }

  announce(session: LiveSession): void {
    this.#confirmed(session);
    this.#live.add(session);
    this.#presence.entered(session.user.id);
    this.#log.info({ session: session.id, user: session.user.id, guest: session.user.isGuest }, 'session active');
    this.#events.emit('session', session, { recovered: false });
    session.conversation.release();
  }

  forget(session: LiveSession): void {
    this.#confirmed(session);
    session.conversation.close('HelloTimeoutError');
    void this.#write('forget a session', this.#store.forgetSession(session.id));
  }

  discard({ session }: AdmittedSession): void {
    void this.#write('forget a session', this.#store.forgetSession(session.id));
  }

  end(session: LiveSession, reason: EndReason, what: Failure | null): void {
    if (!this.#live.remove(session)) return;
    const unconfirmed = session.conversation.close(what?.code ?? (reason === 'ended' ? 'SessionEndedError' : 'SessionExpiredError'));
    this.#presence.left(session.user.id);
    void this.#write('end a session', this.#store.endSession({ id: session.id, reason, now: this.#host.clock.wall() }));
    this.#log.info({ session: session.id, user: session.user.id, reason, unconfirmed: unconfirmed.length }, 'session ended');
    this.#events.emit('ended', session, { reason, unconfirmed });
  }

  abandon({ session, token }: NonNullable<HelloFields['abandoned']>, key: string | undefined): void {
    const live = this.#live.byId(session);
    if (live !== undefined && live.tokenHash === hashOfToken(token, key)) live.leave();
  }

  refused(what: Failure, { remoteAddress }: RequestInfo): void {
    this.#log[reasons[what.code].next === 'stop' ? 'info' : 'debug'](
      { code: what.code, detail: what.message, remoteAddress },
      'connection refused or closed',
    );
  }

  settled(connection: ServerConnection): void {
    this.#pending.delete(connection);
  }

  closed(connection: ServerConnection): void {
    this.#ticker.remove(connection);
  }

  // --- Its own affairs ---

  #accept(socket: AcceptedSocket, request: RequestInfo, protocols: readonly string[]): void {
    const connection = new ServerConnection(this, socket, request);
    const isFull = this.#pending.size >= this.settings.pendingConnections;
    this.#pending.add(connection);
    this.#ticker.add(connection);
    if (this.#closing !== null) return connection.refuse(failure('ServerDrainingError'));
    if (isFull)
      return connection.refuse(failure('ServerBusyError', 'Too many connections wait for their welcome.', { retryAfterMs: 1_000 }));
    connection.open(helloFromProtocols(protocols));
  }

  /** Become the store's writer, once. A store that could not be opened is asked again next time. */
  #open(): Promise<E.Either<Failure, void>> {
    this.#opening ??= this.#openStore();
    return this.#opening;
  }

  async #openStore(): Promise<E.Either<Failure, void>> {
    const opened = await mapStore(this.#store.open({ now: this.#host.clock.wall() }))();
    if (E.isLeft(opened)) {
      this.#opening = null;
      this.#log.error({ store: this.#store.name, detail: opened.left.message }, 'the store could not be opened');
      return opened;
    }
    const { incarnation, expired } = opened.right;
    this.incarnation = incarnation;
    if (expired > 0) this.#log.info({ expired }, 'sessions that an earlier life of this server left active are ended');
    if (!this.settings.guestsSet)
      this.#log.warn(
        {},
        'guests are let in: anyone may start a session under a name that nobody registered. Set `guests` to true or false to say that you know.',
      );
    if (this.settings.apiKeys.length === 0) this.#log.warn({}, 'no `apiKeys` are set: only clients on this machine are served');
    return E.right(undefined);
  }

  #confirmed(session: LiveSession): void {
    for (const [hash, held] of this.#unconfirmed)
      if (held.session === session) {
        session.tokenHash = hash;
        this.#unconfirmed.delete(hash);
      }
  }

  #tellPresence(id: number, online: boolean): void {
    void this.#write('set a presence', this.#store.setPresence({ id, presence: { online } }));
  }

  /** What can't be answered to anybody is logged. */
  async #write<A>(what: string, task: StoreTask<A>): Promise<void> {
    const written = await mapStore(task)();
    if (E.isLeft(written)) this.#log.error({ detail: written.left.message }, `the store failed to ${what}`);
  }

  #handlerFailed(session: LiveSession, event: Parameters<HandlerReports['handlerFailed']>[0]): void {
    this.#log.error({ session: session.id, message: event.id, type: event.type, err: event.error }, 'a handler failed');
    this.#events.emit('handlerFailed', session, event);
  }

  async #close(): Promise<void> {
    for (const connection of this.#ticker.members()) connection.input({ type: 'dismissed', failure: failure('ServerDrainingError') });
    for (const detach of this.#detach) detach();
    this.#presence.close();
    if (this.#opening !== null) await this.#opening;
    if (this.incarnation > 0) await this.#write('close', this.#store.close());
  }
}

const controlOf = (connection: ServerConnection) => ({
  end: () => connection.input({ type: 'end' }),
  revoke: () => connection.input({ type: 'dismissed', failure: failure('SessionRevokedError') }),
  leave: () => connection.input({ type: 'left' }),
});

const authenticatorOf = ({ authenticate, authenticateTimeoutMs }: ServerOptions, { clock }: Host): Authenticator | null => {
  if (authenticate === undefined) return null;
  return typeof authenticate === 'function' ? fromFunction(authenticate, { timeoutMs: authenticateTimeoutMs, clock }) : authenticate;
};
