import type { EndReason, Failure } from '../reasons.js';
import type { TaskEither } from './either.js';
import type { Presence, Profile, User } from './user.js';

/** One session as the store keeps it. Times are milliseconds since the epoch, from the server's wall clock. */
export interface SessionRecord {
  /** 22 characters, base64url: 128 random bits. Not a secret. */
  readonly id: string;
  readonly state: 'ACTIVE' | 'ENDED';
  readonly user: User;
  /** What the client says it is, or null. */
  readonly userAgent: string | null;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly endReason: EndReason | null;
}

/** Whom to let in, as one transaction: the user is found, created or registered, and the session is saved. */
export interface Admission {
  readonly username: string;
  /** A guest takes a name that nobody registered. `registered`: an authenticated user; a guest of that name becomes registered. */
  readonly as: 'guest' | 'registered';
  /** What the authenticator said about the user; written over what was there. */
  readonly profile: Profile;
  readonly session: {
    readonly id: string;
    /** SHA-256 of the session's token and API key, base64url: the token itself is never stored. */
    readonly tokenHash: string;
    readonly userAgent: string | null;
  };
  readonly now: number;
}

export interface Admitted {
  readonly user: User;
  readonly session: SessionRecord;
  /** The user was not known before. */
  readonly created: boolean;
  /** Sessions of guests who held the name until it was registered by this admission: ended as `revoked` in the same transaction. */
  readonly revoked: readonly SessionRecord[];
}

/** A part of a list. Pages count from 0. */
export interface PageRequest {
  readonly page: number;
  /** 1 to 200. */
  readonly size: number;
}

export interface Page<Row> {
  readonly items: readonly Row[];
  readonly page: number;
  readonly size: number;
  /** How many rows there are on all pages. */
  readonly total: number;
}

export interface SessionFilter extends PageRequest {
  readonly state?: SessionRecord['state'];
  /** A username. */
  readonly username?: string;
}

export interface UserFilter extends PageRequest {
  readonly online?: boolean;
  readonly isGuest?: boolean;
}

/** What a store answers when it can not do what it was asked to. */
export type StoreFailure =
  /** A guest may not take this name. Nothing was written. */
  | { readonly kind: 'nameRegistered'; readonly name: string }
  /** `createUser`: the name is taken. Nothing was written. */
  | { readonly kind: 'userExists'; readonly name: string }
  /** `updateUser`, `setPresence`: there is no such user. */
  | { readonly kind: 'userUnknown'; readonly id: number }
  /** The store itself failed; nothing of the operation was written. */
  | { readonly kind: 'unavailable'; readonly failure: Failure };

export type StoreTask<A> = TaskEither<StoreFailure, A>;

/**
 * Where users and sessions are kept. Every operation is one transaction: it happened as a whole, or it answers with a failure and
 * nothing was written. Operations of one store take effect in the order in which they were begun.
 */
export interface SessionStore {
  /** A short name for logs: `memory`, `sqlite`. */
  readonly name: string;
  /**
   * Become the writer. Sessions that an earlier life left ACTIVE are ended as `expired`, all users go offline.
   * `incarnation` is one more than at the last open (1 at the first).
   */
  open(at: { readonly now: number }): StoreTask<{ readonly incarnation: number; readonly expired: number }>;
  /** Give back files and connections. Everything acknowledged is durable. Nothing may be begun after it. */
  close(): StoreTask<void>;

  admit(admission: Admission): StoreTask<Admitted>;
  /** End a session. Null where there is none of that id; one that has ended already is given back as it is. */
  endSession(end: { readonly id: string; readonly reason: EndReason; readonly now: number }): StoreTask<SessionRecord | null>;
  /** Remove a session that its client never confirmed, as if it had not been, with the user where the session's admission created them. */
  forgetSession(id: string): StoreTask<void>;
  findSession(id: string): StoreTask<SessionRecord | null>;
  /** Newest first. */
  listSessions(filter: SessionFilter): StoreTask<Page<SessionRecord>>;

  /** Create a user who is not a guest. */
  createUser(user: { readonly name: string; readonly profile: Profile }): StoreTask<User>;
  updateUser(change: { readonly id: number; readonly profile: Profile }): StoreTask<User>;
  setPresence(change: { readonly id: number; readonly presence: Partial<Presence> }): StoreTask<User>;
  findUser(by: { readonly name: string } | { readonly id: number }): StoreTask<User | null>;
  /** By id, ascending. */
  listUsers(filter: UserFilter): StoreTask<Page<User>>;
}
