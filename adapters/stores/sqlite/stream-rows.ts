import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { JsonObject } from '../../../machines/ports/json.js';
import type { Attempts, KeptSession, SessionRecord } from '../../../machines/ports/store.js';
import { reasons } from '../../../machines/reasons.js';
import type { JournalPart, StoredPositions } from '../../../machines/stream/journal.js';
import { type Answer, unavailable } from '../rules.js';
import { isObject, type Rows } from './rows.js';

/** JSON text of what the codec describes. */
const json = <A>(codec: t.Type<A, unknown, unknown>): t.Type<A, string, unknown> =>
  new t.Type<A, string, unknown>(
    codec.name,
    codec.is,
    (value, context) => {
      if (typeof value !== 'string') return t.failure(value, context);
      const parsed = E.tryCatch((): unknown => JSON.parse(value), String);
      return E.isRight(parsed) ? codec.validate(parsed.right, context) : t.failure(value, context);
    },
    (value) => JSON.stringify(value),
  );

const count = t.refinement(t.number, (value) => Number.isSafeInteger(value) && value >= 0, 'a count');
const exception = t.type({ number: count, outcome: t.keyof({ failed: null, unhandled: null, expired: null }) });

const positions: t.Type<StoredPositions, unknown> = t.type(
  {
    shipped: count,
    peerDone: count,
    done: count,
    ownEnd: t.keyof({ open: null, queued: null, shipped: null }),
    peerEnded: t.boolean,
    redeliverUpTo: count,
    exceptions: t.readonlyArray(exception),
    oldest: count,
    ticket: count,
  },
  'positions',
);

const attempts: t.Type<Attempts, unknown> = t.readonlyArray(t.readonly(t.tuple([count, count])), 'attempts');

const options = t.partial({ ttlMs: t.number, redelivered: t.boolean });
const properties = new t.Type<JsonObject, unknown, unknown>(
  'a JSON object',
  isObject,
  (value, context) => (isObject(value) ? t.success(value) : t.failure(value, context)),
  t.identity,
);
const user = t.type({
  id: count,
  name: t.string,
  displayName: t.string,
  displayPictureUrl: t.union([t.null, t.string]),
  isGuest: t.boolean,
  presence: t.type({ status: t.string, online: t.boolean }),
  properties,
});
const item = t.union([
  t.intersection([t.type({ kind: t.literal('message'), type: t.string, payload: t.string }), t.partial({ options })]),
  t.type({ kind: t.literal('reply'), to: count, payload: t.string }),
  t.type({ kind: t.literal('failure'), to: count, code: t.keyof(reasons), message: t.string }),
  t.type({ kind: t.literal('identity'), to: count, expiresAt: t.union([t.null, t.number]), user }),
]);
const part: t.Type<JournalPart, unknown> = t.type(
  {
    entries: t.readonlyArray(t.intersection([t.type({ ticket: count, item, size: count }), t.partial({ expiresAt: t.number })])),
    numbers: t.readonlyArray(t.readonly(t.tuple([count, count, count]))),
    dropped: t.readonlyArray(count),
  },
  'body',
);

const positionsText = json(positions);
const attemptsText = json(attempts);
const partText = json(part);

const featuresText = json(t.readonlyArray(t.string));

const StreamRow = t.type(
  {
    token_hash: t.string,
    confirmed: t.union([t.literal(0), t.literal(1)]),
    kept_ms: count,
    window_messages: count,
    window_size: count,
    features: featuresText,
    expires_at: t.union([t.null, t.number]),
    life: count,
    sign_in: count,
    positions: t.union([t.null, positionsText]),
    attempts: attemptsText,
  },
  'streams',
);

const JournalRow = t.type({ part: count, body: partText }, 'journal');

export const positionsToText = positionsText.encode;
export const attemptsToText = attemptsText.encode;
export const partToText = partText.encode;

/** A session whose streams are kept, from its rows. */
export const keptSessionOf = (rows: Rows, record: SessionRecord, stream: unknown, journal: readonly unknown[]): Answer<KeptSession> => {
  const decoded = rows.decode(StreamRow)(stream);
  if (E.isLeft(decoded)) return decoded;
  const parts = E.traverseArray(rows.decode(JournalRow))(journal);
  if (E.isLeft(parts)) return parts;
  const row = decoded.right;
  if (row.window_messages === 0) return unavailable(`The session ${record.id} has a window for nothing.`);
  return E.right({
    record,
    tokenHash: row.token_hash,
    confirmed: row.confirmed === 1,
    terms: {
      keptMs: row.kept_ms,
      window: { messages: row.window_messages, size: row.window_size },
      features: row.features,
      expiresAt: row.expires_at,
    },
    life: row.life,
    signIn: row.sign_in,
    positions: row.positions,
    attempts: row.attempts,
    parts: parts.right.map(({ part: number, body }) => [number, body] as const),
  });
};
