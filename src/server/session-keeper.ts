import { either as E } from 'fp-ts';
import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { Host } from '../../machines/ports/host.js';
import type { KeptSession, SessionRecord, StreamTermsKept } from '../../machines/ports/store.js';
import type { User } from '../../machines/ports/user.js';
import { type EndReason, type Failure, failure, reasons } from '../../machines/reasons.js';
import { TurnEnd } from '../stream/turn-end.js';
import type { HelloFields, ResumeFields, StartFields } from '../wire/frames.js';
import { type AdmittedSession, hashOfToken, isSameHash, keptMsOf } from './admission.js';
import type { AdmissionGate } from './admission-gate.js';
import type { ServerConnection } from './connection.js';
import type { Resumption, SessionKeeping } from './connection-server.js';
import { conversationFor } from './conversation.js';
import { DetachedConnection } from './detached.js';
import { DurableSession } from './durable.js';
import { EndedSessions } from './ended-sessions.js';
import { LiveSessions } from './live.js';
import type { Settings } from './options.js';
import { OwedWrites } from './owed-writes.js';
import { placeFor } from './places.js';
import { Presence } from './presence.js';
import { authenticationUntil, LiveSession, nobodyElse, onlineNow, type SessionConnection } from './session.js';
import type { SessionSideParts } from './session-side.js';
import { Shared } from './shared.js';
import { Starts } from './starts.js';
import type { StoreKeeper } from './store-keeper.js';
import type { Turns } from './turns.js';

/** What makes a session, new or restored. */
interface MadeOf {
  readonly record: SessionRecord;
  readonly terms: StreamTermsKept;
  readonly tokenHash: string;
  readonly origin: RequestInfo;
  readonly connection: SessionConnection;
}

/** A session that was restored has no request of this process. */
const nowhere: RequestInfo = { remoteAddress: null, origin: null, userAgent: null, url: '/', headers: {} };
/** ... and no link. */
const nobody: SessionConnection = { write: () => undefined, input: () => undefined, release: () => undefined, hasLink: false };

export interface SessionKeeperParts extends SessionSideParts {
  readonly settings: Settings;
  readonly clock: Host['clock'];
  readonly store: StoreKeeper;
  /** Null where sessions do not outlive this process. */
  readonly turns: Turns | null;
  readonly gate: AdmissionGate;
}

/** The sessions of this process, from their admission to their end: each is unconfirmed, then active, then written as ended; or forgotten. */
export class SessionKeeper implements SessionKeeping {
  readonly live = new LiveSessions();
  readonly starts = new Starts<ServerConnection>();
  readonly presence: Presence;
  #isLeaving = false;
  readonly #ended: EndedSessions;
  /** Those whose link is lost, in the order in which it was. */
  readonly #lost = new Set<LiveSession>();
  readonly #parts: SessionKeeperParts;
  readonly #shared: Shared;
  /** Ends that are to be written, however long the store fails. */
  readonly #owed: OwedWrites;

  constructor(parts: SessionKeeperParts) {
    this.#parts = parts;
    this.#shared = new Shared(parts.settings, parts.clock, new TurnEnd(parts.clock));
    this.#ended = new EndedSessions(parts.settings.resumeWindowMs);
    const { clock, settings, store } = parts;
    this.#owed = new OwedWrites(store, clock);
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
    this.#lost.delete(session);
    former.release();
    session.key = hello.key;
    if (session.origin === nowhere) session.origin = by.request;
    return session;
  }

  open(admitted: AdmittedSession, hello: HelloFields, start: StartFields, connection: ServerConnection): E.Either<Failure, LiveSession> {
    const { settings, log } = this.#parts;
    const { user } = admitted.session;
    const place = placeFor({ rule: settings.sessionsPerUser, log }, user, this.ofUser(user.name));
    const refused = place.kind === 'taken' ? place.failure : this.#parts.gate.welcome();
    if (refused !== null) {
      this.discard(admitted);
      return E.left(refused);
    }
    const keptMs = keptMsOf(settings, hello);
    const terms = { keptMs, window: hello.window, features: hello.features, expiresAt: admitted.expiresAt };
    const tokenHash = hashOfToken(start.token, hello.key);
    const session = this.#make({ record: admitted.session, terms, tokenHash, origin: connection.request, connection });
    session.key = hello.key;
    if (place.kind === 'free') session.displaces = place.displaces;
    this.starts.add(session);
    return E.right(session);
  }

  /** A session that an earlier process left, as the store has it: lost, until its client comes back. */
  restore(kept: KeptSession): void {
    const { record, tokenHash, terms, confirmed } = kept;
    const session = this.#make({ record, terms, tokenHash, origin: nowhere, connection: nobody }, kept);
    // There is no link: nothing is to leave. Before the confirmation nothing does, and a repeated start goes on with it as it is.
    if (confirmed) session.conversation.stop();
    session.durable?.restored();
    session.life = kept.life;
    if (!confirmed) this.starts.add(session);
    else {
      this.live.add(session);
      this.#parts.events.emit('session', session, { recovered: true });
      session.conversation.release();
    }
    const { ownEnd, peerEnded } = session.conversation.runner.state;
    // [R55] A goodbye that its link did not outlive is one.
    if (ownEnd !== 'open' || peerEnded) this.end(session, 'ended', null);
    else this.detach(session);
  }

  #make({ record, terms, tokenHash, origin, connection }: MadeOf, kept?: KeptSession): LiveSession {
    const { settings, clock, turns } = this.#parts;
    const durableOf = (session: LiveSession): DurableSession | null =>
      turns === null || terms.keptMs === 0 ? null : new DurableSession({ turns, clock, session: () => session }, kept);
    return new LiveSession(
      record,
      {
        origin,
        durable: durableOf,
        conversation: (session) => conversationFor(session, this.#parts, this.#shared.terms(terms), kept),
        connection,
        tokenHash,
        keptMs: terms.keptMs,
        features: this.#shared.features(terms),
        requestTimeoutMs: settings.requestTimeoutMs,
        whenFull: settings.whenFull,
      },
      authenticationUntil(terms.expiresAt, clock.wall(), settings.renewBeforeMs),
    );
  }

  resume(hello: HelloFields & { readonly resume: ResumeFields }, by: ServerConnection): Resumption {
    const { clock, log } = this.#parts;
    const { session: id, tokens, next, positions, incarnation, life = 0 } = hello.resume;
    const found = this.find(id);
    const session = found?.keptMs === 0 ? undefined : found;
    const owned = session ?? this.#ended.find(id, clock.now());
    if (owned === null) return { kind: 'gone', positions: null };
    if (!isOneOf(tokens, hello.key, owned)) {
      log.warn({ session: id, remoteAddress: by.request.remoteAddress }, 'security: a resume came with a token that is not current');
      return { kind: 'refused', failure: failure('AccessDeniedError') };
    }
    if (session === undefined) return this.#over(id, incarnation);
    const peer = { ...positions, incarnation };
    // A resume never extends an authentication: the client authenticates anew.
    if (session.isExpired(clock.wall())) {
      session.connection.release();
      session.conversation.conclude(positions);
      this.end(session, 'denied', failure('AccessDeniedError', 'The authentication has ended.'));
      this.#remember(session, null);
      return this.#over(id, incarnation);
    }
    const mismatch = session.conversation.mismatch(peer);
    if (mismatch !== null) {
      // It is given up when the client begins anew, and not before: a hello that comes late, from a link that its client has left, takes nothing from it.
      log.warn({ session: id, ...mismatch }, 'a session can not be resumed: the two sides do not remember the same');
      return { kind: 'mismatched', session, mismatch };
    }
    // Before anything is moved: what a failing store can not write is not begun.
    const unable = session.durable?.trouble ?? this.#parts.gate.welcome();
    if (unable !== null) {
      this.#keepOn(session);
      return { kind: 'refused', failure: unable };
    }
    // From here on the former connection is deaf, however alive it looks [R56].
    const former = session.connection;
    session.connection = by;
    this.#lost.delete(session);
    former.release();
    session.conversation.stop();
    session.durable?.cut();
    if (session.origin === nowhere) session.origin = by.request;
    session.key = hello.key;
    rotate(session, tokens, next);
    const [formerHash, nextHash] = [session.tokenHash, session.hashOf(next)];
    this.starts.rename(session, nextHash);
    const own = session.conversation.positions();
    return {
      kind: 'resumed',
      session,
      positions: own,
      takeBack: () => {
        // A later resume that took it over brought this token as one that may be current: from there on it is.
        if (session.connection === by && session.tokenHash === nextHash) this.starts.rename(session, formerHash);
      },
      goOn: () => {
        const isEnding = session.conversation.runner.state.ownEnd !== 'open';
        session.conversation.resume(own, peer, life !== session.life);
        session.life = life;
        return { isEnding };
      },
    };
  }

  /** What is decided for it is durable; null: it is not to be. */
  written({ durable }: LiveSession): Promise<E.Either<Failure, void>> | null {
    const { turns } = this.#parts;
    if (durable === null || turns === null) return null;
    durable.changed();
    return turns.settled();
  }

  /** What is said of a session that is over: why, or that it is gone, and what had become of its stream. [R67] */
  #over(id: string, incarnation: number): Resumption {
    const { clock, store } = this.#parts;
    const ended = this.#ended.find(id, clock.now());
    // What the client shipped to an earlier life of the server, this one can not tell.
    const positions = ended === null || incarnation !== store.incarnation ? null : ended.positions;
    return ended === null || ended.failure === null ? { kind: 'gone', positions } : { kind: 'ended', failure: ended.failure, positions };
  }

  #remember({ id, tokenHash, keptMs, conversation }: LiveSession, what: Failure | null): void {
    if (keptMs > 0) this.#ended.add(id, { tokenHash, failure: what, positions: conversation.positions() }, this.#parts.clock.now());
  }

  detach(session: LiveSession): void {
    const { settings, clock, log } = this.#parts;
    const isActive = this.isActive(session);
    const over = (reason: EndReason, what: Failure | null): void => {
      // One that was never confirmed never was, unless it is taken away by name.
      if (isActive || (what !== null && reasons[what.code].ends !== null)) this.end(session, reason, what);
      else this.forget(session);
    };
    // [R55] A goodbye that its link did not outlive is one: also where it was said while the session was about to be resumed.
    if (isActive && session.conversation.runner.state.ownEnd !== 'open') return over('ended', null);
    if (session.keptMs === 0 || (this.#isLeaving && session.durable === null)) return over('expired', null);
    // Before the confirmation there is nothing to stop, and a repeated start goes on with it as it is.
    if (isActive) session.conversation.stop();
    session.durable?.cut();
    this.#left(session);
    session.connection = new DetachedConnection(clock, isActive ? session.keptMs : settings.confirmWithinMs, over);
    log.info({ session: session.id, user: session.user.id }, 'session lost its link');
    this.#lost.add(session);
    for (const oldest of this.#lost) {
      if (this.#lost.size <= settings.lostSessions) return;
      log.warn(
        { session: oldest.id, user: oldest.user.id },
        'more sessions are lost than are kept: the one that was lost first has expired',
      );
      this.giveUp(oldest);
    }
  }

  /** Its client is there and has to wait: the time of a lost session begins anew. */
  #keepOn({ connection }: LiveSession): void {
    if (connection instanceof DetachedConnection) connection.keepOn();
  }

  announce(session: LiveSession): void {
    const { log, events } = this.#parts;
    this.starts.remove(session);
    session.durable?.confirm();
    const isKnown = this.isActive(session);
    this.#entered(session);
    // [R65] The place was decided at the welcome; the goodbyes to those who had it waited for the client's word that it heard so.
    const { displaces } = session;
    session.displaces = nobodyElse;
    for (const other of displaces) other.supersede();
    if (isKnown) return log.info({ session: session.id, user: session.user.id }, 'session resumed');
    this.live.add(session);
    log.info({ session: session.id, user: session.user.id, guest: session.user.isGuest }, 'session active');
    events.emit('session', session, { recovered: false });
    session.conversation.release();
  }

  forget(session: LiveSession): void {
    this.#lost.delete(session);
    this.starts.remove(session);
    session.durable?.close();
    session.conversation.close('HelloTimeoutError');
    this.#forget(session.id);
  }

  /** It speaks for this user from now on. */
  move(session: LiveSession, user: User): void {
    const isActive = this.live.remove(session);
    const former = session.user;
    if (session.isPresent) this.presence.entered(user.id);
    session.user = onlineNow(user);
    if (session.isPresent) this.presence.left(former.id);
    if (isActive) this.live.add(session);
  }

  discard({ session }: AdmittedSession): void {
    this.#forget(session.id);
  }

  end(session: LiveSession, reason: EndReason, what: Failure | null): void {
    const { clock, log, events } = this.#parts;
    this.#lost.delete(session);
    const wasActive = this.live.remove(session);
    if (!wasActive && !this.starts.remove(session)) return;
    session.durable?.close();
    session.signingIn?.over.abort();
    const unconfirmed = session.conversation.close(what?.code ?? (reason === 'ended' ? 'SessionEndedError' : 'SessionExpiredError'));
    this.#remember(session, what ?? (reason === 'ended' ? failure('SessionEndedError') : null));
    const now = clock.wall();
    this.#owed.add('end a session', (to) => to.endSession({ id: session.id, reason, now }));
    // Nobody was told of one that was never confirmed.
    if (!wasActive) return;
    this.#left(session);
    log.info({ session: session.id, user: session.user.id, reason, unconfirmed: unconfirmed.length }, 'session ended');
    events.emit('ended', session, { reason, unconfirmed });
  }

  /** The server is about to go: what this process alone has is not kept once its link is gone. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** The server goes, and what is kept in this process alone goes with it; nobody is online. Sessions that outlive it are left as they are. */
  close(): void {
    for (const session of [...this.live.all(), ...this.starts.all()]) {
      if (session.durable === null) this.giveUp(session);
      else {
        session.connection.release();
        session.conversation.stop();
      }
    }
    this.presence.close();
  }

  /** What is left is written: nothing of this process counts any more. */
  async closed(): Promise<void> {
    for (const { durable, conversation } of [...this.live.all(), ...this.starts.all()]) {
      durable?.close();
      conversation.close('ServerDrainingError');
    }
    await this.#owed.close();
  }

  giveUp(session: LiveSession): void {
    session.connection.release();
    if (this.isActive(session)) this.end(session, 'expired', null);
    else if (this.find(session.id) === session) this.forget(session);
  }

  abandon({ session, tokens }: NonNullable<HelloFields['abandoned']>, key: string | undefined): void {
    const found = this.find(session);
    if (found === undefined) return;
    if (isOneOf(tokens, key, found)) found.leave();
    else this.#parts.log.warn({ session }, 'security: a session was named as abandoned with a token that is not its own');
  }

  isActive(session: LiveSession): boolean {
    return this.live.byId(session.id) === session;
  }

  // A link that is taken over was not lost, and one that was lost is left once: presence counts sessions, not links.

  #entered(session: LiveSession): void {
    if (session.isPresent) return;
    session.isPresent = true;
    this.presence.entered(session.user.id);
  }

  #left(session: LiveSession): void {
    if (!session.isPresent) return;
    session.isPresent = false;
    this.presence.left(session.user.id);
  }

  #forget(id: string): void {
    this.#owed.add('forget a session', (to) => to.forgetSession(id));
  }
}

/** A sign-in that is under way goes on for who knows its token, and for nobody else: with the former token alone, anybody might be there. */
const rotate = (session: LiveSession, tokens: readonly string[], next: string): void => {
  const { signingIn } = session;
  if (signingIn === null) return;
  if ([...tokens, next].some((token) => isSameHash(signingIn.tokenHash, session.hashOf(token)))) {
    signingIn.tokenHash = session.hashOf(next);
    signingIn.isRotated = true;
  } else signingIn.over.abort();
};

/** Is one of the tokens that are shown the session's current one? [R57] */
const isOneOf = (tokens: readonly string[], key: string | undefined, { tokenHash }: Pick<LiveSession, 'tokenHash'>): boolean =>
  tokens.some((token) => isSameHash(tokenHash, hashOfToken(token, key)));
