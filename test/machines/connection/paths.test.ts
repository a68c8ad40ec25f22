/** Every way through a connection, as a walk over all worlds that can come about: what was made is unmade, once, whatever happens and in whatever order. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  reduceConnection,
} from '../../../machines/connection/connection.js';
import { failure } from '../../../machines/reasons.js';

/** A connection with its surroundings. */
interface World {
  readonly state: ConnectionState;
  readonly admission: 'none' | 'asked' | 'decided' | 'abandoned';
  /** `moved`: another connection has it now. */
  readonly session: 'none' | 'made' | 'announced' | 'ended' | 'forgotten' | 'detached' | 'moved';
  readonly resume: 'none' | 'asked' | 'decided';
  readonly timer: boolean;
  readonly said: 'nothing' | 'welcome' | 'deny' | 'bye';
  readonly socket: 'open' | 'closed' | 'gone';
}

const first: World = {
  state: 'awaitingHello',
  admission: 'none',
  session: 'none',
  resume: 'none',
  timer: true,
  said: 'nothing',
  socket: 'open',
};

const broken = failure('ProtocolError');
/** What can happen at any time; a late word is possible, so that nothing is left out but what its own condition forbids. */
const always: readonly ConnectionInput[] = [
  { type: 'hello', asks: 'start' },
  { type: 'hello', asks: 'resume' },
  { type: 'start' },
  { type: 'confirm' },
  { type: 'data' },
  { type: 'ping', id: 1 },
  { type: 'pong' },
  { type: 'renewal' },
  { type: 'renewalDue', withinMs: 1 },
  { type: 'renewed', failure: null },
  { type: 'renewed', failure: failure('AuthenticationUnavailableError') },
  { type: 'renewed', failure: failure('AccessDeniedError') },
  { type: 'left' },
  { type: 'violated', failure: broken },
  { type: 'lost' },
  { type: 'peerEnded' },
  { type: 'complete' },
  { type: 'end' },
  { type: 'dismissed', failure: failure('ServerDrainingError') },
  { type: 'dismissed', failure: failure('SessionRevokedError') },
];

const possible = (world: World): readonly ConnectionInput[] => [
  ...always,
  ...(world.admission === 'asked'
    ? [{ type: 'admitted' } as const, { type: 'refused', failure: failure('AccessDeniedError') } as const]
    : []),
  ...(world.resume === 'asked'
    ? [
        { type: 'resumed', isEnding: false } as const,
        { type: 'resumed', isEnding: true } as const,
        { type: 'gone' } as const,
        { type: 'ended', failure: failure('SessionRevokedError') } as const,
        { type: 'mismatched' } as const,
        { type: 'refused', failure: failure('AccessDeniedError') } as const,
      ]
    : []),
  ...(world.timer ? [{ type: 'timer', timer: 'hello' } as const] : []),
  // A start that is not confirmed is found by its token, and a session that is there by its id.
  ...(world.admission === 'asked' || world.resume === 'asked' || world.session === 'made' || world.session === 'announced'
    ? [{ type: 'replaced' } as const]
    : []),
];

const after = (world: World, effect: ConnectionEffect): World => {
  switch (effect.type) {
    case 'startTimer':
      return { ...world, timer: true };
    case 'stopTimer':
      return { ...world, timer: false };
    case 'admit':
      assert.is(world.admission, 'none', 'admission is asked for once');
      return { ...world, admission: 'asked' };
    case 'abandonAdmission':
      assert.is(world.admission, 'asked', 'only an admission under way is abandoned');
      return { ...world, admission: 'abandoned' };
    case 'resume':
      assert.is(world.resume, 'none', 'a resume is asked for once');
      return { ...world, resume: 'asked' };
    case 'sayWelcome':
      assert.is(world.session, 'made', 'a welcome has a session');
      assert.is(world.said, 'nothing');
      return { ...world, said: 'welcome' };
    case 'announce':
      assert.is(world.session, 'made', 'a session is announced once');
      return { ...world, session: 'announced' };
    case 'sayEnd':
      // The app has it from before, while it is being written that it goes on here.
      if (world.resume === 'asked') return world;
      assert.is(world.session, 'announced', `${effect.type} needs an announced session`);
      return world;
    case 'deliver':
      assert.is(world.session, 'announced', `${effect.type} needs an announced session`);
      return world;
    case 'sayGone':
    case 'sayMismatch':
      assert.is(world.resume, 'decided', `${effect.type} answers a resume`);
      assert.is(world.said, 'nothing');
      return world;
    case 'askRenewal':
    case 'renew':
    case 'sayRenewed':
    case 'sayUnrenewed':
      assert.is(world.session, 'announced', `${effect.type} needs an announced session`);
      assert.is(world.said, 'welcome');
      return world;
    case 'sayPong':
      assert.ok(world.said === 'nothing' || world.said === 'welcome', `${effect.type} is not said behind a refusal`);
      return world;
    case 'deny':
      assert.is(world.said, 'nothing', 'a denial comes before any welcome, once');
      return { ...world, said: 'deny' };
    case 'sayBye':
      assert.ok(
        world.said === 'welcome' || (world.said === 'nothing' && world.resume === 'decided'),
        'a bye comes after the welcome, or answers a resume, once',
      );
      return { ...world, said: 'bye' };
    case 'close':
      assert.is(world.socket, 'open', 'a socket is closed once');
      return { ...world, socket: 'closed' };
    case 'forget':
      assert.is(world.session, 'made', 'only a session that nobody was told of is forgotten, once');
      return { ...world, session: 'forgotten' };
    case 'detach':
      // While its new token is being written the connection may have the session, or have found none yet.
      if (world.session === 'none' && world.resume === 'asked') return world;
      assert.ok(world.session === 'made' || world.session === 'announced', 'a session is detached once');
      return { ...world, session: 'detached' };
    case 'endSession':
      if (world.session === 'none' && world.resume === 'asked') return world;
      assert.ok(world.session === 'made' || world.session === 'announced', 'a session ends once');
      return { ...world, session: 'ended' };
  }
};

const decisions: ReadonlySet<ConnectionInput['type']> = new Set(['resumed', 'gone', 'ended', 'mismatched', 'refused']);

const step = (world: World, input: ConnectionInput): World => {
  const before: World = {
    ...world,
    ...(input.type === 'timer' ? { timer: false } : {}),
    ...(input.type === 'lost' ? { socket: 'gone' } : {}),
    ...(input.type === 'admitted' ? { admission: 'decided', session: 'made' } : {}),
    ...(input.type === 'refused' && world.admission === 'asked' ? { admission: 'decided' } : {}),
    ...(input.type === 'resumed' ? { session: 'made' } : {}),
    ...(decisions.has(input.type) && world.resume === 'asked' && input.type !== 'refused' ? { resume: 'decided' } : {}),
    ...(input.type === 'replaced' && (world.session === 'made' || world.session === 'announced') ? { session: 'moved' } : {}),
  };
  const [state, effects] = reduceConnection(world.state, input);
  return { ...effects.reduce(after, before), state };
};

/** All worlds that can come about, each with the inputs that lead on from it. */
const explore = (): ReadonlyMap<string, { readonly world: World; readonly next: readonly string[] }> => {
  const seen = new Map<string, { world: World; next: string[] }>();
  const waiting: World[] = [first];
  for (let world = waiting.pop(); world !== undefined; world = waiting.pop()) {
    const key = JSON.stringify(world);
    if (seen.has(key)) continue;
    // In a closed connection nothing is to be taken any more, so that it leads nowhere.
    const inputs = world.state === 'closed' ? [] : possible(world);
    const reached = inputs.map((input) => step(world as World, input));
    seen.set(key, { world, next: reached.map((next) => JSON.stringify(next)) });
    waiting.push(...reached);
  }
  return seen;
};

const worlds = explore();
const all = [...worlds.values()].map(({ world }) => world);

const test = suite('every way through a connection');

test('all states come about', () => {
  assert.equal(new Set(all.map(({ state }) => state)).size, 8);
});

test('a session that was made is ended, forgotten, detached or has moved on when its connection is closed, and no timer is left', () => {
  for (const world of all.filter(({ state }) => state === 'closed')) {
    assert.ok(['none', 'ended', 'forgotten', 'detached', 'moved'].includes(world.session), JSON.stringify(world));
    assert.ok(world.admission !== 'asked', `nobody is left to be asked: ${JSON.stringify(world)}`);
    assert.not(world.timer, JSON.stringify(world));
  }
});

test('a closed connection has closed its socket, or lost it', () => {
  for (const world of all.filter(({ state }) => state === 'closed')) assert.is.not(world.socket, 'open', JSON.stringify(world));
});

test('a session that was announced is never forgotten', () => {
  for (const { world, next } of worlds.values())
    if (world.session === 'announced') for (const key of next) assert.is.not((JSON.parse(key) as World).session, 'forgotten');
});

test('every world but a closed one can come to its close', () => {
  const closing = new Set([...worlds].filter(([, { world }]) => world.state === 'closed').map(([key]) => key));
  for (let grown = -1; grown !== closing.size; ) {
    grown = closing.size;
    for (const [key, { next }] of worlds) if (next.some((to) => closing.has(to))) closing.add(key);
  }
  assert.is(closing.size, worlds.size);
});

test('nobody waits without end: a connection that is not live has a timer, or asks for a verdict, or for a session that was lost', () => {
  for (const world of all)
    if (world.state !== 'live' && world.state !== 'closed')
      assert.is([world.timer, world.admission === 'asked', world.resume === 'asked'].filter(Boolean).length, 1, JSON.stringify(world));
});

test('nothing whatever moves a closed connection', () => {
  const timers = (['hello', 'confirm', 'end'] as const).map((timer) => ({ type: 'timer', timer }) as const);
  const inputs: readonly ConnectionInput[] = [
    ...always,
    ...timers,
    { type: 'admitted' },
    { type: 'refused', failure: broken },
    { type: 'resumed', isEnding: false },
    { type: 'gone' },
    { type: 'mismatched' },
    { type: 'replaced' },
  ];
  for (const input of inputs) assert.equal(reduceConnection('closed', input), ['closed', []]);
});

test('no sequence of inputs, possible or not, throws or leaves the table', () => {
  const inputs: readonly ConnectionInput[] = [
    ...always,
    { type: 'admitted' },
    { type: 'refused', failure: broken },
    { type: 'resumed', isEnding: false },
    { type: 'gone' },
    { type: 'mismatched' },
    { type: 'timer', timer: 'end' },
    { type: 'replaced' },
  ];
  let states = new Set<ConnectionState>(['awaitingHello']);
  // The next step depends on the state alone, so that six rounds over the set of states are all sequences of six inputs.
  for (let length = 1; length <= 6; length += 1)
    states = new Set([...states].flatMap((state) => [state, ...inputs.map((input) => reduceConnection(state, input)[0])]));
  assert.is(states.size, 8);
});

test.run();
