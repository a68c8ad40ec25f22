import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { JsonObject } from '../../../machines/ports/json.js';
import type { SessionRecord } from '../../../machines/ports/store.js';
import type { User } from '../../../machines/ports/user.js';
import type { EndReason } from '../../../machines/reasons.js';
import { type Answer, unavailable } from '../rules.js';

/**
 * Text as it is stored. Drivers cut a text at NUL and replace an unpaired surrogate, which would make one name of two: these are
 * written as escapes, and so is the backslash.
 */
export const storedText = (text: string): string => text.replace(/[\\\0\p{Cs}]/gu, (special) => JSON.stringify(special).slice(1, -1));

const plainText = (stored: string): string =>
  stored.replace(/\\(?:\\|u([0-9a-f]{4}))/g, (_, code?: string) =>
    code === undefined ? '\\' : String.fromCharCode(Number.parseInt(code, 16)),
  );

const Text = new t.Type<string, string, unknown>(
  'text',
  t.string.is,
  (value, context) => (typeof value === 'string' ? t.success(plainText(value)) : t.failure(value, context)),
  storedText,
);

const Flag = new t.Type<boolean, number, unknown>(
  '0 or 1',
  t.boolean.is,
  (value, context) => (value === 0 || value === 1 ? t.success(value === 1) : t.failure(value, context)),
  Number,
);

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

const Properties = new t.Type<JsonObject, string, unknown>(
  'a JSON object',
  isObject,
  (value, context) => {
    if (typeof value !== 'string') return t.failure(value, context);
    const parsed = E.tryCatch((): unknown => JSON.parse(value), String);
    return E.isRight(parsed) && isObject(parsed.right) ? t.success(parsed.right) : t.failure(value, context);
  },
  JSON.stringify,
);

/** A whole number, kept as text in the `meta` table. */
export const Count = new t.Type<number, string, unknown>(
  'a number',
  t.number.is,
  (value, context) => (typeof value === 'string' && /^[1-9]\d{0,14}$/.test(value) ? t.success(Number(value)) : t.failure(value, context)),
  String,
);

const endReasons = {
  ended: null,
  denied: null,
  revoked: null,
  superseded: null,
  expired: null,
  gaveUp: null,
  tooSlow: null,
} as const satisfies Record<EndReason, null>;

const nullable = <C extends t.Mixed>(codec: C) => t.union([t.null, codec]);

const userColumns = {
  user_id: t.Integer,
  name: Text,
  display_name: Text,
  display_picture_url: nullable(Text),
  is_guest: Flag,
  status: Text,
  online: Flag,
  properties: Properties,
};

const UserRow = t.type(userColumns, 'users');

const SessionRow = t.type(
  {
    ...userColumns,
    id: Text,
    state: t.keyof({ ACTIVE: null, ENDED: null }),
    user_agent: nullable(Text),
    created_at: t.number,
    ended_at: nullable(t.number),
    end_reason: nullable(t.keyof(endReasons)),
  },
  'sessions',
);

const userOf = (row: t.TypeOf<typeof UserRow>): User => ({
  id: row.user_id,
  name: row.name,
  displayName: row.display_name,
  displayPictureUrl: row.display_picture_url,
  isGuest: row.is_guest,
  presence: { status: row.status, online: row.online },
  properties: row.properties,
});

const sessionOf = (row: t.TypeOf<typeof SessionRow>): SessionRecord => ({
  id: row.id,
  state: row.state,
  user: userOf(row),
  userAgent: row.user_agent,
  createdAt: row.created_at,
  endedAt: row.ended_at,
  endReason: row.end_reason,
});

/** Which columns are wrong, without what is in them. */
const columnsOf = (errors: t.Errors): string => [...new Set(errors.map(({ context }) => context[1]?.key ?? 'everything'))].join(', ');

/** Decoders of one file's rows. What does not decode is a failure that names the file, the table and the columns. */
export const rowsOf = (file: string) => {
  const decode =
    <A, O>(codec: t.Type<A, O>) =>
    (row: unknown): Answer<A> => {
      const decoded = codec.decode(row);
      if (E.isRight(decoded)) return decoded;
      return unavailable(
        `${file}: a row of the table \`${codec.name}\` is not as it was written (${columnsOf(decoded.left)}). Restore the file from a backup, or mend the row.`,
      );
    };
  const user = decode(UserRow);
  const session = decode(SessionRow);
  return {
    decode,
    user: (row: unknown): Answer<User> => E.map(userOf)(user(row)),
    session: (row: unknown): Answer<SessionRecord> => E.map(sessionOf)(session(row)),
  };
};

export type Rows = ReturnType<typeof rowsOf>;
