import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import type { Admittance, Attempt, Authenticator, Refusal } from '../../machines/ports/authenticator.js';
import type { Profile } from '../../machines/ports/user.js';
import { admittanceCodec, decode, refuseExpired } from './admittance.js';
import { describeThrown, describeValue } from './describe.js';
import { type JwtKeyOptions, type JwtKeys, keysOf } from './jwt-keys.js';
import { type LimitOptions, limitOf, within } from './limit.js';
import { refusal } from './refuse.js';

export interface JwtOptions extends JwtKeyOptions, LimitOptions {
  /** Who must have issued the token (`iss`): one of these. Default: not looked at. */
  readonly issuer?: string | readonly string[];
  /** For whom the token must be (`aud`): one of these. Set it wherever the issuer gives out tokens for other apps too. Default: not looked at. */
  readonly audience?: string | readonly string[];
  /** Which of the authParams is the token. Default: `token`. */
  readonly param?: string;
  /** Which claim names the user. Default: `sub`. */
  readonly usernameClaim?: string;
  /** What the claims say about the user. Default: nothing. */
  readonly profile?: (claims: JWTPayload) => Profile;
  /** How far the issuer's clock and this one may be apart, in seconds. Default: 5. */
  readonly clockToleranceS?: number;
  /** Take tokens that are good for ever (no `exp`) as well. Default: false. */
  readonly allowNoExpiry?: boolean;
}

/** Clocks that are set over the network are rarely further apart. */
const CLOCK_TOLERANCE_S = 5;
const MS_PER_S = 1000;

/** What jose says of a token that is at fault itself. Anything else that it throws is about the keys. */
const verdicts: ReadonlySet<string> = new Set([
  errors.JWSInvalid.code,
  errors.JWTInvalid.code,
  errors.JWTExpired.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWKSNoMatchingKey.code,
]);

/** A token without a key id may fit several keys of a set: one of them has to be it. The set, and with it the loop, is bounded by its size. */
const claimsOf = async (token: string, keys: JwtKeys['keys'], options: JWTVerifyOptions): Promise<JWTPayload> => {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (thrown) {
    if (!(thrown instanceof errors.JWKSMultipleMatchingKeys)) throw thrown;
    for await (const key of thrown) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (each) {
        if (!(each instanceof errors.JWSSignatureVerificationFailed)) throw each;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
};

const listed = (value: string | readonly string[] | undefined): string | string[] | undefined =>
  typeof value === 'object' ? [...value] : value;

/**
 * An authenticator for JSON Web Tokens: it admits only the username that the token names, until the token expires.
 *
 * A token that is missing, malformed, expired, signed by another key, from another issuer, for another audience or user, or without
 * `exp` (unless `allowNoExpiry`): `AccessDeniedError`, with the reason but never the token in its detail. A key set that can not be
 * had: `AuthenticationUnavailableError`; one that takes longer than `timeoutMs` (default 5000 ms): `AuthenticationTimeoutError`. The
 * key set is fetched with the first token, kept, and fetched again for a key id that is not in it. Throws a TypeError where the options
 * name no key or allow an algorithm that does not go with it; `none` never does, nor does an HMAC with a public key.
 *
 *     const authenticator = jwt({ jwksUrl: 'https://id.example/jwks.json', issuer: 'https://id.example', audience: 'chat' })
 *     // on the client
 *     kitty.startSession({ username: 'jane', authParams: async () => ({ token: await getToken() }) })
 */
export const jwt = (options: JwtOptions): Authenticator => {
  const { param = 'token', usernameClaim = 'sub', clockToleranceS = CLOCK_TOLERANCE_S, allowNoExpiry = false, profile } = options;
  const limit = limitOf('jwt', options);
  if (!(Number.isFinite(clockToleranceS) && clockToleranceS >= 0))
    throw new TypeError(`jwt: clockToleranceS is ${describeValue(clockToleranceS)}, but has to be 0 or more seconds.`);
  const { keys, algorithms } = keysOf(options, limit.timeoutMs);
  const checks: JWTVerifyOptions = {
    algorithms: [...algorithms],
    issuer: listed(options.issuer),
    audience: listed(options.audience),
    clockTolerance: clockToleranceS,
    requiredClaims: allowNoExpiry ? [] : ['exp'],
  };

  const whyNot = (attempt: Attempt, thrown: unknown): Refusal => {
    if (thrown instanceof errors.JWKSTimeout) return refusal('AuthenticationTimeoutError', attempt, 'The key set did not come in time.');
    // jose's own sentences are fixed texts; its causes may quote the token, so only failures about keys are told with theirs.
    if (thrown instanceof errors.JOSEError && verdicts.has(thrown.code))
      return refusal('AccessDeniedError', attempt, `The token was refused: ${thrown.message} (${thrown.code}).`);
    return refusal('AuthenticationUnavailableError', attempt, `The keys for the token can not be had: ${describeThrown(thrown)}.`);
  };

  const expiryOf = ({ exp }: JWTPayload): { expiresAt?: number } => {
    if (exp === undefined) return {};
    const expiresAt = Math.floor(exp * MS_PER_S);
    // Within the tolerance a token is good after its `exp` too. It would be no admittance if it were over before it began.
    return { expiresAt: expiresAt > limit.clock.wall() ? expiresAt : expiresAt + clockToleranceS * MS_PER_S };
  };

  const admit = (attempt: Attempt, claims: JWTPayload): E.Either<string, Admittance> => {
    if (claims[usernameClaim] !== attempt.username)
      return E.left(`Its claim ${usernameClaim} does not name the user who attempts to start a session`);
    return pipe(
      E.tryCatch(
        () => ({ ...expiryOf(claims), user: profile?.(claims) }),
        (thrown) => `The profile function threw ${describeThrown(thrown)}`,
      ),
      E.flatMap((admittance) => decode(admittanceCodec, admittance)),
    );
  };

  const ask = (attempt: Attempt): TE.TaskEither<Refusal, Admittance> => {
    const denied = (why: string): Refusal => refusal('AccessDeniedError', attempt, `The token does not admit. ${why}.`);
    const token = Object.hasOwn(attempt.authParams, param) ? attempt.authParams[param] : undefined;
    if (typeof token !== 'string') return TE.left(denied(`There is none: authParams.${param} is ${describeValue(token)}`));
    return pipe(
      TE.tryCatch(
        () => claimsOf(token, keys, { ...checks, currentDate: new Date(limit.clock.wall()) }),
        (thrown) => whyNot(attempt, thrown),
      ),
      TE.flatMapEither((claims) => pipe(admit(attempt, claims), E.mapLeft(denied))),
      TE.flatMapEither((admittance) => refuseExpired(attempt, limit.clock.wall())(admittance)),
    );
  };

  return { name: 'jwt', authenticate: (attempt) => within(limit, attempt, () => ask(attempt)()) };
};
