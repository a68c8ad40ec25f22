import { createPublicKey, type JsonWebKey, KeyObject, type webcrypto } from 'node:crypto';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { discard, endpoint, type Fetch, platformFetch, readText } from './http.js';

/** Where the keys are that tokens are verified with: exactly one of the three. */
export interface JwtKeyOptions {
  /** The address of a JSON Web Key Set. Who can answer in its place can let anyone in: use https beyond your own network. */
  readonly jwksUrl?: string | URL;
  /** A public key: PEM text (a key or a certificate), a JSON Web Key, or an object of the platform. */
  readonly key?: string | JsonWebKey | KeyObject | webcrypto.CryptoKey;
  /** A secret shared with the issuer, of at least 32 bytes (as UTF-8 where it is text). */
  readonly secret?: string | Uint8Array;
  /** Which algorithms a token may name. Default: all that go with this kind of key. */
  readonly algorithms?: readonly string[];
  /** How long after a fetch a key that is not in the set is taken for unknown without asking again. In milliseconds; default: 30,000. */
  readonly jwksCooldownMs?: number;
  /** How long a fetched set is used. In milliseconds; default: 600,000. */
  readonly jwksMaxAgeMs?: number;
  /** Fetches the key set. Default: the platform's. */
  readonly fetch?: Fetch;
}

export interface JwtKeys {
  readonly keys: KeyObject | Uint8Array | JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

/** RFC 7518 §3.2: a key of the size of the hash or larger. */
const SECRET_BYTES_MIN = 32;
/** RFC 7518 §3.3. */
const RSA_BITS_MIN = 2048;
/** As jose has it: long enough that made-up key ids are no way to flood the issuer. */
const JWKS_COOLDOWN_MS = 30_000;
/** As jose has it: an issuer that takes a key back is heard after at most ten minutes. */
const JWKS_MAX_AGE_MS = 600_000;

const HMAC = ['HS256', 'HS384', 'HS512'];
const RSA_PSS = ['PS256', 'PS384', 'PS512'];
const RSA = ['RS256', 'RS384', 'RS512', ...RSA_PSS];
const EDWARDS = ['EdDSA', 'Ed25519'];
const CURVES: Readonly<Record<string, readonly string[]>> = { prime256v1: ['ES256'], secp384r1: ['ES384'], secp521r1: ['ES512'] };
const PUBLIC = [...RSA, ...Object.values(CURVES).flat(), ...EDWARDS];

const fault = (what: string): TypeError => new TypeError(`jwt: ${what}`);

/** The algorithms that fit a public key. A table by key, so that no token can have its key used in a way that it was not made for. */
const algorithmsOf = (key: KeyObject): readonly string[] => {
  const { modulusLength = 0, namedCurve = '' } = { ...key.asymmetricKeyDetails };
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      if (modulusLength < RSA_BITS_MIN) throw fault(`the RSA key has ${modulusLength} bits, but needs at least ${RSA_BITS_MIN}.`);
      return key.asymmetricKeyType === 'rsa' ? RSA : RSA_PSS;
    case 'ec':
      return CURVES[namedCurve] ?? [];
    case 'ed25519':
      return EDWARDS;
    default:
      return [];
  }
};

const isJwk = (key: object): key is JsonWebKey => !(key instanceof KeyObject) && 'kty' in key;

/** A private key is refused although its public half could be had from it: it has no business where tokens are only verified. */
const publicKeyOf = (key: NonNullable<JwtKeyOptions['key']>): KeyObject => {
  const isPrivate =
    typeof key === 'string' ? key.includes('PRIVATE KEY') : isJwk(key) ? 'd' in key || key.kty === 'oct' : key.type !== 'public';
  if (isPrivate) throw fault('key is not a public key. Give the public half of a key pair, or a shared secret as `secret`.');
  try {
    if (typeof key === 'string') return createPublicKey(key);
    if (isJwk(key)) return createPublicKey({ key, format: 'jwk' });
    return key instanceof KeyObject ? key : KeyObject.from(key);
  } catch {
    // The platform's error may repeat parts of what it was given, and says nothing about what was expected.
    throw fault('key can not be read. Give PEM text (SPKI or a certificate), a JSON Web Key, a KeyObject or a CryptoKey.');
  }
};

const secretOf = (secret: string | Uint8Array): Uint8Array => {
  if (typeof secret === 'string' && secret.includes('-----BEGIN')) throw fault('secret is a PEM text. A public key is given as `key`.');
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : Uint8Array.from(secret);
  if (bytes.byteLength < SECRET_BYTES_MIN) throw fault(`secret has ${bytes.byteLength} bytes, but needs at least ${SECRET_BYTES_MIN}.`);
  return bytes;
};

/** The set is fetched with the first token, once for all who wait for it: an attempt that is given up does not stop it for the others. */
const keySetAt = (url: string | URL, options: JwtKeyOptions, timeoutMs: number): JWTVerifyGetKey => {
  const { fetch: send = platformFetch, jwksCooldownMs = JWKS_COOLDOWN_MS, jwksMaxAgeMs = JWKS_MAX_AGE_MS } = options;
  return createRemoteJWKSet(new URL(endpoint('jwt: jwksUrl', url)), {
    timeoutDuration: Math.ceil(timeoutMs),
    cooldownDuration: jwksCooldownMs,
    cacheMaxAge: jwksMaxAgeMs,
    [customFetch]: async (address, init) => {
      const response = await send(address, init);
      if (response.status === 200) return new Response(await readText(response, init.signal));
      discard(response);
      throw new Error(`the key set was answered with status ${response.status}`);
    },
  });
};

const narrowed = (fitting: readonly string[], wanted: readonly string[] = fitting): readonly string[] => {
  if (fitting.length === 0) throw fault('there is no signature algorithm for this type of key. Use RSA, P-256, P-384, P-521 or Ed25519.');
  const unfit = wanted.filter((algorithm) => !fitting.includes(algorithm));
  if (unfit.length > 0)
    throw fault(`algorithms has ${unfit.join(', ')}, which this key can not be used with. It goes with ${fitting.join(', ')}.`);
  if (wanted.length === 0) throw fault('algorithms is empty, so that no token could be verified.');
  return wanted;
};

/** The keys and algorithms that the options name. Throws a TypeError where they name none, several, or an unsafe combination. */
export const keysOf = (options: JwtKeyOptions, timeoutMs: number): JwtKeys => {
  const { jwksUrl, key, secret, algorithms } = options;
  if ([jwksUrl, key, secret].filter((given) => given !== undefined).length > 1) throw fault('give only one of jwksUrl, key and secret.');
  if (jwksUrl !== undefined) return { keys: keySetAt(jwksUrl, options, timeoutMs), algorithms: narrowed(PUBLIC, algorithms) };
  if (secret !== undefined) return { keys: secretOf(secret), algorithms: narrowed(HMAC, algorithms) };
  if (key === undefined) throw fault('give one of jwksUrl, key and secret.');
  const publicKey = publicKeyOf(key);
  return { keys: publicKey, algorithms: narrowed(algorithmsOf(publicKey), algorithms) };
};
