import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { authoriseHello, isLoopback, isSameHash } from '../../../src/server/admission.js';
import { settingsOf } from '../../../src/server/options.js';
import { originProblem } from '../../../src/server/origins.js';

const listed = ['https://app.example'];
const keyed = { origins: listed, apiKeys: ['dev'] };
const keyless = { origins: listed, apiKeys: [] };
const from = (origin: string | null, host = 'chat.example:4150') => ({ origin, headers: { host } });

const test = suite('which pages may connect');

const cases: readonly (readonly [string, string | null, string, 'both' | 'with keys' | 'neither'])[] = [
  ['no page at all', null, 'chat.example:4150', 'both'],
  ['a listed origin', 'https://app.example', 'chat.example:4150', 'both'],
  ['a page of this machine', 'http://localhost:3000', 'chat.example:4150', 'both'],
  ['a page of this machine by a name below localhost', 'http://shop.localhost:3000', 'chat.example:4150', 'both'],
  ['a page of this machine by number', 'http://127.0.0.1:3000', 'chat.example:4150', 'both'],
  ['a page of this machine by IPv6', 'http://[::1]:3000', 'chat.example:4150', 'both'],
  ['a page of the same host', 'http://chat.example:4150', 'chat.example:4150', 'with keys'],
  ['a page of another port of the same host', 'http://chat.example:80', 'chat.example:4150', 'neither'],
  ['a page of another host', 'https://elsewhere.example', 'chat.example:4150', 'neither'],
  ['a listed host by another scheme', 'http://app.example', 'chat.example:4150', 'neither'],
  ['a name that only looks like this machine', 'http://localhost.elsewhere.example', 'chat.example:4150', 'neither'],
  ['a name that only ends like this machine', 'http://mylocalhost', 'chat.example:4150', 'neither'],
  ['a number that only looks like this machine', 'http://127.0.0.1.elsewhere.example', 'chat.example:4150', 'neither'],
  ['a sandboxed page', 'null', 'chat.example:4150', 'neither'],
  ['nonsense', 'nonsense', 'chat.example:4150', 'neither'],
];

for (const [what, origin, host, verdict] of cases)
  test(`${what}: ${verdict === 'both' ? 'yes' : verdict === 'neither' ? 'no' : 'only on a server with keys'}`, () => {
    assert.is(originProblem(keyed, from(origin, host)) === null, verdict !== 'neither');
    assert.is(originProblem(keyless, from(origin, host)) === null, verdict === 'both');
  });

test('without keys a name that was made to mean this machine lets no strange page in (DNS rebinding)', () => {
  assert.is(originProblem(keyless, from('http://evil.example:4150', 'evil.example:4150')), '"http://evil.example:4150"');
});

test('what is refused is shown quoted, and cut where it is long', () => {
  assert.is(originProblem(keyed, from('a\n"b"')), '"a\\n\\"b\\""');
  assert.is(originProblem(keyed, from('x'.repeat(5_000)))?.length, 102);
});

const machine = suite('what is this machine');

machine('loopback addresses of either family, and what came without a network', () => {
  for (const address of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', null]) assert.ok(isLoopback(address), String(address));
  for (const address of ['10.0.0.1', '192.168.1.7', '::', '::2', '::ffff:10.0.0.1', '1127.0.0.1', 'fe80::1'])
    assert.not.ok(isLoopback(address), address);
});

for (const [apiKeys, key, remoteAddress, code] of [
  [[], undefined, '127.0.0.1', null],
  [[], 'any', '::1', null],
  [[], undefined, '10.0.0.1', 'InvalidApiKeyError'],
  [[], 'any', '192.168.1.7', 'InvalidApiKeyError'],
  [['dev'], 'dev', '10.0.0.1', null],
  [['dev'], undefined, '127.0.0.1', 'InvalidApiKeyError'],
] as const)
  machine(`keys ${JSON.stringify(apiKeys)}, key ${key}, from ${remoteAddress}: ${code ?? 'fine'}`, () => {
    const request = { remoteAddress, origin: null, userAgent: null, url: '/', headers: {} };
    const verdict = authoriseHello(settingsOf({ apiKeys }), { v: 1, key }, request);
    assert.is(verdict._tag === 'Left' ? verdict.left.code : null, code);
  });

const hashes = suite('hashes');

hashes('are the same only where they are', () => {
  assert.ok(isSameHash('abc', 'abc'));
  assert.not.ok(isSameHash('abc', 'abd'));
  assert.not.ok(isSameHash('abc', 'abcd'));
});

const options = suite('options that can not be what they are');

for (const [what, given, message] of [
  ['a time that is no number', { helloTimeoutMs: Number.NaN }, /`helloTimeoutMs` is a number of milliseconds/],
  ['a time before now', { pingEveryMs: -1 }, /`pingEveryMs`/],
  ['an endless time', { authenticateTimeoutMs: Number.POSITIVE_INFINITY }, /`authenticateTimeoutMs`/],
  ['an empty API key', { apiKeys: ['fine', ''] }, /`apiKeys\[1\]`/],
  ['an origin with a path', { origins: ['https://app.example/path'] }, /`origins` takes origins/],
  ['an origin that is none', { origins: ['app.example'] }, /`origins` takes origins/],
] as const)
  options(`${what} is told where the server is written`, () => {
    assert.throws(() => settingsOf(given), message);
  });

test.run();
machine.run();
hashes.run();
options.run();
