/** Whose connections are counted together, and how many there may be. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Addresses, normalAddress } from '../../../src/server/addresses.js';
import { located } from '../../../src/server/located.js';
import { keptLog } from '../../support/server.js';

const one = suite('an address');

one('is the same however it is written', () => {
  for (const [written, address] of [
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['0:0:0:0:0:ffff:cb00:7107', '203.0.113.7'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
  ] as const)
    assert.is(normalAddress(written), address);
});

one('is none where it is no address', () => {
  for (const written of ['', 'jane', '203.0.113', '203.0.113.7:80', '[::1]', '2001:db8::/64', '1'.repeat(10_000)])
    assert.is(normalAddress(written), null, written.slice(0, 50));
});

one.run();

const counted = suite('connections of one address');

counted('are counted together, IPv6 by the /64 network that one customer has', () => {
  const addresses = new Addresses(1);
  for (const [address, key] of [
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
    ['::2', '0:0:0:0::/64'],
  ] as const)
    assert.is(addresses.keyOf(address), key);
});

counted('are not counted where no stranger comes from', () => {
  const addresses = new Addresses(1);
  const local = [
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.0.1',
    'fd00::1',
    'fe80::1%eth0',
  ];
  for (const address of [...local, null, 'no address']) {
    assert.is(addresses.keyOf(address), null, String(address));
    assert.ok(addresses.enter(address) && addresses.enter(address));
    addresses.leave(address);
  }
  for (const stranger of ['172.15.0.1', '172.32.0.1', '100.63.0.1', '2001:db8::1']) assert.ok(addresses.keyOf(stranger) !== null, stranger);
});

counted('may be so many, and one more when one is gone', () => {
  const addresses = new Addresses(2);
  assert.equal(
    [1, 2, 3].map(() => addresses.enter('203.0.113.7')),
    [true, true, false],
  );
  assert.ok(addresses.enter('203.0.113.8'));
  // The one that was refused goes, and one of the others.
  addresses.leave('203.0.113.7');
  assert.not(addresses.enter('203.0.113.7'));
  addresses.leave('203.0.113.7');
  addresses.leave('203.0.113.7');
  assert.ok(addresses.enter('203.0.113.7'));
});

counted('leave nothing behind, and one that never came does not count as gone', () => {
  const addresses = new Addresses(1);
  addresses.leave('203.0.113.7');
  assert.ok(addresses.enter('203.0.113.7'));
  assert.not(addresses.enter('203.0.113.7'));
});

counted.run();

const where = suite('where a connection comes from');

const request = {
  remoteAddress: '10.0.0.1',
  origin: null,
  userAgent: null,
  url: '/',
  headers: { cookie: 'sid=secret', 'x-real-ip': '203.0.113.7' },
};

where('is what `addressOf` says, behind a proxy', () => {
  const { lines, logger } = keptLog();
  assert.is(located(({ headers }) => headers['x-real-ip'], request, logger).remoteAddress, '203.0.113.7');
  assert.is(located(() => '::ffff:203.0.113.7', request, logger).remoteAddress, '203.0.113.7');
  assert.is(lines.length, 0);
});

where("is the socket's address where there is no such function, or it says nothing", () => {
  const { lines, logger } = keptLog();
  assert.is(located(undefined, request, logger), request);
  for (const said of [null, undefined])
    assert.is(
      located(() => said, request, logger),
      request,
    );
  assert.is(lines.length, 0);
});

where("is the socket's address where it says what is no address, which the log tells without telling what", () => {
  const { lines, logger, text } = keptLog();
  for (const said of ['secret', '', 7 as unknown as string])
    assert.is(
      located(() => said, request, logger),
      request,
    );
  assert.is(lines.length, 3);
  assert.not.match(text(), 'secret');
});

where("is the socket's address where it throws, which the log tells without what the request holds", () => {
  const { lines, logger, text } = keptLog();
  const throwing = (): never => {
    throw new Error('no such header beside sid=secret');
  };
  assert.is(located(throwing, request, logger), request);
  assert.equal(
    lines.map(({ level }) => level),
    ['error'],
  );
  assert.match(text(), 'no such header');
  assert.not.match(text(), 'secret');
});

where('is never this machine because a header says so', () => {
  const { logger } = keptLog();
  assert.is(located(() => '127.0.0.1', request, logger).remoteAddress, '10.0.0.1');
  assert.is(located(() => '127.0.0.1', { ...request, remoteAddress: '::1' }, logger).remoteAddress, '127.0.0.1');
});

where.run();
