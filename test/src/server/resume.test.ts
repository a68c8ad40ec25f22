/** What a server makes of a lost session and of who asks for it again (docs/protocol.md, R54 to R59), frame by frame. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Fields, helloEntry, helloFor, newToken, openRaw, resumeRaw, startRaw, startResumable } from '../../support/raw.js';
import { found, withServer } from '../../support/server.js';
import { turns, until } from '../../support/until.js';

/** What a server keeps sessions for unless it is told otherwise. */
const resumeWindowMs = 120_000;
const kept = { resumeWindowMs };

const welcomes = suite('the welcome of a session');

welcomes(
  'lists the feature `resume` and the window where the client lists it too',
  withServer(kept, async ({ url }) => {
    const { welcome } = await startResumable(url, 'jane');
    assert.equal(welcome.features, ['resume']);
    assert.is(welcome.resumeWindowMs, resumeWindowMs);
    assert.is(welcome.positions, undefined);
  }),
);

welcomes(
  'says that it is not kept where the client does not list the feature: it is over with its link',
  withServer(kept, async ({ url, endOf }) => {
    const token = newToken();
    const { raw, welcome } = await startRaw(url, 'jane', { token });
    assert.equal(welcome.features, []);
    assert.is(welcome.resumeWindowMs, 0);
    const early = await resumeRaw(url, welcome.session, [token]);
    await early.take('gone');
    raw.drop();
    assert.is((await endOf(welcome.session)).reason, 'expired');
  }),
);

welcomes(
  'says the same where the server keeps none',
  withServer({ resumeWindowMs: 0 }, async ({ url, endOf }) => {
    const { raw, welcome } = await startResumable(url, 'jane');
    assert.equal([welcome.features, welcome.resumeWindowMs], [[], 0]);
    raw.drop();
    assert.is((await endOf(welcome.session)).reason, 'expired');
  }),
);

const resuming = suite('a resume');

resuming(
  'is welcomed with where the server stands; nothing is to be confirmed, and the app is not told of a new session',
  withServer(kept, async ({ url, server, sessions }) => {
    const heard: unknown[] = [];
    server.on('session', (session) => void session.on('chat', (payload) => void heard.push(payload)));
    const { raw, welcome, token } = await startResumable(url, 'jane');
    raw.send(['m', 'chat', 1], ['m', 'chat', 2]);
    await until(() => heard.length === 2, 'both are handled');
    raw.drop();

    const back = await resumeRaw(url, welcome.session, [token], { positions: { last: 3 } });
    const [, again] = (await back.take('welcome')) as [string, Fields];
    assert.equal([again.session, again.outcome, again.user.name], [welcome.session, 'resumed', 'jane']);
    assert.equal([again.features, again.resumeWindowMs], [['resume'], resumeWindowMs]);
    assert.equal(again.positions, { received: 2, done: 2, seen: 0, last: 0 });
    back.send(['m', 'chat', 3]);
    await until(() => heard.length === 3, 'the next one is handled');
    assert.equal(heard, [1, 2, 3]);
    assert.is(sessions.length, 1);
    assert.is(server.counts.active, 1);
  }),
);

resuming(
  'ships again what the client does not have, under the same numbers, before anything new',
  withServer(kept, async ({ url, sessionOf }) => {
    const { raw, welcome, token } = await startResumable(url, 'jane');
    const session = await sessionOf('jane');
    const confirmed = [1, 2, 3].map((n) => {
      const sent = session.send('count', n);
      return sent.accepted ? sent.confirmed : null;
    });
    for (const n of [1, 2, 3]) assert.equal(await raw.take('m'), ['m', 'count', n]);
    raw.drop();
    session.send('count', 4);

    const back = await resumeRaw(url, welcome.session, [token], { positions: { received: 2, done: 1 } });
    session.send('count', 5);
    for (const n of [3, 4, 5]) assert.equal(await back.take('m'), ['m', 'count', n]);
    assert.equal(await confirmed[0], { status: 'handled' });
    back.send(['a', 5, 5, 0, 0]);
    assert.equal(await confirmed[2], { status: 'handled' });
  }),
);

resuming(
  'marks what it ships again to a client that has lost its memory, once for each time, and not what is new',
  withServer(kept, async ({ url, sessionOf }) => {
    const { raw, welcome, token } = await startResumable(url, 'jane');
    const session = await sessionOf('jane');
    session.send('count', 1);
    await raw.take('m');
    raw.drop();

    const tokens = [newToken(), newToken()] as const;
    const reborn = await resumeRaw(url, welcome.session, [token], { next: tokens[0], life: 1 });
    assert.equal(await reborn.take('m'), ['m', 'count', 1, { re: true }]);
    session.send('count', 2);
    assert.equal(await reborn.take('m'), ['m', 'count', 2]);
    reborn.send(['a', 1, 1, 0, 0]);
    reborn.drop();

    const same = await resumeRaw(url, welcome.session, [tokens[0]], { next: tokens[1], life: 1, positions: { received: 1, done: 1 } });
    assert.equal(await same.take('m'), ['m', 'count', 2]);
    same.drop();

    const again = await resumeRaw(url, welcome.session, [tokens[1]], { life: 2, positions: { received: 1, done: 1 } });
    assert.equal(await again.take('m'), ['m', 'count', 2, { re: true }]);
  }),
);

resuming(
  'takes the session over from a connection that looks alive, which is closed, and deaf from then on',
  withServer(kept, async ({ url, server, sessionOf, ended }) => {
    const heard: unknown[] = [];
    server.on('session', (session) => void session.on('chat', (payload) => void heard.push(payload)));
    const { raw: former, welcome, token } = await startResumable(url, 'jane');
    const session = await sessionOf('jane');
    const back = await resumeRaw(url, welcome.session, [token]);
    await back.take('welcome');
    former.send(['m', 'chat', 'from the former link']);
    session.send('still', 'here');
    assert.equal(await back.take('m'), ['m', 'still', 'here']);
    assert.is((await former.closed).code, 1000);
    back.send(['m', 'chat', 'from the new one']);
    await until(() => heard.length > 0, 'a message is handled');
    assert.equal(heard, ['from the new one']);
    assert.is(former.frames.filter(([tag]) => tag === 'm').length, 0);
    assert.equal([server.counts.active, ended.length], [1, 0]);
  }),
);

resuming(
  'of a session that was saying goodbye goes on with the goodbye',
  withServer(kept, async ({ url, sessionOf, endOf }) => {
    const { raw: former, welcome, token } = await startResumable(url, 'jane');
    const session = await sessionOf('jane');
    session.end();
    await former.take('e');
    // The client saw the loss before it heard that.
    const back = await resumeRaw(url, welcome.session, [token]);
    await back.take('welcome');
    assert.equal(await back.take('e'), ['e']);
    assert.is((await former.closed).code, 1000);
    back.send(['e'], ['a', 1, 1, 1, 0]);
    await back.take('a');
    back.send(['a', 1, 1, 1, 1]);
    assert.is((await back.refusal()).code, 'SessionEndedError');
    assert.is((await endOf(welcome.session)).reason, 'ended');
  }),
);

resuming(
  'of a session that was saying goodbye has the time of a goodbye, and no more',
  withServer({ ...kept, endDeadlineMs: 60 }, async ({ url, sessionOf, endOf }) => {
    const { raw: former, welcome, token } = await startResumable(url, 'jane');
    (await sessionOf('jane')).end();
    await former.take('e');
    const back = await resumeRaw(url, welcome.session, [token]);
    assert.is((await back.refusal()).code, 'SessionEndedError');
    assert.is((await endOf(welcome.session)).reason, 'ended');
  }),
);

resuming(
  'whose confirm was lost with the link makes the session active: now the app is told',
  withServer(kept, async ({ url, server, sessions }) => {
    const token = newToken();
    const raw = await openRaw(url, { entries: [helloEntry(helloFor('jane', { features: ['resume'], token }))] });
    const [, welcome] = (await raw.take('welcome')) as [string, Fields];
    raw.drop();
    assert.is(sessions.length, 0);
    const back = await resumeRaw(url, welcome.session, [token], { positions: { last: 1 } });
    assert.is(((await back.take('welcome')) as [string, Fields])[1].outcome, 'resumed');
    const session = await until(() => sessions[0], 'the app is told');
    const heard: unknown[] = [];
    session.on('chat', (payload) => void heard.push(payload));
    back.send(['m', 'chat', 'what came with the confirm']);
    await until(() => heard.length === 1, 'it is handled');
    assert.equal(server.counts, { pending: 0, unconfirmed: 0, active: 1 });
  }),
);

resuming(
  'is not needed where the welcome was lost too: the same start finds its session, and that one talks and listens',
  withServer(kept, async ({ url, server, sessionOf }) => {
    const heard: unknown[] = [];
    server.on('session', (session) => void session.on('chat', (payload) => void heard.push(payload)));
    const hello = helloEntry(helloFor('jane', { features: ['resume'], token: newToken() }));
    const first = await openRaw(url, { entries: [hello] });
    const [, welcome] = (await first.take('welcome')) as [string, Fields];
    first.drop();
    await turns();
    const second = await openRaw(url, { entries: [hello] });
    assert.is((await second.confirmed()).session, welcome.session);
    (await sessionOf('jane')).send('greeting', 'hi');
    assert.equal(await second.take('m'), ['m', 'greeting', 'hi']);
    second.send(['m', 'chat', 1]);
    await until(() => heard.length === 1, 'it is handled');
  }),
);

resuming(
  'of a session that nobody knows is answered with gone, and a start may follow on the same socket',
  withServer(kept, async ({ url }) => {
    const back = await resumeRaw(url, 'unknown', [newToken()]);
    await back.take('gone');
    back.send(['start', { username: 'jane', token: newToken() }]);
    const welcome = await back.confirmed();
    assert.equal([welcome.outcome, welcome.features], ['started', ['resume']]);
  }),
);

const tokens = suite("a session's token");

tokens(
  'is rotated by each resume: the next one is current, and the former one is refused and logged, itself left out',
  withServer(kept, async ({ url, server, log }) => {
    const { raw, welcome, token } = await startResumable(url, 'jane');
    raw.drop();
    const next = newToken();
    const back = await resumeRaw(url, welcome.session, [token], { next });
    await back.take('welcome');
    const stolen = await resumeRaw(url, welcome.session, [token]);
    const { tag, code, closeCode } = await stolen.refusal();
    assert.equal([tag, code, closeCode], ['deny', 'AccessDeniedError', 4403]);
    assert.is(log.with('security').length, 1);
    assert.is(log.with('security')[0]?.level, 'warn');
    assert.is(log.with('security')[0]?.fields.session, welcome.session);
    for (const secret of [token, next]) assert.not.match(log.text(), secret);
    // It took nothing from whom it belongs to.
    back.send(['ping', 7]);
    assert.equal(await back.take('pong'), ['pong', 7]);
    back.drop();
    await (await resumeRaw(url, welcome.session, [next])).take('welcome');
    assert.is(server.counts.active, 1);
  }),
);

tokens(
  'may be either of two where the answer to a resume was lost: whichever of them is current is accepted',
  withServer(kept, async ({ url }) => {
    const { raw, welcome, token } = await startResumable(url, 'jane');
    raw.drop();
    const next = newToken();
    // The server never heard of this one: the first is current.
    const [first, second] = [token, next];
    const once = await resumeRaw(url, welcome.session, [first, second], { next });
    await once.take('welcome');
    once.drop();
    // It did, and its answer was lost: the second is.
    const twice = await resumeRaw(url, welcome.session, [first, second], { next });
    await twice.take('welcome');
    twice.drop();
    const third = newToken();
    await (await resumeRaw(url, welcome.session, [second], { next: third })).take('welcome');
    assert.is((await (await resumeRaw(url, welcome.session, [first, second], { next })).refusal()).code, 'AccessDeniedError');
  }),
);

tokens(
  'of another session opens nothing',
  withServer(kept, async ({ url, log }) => {
    const jane = await startResumable(url, 'jane');
    const mallory = await startResumable(url, 'mallory');
    assert.is((await (await resumeRaw(url, jane.welcome.session, [mallory.token])).refusal()).code, 'AccessDeniedError');
    assert.is(log.with('security').length, 1);
    jane.raw.send(['ping', 1]);
    await jane.raw.take('pong');
  }),
);

tokens(
  'is worth nothing under another API key',
  withServer({ ...kept, apiKeys: ['one', 'two'] }, async ({ url }) => {
    const { welcome, token } = await startResumable(url, 'jane', { key: 'one' });
    assert.is((await (await resumeRaw(url, welcome.session, [token], { key: 'two' })).refusal()).code, 'AccessDeniedError');
    assert.is((await (await resumeRaw(url, welcome.session, [token], { key: 'three' })).refusal()).code, 'InvalidApiKeyError');
    await (await resumeRaw(url, welcome.session, [token], { key: 'one' })).take('welcome');
  }),
);

tokens(
  'that may be one of two names an abandoned session too',
  withServer(kept, async ({ url, endOf, log }) => {
    const { raw, welcome, token } = await startResumable(url, 'jane');
    raw.drop();
    const next = newToken();
    const back = await resumeRaw(url, welcome.session, [token], { next });
    await back.take('welcome');
    back.drop();
    await startRaw(url, 'jane', { abandoned: { session: welcome.session, tokens: [token, next] } });
    assert.is((await endOf(welcome.session)).reason, 'ended');
    assert.is(log.with('security').length, 0);
  }),
);

const mismatches = suite('positions that do not fit');

mismatches(
  'are answered with the numbers that are not to be had; a start follows on the same socket, and the session is given up',
  withServer(kept, async ({ url, sessionOf, endOf, server, ended }) => {
    const { raw, welcome, token } = await startResumable(url, 'jane');
    const session = await sessionOf('jane');
    session.send('count', 1);
    await raw.take('m');
    raw.drop();
    const back = await resumeRaw(url, welcome.session, [token], { positions: { received: 4 } });
    assert.equal(await back.take('mismatch'), ['mismatch', { direction: 'down', from: 2, to: 4 }]);
    assert.is(ended.length, 0);
    back.send(['start', { username: 'jane', token: newToken() }]);
    const anew = await back.confirmed();
    assert.is(anew.outcome, 'started');
    assert.is.not(anew.session, welcome.session);
    const { reason, unconfirmed } = await endOf(welcome.session);
    assert.is(reason, 'expired');
    assert.equal(unconfirmed, [{ kind: 'message', type: 'count', payload: 1, shipped: true, handled: 'unknown' }]);
    await until(() => server.counts.active === 1, 'the new one is active');
  }),
);

mismatches(
  'are named for the other direction where the client forgot what it had shipped',
  withServer(kept, async ({ url, server }) => {
    const heard: unknown[] = [];
    server.on('session', (session) => void session.on('chat', (payload) => void heard.push(payload)));
    const { raw, welcome, token } = await startResumable(url, 'jane');
    raw.send(['m', 'chat', 1], ['m', 'chat', 2], ['m', 'chat', 3]);
    await until(() => heard.length === 3, 'all are handled');
    const back = await resumeRaw(url, welcome.session, [token], { positions: { last: 1 } });
    assert.equal(await back.take('mismatch'), ['mismatch', { direction: 'up', from: 2, to: 3 }]);
  }),
);

mismatches(
  'take nothing from a session that goes on: a hello that comes late, from a link that its client has left, ends nothing',
  withServer(kept, async ({ url, sessionOf, ended }) => {
    const { raw, welcome, token } = await startResumable(url, 'jane');
    const session = await sessionOf('jane');
    session.send('count', 1);
    await raw.take('m');
    raw.send(['a', 1, 1, 0, 0]);
    raw.send(['ping', 1]);
    await raw.take('pong');
    // From a time before the acknowledgement.
    const late = await resumeRaw(url, welcome.session, [token]);
    assert.equal(await late.take('mismatch'), ['mismatch', { direction: 'down', from: 1, to: 1 }]);
    late.drop();
    session.send('count', 2);
    assert.equal(await raw.take('m'), ['m', 'count', 2]);
    assert.is(ended.length, 0);
  }),
);

const detached = suite('a session that is lost');

detached(
  'is still listed, and counted as active',
  withServer(kept, async ({ url, server, log }) => {
    const { raw, welcome } = await startResumable(url, 'jane');
    await until(() => server.counts.active === 1, 'it is active');
    raw.drop();
    await until(() => log.with('lost its link').length === 1, 'the loss is noticed');
    assert.is(server.counts.active, 1);
    assert.is((await found(server.sessions.find(welcome.session))).session?.state, 'ACTIVE');
  }),
);

for (const [how, reason] of [
  ['end', 'ended'],
  ['revoke', 'revoked'],
] as const)
  detached(
    `ends at once where the app says ${how}(), as there is nobody to say goodbye to, and a resume is told why`,
    withServer(kept, async ({ url, server, sessionOf, endOf, log }) => {
      const { raw, welcome, token } = await startResumable(url, 'jane');
      const session = await sessionOf('jane');
      raw.drop();
      await until(() => log.with('lost its link').length === 1, 'the loss is noticed');
      session.send('count', 1);
      session[how]();
      const end = await endOf(welcome.session);
      assert.is(end.reason, reason);
      assert.equal(end.unconfirmed, [{ kind: 'message', type: 'count', payload: 1, shipped: false, handled: 'no' }]);
      assert.is(server.counts.active, 0);
      assert.is((await found(server.sessions.find(welcome.session))).session?.endReason, reason);
      const back = await resumeRaw(url, welcome.session, [token]);
      assert.is((await back.refusal()).code, reason === 'ended' ? 'SessionEndedError' : 'SessionRevokedError');
    }),
  );

detached(
  'is what a broken rule leaves: the connection is refused, the session is not',
  withServer(kept, async ({ url, ended, server }) => {
    const { raw, welcome, token } = await startResumable(url, 'jane');
    await until(() => server.counts.active === 1, 'it is active');
    raw.sendText('no json');
    assert.is((await raw.refusal()).code, 'ProtocolError');
    assert.is(ended.length, 0);
    await (await resumeRaw(url, welcome.session, [token])).take('welcome');
  }),
);

welcomes.run();
resuming.run();
tokens.run();
mismatches.run();
detached.run();
