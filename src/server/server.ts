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
import type { ConversationOwner } from '../stream/conversation.js';
import type { HandlerReports } from '../stream/handlers.js';
import type { HelloFields, StartFields } from '../wire/frames.js';
import { helloFromProtocols } from '../wire/hello.js';
import { type AdmissionEnv, type AdmittedSession, admit, hashOfToken, isSameHash } from './admission.js';
import type { Server, ServerEvents } from './api.js';
import { type Audience, audienceOf } from './audience.js';
import { ServerConnection } from './connection.js';
import type { ConnectionServer, StartAttempt } from './connection-server.js';
import { conversationFor } from './conversation.js';
import { type AskStore, type Sessions, sessionsOf, type Users, usersOf } from './directory.js';
import { Emitter } from './emitter.js';
import { type AttachableServer, type AttachOptions, attachTo, type Listening, type ListenOptions, listenOn } from './http.js';
import { LiveSessions } from './live.js';
import { type Logger, loggerOf } from './logger.js';
import { type ServerOptions, type Settings, settingsOf } from './options.js';
import { Presence } from './presence.js';
import { LiveSession } from './session.js';
import { Starts } from './starts.js';
import { askingStore } from './store-failure.js';
import { Ticker } from './ticker.js';

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
  readonly #starts = new Starts<ServerConnection>();
  /** Verdicts that are waited for. */
  readonly #admissions = new Set<Promise<unknown>>();
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
    this.#ticker = new Ticker(this.#host.clock, this.settings.pingEveryMs);
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
        TE.chain(() => askingStore(() => question(this.#store))),
      );
    this.users = usersOf(ask);
    this.sessions = sessionsOf(ask, {
      dismiss: (id) => this.#find(id)?.revoke(),
      dismissUser: (name) => {
        const sessions = [...this.#live.byUser(name), ...[...this.#starts.all()].filter(({ user }) => user.name === name)];
        for (const session of sessions) session.revoke();
        return sessions.length;
      },
      wall: () => this.#host.clock.wall(),
    });
  }

  /** What is at hand right now. */
  get counts(): { readonly pending: number; readonly unconfirmed: number; readonly active: number } {
    return { pending: this.#pending.size, unconfirmed: this.#starts.unconfirmedCount, active: this.#live.size };
  }

  get clock(): Host['clock'] {
    return this.#host.clock;
  }

  on<E extends keyof ServerEvents>(event: E, listener: ServerEvents[E]): () => void {
    return this.#events.on(event, listener);
  }

  async listen(port: number, options: ListenOptions = {}): Promise<Listening> {
    this.#mustBeOpen();
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
    this.#mustBeOpen();
    // At once: an upgrade that comes while the store opens waits for it, and is told where it could not be opened.
    const detach = attachTo(http, options, this.settings.batchSize, (socket, request, protocols) =>
      this.#accept(socket, request, protocols),
    );
    this.#detach.push(detach);
    const opened = await this.#open();
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

  async admit(attempt: StartAttempt, connection: ServerConnection): Promise<E.Either<Failure, AdmittedSession>> {
    const hash = hashOfToken(attempt.start.token, attempt.hello.key);
    this.#starts.begin(hash, connection);
    const admission = this.#admit(attempt);
    this.#admissions.add(admission);
    const admitted = await admission;
    this.#admissions.delete(admission);
    this.#starts.settle(hash, connection);
    return admitted;
  }

  takeOver(hello: HelloFields, start: StartFields, by: ServerConnection): LiveSession | null {
    const session = this.#starts.find(hashOfToken(start.token, hello.key), start.username);
    if (session === null) return null;
    const former = session.connection;
    session.connection = by;
    former.release();
    return session;
  }

  open(admitted: AdmittedSession, hello: HelloFields, start: StartFields, connection: ServerConnection): LiveSession {
    const { requestTimeoutMs } = this.settings;
    const reports: ConversationOwner['reports'] = {
      unhandled: (event) => this.#events.emit('unhandled', session, event),
      handlerFailed: (event) => this.#handlerFailed(session, event),
      handlerSlow: (event) => this.#log.warn({ session: session.id, ...event }, 'a message handler is slow'),
      requestFailed: (event) => this.#handlerFailed(session, event),
    };
    const session: LiveSession = new LiveSession(admitted.session, {
      origin: connection.request,
      conversation: conversationFor(this.settings, this.#host.clock, admitted.session.id, hello.window, () => session.connection, reports),
      connection,
      tokenHash: hashOfToken(start.token, hello.key),
      expiresAt: admitted.expiresAt,
      requestTimeoutMs,
    });
    this.#starts.add(session);
    return session;
  }

  announce(session: LiveSession): void {
    this.#starts.remove(session);
    this.#live.add(session);
    this.#presence.entered(session.user.id);
    this.#log.info({ session: session.id, user: session.user.id, guest: session.user.isGuest }, 'session active');
    this.#events.emit('session', session, { recovered: false });
    session.conversation.release();
  }

  forget(session: LiveSession): void {
    this.#starts.remove(session);
    session.conversation.close('HelloTimeoutError');
    void this.#write('forget a session', (store) => store.forgetSession(session.id));
  }

  discard({ session }: AdmittedSession): void {
    void this.#write('forget a session', (store) => store.forgetSession(session.id));
  }

  end(session: LiveSession, reason: EndReason, what: Failure | null): void {
    const wasActive = this.#live.remove(session);
    if (!wasActive && !this.#starts.remove(session)) return;
    const unconfirmed = session.conversation.close(what?.code ?? (reason === 'ended' ? 'SessionEndedError' : 'SessionExpiredError'));
    void this.#write('end a session', (store) => store.endSession({ id: session.id, reason, now: this.#host.clock.wall() }));
    // Nobody was told of one that was never confirmed.
    if (!wasActive) return;
    this.#presence.left(session.user.id);
    this.#log.info({ session: session.id, user: session.user.id, reason, unconfirmed: unconfirmed.length }, 'session ended');
    this.#events.emit('ended', session, { reason, unconfirmed });
  }

  abandon({ session, token }: NonNullable<HelloFields['abandoned']>, key: string | undefined): void {
    const found = this.#find(session);
    if (found === undefined) return;
    if (isSameHash(found.tokenHash, hashOfToken(token, key))) found.leave();
    else this.#log.warn({ session }, 'security: a session was named as abandoned with a token that is not its own');
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
    const opened = await askingStore(() => this.#store.open({ now: this.#host.clock.wall() }))();
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

  async #admit(attempt: StartAttempt): Promise<E.Either<Failure, AdmittedSession>> {
    const opened = await this.#open();
    if (E.isLeft(opened)) return opened;
    const admitted = await admit(this.#env, attempt)();
    // Whether or not anyone still waits for the verdict: in the store they are revoked.
    if (E.isRight(admitted)) for (const { id } of admitted.right.revoked) this.#find(id)?.revoke();
    return admitted;
  }

  /** By id, whether it is confirmed or not. */
  #find(id: string): LiveSession | undefined {
    return this.#live.byId(id) ?? [...this.#starts.all()].find((session) => session.id === id);
  }

  #tellPresence(id: number, online: boolean): void {
    void this.#write('set a presence', (store) => store.setPresence({ id, presence: { online } }));
  }

  /** What can't be answered to anybody is logged. */
  async #write<A>(what: string, write: (store: SessionStore) => StoreTask<A>): Promise<void> {
    const written = await askingStore(() => write(this.#store))();
    if (E.isLeft(written)) this.#log.error({ detail: written.left.message }, `the store failed to ${what}`);
  }

  #handlerFailed(session: LiveSession, event: Parameters<HandlerReports['handlerFailed']>[0]): void {
    this.#log.error({ session: session.id, message: event.id, type: event.type, err: event.error }, 'a handler failed');
    this.#events.emit('handlerFailed', session, event);
  }

  #mustBeOpen(): void {
    if (this.#closing !== null) throw new NineLivesError(failure('ServerDrainingError', 'It was closed.'));
  }

  async #close(): Promise<void> {
    for (const connection of this.#ticker.members()) connection.input({ type: 'dismissed', failure: failure('ServerDrainingError') });
    for (const detach of this.#detach) detach();
    this.#presence.close();
    if (this.#opening !== null) await this.#opening;
    await this.#admissionsSettled();
    if (this.incarnation > 0) await this.#write('close', (store) => store.close());
  }

  /** What is being admitted is forgotten again, which takes the store. An authenticator that does not listen to its signal is not waited for. */
  #admissionsSettled(): Promise<void> {
    const { clock } = this.#host;
    return new Promise((resolve) => {
      const timer = clock.setTimeout(resolve, this.settings.endDeadlineMs);
      void Promise.allSettled(this.#admissions).then(() => {
        clock.clearTimeout(timer);
        resolve();
      });
    });
  }
}

const authenticatorOf = ({ authenticate, authenticateTimeoutMs }: ServerOptions, { clock }: Host): Authenticator | null => {
  if (authenticate === undefined) return null;
  return typeof authenticate === 'function' ? fromFunction(authenticate, { timeoutMs: authenticateTimeoutMs, clock }) : authenticate;
};
