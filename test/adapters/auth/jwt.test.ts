import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { exportJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type JwtOptions, jwt } from '../../../adapters/auth/jwt.js';
import { authenticatorContract } from '../../../adapters/contracts/authenticator.js';
import type { Attempt } from '../../../machines/ports/authenticator.js';
import type { Profile } from '../../../machines/ports/user.js';
import { attemptOf, codeOf, detailOf, gate, handClock, json, nobody, serve, stream } from './support.js';

const contract = suite('jwt: the contract of authenticators');
const token = suite('jwt');

const secret = 'a secret of at least 32 bytes, this';
const clock = handClock();
const nowS = clock.wall() / 1000;

const hs = (claims: JWTPayload, { key = secret, alg = 'HS256' } = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key));

const soon = (): number => Math.floor(Date.now() / 1000) + 60;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const es = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const first = es();
const second = es();

const signed = (key: KeyObject, claims: JWTPayload, kid?: string) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...(kid === undefined ? {} : { kid }) }).sign(key);

const published = async (key: KeyObject, kid: string): Promise<JWK> => ({
  ...(await exportJWK(createPublicKey(key))),
  kid,
  alg: 'ES256',
  use: 'sig',
});

const credentials = async (sign: (claims: JWTPayload) => Promise<string>) => ({
  admitted: { username: 'jane', authParams: { token: await sign({ sub: 'jane', exp: soon() }) } },
  denied: { username: 'jane', authParams: { token: await sign({ sub: 'john', exp: soon() }) } },
});

authenticatorContract(contract, {
  answering: async ({ timeoutMs }) => {
    const server = await serve(async (_, response) => json(response, { keys: [await published(first.privateKey, 'a')] }));
    const sign = (claims: JWTPayload) => signed(first.privateKey, claims, 'a');
    return { authenticator: jwt({ jwksUrl: server.url, timeoutMs }), close: server.close, ...(await credentials(sign)) };
  },
  hanging: async ({ timeoutMs }) => {
    const server = await serve(() => undefined);
    const sign = (claims: JWTPayload) => signed(first.privateKey, claims, 'a');
    return { authenticator: jwt({ jwksUrl: server.url, timeoutMs }), close: server.close, ...(await credentials(sign)) };
  },
  failing: async ({ timeoutMs }) => {
    const sign = (claims: JWTPayload) => signed(first.privateKey, claims, 'a');
    return { authenticator: jwt({ jwksUrl: await nobody(), timeoutMs }), ...(await credentials(sign)) };
  },
});

const verify = async (given: string | Promise<string>, options: Partial<JwtOptions> = {}, more: Partial<Attempt> = {}) =>
  jwt({ secret, clock, ...options } as JwtOptions).authenticate(attemptOf({ token: await given }, more));

const good = { sub: 'jane', exp: nowS + 60 };

token('a token that names the user admits, until it expires', async () => {
  assert.equal(await verify(hs(good)), { _tag: 'Right', right: { expiresAt: (nowS + 60) * 1000 } });
});

for (const alg of ['HS384', 'HS512'])
  token(`a secret goes with ${alg} too`, async () => {
    assert.is(codeOf(await verify(hs(good, { alg }))), 'admitted');
  });

token('a token adapter admits only the username its token names', async () => {
  for (const sub of ['john', 'Jane', 'jane ', '']) {
    const verdict = await verify(hs({ ...good, sub }));
    assert.is(codeOf(verdict), 'AccessDeniedError');
    assert.match(detailOf(verdict), /claim sub does not name the user/);
  }
  assert.is(codeOf(await verify(hs({ exp: good.exp }))), 'AccessDeniedError');
  assert.is(codeOf(await verify(hs({ exp: good.exp, sub: ['jane'] as unknown as string }))), 'AccessDeniedError');
});

token('another claim may name the user, and another parameter hold the token', async () => {
  const authenticator = jwt({ secret, clock, usernameClaim: 'preferred_username', param: 'idToken' });
  const idToken = await hs({ preferred_username: 'jane', sub: 'u-7', exp: good.exp });
  assert.is(codeOf(await authenticator.authenticate(attemptOf({ idToken }))), 'admitted');
  assert.is(codeOf(await authenticator.authenticate(attemptOf({ token: idToken }))), 'AccessDeniedError');
  assert.is(codeOf(await authenticator.authenticate(attemptOf({ idToken }, { username: 'u-7' }))), 'AccessDeniedError');
});

token('a claim that objects inherit names nobody', async () => {
  assert.is(codeOf(await verify(hs(good), { usernameClaim: 'constructor' }, { username: 'Object' })), 'AccessDeniedError');
});

token('authParams without a token are denied, with what stands there', async () => {
  const authenticator = jwt({ secret, clock });
  assert.match(detailOf(await authenticator.authenticate(attemptOf({}))), /authParams\.token is undefined/);
  assert.match(detailOf(await authenticator.authenticate(attemptOf({ token: 7 }))), /authParams\.token is the number 7/);
  const inherited = jwt({ secret, clock, param: 'toString' });
  assert.match(detailOf(await inherited.authenticate(attemptOf({}))), /authParams\.toString is undefined/);
});

const unsigned = (header: object, claims: object) =>
  `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
const pem = String(rsa.publicKey.export({ type: 'spki', format: 'pem' }));

const refused: readonly (readonly [title: string, given: () => string | Promise<string>, options: Partial<JwtOptions>, said: RegExp])[] = [
  ['is no token', () => 'hunter22', {}, /ERR_JWS_INVALID/],
  ['is empty', () => '', {}, /ERR_JWS_INVALID/],
  ['is not signed', () => unsigned({ alg: 'none' }, good), {}, /ERR_JOSE_ALG_NOT_ALLOWED/],
  ['is signed by another secret', () => hs(good, { key: secret.toUpperCase() }), {}, /ERR_JWS_SIGNATURE_VERIFICATION_FAILED/],
  [
    'is signed by the public key as if it were a secret',
    () => hs(good, { key: pem }),
    { secret: undefined, key: pem },
    /ERR_JOSE_ALG_NOT_ALLOWED/,
  ],
  ['names an algorithm that the app left out', () => hs(good, { alg: 'HS512' }), { algorithms: ['HS256'] }, /ERR_JOSE_ALG_NOT_ALLOWED/],
  ['demands an extension', () => unsigned({ alg: 'HS256', crit: ['x'], x: 1 }, good), {}, /ERR_JOSE_NOT_SUPPORTED/],
  ['is expired', () => hs({ ...good, exp: nowS - 6 }), {}, /ERR_JWT_EXPIRED/],
  ['is not good yet', () => hs({ ...good, nbf: nowS + 6 }), {}, /ERR_JWT_CLAIM_VALIDATION_FAILED/],
  ['never expires', () => hs({ sub: 'jane' }), {}, /missing required "exp" claim/],
  ['comes from another issuer', () => hs({ ...good, iss: 'x' }), { issuer: 'https://id.example' }, /unexpected "iss" claim value/],
  ['comes from no issuer', () => hs(good), { issuer: ['https://id.example'] }, /missing required "iss" claim/],
  ['is for another audience', () => hs({ ...good, aud: ['x'] }), { audience: ['chat', 'voice'] }, /unexpected "aud" claim value/],
  ['is for no audience', () => hs(good), { audience: 'chat' }, /missing required "aud" claim/],
  ['has an expiry past all time', () => hs({ ...good, exp: 1e300 }), {}, /expiresAt is the number .* not milliseconds/],
];

for (const [title, given, options, said] of refused)
  token(`a token that ${title} is denied`, async () => {
    const presented = await given();
    const verdict = await verify(presented, options);
    assert.is(codeOf(verdict), 'AccessDeniedError');
    assert.match(detailOf(verdict), said);
    for (const part of presented.split('.').filter((each) => each !== '')) assert.not.ok(detailOf(verdict).includes(part));
  });

token('issuer and audience may each be one of several', async () => {
  const claims = { ...good, iss: 'b', aud: ['chat', 'mail'] };
  assert.is(codeOf(await verify(hs(claims), { issuer: ['a', 'b'], audience: ['voice', 'chat'] })), 'admitted');
  assert.is(codeOf(await verify(hs(claims), { issuer: 'b', audience: 'mail' })), 'admitted');
});

token('within the tolerance an expired token admits until the tolerance is over', async () => {
  assert.equal(await verify(hs({ ...good, exp: nowS - 4 })), { _tag: 'Right', right: { expiresAt: (nowS + 1) * 1000 } });
  assert.is(codeOf(await verify(hs({ ...good, exp: nowS - 4 }), { clockToleranceS: 3 })), 'AccessDeniedError');
  assert.is(codeOf(await verify(hs({ ...good, exp: nowS }), { clockToleranceS: 0 })), 'AccessDeniedError');
});

token('without a tolerance a token is not good for the rest of the second in which it expired', async () => {
  const late = handClock(clock.wall() + 900);
  assert.is(codeOf(await verify(hs({ ...good, exp: nowS + 0.5 }), { clockToleranceS: 0, clock: late })), 'AccessDeniedError');
});

token('a token without expiry admits without limit where the app allows it', async () => {
  assert.equal(await verify(hs({ sub: 'jane' }), { allowNoExpiry: true }), { _tag: 'Right', right: {} });
  assert.equal(await verify(hs(good), { allowNoExpiry: true }), { _tag: 'Right', right: { expiresAt: good.exp * 1000 } });
});

token('the profile is what the app reads from the claims', async () => {
  const profile = (claims: JWTPayload): Profile => ({ displayName: String(claims.name) });
  const verdict = await verify(hs({ ...good, name: 'Jane Doe' }), { profile });
  assert.equal(verdict, { _tag: 'Right', right: { user: { displayName: 'Jane Doe' }, expiresAt: good.exp * 1000 } });
});

token('a profile function that throws or gives nonsense denies', async () => {
  const given = await hs(good);
  const throwing = () => {
    throw new Error(`no name in ${given}`);
  };
  assert.match(detailOf(await verify(given, { profile: throwing })), /profile function threw Error: no name in \[redacted\]/);
  const nonsense = (async () => ({})) as unknown as (claims: JWTPayload) => Profile;
  assert.match(detailOf(await verify(given, { profile: nonsense })), /user is an instance of Promise, not profile/);
});

token('a profile function can not lengthen the admittance', async () => {
  const profile = (claims: JWTPayload): Profile => {
    claims.exp = nowS + 9999;
    return {};
  };
  assert.equal(await verify(hs(good), { profile }), { _tag: 'Right', right: { user: {}, expiresAt: good.exp * 1000 } });
});

token('a public key verifies what its private key signed', async () => {
  const given = await new SignJWT(good).setProtectedHeader({ alg: 'RS256' }).sign(rsa.privateKey);
  assert.is(codeOf(await verify(given, { secret: undefined, key: pem })), 'admitted');
  assert.is(codeOf(await verify(signed(first.privateKey, good), { secret: undefined, key: second.publicKey })), 'AccessDeniedError');
  assert.is(codeOf(await verify(signed(first.privateKey, good), { secret: undefined, key: first.publicKey })), 'admitted');
});

/** An authenticator with a key set on a real server, which is closed after the test. */
const withKeySet = async (
  listener: RequestListener,
  run: (authenticate: (given: string) => Promise<Awaited<ReturnType<typeof verify>>>, count: () => number) => Promise<void>,
  options: Partial<JwtOptions> = {},
) => {
  const server = await serve(listener);
  try {
    const authenticator = jwt({ jwksUrl: server.url, clock, ...options });
    await run((given) => authenticator.authenticate(attemptOf({ token: given })), server.count);
  } finally {
    await server.close();
  }
};

token('the key set is fetched with the first token, and kept', async () => {
  const keys = [await published(first.privateKey, 'a')];
  await withKeySet(
    (_, response) => json(response, { keys }),
    async (authenticate, count) => {
      assert.is(count(), 0);
      const given = await signed(first.privateKey, good, 'a');
      const verdicts = await Promise.all([authenticate(given), authenticate(given)]);
      assert.equal(verdicts.map(codeOf), ['admitted', 'admitted']);
      assert.is(codeOf(await authenticate(given)), 'admitted');
      assert.is(count(), 1);
    },
  );
});

token('a key that the issuer has changed to is fetched', async () => {
  let keys = [await published(first.privateKey, 'a')];
  await withKeySet(
    (_, response) => json(response, { keys }),
    async (authenticate, count) => {
      assert.is(codeOf(await authenticate(await signed(first.privateKey, good, 'a'))), 'admitted');
      keys = [await published(second.privateKey, 'b')];
      assert.is(codeOf(await authenticate(await signed(second.privateKey, good, 'b'))), 'admitted');
      assert.is(codeOf(await authenticate(await signed(first.privateKey, good, 'a'))), 'AccessDeniedError');
      assert.is(count(), 3);
    },
    { jwksCooldownMs: 0 },
  );
});

token('made-up key ids do not flood the issuer', async () => {
  const keys = [await published(first.privateKey, 'a')];
  await withKeySet(
    (_, response) => json(response, { keys }),
    async (authenticate, count) => {
      for (const kid of ['x', 'y', 'z']) {
        const verdict = await authenticate(await signed(second.privateKey, good, kid));
        assert.is(codeOf(verdict), 'AccessDeniedError');
        assert.match(detailOf(verdict), /ERR_JWKS_NO_MATCHING_KEY/);
      }
      assert.is(count(), 1);
    },
  );
});

token('a token without a key id is tried with every key that fits', async () => {
  const keys = [await published(first.privateKey, 'a'), await published(second.privateKey, 'b')];
  await withKeySet(
    (_, response) => json(response, { keys }),
    async (authenticate) => {
      assert.is(codeOf(await authenticate(await signed(second.privateKey, good))), 'admitted');
      assert.match(detailOf(await authenticate(await signed(es().privateKey, good))), /ERR_JWS_SIGNATURE_VERIFICATION_FAILED/);
      assert.match(detailOf(await authenticate(await signed(second.privateKey, { ...good, exp: nowS - 60 }))), /ERR_JWT_EXPIRED/);
    },
  );
});

token('a secret published in a key set is no key', async () => {
  const k = Buffer.from(secret).toString('base64url');
  await withKeySet(
    (_, response) => json(response, { keys: [{ kty: 'oct', k, alg: 'HS256' }] }),
    async (authenticate) => assert.match(detailOf(await authenticate(await hs(good))), /ERR_JOSE_ALG_NOT_ALLOWED/),
  );
});

const broken: readonly (readonly [title: string, listener: RequestListener, said: RegExp])[] = [
  ['answers 500', (_, response) => response.writeHead(500).end(), /answered with status 500/],
  ['answers with garbage', (_, response) => response.end('<h1>'), /Failed to parse/],
  ['answers with other JSON', (_, response) => json(response, { keys: 7 }), /JSON Web Key Set malformed/],
  ['redirects', (_, response) => response.writeHead(302, { location: '/other' }).end(), /answered with status 302/],
  ['streams for ever', (_, response) => stream(response), /longer than 65536 bytes/],
  ['cuts the connection', (request) => request.socket.destroy(), /fetch failed/],
];

for (const [title, listener, said] of broken)
  token(`a key set that ${title} is unavailable`, async () => {
    await withKeySet(listener, async (authenticate) => {
      const given = await signed(first.privateKey, good, 'a');
      const verdict = await authenticate(given);
      assert.is(codeOf(verdict), 'AuthenticationUnavailableError');
      assert.match(detailOf(verdict), said);
      assert.not.ok(detailOf(verdict).includes(given));
    });
  });

token('a key set with a key too weak for its algorithm is unavailable', async () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const jwk = { ...(await exportJWK(weak.publicKey)), kid: 'weak' };
  await withKeySet(
    (_, response) => json(response, { keys: [jwk] }),
    async (authenticate) => {
      const given = `${unsigned({ alg: 'RS256', kid: 'weak' }, good)}AAAA`;
      assert.match(detailOf(await authenticate(given)), /keys for the token can not be had.*modulusLength/);
    },
  );
});

token('a key set at which nobody listens is unavailable', async () => {
  const verdict = await verify(signed(first.privateKey, good, 'a'), { secret: undefined, jwksUrl: await nobody() });
  assert.is(codeOf(verdict), 'AuthenticationUnavailableError');
  assert.match(detailOf(verdict), /ECONNREFUSED/);
});

token('a key set that recovers is fetched again', async () => {
  const keys = [await published(first.privateKey, 'a')];
  let up = false;
  await withKeySet(
    (_, response) => (up ? json(response, { keys }) : response.writeHead(503).end()),
    async (authenticate) => {
      const given = await signed(first.privateKey, good, 'a');
      assert.is(codeOf(await authenticate(given)), 'AuthenticationUnavailableError');
      up = true;
      assert.is(codeOf(await authenticate(given)), 'admitted');
    },
  );
});

token('a key set that hangs is a timeout', async () => {
  const asked = gate();
  const own = handClock();
  await withKeySet(
    () => asked.open(),
    async (authenticate) => {
      const verdict = authenticate(await signed(first.privateKey, good, 'a'));
      await asked.opened;
      own.strike();
      assert.is(codeOf(await verdict), 'AuthenticationTimeoutError');
    },
    { clock: own },
  );
});

for (const [title, listener] of [
  ['that hangs', () => undefined],
  ['that begins and then hangs', (_request, response) => void response.writeHead(200).write('{"keys":')],
] as readonly (readonly [string, RequestListener])[])
  token(`a fetch of the key set ${title} ends by itself, also where the attempt's clock stands still`, async () => {
    await withKeySet(
      listener,
      async (authenticate) => {
        const verdict = await authenticate(await signed(first.privateKey, good, 'a'));
        assert.is(codeOf(verdict), 'AuthenticationTimeoutError');
        assert.match(detailOf(verdict), /key set did not come in time/);
      },
      { timeoutMs: 50 },
    );
  });

token('an attempt that is given up does not stop the fetch for the others', async () => {
  const keys = [await published(first.privateKey, 'a')];
  const asked = gate();
  const held = gate();
  const server = await serve((_, response) => {
    asked.open();
    held.opened.then(() => json(response, { keys }));
  });
  const authenticator = jwt({ jwksUrl: server.url, clock });
  const given = await signed(first.privateKey, good, 'a');
  const controller = new AbortController();
  const givenUp = authenticator.authenticate(attemptOf({ token: given }, { signal: controller.signal }));
  const waiting = authenticator.authenticate(attemptOf({ token: given }));
  await asked.opened;
  controller.abort();
  assert.is(codeOf(await givenUp), 'AuthenticationTimeoutError');
  held.open();
  assert.is(codeOf(await waiting), 'admitted');
  assert.is(server.count(), 1);
  await server.close();
});

for (const clockToleranceS of [-1, Number.NaN, Number.POSITIVE_INFINITY])
  token(`a tolerance of ${clockToleranceS} is refused at start-up`, () => {
    assert.throws(() => jwt({ secret, clockToleranceS }), /jwt: clockToleranceS is the number/);
  });

contract.run();
token.run();
