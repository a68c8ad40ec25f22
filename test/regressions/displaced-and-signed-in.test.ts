/** A session that signed in as another user, between a newcomer's welcome and its confirmation, was ended for the newcomer all the same, whose user it no longer had. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { helloFor, openRaw } from '../support/raw.js';
import { started, withServer } from '../support/server.js';
import { until } from '../support/until.js';

const test = suite('a session that was to make room');

test(
  'stays where it speaks for another user by then',
  withServer({ sessionsPerUser: 'newest', guests: true, authenticate: () => true }, async ({ url, client, server }) => {
    const kitty = client();
    const session = await started(kitty, 'jane');
    const second = await openRaw(url);
    second.send(['hello', helloFor('jane')]);
    await second.take('welcome');
    assert.ok((await session.signIn({ username: 'bob', authParams: { password: 'x' } })).succeeded);
    const begun = new Promise<string>((resolve) => void server.on('session', ({ user }) => resolve(user.name)));
    second.send(['confirm']);
    assert.is(await begun, 'jane');
    await until(() => server.counts.active === 2 || kitty.getSnapshot().status === 'ended', 'the newcomer is there');
    const answer = await session.request('any', null);
    assert.equal([answer.error?.code, kitty.getSnapshot().status], ['RequestUnhandledError', 'active']);
    second.close();
  }),
);

test.run();
