import { createPrivateKey, createSecretKey, generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type JwtKeyOptions, keysOf } from '../../../adapters/auth/jwt-keys.js';

const choosing = suite('keys and algorithms for tokens');

const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const secret = 'a secret of at least 32 bytes, this';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const p256 = curve('P-256');
const ed25519 = generateKeyPairSync('ed25519');
const pem = (key: KeyObject) => String(key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' }));
const subtle = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);

const defaults: readonly (readonly [title: string, options: JwtKeyOptions, algorithms: readonly string[]])[] = [
  ['a secret', { secret }, ['HS256', 'HS384', 'HS512']],
  ['a secret of bytes', { secret: new Uint8Array(32) }, ['HS256', 'HS384', 'HS512']],
  ['a key set', { jwksUrl: 'http://127.0.0.1/jwks' }, [...RSA, 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']],
  ['an RSA key', { key: rsa.publicKey }, RSA],
  ['an RSA-PSS key', { key: pss.publicKey }, ['PS256', 'PS384', 'PS512']],
  ['a P-256 key', { key: p256.publicKey }, ['ES256']],
  ['a P-384 key', { key: curve('P-384').publicKey }, ['ES384']],
  ['a P-521 key', { key: curve('P-521').publicKey }, ['ES512']],
  ['an Ed25519 key', { key: ed25519.publicKey }, ['EdDSA', 'Ed25519']],
  ['a PEM text', { key: pem(rsa.publicKey) }, RSA],
  ['a JSON Web Key', { key: p256.publicKey.export({ format: 'jwk' }) }, ['ES256']],
  ['a CryptoKey', { key: subtle.publicKey }, ['ES256']],
  ['an RSA key narrowed by the app', { key: rsa.publicKey, algorithms: ['RS256'] }, ['RS256']],
];

for (const [title, options, algorithms] of defaults)
  choosing(`${title} goes with ${algorithms.join(', ')}`, () => assert.equal(keysOf(options, 50).algorithms, algorithms));

const refused: readonly (readonly [title: string, options: JwtKeyOptions, said: RegExp])[] = [
  ['no key at all', {}, /give one of jwksUrl, key and secret/],
  ['two keys', { secret, key: rsa.publicKey }, /give only one of/],
  ['none, with a public key', { key: rsa.publicKey, algorithms: ['RS256', 'none'] }, /algorithms has none, which/],
  ['none, with a secret', { secret, algorithms: ['none'] }, /algorithms has none/],
  ['none, with a key set', { jwksUrl: 'http://127.0.0.1', algorithms: ['none'] }, /algorithms has none/],
  ['HS256 with a public key', { key: rsa.publicKey, algorithms: ['HS256'] }, /algorithms has HS256/],
  ['HS256 with a key set', { jwksUrl: 'http://127.0.0.1', algorithms: ['RS256', 'HS256'] }, /algorithms has HS256/],
  ['RS256 with a secret', { secret, algorithms: ['RS256'] }, /algorithms has RS256/],
  ['ES384 with a P-256 key', { key: p256.publicKey, algorithms: ['ES384'] }, /algorithms has ES384/],
  ['no algorithms', { secret, algorithms: [] }, /algorithms is empty/],
  ['a secret of 31 bytes', { secret: 'x'.repeat(31) }, /secret has 31 bytes, but needs at least 32/],
  ['a public key given as a secret', { secret: pem(rsa.publicKey) }, /A public key is given as `key`/],
  ['a private PEM', { key: pem(rsa.privateKey) }, /not a public key/],
  ['a private KeyObject', { key: createPrivateKey(pem(rsa.privateKey)) }, /not a public key/],
  ['a private JSON Web Key', { key: p256.privateKey.export({ format: 'jwk' }) }, /not a public key/],
  ['a secret JSON Web Key', { key: createSecretKey(Buffer.alloc(32)).export({ format: 'jwk' }) }, /not a public key/],
  ['a private CryptoKey', { key: subtle.privateKey }, /not a public key/],
  ['text that is no key', { key: 'hunter22' }, /key can not be read/],
  ['a JSON Web Key of nonsense', { key: { kty: 'EC', crv: 'P-256', x: 'hunter22' } }, /key can not be read/],
  ['an RSA key of 1024 bits', { key: small.publicKey }, /the RSA key has 1024 bits, but needs at least 2048/],
  ['a curve without an algorithm', { key: curve('secp256k1').publicKey }, /no signature algorithm for this type of key/],
  ['a key for agreement', { key: generateKeyPairSync('x25519').publicKey }, /no signature algorithm for this type of key/],
  ['a key set at no URL', { jwksUrl: 'hunter22' }, /jwt: jwksUrl is not a URL/],
];

for (const [title, options, said] of refused)
  choosing(`${title} is refused at start-up, without telling a secret`, () => {
    assert.throws(
      () => keysOf(options, 50),
      (error: unknown) => error instanceof TypeError && said.test(error.message) && !error.message.includes('hunter22'),
    );
  });

choosing('a secret that is changed afterwards stays what it was', () => {
  const bytes = new Uint8Array(32).fill(1);
  const { keys } = keysOf({ secret: bytes }, 50);
  bytes.fill(2);
  assert.equal(keys, new Uint8Array(32).fill(1));
});

choosing.run();
