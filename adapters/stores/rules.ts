import * as E from 'fp-ts/lib/Either.js';
import type { JsonObject } from '../../machines/ports/json.js';
import type { Page, PageRequest, StoreFailure, StoreTask } from '../../machines/ports/store.js';
import type { Presence, Profile, User } from '../../machines/ports/user.js';
import { failure } from '../../machines/reasons.js';

/** What an operation answers, before it is a promise. */
export type Answer<A> = E.Either<StoreFailure, A>;

/** How many sessions that ended are remembered, the last ones: some megabytes. Those that are active are all kept. */
export const ENDED_SESSIONS_MAX = 10_000;

/** The largest page: some hundred kilobytes of answer at most, and a time that no caller notices. */
export const PAGE_SIZE_MAX = 200;

/** The last page there can be: its first row still has a number that is exact. */
export const PAGE_MAX = Math.floor(Number.MAX_SAFE_INTEGER / PAGE_SIZE_MAX) - 1;

const clamp = (value: number, least: number, most: number): number =>
  Number.isNaN(value) ? least : Math.min(most, Math.max(least, Math.trunc(value)));

/** The page that is given for a request, which may say anything: a size of 1 to 200, a page from 0. */
export const pageFor = ({ page, size }: PageRequest): PageRequest => ({
  page: clamp(Number(page), 0, PAGE_MAX),
  size: clamp(Number(size), 1, PAGE_SIZE_MAX),
});

/** One page of rows that are all at hand. */
export const pageOf = <Row>(rows: readonly Row[], request: PageRequest): Page<Row> => {
  const { page, size } = pageFor(request);
  return { items: rows.slice(page * size, (page + 1) * size), page, size, total: rows.length };
};

const statusDefault = 'available';
/** Most users say nothing about themselves, and there is one for each session: they share what they do not say. */
const nothing: JsonObject = Object.freeze({});
const here: Presence = Object.freeze({ status: statusDefault, online: true });
const away: Presence = Object.freeze({ status: statusDefault, online: false });

const presenceOf = (status: string, online: boolean): Presence => {
  if (status !== statusDefault) return { status, online };
  return online ? here : away;
};

/** How a user begins, where nothing is said about them. */
export const newUser = (id: number, name: string, isGuest: boolean): User => ({
  id,
  name,
  displayName: name,
  displayPictureUrl: null,
  isGuest,
  presence: presenceOf(statusDefault, false),
  properties: nothing,
});

/** The user with what a profile says; what it leaves out stays. */
export const withProfile = (user: User, { displayName, displayPictureUrl, properties }: Profile): User => ({
  ...user,
  ...(displayName === undefined ? {} : { displayName }),
  ...(displayPictureUrl === undefined ? {} : { displayPictureUrl }),
  ...(properties === undefined ? {} : { properties }),
});

/** The user with what is said of their presence; what is left out stays. */
export const withPresence = (user: User, { status, online }: Partial<Presence>): User => ({
  ...user,
  presence: presenceOf(status ?? user.presence.status, online ?? user.presence.online),
});

/** Properties as JSON text. Throws where they are no JSON object: the types rule that out, a caller in JavaScript may not know them. */
export const propertiesText = (properties: JsonObject): string => {
  const text: unknown = JSON.stringify(properties);
  if (typeof text !== 'string' || !text.startsWith('{')) throw new TypeError('The properties of a user must be a JSON object.');
  return text;
};

/** The store can not do it. `detail` says what happened and what to do, and holds nothing secret. */
export const unavailable = (detail: string): E.Either<StoreFailure, never> =>
  E.left({ kind: 'unavailable', failure: failure('StoreUnavailableError', detail) });

/** What a thrown value says; anything can be thrown. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** An operation that runs at once when it is begun, so that operations take effect in the order in which they were begun. */
export const task =
  <A>(run: () => Answer<A>): StoreTask<A> =>
  () =>
    Promise.resolve(run());
