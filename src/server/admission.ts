/** From a hello to a session: decode, authorise, authenticate, create. Every step is an `Either` or a `TaskEither`; the first Left is the verdict. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { either as E, function as F, taskEither as TE } from 'fp-ts';
import { describeThrown } from '../../adapters/auth/describe.js';
import { refusal } from '../../adapters/auth/refuse.js';
import { type AdmissionPlan, judgeHello, planAdmission } from '../../machines/connection/admission.js';
import type { Admittance, Authenticator, Refusal, RequestInfo } from '../../machines/ports/authenticator.js';
import type { Clock } from '../../machines/ports/host.js';
import type { Admission, Admitted, Identified, SessionStore } from '../../machines/ports/store.js';
import type { Profile } from '../../machines/ports/user.js';
import { type Failure, failure } from '../../machines/reasons.js';
import type { HelloFields, StartFields } from '../wire/frames.js';
import { agentLengthMax, protocolVersion, resumeFeature } from '../wire/limits.js';
import { authParamsProblem, usernameProblem } from '../wire/username.js';
import { type AskedGuests, askGuests } from './guests.js';
import type { Logger } from './logger.js';
import type { Settings } from './options.js';
import { originProblem } from './origins.js';
import type { SessionIds } from './session-ids.js';
import { askingStore } from './store-failure.js';

export interface AdmissionEnv {
  readonly settings: Settings;
  readonly store: SessionStore;
  readonly authenticator: Authenticator | null;
  readonly clock: Pick<Clock, 'wall' | 'setTimeout' | 'clearTimeout'>;
  readonly log: Logger;
  readonly ids: SessionIds;
}

/** One attempt: what the hello said of the client, who asks to enter, and how they came. */
export interface AdmissionRequest {
  readonly hello: Pick<HelloFields, 'v' | 'key' | 'agent' | 'features' | 'window'>;
  readonly start: StartFields;
  /** Of its token, bound to the API key. */
  readonly tokenHash: string;
  readonly request: RequestInfo;
  /** Aborted when nobody waits for the verdict any more. */
  readonly signal: AbortSignal;
  /** Is it? */
  readonly isAbandoned: boolean;
}

export type AdmittedSession = Admitted & { readonly expiresAt: number | null };

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** In a time that tells nothing about either. */
export const isSameHash = (one: string, other: string): boolean => timingSafeEqual(sha256(one), sha256(other));

/** Bound to the API key, so that a token is worth nothing under another. */
export const hashOfToken = (token: string, key: string | undefined): string => sha256(`${key ?? ''}\n${token}`).toString('base64url');

/** In a time that tells nothing about the keys. */
const isKnownKey = (keys: readonly string[], key: string): boolean => {
  const given = sha256(key);
  return keys.map((known) => timingSafeEqual(sha256(known), given)).includes(true);
};

const loopback = /^(127\.|::1$|::ffff:127\.)/;

export const isLoopback = (address: string | null): boolean => address === null || loopback.test(address);

const apiKeyFact = (keys: readonly string[], key: string | undefined, { remoteAddress }: RequestInfo) => {
  if (keys.length === 0) return isLoopback(remoteAddress) ? 'none needed' : 'loopback only';
  if (key === undefined) return 'missing';
  return isKnownKey(keys, key) ? 'known' : 'unknown';
};

/** What speaks against a hello before it is asked who comes: the same for a start and a resume. */
export const authoriseHello = (
  settings: Settings,
  hello: Pick<HelloFields, 'v' | 'key'>,
  request: RequestInfo,
): E.Either<Failure, void> => {
  const refused = originProblem(settings, request);
  const failed = judgeHello({
    version: hello.v,
    supportedVersion: protocolVersion,
    apiKey: apiKeyFact(settings.apiKeys, hello.key, request),
    origin: refused === null ? 'allowed' : { refused },
    usernameProblem: null,
    authParamsProblem: null,
  });
  return failed === null ? E.right(undefined) : E.left(failed);
};

/** Is this a name and a credential that one can enter with? */
export const authoriseStart = ({ username, authParams }: StartFields): E.Either<Failure, void> => {
  const name = usernameProblem(username);
  if (name !== null) return E.left(failure('InvalidUsernameError', `It ${name}.`));
  const params = authParams === undefined ? null : authParamsProblem(authParams);
  return params === null ? E.right(undefined) : E.left(failure('InvalidAuthParamsError', `It ${params}.`));
};

/** The whole way. What is denied is logged with its reason, which the client is not told. */
export const admit = (env: AdmissionEnv, attempt: AdmissionRequest): TE.TaskEither<Failure, AdmittedSession> =>
  F.pipe(
    TE.fromEither(authoriseHello(env.settings, attempt.hello, attempt.request)),
    TE.chain(() => TE.fromEither(authoriseStart(attempt.start))),
    TE.chain(() => plan(env, attempt)),
    TE.chain((planned) => carryOut(env, attempt, planned)),
  );

const plan = (env: AdmissionEnv, attempt: AdmissionRequest): TE.TaskEither<Failure, AdmissionPlan> => {
  const { username, authParams } = attempt.start;
  const hasAuthParams = authParams !== undefined;
  return F.pipe(
    TE.Do,
    TE.bind('user', () => askingStore(() => env.store.findUser({ name: username }))),
    TE.bind('guestsAllowed', () => (hasAuthParams ? TE.right(false) : guestsAllowed(env, attempt))),
    TE.map(({ user, guestsAllowed: allowed }) =>
      planAdmission({ hasAuthParams, user, guestsAllowed: allowed, hasAuthenticator: env.authenticator !== null }),
    ),
  );
};

const guestsAllowed = (env: AdmissionEnv, attempt: AdmissionRequest): TE.TaskEither<Failure, boolean> => {
  const { guests } = env.settings;
  return typeof guests === 'boolean' ? TE.right(guests) : allowedBy(guests, env, attempt);
};

/** The app's own function may throw or hang: then nobody is let in. */
const allowedBy =
  (
    guests: AskedGuests,
    { settings, clock, log }: AdmissionEnv,
    { start: { username }, request, signal }: AdmissionRequest,
  ): TE.TaskEither<Failure, boolean> =>
  async () => {
    const limitMs = settings.authenticateTimeoutMs;
    const verdict = await askGuests(guests, { username, request, signal }, limitMs, clock);
    if (verdict.kind === 'said') return E.right(verdict.allowed);
    if (verdict.kind === 'late') {
      log.warn({ username, afterMs: limitMs }, 'the `guests` function did not answer: no guest is let in');
      return E.left(failure('AuthenticationTimeoutError'));
    }
    // What it threw may quote the request's cookies.
    const { detail } = refusal('AccessDeniedError', { authParams: {}, request }, describeThrown(verdict.thrown));
    log.warn({ username, detail }, 'the `guests` function failed: no guest is let in');
    return E.left(failure('AccessDeniedError'));
  };

const carryOut = (env: AdmissionEnv, attempt: AdmissionRequest, planned: AdmissionPlan): TE.TaskEither<Failure, AdmittedSession> => {
  const { username } = attempt.start;
  switch (planned.kind) {
    case 'deny':
      env.log.info({ username, detail: planned.detail }, 'access denied');
      return TE.left(planned.failure);
    case 'admitGuest':
      return create(env, attempt, 'guest', {}, null);
    case 'authenticate':
      return F.pipe(
        authenticate(env, attempt),
        TE.chain(({ user, expiresAt }) => create(env, attempt, 'registered', user ?? {}, expiresAt ?? null)),
      );
  }
};

const authenticate =
  (
    { authenticator, log }: AdmissionEnv,
    { start, request, signal }: Pick<AdmissionRequest, 'start' | 'request' | 'signal'>,
  ): TE.TaskEither<Failure, Admittance> =>
  async () => {
    const { username, authParams = {} } = start;
    const refused = ({ code, detail }: Refusal): Failure => {
      log[code === 'AccessDeniedError' ? 'info' : 'warn']({ username, code, detail, by: authenticator?.name }, 'access denied');
      return failure(code);
    };
    try {
      const verdict = await (authenticator as Authenticator).authenticate({ username, authParams, request, signal });
      if (E.isLeft(verdict)) return E.left(refused(verdict.left));
      const { user, expiresAt } = verdict.right;
      // The wire and the stores count whole milliseconds.
      return E.right({ user, expiresAt: expiresAt === undefined ? undefined : Math.floor(expiresAt) });
    } catch (thrown) {
      // An app's own authenticator that throws, rejects or answers nonsense, against its contract, must not take the server with it.
      const detail = `The authenticator itself failed: ${describeThrown(thrown)}`;
      return E.left(refused(refusal('AuthenticationUnavailableError', { authParams, request }, detail)));
    }
  };

/** A session that is there already asks to speak for a user, with a credential. */
export interface IdentityRequest extends Pick<AdmissionRequest, 'request' | 'signal'> {
  readonly sessionId: string;
  /** The number of the sign-in; null: a renewal. */
  readonly signIn: number | null;
  readonly start: Required<Pick<StartFields, 'username' | 'authParams'>>;
  /** Asked once the verdict is there, and right before it is written: the hash of the token that becomes the session's, or why it is too late. */
  commit(): E.Either<Failure, string>;
}

export type IdentifiedSession = Identified & { readonly expiresAt: number | null };

/** As an admission, for a session that is there: judged, then written in one transaction. */
export const identify = (env: AdmissionEnv, attempt: IdentityRequest): TE.TaskEither<Failure, IdentifiedSession> => {
  const { authenticator, store, clock, log } = env;
  const { sessionId, signIn, request, signal } = attempt;
  const start = { ...attempt.start, token: '' };
  const { username } = start;
  const write = ({ user, expiresAt }: Admittance): TE.TaskEither<Failure, IdentifiedSession> =>
    F.pipe(
      TE.fromEither(attempt.commit()),
      TE.chain((tokenHash) =>
        askingStore(() =>
          store.identify({ sessionId, username, profile: user ?? {}, tokenHash, expiresAt: expiresAt ?? null, signIn, now: clock.wall() }),
        ),
      ),
      TE.map((identified) => ({ ...identified, expiresAt: expiresAt ?? null })),
    );
  return F.pipe(
    TE.fromEither(authoriseStart(start)),
    TE.chain(() => {
      if (authenticator !== null) return authenticate(env, { start, request, signal });
      log.info({ username, detail: 'The server has no `authenticate` to judge authParams.' }, 'access denied');
      return TE.left(failure('AccessDeniedError'));
    }),
    TE.chain(write),
  );
};

/** How long a session is kept after a lost link: not at all where its client does not know how to come back. */
export const keptMsOf = ({ resumeWindowMs }: Pick<Settings, 'resumeWindowMs'>, { features }: Pick<HelloFields, 'features'>): number =>
  features.includes(resumeFeature) ? resumeWindowMs : 0;

const termsOf = (
  settings: Settings,
  hello: Pick<HelloFields, 'features' | 'window'>,
  expiresAt: number | null,
): Admission['session']['terms'] => {
  const keptMs = keptMsOf(settings, hello);
  return keptMs === 0 ? null : { keptMs, window: hello.window, features: hello.features, expiresAt };
};

const create = (
  { settings, store, clock, log, ids }: AdmissionEnv,
  attempt: AdmissionRequest,
  as: 'guest' | 'registered',
  profile: Profile,
  expiresAt: number | null,
): TE.TaskEither<Failure, AdmittedSession> => {
  const { hello, start, tokenHash } = attempt;
  const { username } = start;
  // The verdict came late and nobody waits for it: nothing is to be written.
  if (attempt.isAbandoned) return TE.left(failure('HelloTimeoutError'));
  return F.pipe(
    askingStore(() =>
      store.admit({
        username,
        as,
        profile,
        session: {
          id: ids.next(),
          tokenHash,
          userAgent: hello.agent?.slice(0, agentLengthMax) ?? null,
          terms: store.streams === null ? null : termsOf(settings, hello, expiresAt),
        },
        now: clock.wall(),
      }),
    ),
    TE.bimap(
      (what) => {
        if (what.code === 'StoreUnavailableError') log.error({ username, detail: what.message }, 'the store failed');
        else log.info({ username, detail: 'The name was registered meanwhile.' }, 'access denied');
        return what;
      },
      (admitted) => ({ ...admitted, expiresAt }),
    ),
  );
};
