import { either as E } from 'fp-ts';
import type { KeptSession } from '../../machines/ports/store.js';
import type { User } from '../../machines/ports/user.js';
import { type EndReason, type Failure, failure, reasons } from '../../machines/reasons.js';
import type { HelloFields, ResumeFields } from '../wire/frames.js';
import type { Addresses } from './addresses.js';
import { type AdmittedSession, keptMsOf } from './admission.js';
import type { AdmissionGate } from './admission-gate.js';
import type { StartAttempt } from './attempt.js';
import type { ServerConnection } from './connection.js';
import type { Resumption, SessionKeeping } from './connection-server.js';
import { DetachedConnection } from './detached.js';
import { EndedSessions } from './ended-sessions.js';
import { LiveSessions } from './live.js';
import { LostSessions } from './lost-sessions.js';
import { OwedWrites } from './owed-writes.js';
import { placeFor } from './places.js';
import { Presence } from './presence.js';
import { PresenceWrites } from './presence-writes.js';
import { Resumes } from './resumes.js';
import { type LiveSession, nobodyElse, onlineNow } from './session.js';
import { nobody, nowhere, SessionMaker, type SessionMakerParts } from './session-maker.js';
import { Starts } from './starts.js';
import type { StoreKeeper } from './store-keeper.js';

export interface SessionKeeperParts extends SessionMakerParts {
  readonly store: StoreKeeper;
  readonly gate: AdmissionGate;
  readonly addresses: Addresses;
}

/** The sessions of this process, from their admission to their end: each is unconfirmed, then active, then written as ended; or forgotten. */
export class SessionKeeper implements SessionKeeping {
  readonly live = new LiveSessions();
  readonly starts = new Starts<ServerConnection>();
  readonly presence: Presence;
  #isLeaving = false;
  readonly ended: EndedSessions;
  /** Those whose link is lost. */
  readonly lost: LostSessions;
  readonly #parts: SessionKeeperParts;
  readonly #maker: SessionMaker;
  readonly #resumes: Resumes;
  /** What is to be written, however long the store fails. */
  readonly #owed: OwedWrites;

  constructor(parts: SessionKeeperParts) {
    this.#parts = parts;
    this.#maker = new SessionMaker(parts);
    this.#resumes = new Resumes(parts, this);
    this.ended = new EndedSessions(parts.settings.resumeWindowMs);
    const { clock, settings, store } = parts;
    this.lost = new LostSessions(parts.addresses, { all: settings.lostSessions, ofAddress: settings.connectionsPerAddress });
    this.#owed = new OwedWrites(store, clock);
    const writes = new PresenceWrites(store, this.#owed, (userId) => this.presence.isOnline(userId));
    this.presence = new Presence(clock, settings.presenceGraceMs, (userId, online) => void writes.write(userId, online));
  }

  /** Are there as many sessions as there may be? */
  get isFull(): boolean {
    return this.live.size + this.starts.unconfirmedCount >= this.#parts.settings.sessions;
  }

  /** By id, whether it is confirmed or not. */
  find(id: string): LiveSession | undefined {
    return this.live.byId(id) ?? this.starts.byId(id);
  }

  /** All sessions of a user, confirmed or not. */
  ofUser(name: string): readonly LiveSession[] {
    return [...this.live.byUser(name), ...this.starts.byUser(name)];
  }

  takeOver({ hello, tokenHash, start }: StartAttempt, by: ServerConnection): LiveSession | null {
    const session = this.starts.find(tokenHash, start.username);
    if (session === null) return null;
    const former = session.connection;
    session.connection = by;
    this.lost.delete(session);
    former.release();
    session.key = hello.key;
    if (session.origin === nowhere) session.origin = by.request;
    return session;
  }

  open(admitted: AdmittedSession, { hello, tokenHash }: StartAttempt, connection: ServerConnection): E.Either<Failure, LiveSession> {
    const { settings, log } = this.#parts;
    const { user } = admitted.session;
    const place = placeFor({ rule: settings.sessionsPerUser, log }, user, () => this.ofUser(user.name));
    const refused = place.kind === 'taken' ? place.failure : this.isFull ? this.#parts.gate.turnAway() : this.#parts.gate.welcome();
    if (refused !== null) {
      this.discard(admitted);
      return E.left(refused);
    }
    const keptMs = keptMsOf(settings, hello);
    const terms = { keptMs, window: hello.window, features: hello.features, expiresAt: admitted.expiresAt };
    const session = this.#maker.make({ record: admitted.session, terms, tokenHash, origin: connection.request, connection });
    session.key = hello.key;
    if (place.kind === 'free') session.displaces = place.displaces;
    this.#isMade(session);
    this.starts.add(session);
    return E.right(session);
  }

  /** [R24] The same token is the same start. Another session of it, left by an earlier process, came to nothing: it was restored while this one was decided, or could not be forgotten. */
  #isMade({ tokenHash, user }: LiveSession): void {
    const former = this.starts.find(tokenHash, user.name);
    if (former !== null) this.giveUp(former);
  }

  /** A session that an earlier process left, as the store has it: lost, until its client comes back. */
  restore(kept: KeptSession): void {
    const { record, tokenHash, terms, confirmed } = kept;
    const session = this.#maker.make({ record, terms, tokenHash, origin: nowhere, connection: nobody }, kept);
    // There is no link: nothing is to leave. Before the confirmation nothing does, and a repeated start goes on with it as it is.
    if (confirmed) session.conversation.stop();
    session.durable?.restored();
    session.life = kept.life;
    session.signedIn = kept.signIn;
    const { ownEnd, peerEnded } = session.conversation.runner.state;
    // [R55] A goodbye that its link did not outlive is one.
    const isOver = ownEnd !== 'open' || peerEnded;
    if (!confirmed) this.#isMade(session);
    (confirmed ? this.live : this.starts).add(session);
    // Before its app hears of it, which may take it away at once.
    if (!isOver) this.detach(session);
    if (this.isActive(session)) {
      this.#parts.events.emit('session', session, { recovered: true });
      session.conversation.release();
    }
    if (isOver) this.end(session, 'ended', null);
  }

  resume(hello: HelloFields & { readonly resume: ResumeFields }, by: ServerConnection): Resumption {
    return this.#resumes.resume(hello, by);
  }

  abandon(abandoned: NonNullable<HelloFields['abandoned']>, key: string | undefined): void {
    this.#resumes.abandon(abandoned, key);
  }

  /** What is decided for it is durable; null: it is not to be. */
  written({ durable }: LiveSession): Promise<E.Either<Failure, void>> | null {
    const { turns } = this.#parts;
    if (durable === null || turns === null) return null;
    durable.changed();
    return turns.settled();
  }

  /** Who comes back for it is told this: that it is gone where that is null. */
  remember({ id, tokenHash, keptMs, conversation }: LiveSession, what: Failure | null): void {
    if (keptMs > 0) this.ended.add(id, { tokenHash, failure: what, positions: conversation.positions() }, this.#parts.clock.now());
  }

  detach(session: LiveSession): void {
    const { settings, clock, log, limited } = this.#parts;
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
    this.presence.left(session);
    session.connection = new DetachedConnection(clock, isActive ? session.keptMs : settings.confirmWithinMs, over);
    log.info({ session: session.id, user: session.user.id }, 'session lost its link');
    const surplus = this.lost.add(session);
    if (surplus === null) return;
    const { session: oldest, limit } = surplus;
    limited.warn(
      { session: oldest.id, user: oldest.user.id, limit },
      'more sessions are lost than are kept: the one that was lost first has expired',
    );
    this.giveUp(oldest);
  }

  announce(session: LiveSession): void {
    const { log, events } = this.#parts;
    this.starts.remove(session);
    session.durable?.confirm();
    const isKnown = this.isActive(session);
    this.presence.entered(session);
    // [R65] The place was decided at the welcome; the goodbyes to those who had it waited for the client's word that it heard so.
    const { displaces } = session;
    session.displaces = nobodyElse;
    // One that signed in meanwhile speaks for somebody else.
    for (const other of displaces) if (other.user.id === session.user.id) other.supersede();
    if (isKnown) return log.info({ session: session.id, user: session.user.id }, 'session resumed');
    this.live.add(session);
    log.info({ session: session.id, user: session.user.id, guest: session.user.isGuest }, 'session active');
    events.emit('session', session, { recovered: false });
    session.conversation.release();
  }

  forget(session: LiveSession): void {
    this.lost.delete(session);
    this.starts.remove(session);
    session.durable?.close();
    session.conversation.close('HelloTimeoutError');
    this.#forget(session.id);
  }

  /** It speaks for this user from now on. */
  move(session: LiveSession, user: User): void {
    const isActive = this.live.remove(session);
    const former = session.user;
    session.user = onlineNow(user);
    this.presence.moved(session, former);
    if (isActive) this.live.add(session);
  }

  discard({ session }: AdmittedSession): void {
    this.#forget(session.id);
  }

  end(session: LiveSession, reason: EndReason, what: Failure | null): void {
    const { clock, log, events } = this.#parts;
    this.lost.delete(session);
    const wasActive = this.live.remove(session);
    if (!wasActive && !this.starts.remove(session)) return;
    session.durable?.close();
    session.signingIn?.over.abort();
    const unconfirmed = session.conversation.close(what?.code ?? (reason === 'ended' ? 'SessionEndedError' : 'SessionExpiredError'));
    this.remember(session, what ?? (reason === 'ended' ? failure('SessionEndedError') : null));
    const now = clock.wall();
    this.#owed.add('end a session', (to) => to.endSession({ id: session.id, reason, now }));
    // Nobody was told of one that was never confirmed.
    if (!wasActive) return;
    this.presence.left(session);
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
    for (const session of [...this.live.all(), ...this.starts.all()]) {
      session.durable?.close();
      session.conversation.close('ServerDrainingError');
      // What the app still asks of it is the next process's to do, as nobody writes it any more.
      session.connection = nobody;
    }
    await this.#owed.close();
    // Nobody can ask any more.
    this.ended.clear();
  }

  giveUp(session: LiveSession): void {
    session.connection.release();
    if (this.isActive(session)) this.end(session, 'expired', null);
    else if (this.find(session.id) === session) this.forget(session);
  }

  isActive(session: LiveSession): boolean {
    return this.live.byId(session.id) === session;
  }

  #forget(id: string): void {
    this.#owed.add('forget a session', (to) => to.forgetSession(id));
  }
}
