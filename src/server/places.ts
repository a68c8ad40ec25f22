import type { User } from '../../machines/ports/user.js';
import { type Failure, failure } from '../../machines/reasons.js';
import { messageOf } from '../errors.js';
import type { Logger } from './logger.js';
import { type LiveSession, nobodyElse } from './session.js';

/**
 * How many sessions a user may have at once, and who goes where it is one.
 * - `many`: as many as they like.
 * - `newest`: one. Whoever comes takes the place; the session that had it is ended as `superseded`, whether its client is there or lost.
 * - `oldest`: one. Whoever comes while its client is there is refused with `UserConnectedError`. A session whose link is lost holds no
 *   place, or a user would be kept out by what they left behind: the newcomer takes it, and the lost one is ended as `superseded`.
 */
export type SessionsPerUser = 'many' | 'newest' | 'oldest';

/** One rule for all, or a rule for each user. Asked at each welcome, when it is known who comes. */
export type SessionsPerUserRule = SessionsPerUser | ((user: User) => SessionsPerUser);

const rules: ReadonlySet<unknown> = new Set<SessionsPerUser>(['many', 'newest', 'oldest']);

export const isSessionsPerUser = (value: unknown): value is SessionsPerUser => rules.has(value);

/** The sessions that a newcomer of this user takes the place of, once it is confirmed; or why there is no place. */
export type Place =
  | { readonly kind: 'free'; readonly displaces: readonly LiveSession[] }
  | { readonly kind: 'taken'; readonly failure: Failure };

const ruleFor = (rule: SessionsPerUserRule, user: User, log: Logger): SessionsPerUser | null => {
  if (typeof rule !== 'function') return rule;
  let detail: string;
  try {
    const said: unknown = rule(user);
    if (isSessionsPerUser(said)) return said;
    detail = 'It is to return many, newest or oldest.';
  } catch (thrown) {
    detail = messageOf(thrown);
  }
  log.error({ user: user.id, detail }, 'the `sessionsPerUser` function failed: the start is refused');
  return null;
};

const oldestFirst = (others: readonly LiveSession[]): Place =>
  others.some(({ connection }) => connection.hasLink)
    ? { kind: 'taken', failure: failure('UserConnectedError') }
    : { kind: 'free', displaces: others };

/** Is there a place for one more session of this user, beside those that they have? [R65] [R66] */
export const placeFor = (
  { rule, log }: { readonly rule: SessionsPerUserRule; readonly log: Logger },
  user: User,
  others: () => readonly LiveSession[],
): Place => {
  switch (ruleFor(rule, user, log)) {
    case 'many':
      return { kind: 'free', displaces: nobodyElse };
    case 'newest':
      return { kind: 'free', displaces: others() };
    case 'oldest':
      return oldestFirst(others());
    case null:
      return { kind: 'taken', failure: failure('ServerError') };
  }
};
