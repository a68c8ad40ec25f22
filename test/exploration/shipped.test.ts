/** A smaller part of the exploration of the whole shipped code. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shippedMustMeet } from './must-meet.js';
import { noFaults, shippedConfiguration, shippedConfigurations } from './shipped/configuration.js';
import { followShipped, runShipped } from './shipped/run.js';
import type { ShippedExplored } from './shipped/search.js';
import { shippedTestOf } from './shipped/test-text.js';

/** Of each configuration, so many worlds in full; what is left is followed to its rest. */
const worldsMax = 40;
/** Of the worlds that are met again, one in so many is compared with its first visit. */
const compareEvery = 20;
const threads = 2;

/** What breaks a rule, for whoever reads a failure. */
const foundIn = ({ configuration, found }: ShippedExplored): string =>
  found === null ? '' : `\n${found.rule}: ${found.detail}\n\n${found.diagram}\n\n${shippedTestOf(configuration, found)}`;

const exploration = suite('exploration of the shipped code');

/** What all configurations together met. */
const met = new Set<string>();

exploration('no rule is broken in some worlds of each configuration', async () => {
  const all = await runShipped(shippedConfigurations, { threads, bounds: { worldsMax, compareEvery } });
  assert.equal(all.map(({ configuration }) => configuration).sort(), shippedConfigurations.map(({ name }) => name).sort());
  for (const explored of all) {
    assert.is(foundIn(explored), '');
    assert.ok(explored.worlds >= worldsMax);
    for (const what of Object.keys(explored.met)) met.add(what);
  }
  assert.ok(all.some(({ comparisons }) => comparisons > 0));
});

exploration('a message over a link that is cut before its welcome is heard: no rule is broken in any world', async () => {
  const one = shippedConfiguration('shipped: a cut', { up: ['message'], down: [], faults: { ...noFaults, cuts: 1 } });
  const [explored] = await runShipped([one], { threads, bounds: { compareEvery } });
  if (explored === undefined) return assert.unreachable();
  assert.is(foundIn(explored), '');
  assert.ok(explored.isComplete);
  assert.ok(explored.comparisons > 0);
});

exploration('what the rules are about was met', () => {
  const missing = shippedMustMeet.filter((what) => !met.has(what));
  assert.equal(missing, []);
});

exploration('what can not happen is not followed', async () => {
  try {
    await followShipped(shippedConfiguration('shipped: a cut'), ['server: dies']);
    assert.unreachable();
  } catch (thrown) {
    assert.instance(thrown, RangeError);
  }
});

exploration.run();
