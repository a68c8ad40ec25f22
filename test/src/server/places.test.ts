/** How many sessions a user may have at once, and who goes where it is one (docs/protocol.md, R65 and R66). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServer } from '../../../src/server/index.js';
import { helloFor, newToken, openRaw, resumeRaw, startRaw, startResumable } from '../../support/raw.js';
import { found, keptLog, started, withServer } from '../../support/server.js';
import { turns, until } from '../../support/until.js';

const resumeWindowMs = 60_000;

const many = suite('with many sessions a user, which is the default,');

many(
  'nobody stands in anybody’s way',
  withServer({}, async ({ client, server }) => {
    await started(client(), 'jane');
    await started(client(), 'jane');
    await until(() => server.counts.active === 2, 'both are there');
  }),
);

many.run();

const newest = suite('where the newest session wins,');

newest(
  'the one before ends as superseded, and its client stays away',
  withServer({ sessionsPerUser: 'newest' }, async ({ client, server, endOf }) => {
    const [first, second] = [client(), client()];
    const loser = await started(first, 'jane');
    const winner = await started(second, 'jane');
    const { reason } = await endOf(loser.id);
    assert.is(reason, 'superseded');
    const { error } = await until(() => (first.getSnapshot().status === 'ended' ? first.getSnapshot() : null), 'the first has ended');
    assert.is(error?.code, 'SessionSupersededError');
    assert.is(second.getSnapshot().status, 'active');
    await turns();
    assert.is(first.getSnapshot().status, 'ended');
    const { sessions } = await found(server.sessions.list({ username: 'jane' }));
    assert.equal(
      sessions.items.map(({ id, state, endReason }) => [id, state, endReason]),
      [
        [winner.id, 'ACTIVE', null],
        [loser.id, 'ENDED', 'superseded'],
      ],
    );
  }),
);

newest(
  'the goodbye to the one before waits until the newcomer has confirmed, and comes before the app is told of the newcomer',
  withServer({ sessionsPerUser: 'newest' }, async ({ url, server }) => {
    const told: string[] = [];
    server.on('session', ({ id }) => void told.push(`began ${id}`));
    server.on('ended', ({ id }, { reason }) => void told.push(`${reason} ${id}`));
    const { raw: first, welcome: former } = await startRaw(url, 'jane');
    const second = await openRaw(url);
    second.send(['hello', helloFor('jane')]);
    const [, { session }] = (await second.take('welcome')) as [string, { session: string }];
    first.send(['ping', 1]);
    await first.take('pong');
    assert.equal(told, [`began ${former.session}`]);
    second.send(['confirm']);
    assert.equal(await first.refusal().then(({ tag, code, closeCode }) => [tag, code, closeCode]), ['bye', 'SessionSupersededError', 4411]);
    await until(() => told.length === 3, 'all is told');
    assert.equal(told, [`began ${former.session}`, `superseded ${former.session}`, `began ${session}`]);
  }),
);

newest(
  'a newcomer that never confirms costs the one before nothing',
  withServer({ sessionsPerUser: 'newest', confirmWithinMs: 20 }, async ({ url, server }) => {
    const { raw: first } = await startRaw(url, 'jane');
    const second = await openRaw(url);
    second.send(['hello', helloFor('jane')]);
    assert.is((await second.refusal()).code, 'HelloTimeoutError');
    first.send(['ping', 1]);
    await first.take('pong');
    assert.is(server.counts.active, 1);
  }),
);

newest(
  'of two that come at the same moment the one that was welcomed last stays, whoever confirms first',
  withServer({ sessionsPerUser: 'newest' }, async ({ url, server }) => {
    const open = async () => {
      const raw = await openRaw(url);
      raw.send(['hello', helloFor('jane')]);
      const [, { session }] = (await raw.take('welcome')) as [string, { session: string }];
      return { raw, session };
    };
    const [a, b] = [await open(), await open()];
    b.raw.send(['confirm']);
    assert.is((await a.raw.refusal()).code, 'SessionSupersededError');
    const [c, d] = [await open(), await open()];
    c.raw.send(['confirm']);
    assert.is((await b.raw.refusal()).code, 'SessionSupersededError');
    d.raw.send(['confirm']);
    assert.is((await c.raw.refusal()).code, 'SessionSupersededError');
    await until(() => server.counts.active === 1, 'one is left');
    const { sessions } = await found(server.sessions.list({ state: 'ACTIVE' }));
    assert.equal(
      sessions.items.map(({ id }) => id),
      [d.session],
    );
  }),
);

newest(
  'a lost session goes too, and one that comes back before the newcomer has confirmed',
  withServer({ sessionsPerUser: 'newest', resumeWindowMs }, async ({ url, log, endOf }) => {
    const lost = await startResumable(url, 'jane');
    lost.raw.drop();
    await until(() => log.with('lost its link').length === 1, 'the link is lost');
    const newcomer = await openRaw(url);
    newcomer.send(['hello', helloFor('jane', { features: ['resume'] })]);
    await newcomer.take('welcome');
    const back = await resumeRaw(url, lost.welcome.session, [lost.token]);
    await back.take('welcome');
    newcomer.send(['confirm']);
    assert.is((await back.refusal()).code, 'SessionSupersededError');
    assert.is((await endOf(lost.welcome.session)).reason, 'superseded');
  }),
);

newest(
  'a start that is said again, as its welcome was lost, is still one',
  withServer({ sessionsPerUser: 'newest', resumeWindowMs }, async ({ url, server, sessions }) => {
    const token = newToken();
    const hello = helloFor('jane', { token, features: ['resume'] });
    const first = await openRaw(url);
    first.send(['hello', hello]);
    const [, welcome] = (await first.take('welcome')) as [string, { session: string }];
    first.drop();
    const second = await openRaw(url);
    second.send(['hello', hello]);
    assert.is((await second.confirmed()).session, welcome.session);
    await until(() => sessions.length === 1, 'the session is there');
    assert.is(server.counts.active, 1);
  }),
);

newest.run();

const oldest = suite('where the oldest session stays,');

oldest(
  'a newcomer is refused, told apart from one without access, and can come once the other has gone',
  withServer({ sessionsPerUser: 'oldest' }, async ({ client, server }) => {
    const [first, second] = [client(), client()];
    await started(first, 'jane');
    const refused = await second.startSession({ username: 'jane' });
    assert.is(refused.error?.code, 'UserConnectedError');
    assert.is(first.getSnapshot().status, 'active');
    const { sessions } = await found(server.sessions.list({ username: 'jane' }));
    assert.is(sessions.total, 1);
    await first.endSession();
    assert.ok((await second.startSession({ username: 'jane' })).succeeded);
  }),
);

oldest(
  'one that is welcomed and has not confirmed stays too',
  withServer({ sessionsPerUser: 'oldest' }, async ({ url }) => {
    const first = await openRaw(url);
    first.send(['hello', helloFor('jane')]);
    await first.take('welcome');
    const second = await openRaw(url);
    second.send(['hello', helloFor('jane')]);
    assert.equal(await second.refusal().then(({ tag, code, closeCode }) => [tag, code, closeCode]), ['deny', 'UserConnectedError', 4414]);
  }),
);

oldest(
  'a lost one keeps nobody out: its place is taken, and it ends as superseded once the newcomer has confirmed',
  withServer({ sessionsPerUser: 'oldest', resumeWindowMs }, async ({ url, log, client, endOf }) => {
    const lost = await startResumable(url, 'jane');
    lost.raw.drop();
    await until(() => log.with('lost its link').length === 1, 'the link is lost');
    await started(client(), 'jane');
    assert.is((await endOf(lost.welcome.session)).reason, 'superseded');
  }),
);

oldest(
  'what its own user has abandoned is not in the way, whether its link is known to be lost or not',
  withServer({ sessionsPerUser: 'oldest', resumeWindowMs }, async ({ url, endOf }) => {
    const { welcome, token } = await startResumable(url, 'jane');
    const next = await openRaw(url);
    next.send(['hello', helloFor('jane', { abandoned: { session: welcome.session, tokens: [token] } })]);
    await next.confirmed();
    assert.is((await endOf(welcome.session)).reason, 'ended');
  }),
);

oldest.run();

const rules = suite('the rule');

rules(
  'may be another one for each user',
  withServer({ sessionsPerUser: ({ name }) => (name === 'jane' ? 'oldest' : 'many') }, async ({ client }) => {
    await started(client(), 'jane');
    assert.is((await client().startSession({ username: 'jane' })).error?.code, 'UserConnectedError');
    await started(client(), 'john');
    await started(client(), 'john');
  }),
);

rules(
  'that throws, or says nothing that is a rule, lets nobody in, and the log has why',
  withServer(
    {
      sessionsPerUser: ({ name }) => {
        if (name === 'jane') throw new Error('no rule for jane');
        return 'one' as 'many';
      },
    },
    async ({ client, log }) => {
      for (const username of ['jane', 'john'])
        assert.is((await client().startSession({ username, deadlineMs: 50 })).error?.code, 'StartTimeoutError');
      assert.ok(log.with('`sessionsPerUser` function failed').some(({ fields }) => fields.detail === 'no rule for jane'));
      assert.ok(
        log.with('`sessionsPerUser` function failed').some(({ fields }) => fields.detail === 'It is to return many, newest or oldest.'),
      );
    },
  ),
);

rules('that is none is refused when the server is made', () => {
  assert.throws(() => createServer({ sessionsPerUser: 'one' as 'many', logger: keptLog().logger }), /sessionsPerUser.*one/);
});

rules.run();
