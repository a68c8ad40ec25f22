import type { Host } from '../../machines/ports/host.js';
import type { EndReason, Failure } from '../../machines/reasons.js';
import type { ConversationOwner } from '../stream/conversation.js';
import type { HandlerReports } from '../stream/handlers.js';
import type { HelloFields, StartFields } from '../wire/frames.js';
import { type AdmittedSession, hashOfToken, isSameHash } from './admission.js';
import type { ServerEvents } from './api.js';
import type { ServerConnection } from './connection.js';
import type { SessionKeeping } from './connection-server.js';
import { conversationFor } from './conversation.js';
import type { Emitter } from './emitter.js';
import { LiveSessions } from './live.js';
import type { Logger } from './logger.js';
import type { Settings } from './options.js';
import { Presence } from './presence.js';
import { LiveSession } from './session.js';
import { Starts } from './starts.js';
import type { StoreKeeper } from './store-keeper.js';

export interface SessionKeeperParts {
  readonly settings: Settings;
  readonly clock: Host['clock'];
  readonly store: StoreKeeper;
  readonly log: Logger;
  readonly events: Emitter<ServerEvents>;
}

/** The sessions of this process, from their admission to their end: each is unconfirmed, then active, then written as ended; or forgotten. */
export class SessionKeeper implements SessionKeeping {
  readonly live = new LiveSessions();
  readonly starts = new Starts<ServerConnection>();
  readonly presence: Presence;
  readonly #parts: SessionKeeperParts;

  constructor(parts: SessionKeeperParts) {
    this.#parts = parts;
    const { clock, settings, store } = parts;
    this.presence = new Presence(
      clock,
      settings.presenceGraceMs,
      (id, online) => void store.write('set a presence', (to) => to.setPresence({ id, presence: { online } })),
    );
  }

  /** By id, whether it is confirmed or not. */
  find(id: string): LiveSession | undefined {
    return this.live.byId(id) ?? this.starts.byId(id);
  }

  /** All sessions of a user, confirmed or not. */
  ofUser(name: string): readonly LiveSession[] {
    return [...this.live.byUser(name), ...this.starts.byUser(name)];
  }

  takeOver(hello: HelloFields, start: StartFields, by: ServerConnection): LiveSession | null {
    const session = this.starts.find(hashOfToken(start.token, hello.key), start.username);
    if (session === null) return null;
    const former = session.connection;
    session.connection = by;
    former.release();
    return session;
  }

  open(admitted: AdmittedSession, hello: HelloFields, start: StartFields, connection: ServerConnection): LiveSession {
    const { settings, clock, log, events } = this.#parts;
    const reports: ConversationOwner['reports'] = {
      unhandled: (event) => events.emit('unhandled', session, event),
      handlerFailed: (event) => this.#handlerFailed(session, event),
      handlerSlow: (event) => log.warn({ session: session.id, ...event }, 'a message handler is slow'),
      requestFailed: (event) => this.#handlerFailed(session, event),
    };
    const session: LiveSession = new LiveSession(admitted.session, {
      origin: connection.request,
      conversation: conversationFor(settings, clock, admitted.session.id, hello.window, () => session.connection, reports),
      connection,
      tokenHash: hashOfToken(start.token, hello.key),
      expiresAt: admitted.expiresAt,
      requestTimeoutMs: settings.requestTimeoutMs,
    });
    this.starts.add(session);
    return session;
  }

  announce(session: LiveSession): void {
    const { log, events } = this.#parts;
    this.starts.remove(session);
    this.live.add(session);
    this.presence.entered(session.user.id);
    log.info({ session: session.id, user: session.user.id, guest: session.user.isGuest }, 'session active');
    events.emit('session', session, { recovered: false });
    session.conversation.release();
  }

  forget(session: LiveSession): void {
    this.starts.remove(session);
    session.conversation.close('HelloTimeoutError');
    this.#forget(session.id);
  }

  discard({ session }: AdmittedSession): void {
    this.#forget(session.id);
  }

  end(session: LiveSession, reason: EndReason, what: Failure | null): void {
    const { store, clock, log, events } = this.#parts;
    const wasActive = this.live.remove(session);
    if (!wasActive && !this.starts.remove(session)) return;
    const unconfirmed = session.conversation.close(what?.code ?? (reason === 'ended' ? 'SessionEndedError' : 'SessionExpiredError'));
    void store.write('end a session', (to) => to.endSession({ id: session.id, reason, now: clock.wall() }));
    // Nobody was told of one that was never confirmed.
    if (!wasActive) return;
    this.presence.left(session.user.id);
    log.info({ session: session.id, user: session.user.id, reason, unconfirmed: unconfirmed.length }, 'session ended');
    events.emit('ended', session, { reason, unconfirmed });
  }

  abandon({ session, token }: NonNullable<HelloFields['abandoned']>, key: string | undefined): void {
    const found = this.find(session);
    if (found === undefined) return;
    if (isSameHash(found.tokenHash, hashOfToken(token, key))) found.leave();
    else this.#parts.log.warn({ session }, 'security: a session was named as abandoned with a token that is not its own');
  }

  #forget(id: string): void {
    void this.#parts.store.write('forget a session', (to) => to.forgetSession(id));
  }

  #handlerFailed(session: LiveSession, event: Parameters<HandlerReports['handlerFailed']>[0]): void {
    const { log, events } = this.#parts;
    log.error({ session: session.id, message: event.id, type: event.type, err: event.error }, 'a handler failed');
    events.emit('handlerFailed', session, event);
  }
}
