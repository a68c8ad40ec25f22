/**
 * The definition of `ninelives.v1` in code: a codec for each frame, from and to JSON. `decode.ts` and `encode.ts` are what runs, and property tests
 * hold them equal to these. Not imported by the client.
 */
import { chain } from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { type AnyFrame, commonFrames, frame, maybe, type Sizeless } from './codec-common.js';
import {
  base64url,
  check,
  count,
  cutText,
  deny,
  features,
  itemNumber,
  jsonObject,
  positions,
  record,
  streamWindow,
  text,
  user,
  waitMs,
} from './codec-values.js';
import type { ClientFrame, HelloFields, ResumeFields, ServerFrame, StartFields, WelcomeFields } from './frames.js';
import {
  agentLengthMax,
  apiKeyLengthMax,
  framesPerBatchMax,
  protocolVersion,
  resumeTokensMax,
  sessionIdLengthMax,
  tokenLength,
  usernameReadLengthMax,
} from './limits.js';

export { ack, bye, cancel, end, failureReply, message, ping, pong, reply, request, type Sizeless, skip, volatile } from './codec-common.js';

export const token = base64url('Token', tokenLength, tokenLength);
export const sessionId = base64url('SessionId', 1, sessionIdLengthMax);
/** Which names are refused is `usernameProblem`'s to say: one that can not be used is no broken protocol. */
export const username = text('Username', 0, usernameReadLengthMax);

// --- What a client says ---

export const startFields: t.Type<StartFields, unknown, unknown> = record('StartFields', { username, token }, { authParams: jsonObject });

const tokens = check<readonly string[]>(
  'Tokens',
  (value) => Array.isArray(value) && value.length >= 1 && value.length <= resumeTokensMax && value.every(token.is),
);
const resumeFields: t.Type<ResumeFields, unknown, unknown> = record(
  'ResumeFields',
  { session: sessionId, tokens, next: token, positions, incarnation: count },
  { life: count },
);

const otherVersion = check<number>('OtherVersion', (value) => count.is(value) && value !== protocolVersion);
const currentHello = record(
  'HelloFields',
  { v: t.literal(protocolVersion), features, window: streamWindow },
  {
    key: text('ApiKey', 0, apiKeyLengthMax),
    agent: cutText('Agent', agentLengthMax),
    pingEveryMs: waitMs,
    start: startFields,
    resume: resumeFields,
    abandoned: record('Abandoned', { session: sessionId, tokens }, {}),
  },
);
const versionOnly = record('OtherHello', { v: otherVersion }, {});

/** The second element of a hello frame, or the JSON in a subprotocol entry. */
export const helloFields = new t.Type<HelloFields, unknown, unknown>(
  'Hello',
  (value): value is HelloFields => currentHello.is(value) || versionOnly.is(value),
  (value, context) => {
    // [R17]
    const other = versionOnly.decode(value);
    if (other._tag === 'Right') return t.success({ v: other.right.v, features: [], window: { messages: 0, size: 0 } });
    return chain<t.Errors, t.TypeOf<typeof currentHello>, HelloFields>((hello) =>
      // [R18]
      (hello.start === undefined) === (hello.resume === undefined)
        ? t.failure(value, context, 'either a start or a resume')
        : t.success(hello),
    )(currentHello.validate(value, context));
  },
  (hello) => (hello.v === protocolVersion ? currentHello.encode({ ...hello, v: protocolVersion }) : hello),
);

const tokenFields = record('RenewalFields', { authParams: jsonObject, token }, {});
const signInFields = record('SignInFields', { username, authParams: jsonObject, token }, {});

export const hello = frame(
  'HelloFrame',
  'hello',
  'hello',
  [helloFields],
  (fields) => ({ kind: 'hello', hello: fields }),
  (f) => [f.hello],
);
export const start = frame(
  'Start',
  'start',
  'start',
  [startFields],
  (fields) => ({ kind: 'start', start: fields }),
  (f) => [f.start],
);
export const confirm = frame(
  'Confirm',
  'confirm',
  'confirm',
  [],
  () => ({ kind: 'confirm' }),
  () => [],
);
export const renewal = frame(
  'Renewal',
  'renewal',
  'renewal',
  [tokenFields],
  (fields) => ({ kind: 'renewal', ...fields }),
  ({ authParams, token: next }) => [{ authParams, token: next }],
);
export const signIn = frame(
  'SignIn',
  'signIn',
  'signin',
  [signInFields],
  (fields) => ({ kind: 'signIn', ...fields }),
  ({ kind: _, ...fields }) => [fields],
);

// --- What a server says ---

export const welcomeFields: t.Type<WelcomeFields, unknown, unknown> = record(
  'WelcomeFields',
  {
    session: sessionId,
    outcome: t.keyof({ started: null, resumed: null }),
    user,
    incarnation: count,
    expiresAt: t.union([count, t.null]),
    resumeWindowMs: waitMs,
    features,
    window: streamWindow,
    limits: record('Limits', { messageSize: count, batchSize: count }, {}),
    pingEveryMs: waitMs,
    ackDelayMs: waitMs,
  },
  { positions },
);
const range = record('Range', { direction: t.keyof({ up: null, down: null }), from: count, to: count }, {});

export const welcome = frame(
  'Welcome',
  'welcome',
  'welcome',
  [welcomeFields],
  (fields) => ({ kind: 'welcome', welcome: fields }),
  (f) => [f.welcome],
);
export const denial = frame(
  'Denial',
  'deny',
  'deny',
  [deny],
  (fields) => ({ kind: 'deny', deny: fields }),
  (f) => [f.deny],
);
export const gone = frame(
  'Gone',
  'gone',
  'gone',
  [maybe(positions)],
  (where) => ({ kind: 'gone', ...(where && { positions: where }) }),
  (f) => [f.positions],
);
export const mismatch = frame(
  'Mismatch',
  'mismatch',
  'mismatch',
  [range],
  (fields) => ({ kind: 'mismatch', ...fields }),
  ({ kind: _, ...fields }) => [fields],
);
export const renew = frame(
  'Renew',
  'renew',
  'renew',
  [record('RenewFields', { withinMs: waitMs }, {})],
  (fields) => ({ kind: 'renew', ...fields }),
  ({ withinMs }) => [{ withinMs }],
);
export const identity = frame(
  'Identity',
  'identity',
  'identity',
  [user, record('IdentityFields', { to: itemNumber, expiresAt: t.union([count, t.null]) }, {})],
  (who, fields) => ({ kind: 'identity', user: who, ...fields }),
  (f) => [f.user, { to: f.to, expiresAt: f.expiresAt }],
);
export const renewed = frame(
  'Renewed',
  'renewed',
  'renewed',
  [record('RenewedFields', { user, expiresAt: t.union([count, t.null]) }, {})],
  (fields) => ({ kind: 'renewed', ...fields }),
  ({ kind: _, ...fields }) => [fields],
);
export const unrenewed = frame(
  'Unrenewed',
  'unrenewed',
  'unrenewed',
  [deny],
  (why) => ({ kind: 'unrenewed', why }),
  (f) => [f.why],
);

// --- All of them ---

export const clientFrame: t.Type<Sizeless<ClientFrame>, unknown, unknown> = t.union(
  [...commonFrames, hello, start, confirm, renewal, signIn],
  'ClientFrame',
);
export const serverFrame: t.Type<Sizeless<ServerFrame>, unknown, unknown> = t.union(
  [...commonFrames, welcome, denial, gone, mismatch, renew, renewed, unrenewed, identity],
  'ServerFrame',
);

/** A batch: 1 to 128 frames ([R4]). */
const batchOf = <F extends AnyFrame>(one: t.Type<F, unknown, unknown>, name: string): t.Type<readonly F[], unknown, unknown> => {
  const inner = t.array(one, name);
  const sized = (frames: readonly unknown[]): boolean => frames.length >= 1 && frames.length <= framesPerBatchMax;
  return new t.Type<readonly F[], unknown, unknown>(
    name,
    (value): value is readonly F[] => inner.is(value) && sized(value),
    (value, context) =>
      Array.isArray(value) && sized(value) ? inner.validate(value, context) : t.failure(value, context, `1 to ${framesPerBatchMax} frames`),
    (frames) => inner.encode([...frames]),
  );
};

export const clientBatch = batchOf(clientFrame, 'ClientBatch');
export const serverBatch = batchOf(serverFrame, 'ServerBatch');
