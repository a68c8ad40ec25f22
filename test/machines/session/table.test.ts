/**
 * Every state and every event, in one table to be read. A cell says where the event leads: a state, `=` where the event is taken and
 * the state stays, `.` where it is not taken. The table is checked against the machine's definition: a state or an event that it
 * lacks fails the test.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { transition } from 'xstate';
import { type ReasonCode, reasonCodes, reasons } from '../../../machines/reasons.js';
import { namesTime } from '../../../machines/session/retry.js';
import { sessionMachine } from '../../../machines/session/session.machine.js';
import type { Delay, Event, State, Step } from './support.js';
import * as s from './support.js';

/** The columns, each with the way there. `wait` is a wait of the client's own, `told` one whose length the server named. */
const starting = [s.start()];
const active = [...starting, s.opened(1), s.welcomed(1)];
const lost = [...active, s.lost(1)];
const told = { retryAfterMs: 1_000 };
const columns: Readonly<Record<string, { readonly value: State['value']; readonly steps: readonly Step[]; readonly platform?: Platform }>> =
  {
    idle: { value: 'idle', steps: [] },
    's.con': { value: { starting: 'connecting' }, steps: starting },
    's.aut': { value: { starting: 'authenticating' }, steps: [...starting, s.opened(1)] },
    's.wai': { value: { starting: 'waiting' }, steps: [...starting, s.lost(1)], platform: 'online' },
    's.tol': { value: { starting: 'waiting' }, steps: [...starting, s.lost(1, 'ServerBusyError', told)] },
    's.off': { value: { starting: 'offline' }, steps: [...starting, s.lost(1)], platform: 'offline' },
    'a.hea': { value: { active: 'healthy' }, steps: active },
    'a.sus': { value: { active: 'suspect' }, steps: [...active, s.suspected(1)] },
    endin: { value: 'ending', steps: [...active, s.end] },
    ended: { value: 'ended', steps: [...active, s.end, s.endConfirmed(1)] },
    'l.con': { value: { lost: 'connecting' }, steps: [...lost, s.passed('retry')] },
    'l.aut': { value: { lost: 'authenticating' }, steps: [...lost, s.passed('retry'), s.opened(2)] },
    'l.wai': { value: { lost: 'waiting' }, steps: lost, platform: 'online' },
    'l.tol': { value: { lost: 'waiting' }, steps: [...active, s.lost(1, 'ServerBusyError', told)] },
    'l.off': { value: { lost: 'offline' }, steps: lost, platform: 'offline' },
  };

/**
 * The rows. Facts are about the current link. `final`, `start`, `pass` and `told` are the classes of failure that the machine tells
 * apart: final for a start and for a session; final for a start only; final for neither; final for neither, with a time to come back at.
 * A row that ends in `offline` holds where the platform says that there is no network, and the row above it where it does not.
 */
const table = `
                       idle  s.con s.aut s.wai s.tol s.off a.hea a.sus endin ended l.con l.aut l.wai l.tol l.off
START                  s.con .     .     .     .     .     .     .     .     s.con .     .     .     .     .
END                    .     idle  idle  idle  idle  idle  endin endin .     .     ended ended ended ended ended
RETRY                  .     .     .     s.con .     s.con .     .     .     .     .     .     l.con .     l.con
LINK_OPENED            .     s.aut .     .     .     .     .     .     .     .     l.aut .     .     .     .
WELCOMED started       .     .     a.hea .     .     .     .     .     .     .     .     a.hea .     .     .
WELCOMED resumed       .     .     a.hea .     .     .     .     .     .     .     .     a.hea .     .     .
DENIED final           .     .     idle  .     .     .     ended ended ended .     .     ended .     .     .
DENIED start           .     .     idle  .     .     .     l.wai l.wai ended .     .     l.wai .     .     .
DENIED start offline   .     .     idle  .     .     .     l.off l.off ended .     .     l.off .     .     .
DENIED pass            .     .     s.wai .     .     .     l.wai l.wai ended .     .     l.wai .     .     .
DENIED pass offline    .     .     s.off .     .     .     l.off l.off ended .     .     l.off .     .     .
DENIED told            .     .     s.tol .     .     .     l.tol l.tol ended .     .     l.tol .     .     .
LINK_LOST final        .     idle  idle  .     .     .     ended ended ended .     ended ended .     .     .
LINK_LOST start        .     idle  idle  .     .     .     l.wai l.wai ended .     l.wai l.wai .     .     .
LINK_LOST start offline .    idle  idle  .     .     .     l.off l.off ended .     l.off l.off .     .     .
LINK_LOST pass         .     s.wai s.wai .     .     .     l.wai l.wai ended .     l.wai l.wai .     .     .
LINK_LOST pass offline .     s.off s.off .     .     .     l.off l.off ended .     l.off l.off .     .     .
LINK_LOST told         .     s.tol s.tol .     .     .     l.tol l.tol ended .     l.tol l.tol .     .     .
SUSPECTED              .     .     .     .     .     .     a.sus .     .     .     .     .     .     .     .
HEARD                  .     .     .     .     .     .     .     a.hea .     .     .     .     .     .     .
END_CONFIRMED          .     .     .     .     .     .     .     .     ended .     .     .     .     .     .
IDENTIFIED             .     .     .     .     .     .     =     =     =     .     .     .     .     .     .
NETWORK_OFFLINE        =     =     =     s.off =     =     =     =     =     =     =     =     l.off =     =
NETWORK_ONLINE         =     =     =     s.con =     s.con =     =     =     =     =     =     l.con =     l.con
HINTED                 .     .     .     s.con .     .     .     .     .     .     .     .     l.con .     .
after startDeadline    .     idle  idle  idle  idle  idle  .     .     .     .     .     .     .     .     .
after retry            .     .     .     s.con s.con .     .     .     .     .     .     .     l.con l.con .
after retry offline    .     .     .     .     s.off .     .     .     .     .     .     .     .     l.off .
after offlineRetry     .     .     .     .     .     s.con .     .     .     .     .     .     .     .     l.con
after endDeadline      .     .     .     .     .     .     .     .     ended .     .     .     .     .     .
after giveUp           .     .     .     .     .     .     .     .     .     .     .     .     .     .     .
after giveUp limited   .     .     .     .     .     .     .     .     .     .     ended ended ended ended ended
`;

/** What the app hears of each step from one group of states to another; of all others, nothing. */
const hears: Readonly<Record<string, string>> = {
  'starting > idle': 'failed',
  'starting > active': 'active',
  'active > lost': 'lost',
  'active > ended': 'ended',
  'ending > ended': 'ended',
  'lost > ended': 'ended',
  'lost > active by WELCOMED resumed': 'resumed',
  'lost > active by WELCOMED started': 'gap',
};

type Platform = 'online' | 'offline';
type Class = 'final' | 'start' | 'pass' | 'told';
const codeOf: Readonly<Record<Class, ReasonCode>> = {
  final: 'AccessDeniedError',
  start: 'AuthenticationTimeoutError',
  pass: 'ConnectionLostError',
  told: 'ServerBusyError',
};
const moreOf = (kind: string) => (kind === 'told' ? told : {});

/** One event of each type; a type that is missing here does not compile. `kind` is what stands behind the type in the table. */
const events: { readonly [T in Event['type']]: (link: number, kind: string) => Event } = {
  START: () => s.start(),
  END: () => s.end,
  RETRY: () => s.retry,
  LINK_OPENED: s.opened,
  WELCOMED: (link, kind) => s.welcomed(link, { outcome: kind === 'resumed' ? 'resumed' : 'started' }),
  DENIED: (link, kind) => s.denied(link, codeOf[kind as Class], moreOf(kind)),
  LINK_LOST: (link, kind) => s.lost(link, codeOf[kind as Class], moreOf(kind)),
  SUSPECTED: s.suspected,
  HEARD: s.heard,
  END_CONFIRMED: s.endConfirmed,
  IDENTIFIED: () => s.identified(),
  NETWORK_OFFLINE: () => s.networkOffline,
  NETWORK_ONLINE: () => s.networkOnline,
  HINTED: () => s.hinted,
};
const typeOf = (name: string) => name as Event['type'];

interface Row {
  readonly name: string;
  readonly type: string;
  readonly kind: string;
  readonly on: 'online' | 'offline' | 'limited' | 'both';
  readonly cells: readonly string[];
}
const lines = table.trim().split('\n');
const headings = (lines[0] ?? '').trim().split(/\s+/);
const parse = (line: string): Row => {
  const words = line.trim().split(/\s+/);
  const name = words.slice(0, -headings.length);
  const mark = name.at(-1);
  const on = mark === 'offline' || mark === 'limited' ? mark : 'both';
  const [type = '', kind = ''] = name[0] === 'after' ? ['after', name[1]] : name;
  return { name: name.join(' '), type, kind, on, cells: words.slice(-headings.length) };
};
const parsed = lines.slice(1).map(parse);
const rows = parsed.map((row): Row => {
  const hasOffline = parsed.some((other) => other.name === `${row.name} offline`);
  return hasOffline ? { ...row, on: 'online' } : row;
});

const column = (heading: string) => {
  const found = columns[heading];
  if (found === undefined) throw new Error(`The table has no way to ${heading}.`);
  return found;
};

/** The state of a column under what the platform says; null where the two do not go together. */
const stateOf = (heading: string, platform: Platform, limited: boolean): State | null => {
  const { steps, platform: only, value } = column(heading);
  if (only !== undefined && only !== platform) return null;
  const from = s.idle(limited ? { giveUpAfterMs: 60_000 } : {});
  const { state } = s.storyFrom(from, ...steps, ...(platform === 'offline' ? [s.networkOffline] : []));
  assert.equal(state.value, value, `the way to ${heading}`);
  return state;
};

const group = ({ value }: State) => (typeof value === 'string' ? value : (Object.keys(value)[0] ?? ''));
const inWords = ({ name }: Row, from: State, to: State) => {
  const way = `${group(from)} > ${group(to)}`;
  const heard = hears[way] ?? hears[`${way} by ${name}`];
  return heard === undefined ? [] : [heard];
};

const notTaken = (state: State, event: Event, label: string) => {
  assert.is(state.can(event), false, `${label}: is taken`);
  const [next, effects] = transition(sessionMachine, state, event);
  assert.equal([next.value, next.context, effects], [state.value, state.context, []], `${label}: changes something`);
};

const withLink: ReadonlySet<string> = new Set(['connecting', 'authenticating', 'healthy', 'suspect', 'ending']);
const leafOf = ({ value }: State) => (typeof value === 'string' ? value : String(Object.values(value)[0]));

const check = (row: Row, heading: string, cell: string, platform: Platform) => {
  const state = stateOf(heading, platform, row.on === 'limited');
  const label = `${row.name} in ${heading} (${platform})`;
  if (state === null) return;
  const event = row.type === 'after' ? s.delayedEvent(state, row.kind as Delay) : events[typeOf(row.type)](state.context.link, row.kind);
  if (event === undefined) return assert.is(cell, '.', `${label}: nothing is waited for`);
  if (cell === '.') return notTaken(state, event, label);
  assert.is(state.can(event), true, `${label}: is not taken`);
  const next = s.step(state, event);
  const wanted = cell === '=' ? state.value : column(cell).value;
  assert.equal(next.state.value, wanted, label);
  const { failure } = next.state.context;
  if (cell.endsWith('.tol') || cell.endsWith('.wai')) assert.is(failure !== null && namesTime(failure), cell.endsWith('.tol'), label);
  assert.equal(
    next.emitted.map(({ type }) => type),
    inWords(row, state, next.state),
    `${label}: what the app hears`,
  );
  assert.equal(s.running(next.state), withLink.has(leafOf(next.state)) ? ['link'] : [], `${label}: the links that run`);
};

const everyEvent = suite('every state and every event');

for (const row of rows) {
  everyEvent(`${row.name} leads where the table says`, () => {
    assert.is(row.cells.length, headings.length, 'a cell for each column');
    const platforms: readonly Platform[] = row.on === 'online' || row.on === 'offline' ? [row.on] : ['online', 'offline'];
    for (const platform of platforms)
      for (const [index, heading] of headings.entries()) check(row, heading, row.cells[index] ?? '', platform);
  });
}

everyEvent('what a link says that is not the current one is taken nowhere', () => {
  const facts = rows.filter(({ type, kind }) => type !== 'after' && 'link' in events[typeOf(type)](1, kind));
  for (const { type, kind, name } of facts)
    for (const platform of ['online', 'offline'] as const)
      for (const heading of headings) {
        const state = stateOf(heading, platform, false);
        if (state === null) continue;
        for (const link of [state.context.link - 1, state.context.link + 1])
          notTaken(state, events[typeOf(type)](link, kind), `${name} of link ${link} in ${heading}`);
      }
});

everyEvent('the table has a column for every state that the machine can be in', () => {
  const leaves = Object.values(sessionMachine.root.states).flatMap((node) => {
    const inner = Object.keys(node.states);
    return inner.length === 0 ? [node.key] : inner.map((key) => `${node.key}.${key}`);
  });
  const drawn = headings.map((heading) => {
    const { value } = column(heading);
    return typeof value === 'string' ? value : Object.entries(value).flat().join('.');
  });
  assert.equal([...new Set(drawn)].sort(), leaves.sort());
  assert.equal(headings, Object.keys(columns));
});

everyEvent('the table has a row for every event that the machine knows', () => {
  const known = sessionMachine.events.map((type) => (type.startsWith('xstate.after.') ? `after ${type.split('.')[2]}` : type));
  const drawn = rows.map(({ type, kind }) => (type === 'after' ? `after ${kind}` : type));
  assert.equal([...new Set(drawn)].sort(), [...new Set(known)].sort());
  assert.equal([...new Set(drawn.filter((name) => !name.startsWith('after ')))].sort(), Object.keys(events).sort());
});

everyEvent('the rows of DENIED and LINK_LOST stand for every reason there is', () => {
  const classOf = (code: ReasonCode) => `${reasons[code].start} / ${reasons[code].ends === null ? 'goes on' : 'ends'}`;
  const drawn = new Set(Object.values(codeOf).map(classOf));
  assert.equal([...new Set(reasonCodes.map(classOf))].sort(), [...drawn].sort());
});

everyEvent.run();
