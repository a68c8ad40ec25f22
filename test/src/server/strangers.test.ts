/** Limits on what strangers may have of a server, over real sockets: sessions in all, connections of one address, lines of its log. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AuthenticateFunction } from '../../../src/server/index.js';
import {
  type Fields,
  helloEntry,
  helloFor,
  newToken,
  openRaw,
  type RawClient,
  resumeFor,
  startRaw,
  startResumable,
} from '../../support/raw.js';
import { withServer } from '../../support/server.js';
import { until } from '../../support/until.js';

const key = 'key';
const addressOf = ({ headers }: { readonly headers: Readonly<Record<string, string>> }): string | undefined => headers['x-real-ip'];
const behindProxy = { apiKeys: [key], addressOf };

const startFrom = async (url: string, address: string, username: string, more: Record<string, unknown> = {}): Promise<RawClient> => {
  const raw = await openRaw(url, { headers: { 'x-real-ip': address } });
  raw.send(['hello', helloFor(username, { key, ...more })]);
  return raw;
};
const goodbye = ['bye', { code: 'SessionEndedError', message: '' }] as const;

const sessions = suite('a server that has as many sessions as it may');

const sevenOnly: AuthenticateFunction = ({ request }) => {
  if (request.remoteAddress !== '203.0.113.7') throw new Error('another address');
};

let asked = 0;
const counting = (): void => {
  asked += 1;
};
sessions(
  'tells who wants another one that it is busy, and when to come again, before the credential is looked at',
  withServer({ limits: { sessions: 2 }, authenticate: counting }, async ({ url, server, log }) => {
    const first = await startRaw(url, 'one', { authParams: {} });
    await startRaw(url, 'two', { authParams: {} });
    assert.is(asked, 2);
    for (const name of ['three', 'four']) {
      const raw = await openRaw(url);
      raw.send(['hello', helloFor(name, { authParams: {} })]);
      const [, deny] = await raw.take('deny');
      assert.is((deny as Fields).code, 'ServerBusyError');
      assert.ok((deny as Fields).retryAfterMs > 0);
    }
    assert.is(asked, 2);
    assert.equal(
      log.with('is reached').map(({ level, fields }) => [level, fields.limit]),
      [['warn', 'sessions']],
    );
    first.raw.send(goodbye);
    await until(() => server.counts.active === 1, 'the first is gone');
    await startRaw(url, 'three', { authParams: {} });
  }),
);

sessions(
  'lets those come back that it has, and counts them while they are away',
  withServer({ limits: { sessions: 1 }, resumeWindowMs: 60_000 }, async ({ url, server }) => {
    const { raw, welcome, token } = await startResumable(url, 'one');
    raw.drop();
    await until(() => server.keeper.lost.size === 1, 'it is lost');
    const other = await openRaw(url);
    other.send(['hello', helloFor('two')]);
    assert.is((await other.refusal()).code, 'ServerBusyError');
    const again = await openRaw(url);
    again.send(['hello', resumeFor(welcome.session, [token])]);
    assert.is(((await again.take('welcome'))[1] as Fields).outcome, 'resumed');
  }),
);

let open: (() => void)[] = [];
const opened = new Promise<void>((resolve) => open.push(resolve));
sessions(
  'has no more of them where several were let in at once',
  withServer({ limits: { sessions: 1 }, authenticate: () => opened }, async ({ url, server }) => {
    const raws = await Promise.all([1, 2, 3].map(() => openRaw(url)));
    for (const [index, raw] of raws.entries()) raw.send(['hello', helloFor(`user-${index}`, { authParams: {} })], ['ping', 1]);
    await Promise.all(raws.map((raw) => raw.take('pong')));
    for (const resolve of open) resolve();
    open = [];
    await until(() => raws.filter(({ frames }) => frames.some(([tag]) => tag === 'deny')).length === 2, 'two are refused');
    assert.is(server.counts.unconfirmed, 1);
  }),
);

sessions.run();

const addresses = suite('one address');

addresses(
  'has so many connections at once; others are not kept out by it',
  withServer({ limits: { connectionsPerAddress: 2 }, ...behindProxy }, async ({ url, server, log }) => {
    const [first] = [await startFrom(url, '203.0.113.7', 'one'), await startFrom(url, '203.0.113.7', 'two')];
    for (let n = 0; n < 3; n += 1) {
      const refused = await (await startFrom(url, '203.0.113.7', 'three')).refusal();
      assert.equal([refused.tag, refused.code], ['deny', 'ServerBusyError']);
    }
    assert.equal(
      log.with('is reached').map(({ fields }) => fields),
      [{ limit: 'connectionsPerAddress', remoteAddress: '203.0.113.7' }],
    );
    await (await startFrom(url, '203.0.113.8', 'three')).confirmed();
    first?.drop();
    await until(() => server.counts.unconfirmed + server.counts.active === 2, 'the first is gone');
    await (await startFrom(url, '203.0.113.7', 'four')).confirmed();
  }),
);

addresses(
  'is a /64 network where it is IPv6',
  withServer({ limits: { connectionsPerAddress: 1 }, ...behindProxy }, async ({ url }) => {
    await (await startFrom(url, '2001:db8:1:2::1', 'one')).confirmed();
    assert.is((await (await startFrom(url, '2001:db8:1:2:ffff::2', 'two')).refusal()).code, 'ServerBusyError');
    await (await startFrom(url, '2001:db8:1:3::1', 'three')).confirmed();
  }),
);

addresses(
  'that has all its connections gets back to the sessions that it has, and to no others',
  withServer({ limits: { connectionsPerAddress: 1 }, ...behindProxy, resumeWindowMs: 60_000 }, async ({ url, server }) => {
    const headers = { 'x-real-ip': '203.0.113.7' };
    const token = newToken();
    const raw = await startFrom(url, '203.0.113.7', 'one', { features: ['resume'], token });
    const { session } = await raw.confirmed();
    raw.send(['ping', 1]);
    await raw.take('pong');
    raw.drop();
    await until(() => server.keeper.lost.size === 1, 'it is lost');
    await (await startFrom(url, '203.0.113.7', 'two')).confirmed();
    const unknown = await openRaw(url, { headers, entries: [helloEntry(resumeFor('s'.repeat(22), [token], { key }))] });
    assert.is((await unknown.refusal()).code, 'ServerBusyError');
    const back = await openRaw(url, { headers, entries: [helloEntry(resumeFor(session, [token], { key }))] });
    assert.is(((await back.take('welcome'))[1] as Fields).outcome, 'resumed');
  }),
);

addresses(
  'that opens connections and says nothing leaves half of the places to others',
  withServer({ limits: { pendingConnections: 8 }, ...behindProxy }, async ({ url, log }) => {
    const silent = { headers: { 'x-real-ip': '203.0.113.7' } };
    for (let n = 0; n < 4; n += 1) await openRaw(url, silent);
    assert.is((await (await openRaw(url, silent)).refusal()).code, 'ServerBusyError');
    for (const name of ['one', 'two']) await (await startFrom(url, '203.0.113.8', name)).confirmed();
    assert.equal(
      log.with('is reached').map(({ fields }) => fields),
      [{ limit: 'connectionsPerAddress', remoteAddress: '203.0.113.7' }],
    );
  }),
);

addresses(
  'is not counted where it is this machine, or a private network that nobody said otherwise of',
  withServer({ limits: { connectionsPerAddress: 1 }, ...behindProxy }, async ({ url }) => {
    for (const name of ['one', 'two']) await startRaw(url, name, { key });
    for (const name of ['three', 'four']) await (await startFrom(url, '10.0.0.1', name)).confirmed();
  }),
);

addresses(
  'that leaves many sessions behind pushes out its own, and not those of others',
  withServer({ limits: { connectionsPerAddress: 2 }, ...behindProxy, resumeWindowMs: 60_000 }, async ({ url, server, endOf, log }) => {
    const lose = async (address: string, name: string): Promise<string> => {
      const raw = await startFrom(url, address, name, { features: ['resume'], token: newToken() });
      const { session } = await raw.confirmed();
      raw.send(['ping', 1]);
      await raw.take('pong');
      const before = server.keeper.lost.size;
      raw.drop();
      await until(
        () => server.counts.active > 0 && log.with('lost its link').some(({ fields }) => fields.session === session),
        'it is lost',
      );
      assert.ok(server.keeper.lost.size >= before);
      return session;
    };
    const jane = await lose('203.0.113.8', 'jane');
    const ids = [];
    for (const name of ['one', 'two', 'three', 'four']) ids.push(await lose('203.0.113.7', name));
    for (const id of ids.slice(0, 2)) assert.is((await endOf(id)).reason, 'expired');
    assert.is(server.keeper.lost.size, 3);
    assert.ok(server.keeper.find(jane));
    assert.equal(
      log.with('more sessions are lost').map(({ fields }) => fields.limit),
      ['connectionsPerAddress', 'connectionsPerAddress'],
    );
  }),
);

addresses(
  'behind a proxy is the one that is told to whoever decides',
  withServer({ ...behindProxy, authenticate: sevenOnly }, async ({ url }) => {
    await (await startFrom(url, '203.0.113.7', 'jane', { authParams: {} })).confirmed();
    assert.is((await (await startFrom(url, '203.0.113.8', 'jane', { authParams: {} })).refusal()).code, 'AccessDeniedError');
  }),
);

addresses(
  'that a proxy on this machine tells of is no client of this machine, or all would be served where no `apiKeys` are set',
  withServer({ addressOf }, async ({ url }) => {
    assert.is((await (await startFrom(url, '203.0.113.7', 'jane')).refusal()).code, 'InvalidApiKeyError');
    await (await startFrom(url, '127.0.0.1', 'jane')).confirmed();
  }),
);

addresses.run();

const lines = suite('the log');

lines(
  'has a line for some of those who are refused, and a count of the others',
  withServer({ apiKeys: ['key'], limits: { logLinesPerSecond: 3 } }, async ({ url, log }) => {
    for (let n = 0; n < 10; n += 1) {
      const raw = await openRaw(url);
      raw.send(['hello', helloFor('eve', { key: 'guessed' })]);
      await raw.refusal();
    }
    await until(() => log.with('left out of the log').length > 0, 'the others are counted');
    const [counted] = log.with('left out of the log');
    const written = log.lines.filter(
      ({ message, fields }) => message === 'connection refused or closed' && fields.code === 'InvalidApiKeyError',
    );
    assert.is(counted?.level, 'info');
    assert.is(written.length + Number(counted?.fields.left), 10);
    assert.is(written.length, 3);
  }),
);

lines.run();
