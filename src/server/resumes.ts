import { failure } from '../../machines/reasons.js';
import type { HelloFields, ResumeFields } from '../wire/frames.js';
import { hashOfToken, isSameHash } from './admission.js';
import type { ServerConnection } from './connection.js';
import type { Resumption } from './connection-server.js';
import { DetachedConnection } from './detached.js';
import type { LiveSession } from './session.js';
import type { SessionKeeper, SessionKeeperParts } from './session-keeper.js';
import { nowhere } from './session-maker.js';

type Parts = Pick<SessionKeeperParts, 'clock' | 'limited' | 'gate' | 'store'>;
type Keeper = Pick<SessionKeeper, 'find' | 'starts' | 'lost' | 'ended' | 'end' | 'remember'>;

/** What clients ask of sessions that they had before: to go on with them, or to let go of them. */
export class Resumes {
  readonly #parts: Parts;
  readonly #keeper: Keeper;

  constructor(parts: Parts, keeper: Keeper) {
    this.#parts = parts;
    this.#keeper = keeper;
  }

  resume(hello: HelloFields & { readonly resume: ResumeFields }, by: ServerConnection): Resumption {
    const { clock, limited } = this.#parts;
    const { session: id, tokens, next, positions, incarnation, life = 0 } = hello.resume;
    const found = this.#keeper.find(id);
    const session = found?.keptMs === 0 ? undefined : found;
    const owned = session ?? this.#keeper.ended.find(id, clock.now());
    if (owned === null) return { kind: 'gone', positions: null };
    if (!isOneOf(tokens, hello.key, owned)) {
      limited.warn({ session: id, remoteAddress: by.request.remoteAddress }, 'security: a resume came with a token that is not current');
      return { kind: 'refused', failure: failure('AccessDeniedError') };
    }
    if (session === undefined) return this.#over(id, incarnation);
    const peer = { ...positions, incarnation };
    // A resume never extends an authentication: the client authenticates anew.
    if (session.isExpired(clock.wall())) {
      session.connection.release();
      session.conversation.conclude(positions, life !== session.life);
      this.#keeper.end(session, 'denied', failure('AccessDeniedError', 'The authentication has ended.'));
      this.#keeper.remember(session, null);
      return this.#over(id, incarnation);
    }
    const mismatch = session.conversation.mismatch(peer);
    if (mismatch !== null) {
      // It is given up when the client begins anew, and not before: a hello that comes late, from a link that its client has left, takes nothing from it.
      limited.warn({ session: id, ...mismatch }, 'a session can not be resumed: the two sides do not remember the same');
      return { kind: 'mismatched', session, mismatch };
    }
    // Before anything is moved: what a failing store can not write is not begun.
    const unable = session.durable?.trouble ?? this.#parts.gate.welcome();
    if (unable !== null) {
      keepOn(session);
      return { kind: 'refused', failure: unable };
    }
    // From here on the former connection is deaf, however alive it looks [R56].
    const former = session.connection;
    session.connection = by;
    this.#keeper.lost.delete(session);
    former.release();
    session.conversation.stop();
    session.durable?.cut();
    if (session.origin === nowhere) session.origin = by.request;
    session.key = hello.key;
    rotate(session, tokens, next);
    const [formerHash, nextHash] = [session.tokenHash, session.hashOf(next)];
    this.#keeper.starts.rename(session, nextHash);
    const own = session.conversation.positions();
    return {
      kind: 'resumed',
      session,
      positions: own,
      takeBack: () => {
        // A later resume that took it over brought this token as one that may be current: from there on it is.
        if (session.connection === by && session.tokenHash === nextHash) this.#keeper.starts.rename(session, formerHash);
      },
      goOn: () => {
        const isEnding = session.conversation.runner.state.ownEnd !== 'open';
        session.conversation.resume(own, peer, life !== session.life);
        session.life = life;
        return { isEnding };
      },
    };
  }

  /** What is said of a session that is over: why, or that it is gone, and what had become of its stream. [R67] */
  #over(id: string, incarnation: number): Resumption {
    const { clock, store } = this.#parts;
    const ended = this.#keeper.ended.find(id, clock.now());
    // What the client shipped to an earlier life of the server, this one can not tell.
    const positions = ended === null || incarnation !== store.incarnation ? null : ended.positions;
    return ended === null || ended.failure === null ? { kind: 'gone', positions } : { kind: 'ended', failure: ended.failure, positions };
  }

  abandon({ session, tokens }: NonNullable<HelloFields['abandoned']>, key: string | undefined): void {
    const found = this.#keeper.find(session);
    if (found === undefined) return;
    if (isOneOf(tokens, key, found)) found.leave();
    else this.#parts.limited.warn({ session }, 'security: a session was named as abandoned with a token that is not its own');
  }
}

/** Its client is there and has to wait: the time of a lost session begins anew. */
const keepOn = ({ connection }: LiveSession): void => {
  if (connection instanceof DetachedConnection) connection.keepOn();
};

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
