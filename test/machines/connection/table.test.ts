/**
 * Every state and every input, in one table to be read. A cell names what comes of the input; `.` is an input that no longer matters, `!` a frame in the wrong
 * state: it comes to what `violated` comes to there. A state or an input that the table lacks fails the test.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  connectionTable,
  reduceConnection,
} from '../../../machines/connection/connection.js';
import { failure, type ReasonCode } from '../../../machines/reasons.js';

const states = [
  'awaitingHello',
  'resuming',
  'awaitingStart',
  'admitting',
  'unconfirmed',
  'live',
  'ending',
  'closed',
] as const satisfies readonly ConnectionState[];

const broken = failure('ProtocolError', 'For the test.');
const inputs: Readonly<Record<string, ConnectionInput>> = {
  'hello start': { type: 'hello', asks: 'start' },
  'hello resume': { type: 'hello', asks: 'resume' },
  start: { type: 'start' },
  confirm: { type: 'confirm' },
  data: { type: 'data' },
  renewal: { type: 'renewal' },
  'renewal due': { type: 'renewalDue', withinMs: 9 },
  'renewal yes': { type: 'renewed', failure: null },
  'renewal late': { type: 'renewed', failure: failure('AuthenticationTimeoutError') },
  'renewal no': { type: 'renewed', failure: failure('AccessDeniedError') },
  ping: { type: 'ping', id: 7 },
  pong: { type: 'pong' },
  left: { type: 'left' },
  admitted: { type: 'admitted' },
  resumed: { type: 'resumed', isEnding: false },
  'resumed ending': { type: 'resumed', isEnding: true },
  gone: { type: 'gone' },
  ended: { type: 'ended', failure: failure('SessionRevokedError') },
  mismatched: { type: 'mismatched' },
  refused: { type: 'refused', failure: failure('AccessDeniedError') },
  violated: { type: 'violated', failure: broken },
  tooSlow: { type: 'violated', failure: failure('SlowConsumerError') },
  peerEnded: { type: 'peerEnded' },
  complete: { type: 'complete' },
  lost: { type: 'lost' },
  'timer hello': { type: 'timer', timer: 'hello' },
  'timer confirm': { type: 'timer', timer: 'confirm' },
  'timer end': { type: 'timer', timer: 'end' },
  end: { type: 'end' },
  drained: { type: 'dismissed', failure: failure('ServerDrainingError') },
  revoked: { type: 'dismissed', failure: failure('SessionRevokedError') },
  replaced: { type: 'replaced' },
};

const nameWidth = 15;

/** The columns are the states in the order above. */
const table = `
hello start    admit      !          !          !          !          !          !          .
hello resume   resume     !          !          !          !          !          !          .
start          !          !          admit      !          !          !          !          .
confirm        !          !          !          !          live       !          !          .
data           !          !          !          !          !          deliver    deliver    .
renewal        !          !          !          !          !          renew      =          .
renewal due    .          .          .          .          .          ask        .          .
renewal yes    .          .          .          .          .          renewed    .          .
renewal late   .          .          .          .          .          unrenewed  .          .
renewal no     .          .          .          .          .          out        .          .
ping           !          pong       pong       pong       pong       pong       pong       .
pong           !          =          =          =          =          =          =          .
left           go         go-ended   go         go-admit   go-forg    go-ended   go-ended   .
admitted       .          .          .          welcome    .          .          .          .
resumed        .          again      .          .          .          .          .          .
resumed ending .          again-end  .          .          .          .          .          .
gone           .          gone       .          .          .          .          .          .
ended          .          over       .          .          .          .          .          .
mismatched     .          mismatch   .          .          .          .          .          .
refused        denied     denied-k   denied     denied     .          .          .          .
violated       deny       deny-kept  deny       deny-adm   bye-forg   bye-kept   bye-end    .
tooSlow        slow       slow-endr  slow       slow-adm   slow-frg   slow-end   slow-end2  .
peerEnded      .          say-end    .          .          .          goodbye    .          .
complete       .          .          .          .          .          .          farewell   .
lost           lost       lost-kept  lost       lost-adm   lost-kept  lost-kept  lost-end   .
timer hello    late       .          late       .          unheard    .          farewell   .
timer confirm  late       .          late       .          unheard    .          farewell   .
timer end      late       .          late       .          unheard    .          farewell   .
end            .          say-end    .          .          .          goodbye    .          .
drained        drain      drain-kr   drain      drain-ad   drain-f    drain-kep  drain-end  .
revoked        revoke     revoke-r   revoke     revoke-a   revoked    revoked    revoked    .
replaced       .          go         .          go-admit   go         go         go         .
`;

/** What a cell's word means: the next state, where it is another one, and the effects in their order. */
const outcomes: Readonly<Record<string, string>> = {
  '=': '',
  admit: 'admitting: stopTimer admit',
  resume: 'resuming: stopTimer resume',
  again: 'live: sayWelcome announce',
  'again-end': 'ending: sayWelcome announce startTimer(end)',
  gone: 'awaitingStart: sayGone startTimer(hello)',
  over: 'closed: stopTimer sayBye(SessionRevokedError) close(4410)',
  mismatch: 'awaitingStart: sayMismatch startTimer(hello)',
  welcome: 'unconfirmed: sayWelcome startTimer(confirm)',
  live: 'live: stopTimer announce',
  deliver: 'deliver',
  pong: 'sayPong(7)',
  renew: 'renew',
  ask: 'askRenewal(9)',
  renewed: 'sayRenewed',
  unrenewed: 'sayUnrenewed(AuthenticationTimeoutError)',
  out: 'closed: stopTimer endSession(denied) sayBye(AccessDeniedError) close(4403)',
  goodbye: 'ending: sayEnd startTimer(end)',
  'say-end': 'sayEnd',
  farewell: 'closed: stopTimer endSession(ended) sayBye(SessionEndedError) close(1000)',
  go: 'closed: stopTimer close(1000)',
  'go-admit': 'closed: stopTimer abandonAdmission close(1000)',
  'go-forg': 'closed: stopTimer forget close(1000)',
  'go-ended': 'closed: stopTimer endSession(ended) close(1000)',
  denied: 'closed: stopTimer deny(AccessDeniedError) close(4403)',
  deny: 'closed: stopTimer deny(ProtocolError) close(4400)',
  'denied-k': 'closed: stopTimer detach deny(AccessDeniedError) close(4403)',
  'deny-kept': 'closed: stopTimer detach deny(ProtocolError) close(4400)',
  'deny-adm': 'closed: stopTimer abandonAdmission deny(ProtocolError) close(4400)',
  'bye-forg': 'closed: stopTimer forget sayBye(ProtocolError) close(4400)',
  'bye-kept': 'closed: stopTimer detach sayBye(ProtocolError) close(4400)',
  'bye-end': 'closed: stopTimer endSession(ended) sayBye(ProtocolError) close(4400)',
  slow: 'closed: stopTimer deny(SlowConsumerError) close(4413)',
  'slow-adm': 'closed: stopTimer abandonAdmission deny(SlowConsumerError) close(4413)',
  'slow-endr': 'closed: stopTimer endSession(tooSlow) deny(SlowConsumerError) close(4413)',
  'slow-frg': 'closed: stopTimer forget sayBye(SlowConsumerError) close(4413)',
  'slow-end': 'closed: stopTimer endSession(tooSlow) sayBye(SlowConsumerError) close(4413)',
  'slow-end2': 'closed: stopTimer endSession(ended) sayBye(SlowConsumerError) close(4413)',
  lost: 'closed: stopTimer',
  'lost-adm': 'closed: stopTimer abandonAdmission',
  'lost-kept': 'closed: stopTimer detach',
  'lost-end': 'closed: stopTimer endSession(ended)',
  late: 'closed: stopTimer deny(HelloTimeoutError) close(4409)',
  unheard: 'closed: stopTimer forget sayBye(HelloTimeoutError) close(4409)',
  drain: 'closed: stopTimer deny(ServerDrainingError) close(4503)',
  'drain-kr': 'closed: stopTimer detach deny(ServerDrainingError) close(4503)',
  'drain-ad': 'closed: stopTimer abandonAdmission deny(ServerDrainingError) close(4503)',
  'drain-f': 'closed: stopTimer forget sayBye(ServerDrainingError) close(4503)',
  'drain-kep': 'closed: stopTimer detach sayBye(ServerDrainingError) close(4503)',
  'drain-end': 'closed: stopTimer endSession(ended) sayBye(ServerDrainingError) close(4503)',
  revoke: 'closed: stopTimer deny(SessionRevokedError) close(4410)',
  'revoke-r': 'closed: stopTimer endSession(revoked) deny(SessionRevokedError) close(4410)',
  'revoke-a': 'closed: stopTimer abandonAdmission deny(SessionRevokedError) close(4410)',
  revoked: 'closed: stopTimer endSession(revoked) sayBye(SessionRevokedError) close(4410)',
};

const argumentOf = (effect: ConnectionEffect): string | number | null => {
  switch (effect.type) {
    case 'startTimer':
      return effect.timer;
    case 'sayPong':
      return effect.id;
    case 'deny':
    case 'sayBye':
    case 'sayUnrenewed':
      return effect.failure.code;
    case 'askRenewal':
      return effect.withinMs;
    case 'close':
      return effect.code;
    case 'endSession':
      return effect.reason;
    default:
      return null;
  }
};

const written = (effect: ConnectionEffect): string => {
  const argument = argumentOf(effect);
  return argument === null ? effect.type : `${effect.type}(${argument})`;
};

const stepOf = (state: ConnectionState, input: ConnectionInput): string => {
  const [next, effects] = reduceConnection(state, input);
  return `${next === state ? '' : `${next}: `}${effects.map(written).join(' ')}`;
};

const rows = table
  .trim()
  .split('\n')
  .map((line) => ({ name: line.slice(0, nameWidth).trim(), cells: line.slice(nameWidth).split(/\s+/) }));
const cellOf = (name: string, state: ConnectionState): string => rows.find((row) => row.name === name)?.cells[states.indexOf(state)] ?? '';

const test = suite('the table of a connection');

test('it has every state and every input', () => {
  assert.equal([...states], Object.keys(connectionTable));
  assert.equal(
    rows.map(({ name }) => name),
    Object.keys(inputs),
  );
  for (const { name, cells } of rows) assert.is(cells.length, states.length, name);
});

for (const state of states)
  test(`${state}: each input comes to what the table says`, () => {
    for (const [name, input] of Object.entries(inputs)) {
      const cell = cellOf(name, state);
      const expected = cell === '.' ? '' : outcomes[cell === '!' ? cellOf('violated', state) : cell];
      assert.type(expected, 'string', `${name}: ${cell} is no outcome`);
      assert.is(stepOf(state, input), expected, `${state}, ${name}`);
    }
  });

test('what a state takes, and nothing else, is listed for docs', () => {
  for (const state of states)
    for (const [name, input] of Object.entries(inputs)) {
      const cell = cellOf(name, state);
      assert.is(connectionTable[state].includes(input.type), cell !== '.' && cell !== '!', `${state}, ${name}`);
    }
});

test('a frame in the wrong state is told with its name and the state', () => {
  const [, effects] = reduceConnection('live', { type: 'hello', asks: 'start' });
  const bye = effects.find((effect) => effect.type === 'sayBye');
  assert.match(bye?.type === 'sayBye' ? bye.failure.message : '', 'A hello frame came in the state live.');
});

test('the end that a reason stands for is the end of an active session that meets it; any other reason costs it its link alone', () => {
  const ends = (code: ReasonCode) => stepOf('live', { type: 'dismissed', failure: failure(code) });
  assert.match(ends('SessionSupersededError'), 'endSession(superseded)');
  assert.match(ends('SlowConsumerError'), 'endSession(tooSlow)');
  assert.match(ends('ServerError'), 'detach');
});

test('a reason without a close code closes normally', () => {
  assert.match(stepOf('live', { type: 'violated', failure: failure('SessionGoneError') }), 'close(1000)');
});

test.run();
