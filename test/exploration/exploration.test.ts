/** A smaller part of `npm run explore`, and the mistakes that it must find. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Configuration, configuration, configurations, noFaults, type Plant, plants } from './configuration.js';
import { type Explored, explore } from './explore.js';
import { modelMustMeet } from './must-meet.js';
import { Violation } from './rules.js';
import { diagramOf, follow, testOf } from './trace.js';

/** Of each configuration, so many worlds in full: the nearest ones. Beyond, each is followed to its rest. */
const worldsMax = 1_000;

/** What breaks a rule, for whoever reads a failure. */
const foundIn = (one: Configuration, { found }: Explored): string =>
  found === null ? '' : `\n${diagramOf(one, found)}\n\n${testOf(one, found)}`;

const exploration = suite('exploration');

/** What all configurations together met. */
const met = new Set<string>();

for (const one of configurations)
  exploration(`no rule is broken in the nearest worlds of: ${one.name}`, () => {
    const explored = explore(one, { worldsMax });
    assert.is(foundIn(one, explored), '');
    assert.ok(explored.worlds >= worldsMax);
    for (const what of Object.keys(explored.met)) met.add(what);
  });

exploration('one message each way over a link that is cut once: no rule is broken in any world', () => {
  const one = configuration('cuts', { up: ['message'], down: ['message'], faults: { ...noFaults, cuts: 1 } });
  const explored = explore(one);
  assert.is(foundIn(one, explored), '');
  assert.ok(explored.isComplete);
  for (const what of Object.keys(explored.met)) met.add(what);
});

exploration('a hello that comes too late fits no longer, and takes nothing from its session', () => {
  const steps = [
    'up 1',
    'server: admits 1',
    'down 1',
    'link 1: cut, and the client sees it',
    'client: tries again',
    'client: sends message 0',
    'link 2: cut, and the client sees it',
    'client: tries again',
    'up 3',
    'server: has written 1',
    'down 3',
    'up 3',
    'somebody: says hello 1 again',
    'up 101',
  ];
  for (const what of follow(configuration('replayed hellos'), steps).keys()) met.add(what);
  assert.ok(met.has('positions that do not fit'));
});

exploration('what the rules are about was met', () => {
  const missing = modelMustMeet.filter((what) => !met.has(what));
  assert.equal(missing, []);
});

exploration.run();

const mistakes = suite('exploration with a mistake');

/** Where each mistake is to be found, and by which rule. */
const bites: Readonly<Record<Plant, { readonly where: Configuration; readonly rule: string }>> = {
  acknowledgedEarly: { where: configuration('cuts'), rule: 'confirmed only when handled' },
  numberReused: { where: configuration('server dies'), rule: 'what both remember fits' },
  oldTokenAccepted: { where: configuration('cuts'), rule: 'only the current token resumes' },
  lateHelloKills: {
    where: configuration('replayed hellos', { down: [], faults: { ...noFaults, cuts: 2, replays: 1 } }),
    rule: 'a late hello ends nothing',
  },
  lifeUntold: { where: configuration('page reloads'), rule: 'what is repeated is marked' },
  markForgotten: {
    where: configuration('both die', { up: [], ends: { client: false, server: false } }),
    rule: 'what is repeated is marked',
  },
  startStaysMute: { where: configuration('server dies'), rule: 'all comes to rest' },
  formerLinkHears: { where: configuration('cuts'), rule: 'one connection a session' },
};

for (const [name, { where, rule }] of Object.entries(bites) as [Plant, (typeof bites)[Plant]][])
  mistakes(`it is found: ${plants[name]}`, () => {
    const one = { ...where, plant: name };
    const { found } = explore(one, { worldsMax: 20_000 });
    assert.is(found?.rule, rule);
    if (found === null) return;
    // What is found can be told, and found again by the steps that are told.
    assert.match(diagramOf(one, found), 'client');
    assert.match(testOf(one, found), 'follow(');
    assert.throws(
      () => follow(one, found.labels),
      (thrown: unknown) => thrown instanceof Violation && thrown.rule === rule,
    );
    // Without the mistake, the same steps break nothing, as far as they can be taken.
    assert.not.throws(() => follow(where, found.labels.slice(0, -1)));
  });

mistakes.run();
