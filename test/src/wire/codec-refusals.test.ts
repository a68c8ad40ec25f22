/** What a refusal of the definition says, for who reads frames with io-ts: the codecs by their names, from the frame down to what is broken. */
import type * as t from 'io-ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as codecs from '../../../src/wire/codecs.js';

const token = 'T'.repeat(43);
const hello = { v: 1, features: [], window: { messages: 1, size: 1 } };
const start = { username: 'jane', token };
const counts = { received: 0, done: 0, seen: 0, last: 0 };
const refusal = { code: 'ServerError', message: 'Later.' };
const user = {
  id: 1,
  name: 'jane',
  displayName: 'Jane',
  displayPictureUrl: null,
  isGuest: false,
  presence: { status: '', online: true },
  properties: {},
};
const welcome = {
  session: 's',
  outcome: 'started',
  user,
  incarnation: 1,
  expiresAt: null,
  resumeWindowMs: 60,
  features: [],
  window: { messages: 8, size: 512 },
  limits: { messageSize: 100, batchSize: 1_000 },
  pingEveryMs: 25,
  ackDelayMs: 10,
};

/** The codecs on the way to the first fault. Those without a name of their own have one of other characters. */
const wayTo = (codec: t.Mixed, value: unknown): string => {
  const decoded = codec.decode(value);
  if (decoded._tag === 'Right') return 'taken';
  const ways = decoded.left.map(({ context }) =>
    context
      .map(({ type }) => type.name)
      .filter((name) => /^\w*$/.test(name))
      .join(' > '),
  );
  return ways[0] ?? 'refused without a fault';
};

const refusals = suite("the definition's refusal");

refusals('names the codecs on the way from the frame to what is broken', () => {
  const cases: readonly (readonly [t.Mixed, unknown, string])[] = [
    [codecs.message, ['m', '', 1], 'Message > MessageType'],
    [codecs.message, ['m', 't'], 'Message > Payload'],
    [codecs.message, ['m', 't', 1, { ttlMs: -1 }], 'Message > Options > WaitMs'],
    [codecs.request, ['q', 't', -1, 1], 'Request > WaitMs'],
    [codecs.reply, ['r', 0, 1], 'Reply > ItemNumber'],
    [codecs.failureReply, ['x', 1, 7, ''], 'Failure > Code'],
    [codecs.failureReply, ['x', 1, 'ServerError', 7], 'Failure > Detail'],
    [codecs.cancel, ['c', 0], 'Cancel > ItemNumber'],
    [codecs.end, ['c'], 'End'],
    [codecs.skip, ['s', 0], 'Skip > ItemNumber'],
    [codecs.volatile, ['v', 't'], 'Volatile > Payload'],
    [codecs.ack, ['a', -1, 0, 0, 0], 'Ack > Count'],
    [codecs.ack, ['a', 0, 0, 0, 0, [[0, 'failed']]], 'Ack > Exceptions > Exception > ItemNumber'],
    [codecs.ping, ['ping', -1], 'Ping > Count'],
    [codecs.pong, ['pong', -1], 'Pong > Count'],
    [codecs.bye, ['bye', { ...refusal, message: 7 }], 'Bye > ByeFields > Detail'],
    [codecs.bye, ['bye', { ...refusal, positions: { ...counts, done: -1 } }], 'Bye > ByeFields > Positions > Count'],
    [codecs.hello, ['hello', { ...hello, features: [''] }], 'HelloFrame > Hello > Features'],
    [codecs.hello, ['hello', { ...hello, window: { messages: 0, size: 1 } }], 'HelloFrame > Hello > Window > ItemNumber'],
    [codecs.hello, ['hello', { ...hello, start, key: 7 }], 'HelloFrame > Hello > ApiKey'],
    [codecs.hello, ['hello', { ...hello, start, agent: 7 }], 'HelloFrame > Hello > Agent'],
    [codecs.hello, ['hello', { ...hello, start: { ...start, username: 7 } }], 'HelloFrame > Hello > StartFields > Username'],
    [codecs.hello, ['hello', { ...hello, resume: {} }], 'HelloFrame > Hello > ResumeFields > SessionId'],
    [codecs.hello, ['hello', { ...hello, start, abandoned: { session: 's', tokens: [] } }], 'HelloFrame > Hello > Abandoned > Tokens'],
    [codecs.start, ['start', { ...start, token: 'x' }], 'Start > StartFields > Token'],
    [codecs.start, ['start', { ...start, authParams: [] }], 'Start > StartFields > JsonObject'],
    [codecs.confirm, ['c'], 'Confirm'],
    [codecs.renewal, ['renewal', { authParams: {}, token: 'x' }], 'Renewal > RenewalFields > Token'],
    [codecs.signIn, ['signin', { ...start, authParams: 7 }], 'SignIn > SignInFields > JsonObject'],
    [codecs.welcome, ['welcome', { ...welcome, session: '' }], 'Welcome > WelcomeFields > SessionId'],
    [codecs.welcome, ['welcome', { ...welcome, limits: {} }], 'Welcome > WelcomeFields > Limits > Count'],
    [codecs.welcome, ['welcome', { ...welcome, user: { ...user, presence: {} } }], 'Welcome > WelcomeFields > User > Presence > string'],
    [codecs.denial, ['deny', {}], 'Denial > Deny > Code'],
    [codecs.gone, ['gone', {}], 'Gone > Positions > Count'],
    [codecs.mismatch, ['mismatch', { direction: 'up', from: -1, to: 1 }], 'Mismatch > Range > Count'],
    [codecs.renew, ['renew', {}], 'Renew > RenewFields > WaitMs'],
    [codecs.identity, ['identity', user, { to: 0, expiresAt: null }], 'Identity > IdentityFields > ItemNumber'],
    [codecs.renewed, ['renewed', { user: {}, expiresAt: null }], 'Renewed > RenewedFields > User > ItemNumber'],
    [codecs.unrenewed, ['unrenewed', {}], 'Unrenewed > Deny > Code'],
    [codecs.clientBatch, [['e'], ['m', '', 1]], 'ClientBatch > ClientFrame > Message > MessageType'],
    [codecs.serverBatch, [['e'], ['m', '', 1]], 'ServerBatch > ServerFrame > Message > MessageType'],
  ];
  for (const [codec, value, way] of cases) assert.is(wayTo(codec, value), way, JSON.stringify(value));
});

refusals('says what was expected where no codec alone does', () => {
  const said = (codec: t.Mixed, value: unknown): readonly unknown[] => {
    const decoded = codec.decode(value);
    return decoded._tag === 'Right' ? ['taken'] : decoded.left.map(({ message }) => message);
  };
  assert.equal(said(codecs.clientBatch, []), ['1 to 128 frames']);
  assert.equal(said(codecs.serverBatch, 'x'), ['1 to 128 frames']);
  for (const both of [
    hello,
    { ...hello, start, resume: { session: 's', tokens: [token], next: token, positions: counts, incarnation: 0 } },
  ]) {
    assert.equal(said(codecs.helloFields, both), ['either a start or a resume']);
  }
});

refusals.run();
