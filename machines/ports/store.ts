import type { EndReason, Failure } from '../reasons.js';
import type { JournalPart, StoredPositions } from '../stream/journal.js';
import type { StreamWindow } from '../stream/packets.js';
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
    /** How its streams are kept, where they are to outlive this process; null: they are not. */
    readonly terms: StreamTermsKept | null;
  };
  readonly now: number;
}

/** What a session needs, besides its streams, to go on in a later process. */
export interface StreamTermsKept {
  /** How long it is kept after a lost link, in milliseconds. */
  readonly keptMs: number;
  /** What its client can hold. */
  readonly window: StreamWindow;
  /** The features that its client named. */
  readonly features: readonly string[];
  /** When its authentication ends, milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
}

/** Whom a live session speaks for from now on, as one transaction: the user is found, created or registered, and the session is theirs. */
export interface Identification {
  readonly sessionId: string;
  /** An authenticated user's; a guest of that name becomes registered. */
  readonly username: string;
  /** What the authenticator said about the user; written over what was there. */
  readonly profile: Profile;
  /** What proves from now on whose session it is, as in an admission. */
  readonly tokenHash: string;
  /** The number of the sign-in in its stream, which is kept with the session's streams; null: the credential of the same user is renewed. */
  readonly signIn: number | null;
  /** When the authentication ends, milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
  readonly now: number;
}

/** As of an admission; `revoked` never has the session itself. */
export type Identified = Admitted;

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
  /** `identify`: there is no active session of this id. Nothing was written. */
  | { readonly kind: 'sessionUnknown'; readonly id: string }
  /** `updateUser`, `setPresence`: there is no such user. */
  | { readonly kind: 'userUnknown'; readonly id: number }
  /** The store itself failed; nothing of the operation was written. */
  | { readonly kind: 'unavailable'; readonly failure: Failure };

export type StoreTask<A> = TaskEither<StoreFailure, A>;

/** How often what was shipped again may have run, by number: what its handler dies of each time is passed over in the end. */
export type Attempts = readonly (readonly [number: number, runs: number])[];

/** What one turn decided for one session. */
export interface SessionTurn {
  readonly id: string;
  /** The hash of the token that is now current. */
  readonly tokenHash: string;
  /** Its client is known to have its welcome. */
  readonly confirmed: boolean;
  readonly expiresAt: number | null;
  /** The client's life that was told last. */
  readonly life: number;
  readonly positions: StoredPositions;
  readonly attempts: Attempts;
  /** What the turn added to the journal, under a number that is higher than those before; null: nothing. */
  readonly part: { readonly number: number; readonly body: JournalPart } | null;
  /** Parts of the journal with a lower number are over. */
  readonly dropBefore: number;
}

/** A session whose streams an earlier process left. */
export interface KeptSession {
  readonly record: SessionRecord;
  readonly tokenHash: string;
  readonly confirmed: boolean;
  readonly terms: StreamTermsKept;
  readonly life: number;
  /** The number of the sign-in that was identified last: it is accepted, whatever came to be said of it. 0: none. */
  readonly signIn: number;
  /** Null where no turn was written. */
  readonly positions: StoredPositions | null;
  readonly attempts: Attempts;
  /** By number, ascending. */
  readonly parts: readonly (readonly [number: number, part: JournalPart])[];
}

/** Keeps streams, so that sessions outlive the process. */
export interface StreamStore {
  /** The sessions that are ACTIVE and were admitted with terms. One whose rows can not be read is ended as `expired`, and its trouble told in `broken`. */
  load(at: { readonly now: number }): StoreTask<{ readonly sessions: readonly KeptSession[]; readonly broken: readonly string[] }>;
  /** One turn, one transaction. A session that has ended, or was admitted without terms, is passed over. */
  commit(turns: readonly SessionTurn[]): StoreTask<void>;
}

/**
 * Where users and sessions are kept. Every operation is one transaction: it happened as a whole, or it answers with a failure and
 * nothing was written. Operations of one store take effect in the order in which they were begun.
 */
export interface SessionStore {
  /** A short name for logs: `memory`, `sqlite`. */
  readonly name: string;
  /** Null where sessions do not outlive the process. */
  readonly streams: StreamStore | null;
  /**
   * Become the writer. Sessions that an earlier life left ACTIVE are ended as `expired`, but for those whose streams are kept; all users go offline.
   * `incarnation` is one more than at the last open (1 at the first).
   */
  open(at: { readonly now: number }): StoreTask<{ readonly incarnation: number; readonly expired: number }>;
  /** Give back files and connections. Everything acknowledged is durable. Nothing may be begun after it. */
  close(): StoreTask<void>;

  admit(admission: Admission): StoreTask<Admitted>;
  identify(identification: Identification): StoreTask<Identified>;
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
