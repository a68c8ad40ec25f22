/** Whom a live session speaks for: its client signs in under another name, or renews the credential of the same one. Rules: docs/protocol.md, [R61] [R62]. */
import { either as E } from 'fp-ts';
import type { Clock } from '../../machines/ports/host.js';
import type { JsonObject } from '../../machines/ports/json.js';
import type { User } from '../../machines/ports/user.js';
import { type Failure, failure } from '../../machines/reasons.js';
import type { ArrivedSignIn } from '../../machines/stream/packets.js';
import { signInFeature } from '../wire/limits.js';
import { type AdmissionEnv, type IdentifiedSession, identify, isSameHash } from './admission.js';
import type { ServerEvents } from './api.js';
import type { Emitter } from './emitter.js';
import type { Logger } from './logger.js';
import type { Settings } from './options.js';
import { placeFor } from './places.js';
import { authenticationUntil, type LiveSession, type SigningIn } from './session.js';

export interface IdentityParts {
  readonly env: AdmissionEnv;
  readonly settings: Settings;
  readonly clock: Pick<Clock, 'wall'>;
  readonly log: Logger;
  readonly events: Emitter<ServerEvents>;
  readonly sessions: {
    find(id: string): LiveSession | undefined;
    ofUser(name: string): readonly LiveSession[];
    isActive(session: LiveSession): boolean;
    /** What is decided for it is durable; null: it is not to be. */
    written(session: LiveSession): Promise<E.Either<Failure, void>> | null;
    /** It speaks for this user from now on. */
    move(session: LiveSession, user: User): void;
  };
}

const tooLate: Failure = failure('AccessDeniedError', 'Nobody waits for the verdict any more.');
/** No verdict on the user. */
const overtaken: Failure = failure('AuthenticationUnavailableError', 'Something else came before it.');

export class Identities {
  readonly #parts: IdentityParts;
  /** Those that are being judged. */
  readonly #renewals = new Set<AbortController>();

  constructor(parts: IdentityParts) {
    this.#parts = parts;
  }

  /** The server goes: nobody waits for a verdict any more. A sign-in of a session that outlives it is judged by the next process. */
  close(sessions: Iterable<LiveSession>): void {
    for (const renewal of this.#renewals) renewal.abort();
    for (const { signingIn } of sessions) signingIn?.over.abort();
  }

  /** A sign-in has come: what is wrong with it, or how to judge it when its turn has come. */
  signIn(session: LiveSession, item: ArrivedSignIn, number: number): Failure | (() => Promise<Failure | null>) {
    if (!session.features.includes(signInFeature)) return failure('ProtocolError', 'A sign-in came that was not agreed on.');
    const tokenHash = session.hashOf(item.token);
    // Who had the session before must not have it after.
    if (isSameHash(tokenHash, session.tokenHash)) return failure('ProtocolError', 'A sign-in came with a token that is in use.');
    if (number === session.signedIn) return async () => this.#say(session, tokenHash, number);
    const signingIn: SigningIn = { tokenHash, isRotated: false, over: new AbortController() };
    session.signingIn = signingIn;
    return async () => {
      const problem = await this.#judge(session, signingIn, item, number);
      session.signingIn = null;
      return problem;
    };
  }

  /** An earlier life wrote it, and did not come to say so. What it asked for is so: its credential may be good no more. The token is the one that it brings now. */
  #say(session: LiveSession, tokenHash: string, to: number): null {
    session.tokenHash = tokenHash;
    session.conversation.identify(session.user, { to, expiresAt: session.expiresAt });
    this.#parts.log.info({ session: session.id, user: session.user.id }, 'session signed in, as an earlier life has written');
    return null;
  }

  async #judge(session: LiveSession, signingIn: SigningIn, { username, authParams }: ArrivedSignIn, to: number): Promise<Failure | null> {
    const { settings, clock, log, events, sessions } = this.#parts;
    const { signal } = signingIn.over;
    const isWaitedFor = (): boolean => !signal.aborted && sessions.isActive(session);
    const fence = new Fence(session);
    const commit = (): E.Either<Failure, string> => {
      if (!isWaitedFor()) return E.left(tooLate);
      const place = this.#place(session, username);
      if (place.kind === 'taken') return E.left(place.failure);
      // From here on its token alone is good: who comes with the former one while it is written would find a session of somebody else.
      if (!signingIn.isRotated) fence.raise(signingIn.tokenHash);
      return E.right(signingIn.tokenHash);
    };
    // What came before it is done, and that is written: were it handled again in a later life, it would be for the new user.
    const written = await (sessions.written(session) ?? E.right(undefined));
    if (E.isLeft(written)) return written.left;
    const start = { username, authParams };
    const identified = await identify(this.#parts.env, {
      sessionId: session.id,
      signIn: to,
      start,
      request: session.origin,
      signal,
      commit,
    })();
    if (E.isLeft(identified)) {
      if (!signingIn.isRotated) fence.lower();
      log.info({ session: session.id, username, code: identified.left.code }, 'a sign-in was refused');
      return signal.aborted ? tooLate : identified.left;
    }
    this.#revoke(identified.right);
    // It is over meanwhile, which the store knows too.
    if (!isWaitedFor()) return tooLate;
    const { user, expiresAt } = identified.right;
    const former = session.user;
    sessions.move(session, user);
    session.authentication = authenticationUntil(expiresAt, clock.wall(), settings.renewBeforeMs);
    session.conversation.identify(session.user, { to, expiresAt });
    const place = this.#place(session, username);
    if (place.kind === 'free') for (const other of place.displaces) other.supersede();
    log.info({ session: session.id, user: user.id, former: former.id }, 'session signed in');
    events.emit('identity', session, { former });
    return null;
  }

  /** A credential for the user that the session has. `isCurrent`: is the connection there that brought it? */
  async renew(
    session: LiveSession,
    { authParams, token }: { readonly authParams: JsonObject; readonly token: string },
    isCurrent: () => boolean,
  ): Promise<Failure | null> {
    const { settings, clock, log, sessions } = this.#parts;
    const { user } = session;
    if (user.isGuest) return failure('AccessDeniedError', 'A guest has nothing to renew.');
    const tokenHash = session.hashOf(token);
    const fence = new Fence(session);
    const commit = (): E.Either<Failure, string> => {
      if (!isCurrent() || session.signingIn !== null || session.user.id !== user.id) return E.left(overtaken);
      fence.raise(tokenHash);
      return E.right(tokenHash);
    };
    const start = { username: user.name, authParams };
    const over = new AbortController();
    this.#renewals.add(over);
    const renewed = await identify(this.#parts.env, {
      sessionId: session.id,
      signIn: null,
      start,
      request: session.origin,
      signal: over.signal,
      commit,
    })();
    this.#renewals.delete(over);
    if (E.isLeft(renewed)) {
      // Who left the link that brought it offers both tokens, and may have been told since that this one is the session's.
      if (isCurrent()) fence.lower();
      log.info({ session: session.id, user: user.id, code: renewed.left.code }, 'a renewal was refused');
      return renewed.left;
    }
    this.#revoke(renewed.right);
    if (!sessions.isActive(session) || session.user.id !== user.id) return null;
    sessions.move(session, renewed.right.user);
    session.authentication = authenticationUntil(renewed.right.expiresAt, clock.wall(), settings.renewBeforeMs);
    session.conversation.identify(session.user);
    session.durable?.changed();
    log.info({ session: session.id, user: user.id }, 'session renewed');
    return null;
  }

  /** Among the sessions that the user has besides this one. A guest's of the name are revoked where it is registered. */
  #place(session: LiveSession, username: string): ReturnType<typeof placeFor> {
    const { settings, log, sessions } = this.#parts;
    const others = sessions.ofUser(username).filter((other) => other !== session && !other.user.isGuest);
    const [first] = others;
    return first === undefined
      ? { kind: 'free', displaces: [] }
      : placeFor({ rule: settings.sessionsPerUser, log }, first.user, () => others);
  }

  #revoke({ revoked }: IdentifiedSession): void {
    for (const { id } of revoked) this.#parts.sessions.find(id)?.revoke();
  }
}

/** The session's token while another one is being written. */
class Fence {
  readonly #session: LiveSession;
  #former: string | null = null;
  #raised = '';

  constructor(session: LiveSession) {
    this.#session = session;
  }

  raise(tokenHash: string): void {
    this.#former = this.#session.tokenHash;
    this.#raised = tokenHash;
    this.#session.tokenHash = tokenHash;
  }

  /** It was not written: the former one is good again, unless there is a later one already. */
  lower(): void {
    if (this.#former === null || this.#session.tokenHash !== this.#raised) return;
    this.#session.tokenHash = this.#former;
    this.#session.durable?.changed();
  }
}
