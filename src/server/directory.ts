import { either as E, function as F, taskEither as TE } from 'fp-ts';
import type { Page, PageRequest, SessionRecord, SessionStore, StoreTask } from '../../machines/ports/store.js';
import type { Presence, Profile, User } from '../../machines/ports/user.js';
import { type Failure, failure } from '../../machines/reasons.js';
import { type Result, toResult } from '../result.js';
import { usernameProblem } from '../wire/username.js';

/** 25 rows fit a screen. */
const pageSizeDefault = 25;

/** Which page of a list. Pages count from 0. */
export type PageQuery = Partial<PageRequest>;
export type UserQuery = PageQuery & { readonly online?: boolean; readonly isGuest?: boolean };
export type SessionQuery = PageQuery & { readonly state?: SessionRecord['state']; readonly username?: string };

const paged = ({ page = 0, size = pageSizeDefault }: PageQuery): PageRequest => ({ page, size });

/** The store's answer, once the store is open. */
export type AskStore = <A>(ask: (store: SessionStore) => StoreTask<A>) => TE.TaskEither<Failure, A>;

/** The users that a server knows. */
export interface Users {
  /** Create a user who is not a guest. Errors: InvalidUsernameError, UserExistsError. */
  create(user: { readonly name: string } & Profile): Promise<Result<{ user: User }>>;
  /** Change a user's profile. Errors: UserUnknownError. */
  update(id: number, profile: Profile): Promise<Result<{ user: User }>>;
  /** Set what a user says about their presence; whether they are online is derived from their sessions. Errors: UserUnknownError. */
  setStatus(id: number, status: Presence['status']): Promise<Result<{ user: User }>>;
  /** By name or id; null where there is none. */
  find(by: { readonly name: string } | { readonly id: number }): Promise<Result<{ user: User | null }>>;
  /** A page of users, by id. */
  list(query?: UserQuery): Promise<Result<{ users: Page<User> }>>;
}

export const usersOf = (ask: AskStore): Users => ({
  create: async ({ name, ...profile }) => {
    const problem = usernameProblem(name);
    const created = F.pipe(
      TE.fromEither(problem === null ? E.right(name) : E.left(failure('InvalidUsernameError', `It ${problem}.`))),
      TE.chain(() => ask((store) => store.createUser({ name, profile }))),
    );
    return toResult(await created(), (user) => ({ user }));
  },
  update: async (id, profile) => toResult(await ask((store) => store.updateUser({ id, profile }))(), (user) => ({ user })),
  setStatus: async (id, status) => toResult(await ask((store) => store.setPresence({ id, presence: { status } }))(), (user) => ({ user })),
  find: async (by) => toResult(await ask((store) => store.findUser(by))(), (user) => ({ user })),
  list: async ({ online, isGuest, ...page } = {}) =>
    toResult(await ask((store) => store.listUsers({ ...paged(page), online, isGuest }))(), (users) => ({ users })),
});

/** The sessions that a server knows, those that have ended included. */
export interface Sessions {
  /** By id; null where there is none. */
  find(id: string): Promise<Result<{ session: SessionRecord | null }>>;
  /** A page of sessions, newest first. */
  list(query?: SessionQuery): Promise<Result<{ sessions: Page<SessionRecord> }>>;
  /** Take a session away at once; its client stays away. Errors: SessionUnknownError. */
  revoke(id: string): Promise<Result<{ session: SessionRecord }>>;
  /**
   * Take all active sessions of a user away, starts that are under way included. Written by the time it answers; `revoked` counts the sessions
   * that there were. Errors: InvalidUsernameError.
   */
  revokeUser(username: string): Promise<Result<{ revoked: number }>>;
}

export interface Revoker {
  /** Ask the live session of this id, if there is one, to go. */
  dismiss(id: string): void;
  /** Refuse the starts of this user that are being decided. */
  refuseStarts(username: string): void;
  wall(): number;
}

export const sessionsOf = (ask: AskStore, revoker: Revoker): Sessions => ({
  find: async (id) => toResult(await ask((store) => store.findSession(id))(), (session) => ({ session })),
  list: async ({ state, username, ...page } = {}) =>
    toResult(await ask((store) => store.listSessions({ ...paged(page), state, username }))(), (sessions) => ({ sessions })),
  revoke: async (id) => {
    const revoked = F.pipe(
      ask((store) => store.endSession({ id, reason: 'revoked', now: revoker.wall() })),
      TE.chain((session) =>
        TE.fromEither(session === null ? E.left(failure('SessionUnknownError', `Id: ${String(id).slice(0, 64)}.`)) : E.right(session)),
      ),
    );
    const answer = await revoked();
    // Written first: a client that is told so and asks again finds it so.
    if (E.isRight(answer)) revoker.dismiss(id);
    return toResult(answer, (session) => ({ session }));
  },
  revokeUser: async (username) => {
    // A name that is missing must not stand for everybody.
    const problem = usernameProblem(username);
    if (problem !== null) return toResult(E.left(failure('InvalidUsernameError', `It ${problem}.`)), () => ({ revoked: 0 }));
    revoker.refuseStarts(username);
    const answer = await endAll(ask, username, () => revoker.wall());
    if (E.isRight(answer)) for (const id of answer.right) revoker.dismiss(id);
    return toResult(answer, ({ length }) => ({ revoked: length }));
  },
});

/** As many as a page has: a user with more is asked for again. */
const revokedAtOnce = 200;

/** End what is active of a user, page by page, and give the ids. The user's next sessions are none of its business. */
const endAll = async (ask: AskStore, username: string, wall: () => number): Promise<E.Either<Failure, readonly string[]>> => {
  const ended = new Set<string>();
  for (;;) {
    const found = await ask((store) => store.listSessions({ page: 0, size: revokedAtOnce, state: 'ACTIVE', username }))();
    if (E.isLeft(found)) return found;
    const { items, total } = found.right;
    for (const { id } of items) {
      const written = await ask((store) => store.endSession({ id, reason: 'revoked', now: wall() }))();
      if (E.isLeft(written)) return written;
      ended.add(id);
    }
    if (total <= items.length) return E.right([...ended]);
  }
};
