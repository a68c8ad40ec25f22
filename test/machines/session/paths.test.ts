/**
 * All that can happen, up to a bound: the states that events, the clock and former links can lead the machine to, counters and times
 * left aside, and every step between them.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AnyStateMachine, type AnyStateNode, type AnyTransitionDefinition, getNextTransitions, transition } from 'xstate';
import { getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import { defaultRetryPolicy, namesTime } from '../../../machines/session/retry.js';
import { sessionMachine } from '../../../machines/session/session.machine.js';
import { statusOf } from '../../../machines/session/status.js';
import type { Event, State } from './support.js';
import * as s from './support.js';

/** More states than this mean that the key below lets a counter through. */
const statesMax = 100;
/** More than there are events in any state. */
const eventsMax = 100;

/** Everything that could be said in a state: of the current link and of a former one, about a healthy and an unhealthy loss. */
const eventsIn = (state: State): readonly Event[] => {
  const { link, welcomedAt } = state.context;
  const times = [0, defaultRetryPolicy.healthyAfterMs].map((ms) => ({ now: (welcomedAt ?? 0) + ms }));
  const about = (of: number): Event[] => [
    s.opened(of),
    s.welcomed(of),
    s.welcomed(of, { outcome: 'resumed' }),
    ...[s.denied, s.lost].flatMap((fact) =>
      times.flatMap((when) => [
        fact(of, 'AccessDeniedError', {}, when),
        fact(of, 'AuthenticationTimeoutError', {}, when),
        fact(of, 'ConnectionLostError', {}, when),
        fact(of, 'ServerBusyError', { retryAfterMs: 1_000 }, when),
      ]),
    ),
    s.suspected(of),
    s.heard(of),
    s.endConfirmed(of),
  ];
  const { failedAt } = state.context;
  const sooner = [s.networkOnline, s.hinted, s.retry, ...s.soonerAt(failedAt ?? 0)];
  const another = { ...s.jane, id: 2, name: 'joe' };
  const who = [s.identified(), s.identified(another)];
  return [s.start(), s.end, ...who, s.networkOffline, ...sooner, ...about(link), ...about(link - 1), ...clockIn(state)];
};

/** The clock's events. A list of events of one's own replaces those that xstate/graph would add. */
const clockIn = (state: State): Event[] =>
  getNextTransitions(state).flatMap(({ eventType }) =>
    eventType.startsWith('xstate.after.') ? [{ type: eventType } as unknown as Event] : [],
  );

/** What tells two states apart for what may happen next: no counter and no time, which never come back to where they were. */
const keyOf = ({ value, children, context }: State) =>
  JSON.stringify([
    value,
    Object.keys(children),
    context.session !== null,
    Math.min(context.attempt, 2),
    context.online,
    context.failure === null ? 'none' : namesTime(context.failure) ? 'told' : 'untold',
    context.welcomedAt !== null,
  ]);

// The graph functions do not take a machine whose emitted events are typed.
const machine = sessionMachine as unknown as AnyStateMachine;
const options = {
  input: { policy: { giveUpAfterMs: 60_000 } },
  events: (state: unknown) => eventsIn(state as State),
  serializeState: (state: unknown) => keyOf(state as State),
  limit: statesMax * eventsMax,
};
interface Edge {
  readonly from: State;
  readonly event: Event;
  readonly to: State;
}
const graph = Object.values(getAdjacencyMap(machine, options));
const edges: readonly Edge[] = graph.flatMap(({ state, transitions }) =>
  Object.values<{ event: Event; state: State }>(transitions).map(({ event, state: to }) => ({ from: state, event, to })),
);
const paths = getShortestPaths(machine, options);

const say = (value: unknown) => JSON.stringify(value);
const nameOf = ({ source, eventType, guard, target }: AnyTransitionDefinition) =>
  `${source.id} --${eventType}${guard === undefined ? '' : ` [${String(guard)}]`}--> ${target?.map(({ id }) => id).join() ?? '(stays)'}`;

const nodesOf = (node: AnyStateNode): readonly AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesOf)];

const everyPath = suite('every path');

everyPath('there are as many states as one can look through', () => {
  assert.ok(graph.length > 30 && graph.length < statesMax, `${graph.length} states`);
  assert.is(paths.length, graph.length, 'a path to each');
});

everyPath('every transition that the machine defines is taken', () => {
  const defined = nodesOf(machine.root).flatMap((node) => [...node.transitions.values()].flat());
  const taken = new Set(edges.flatMap(({ from, event }) => machine.getTransitionData(from, event)));
  const missing = defined.filter((each) => !taken.has(each)).map(nameOf);
  assert.equal(missing, [], `${taken.size} of ${defined.length} transitions are taken`);
  assert.is(taken.size, defined.length);
  assert.ok(defined.length >= 50, `${defined.length} transitions were looked at`);
});

everyPath('one link runs where a connection is opened or there, and none elsewhere', () => {
  const expected: Readonly<Record<string, number>> = { connecting: 1, authenticating: 1, waiting: 0, offline: 0, healthy: 1, suspect: 1 };
  for (const { to } of edges) {
    const { status, substate } = statusOf(to.value);
    assert.is(s.running(to).length, substate === null ? Number(status === 'ending') : expected[substate], say(to.value));
  }
});

everyPath('no path leaves two links', () => {
  for (const { steps } of paths) for (const { state } of steps) assert.ok(s.running(state as State).length <= 1);
});

everyPath('each link that is opened has a generation of its own, and nothing else counts them', () => {
  for (const { from, event, to } of edges) {
    const opens = statusOf(to.value).substate === 'connecting' && say(from.value) !== say(to.value);
    assert.is(to.context.link - from.context.link, opens ? 1 : 0, `${say(from.value)} by ${event.type}`);
  }
});

everyPath('a session is known in every state that has one, and an end always has its reason', () => {
  for (const { to } of edges) {
    const { status } = statusOf(to.value);
    const { session, endReason, error, failure } = to.context;
    if (['active', 'lost', 'ending', 'ended'].includes(status)) assert.ok(session, say(to.value));
    if (status === 'ended') assert.ok(endReason);
    if (status === 'idle' && to.context.link > 0) assert.ok(error, 'a start that failed has its error');
    if (status === 'lost') assert.ok(failure, 'a loss has its reason');
    if (status === 'connecting' || status === 'authenticating') assert.is(session, null);
  }
});

everyPath('a next try is announced exactly where one is waited for', () => {
  for (const { to } of edges) assert.is(to.context.retryAt !== null, statusOf(to.value).substate === 'waiting', keyOf(to));
});

everyPath('the two waits are where they belong: offline only without a network, and never against the time that the server named', () => {
  for (const { to } of edges) {
    const { substate } = statusOf(to.value);
    const { online, failure } = to.context;
    if (substate === 'offline') assert.is(online, false);
    if (substate === 'waiting' && !online) assert.ok(failure && namesTime(failure));
  }
});

const isSettled = ({ value }: State) => value === 'idle' || value === 'ended';

everyPath('from every state the end that an app asks for and the clock alone lead to rest', () => {
  for (const { to } of edges) {
    const asked = to.can(s.end) ? s.step(to, s.end).state : to;
    const deadline = s.delayedEvent(asked, 'endDeadline');
    const settled = deadline === undefined ? asked : s.step(asked, deadline).state;
    assert.ok(isSettled(settled), `${say(to.value)} comes to ${say(settled.value)}`);
  }
});

everyPath('every start is over at its deadline, whatever it is doing', () => {
  const starts = edges.filter(({ to }) => typeof to.value === 'object' && 'starting' in to.value);
  assert.ok(starts.length > 0);
  for (const { to } of starts) {
    const deadline = s.delayedEvent(to, 'startDeadline');
    assert.ok(deadline);
    assert.is(s.step(to, deadline).state.value, 'idle');
  }
});

everyPath('at rest nothing is waited for and no link runs', () => {
  for (const { to } of edges.filter((edge) => isSettled(edge.to))) {
    assert.equal(clockIn(to), []);
    assert.equal(s.running(to), []);
  }
});

everyPath('no step is lost on the same event twice: a transition is pure', () => {
  for (const { from, event, to } of edges.slice(0, 200)) {
    const [again] = transition(sessionMachine, from, event);
    assert.equal([again.value, again.context], [to.value, to.context]);
  }
});

everyPath.run();
