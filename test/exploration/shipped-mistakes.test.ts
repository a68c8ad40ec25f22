/** Mistakes in the shipped code that its exploration must find. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Violation } from './rules.js';
import { shippedConfiguration } from './shipped/configuration.js';
import { faultOf, shippedPlants } from './shipped/plants.js';
import { followShipped, runShipped } from './shipped/run.js';
import { shippedTestOf } from './shipped/test-text.js';

const mistakes = suite('exploration of the shipped code with a mistake');

/** All of them are found before so many worlds. */
const searchedMax = 2_000;
/** One is enough to see that what is told can be followed. */
const followed = 'any-token-resumes';

for (const [name, { where, rule, isLate }] of Object.entries(shippedPlants)) {
  if (isLate === true) continue;
  mistakes(`it is found: ${faultOf(name).breaks}`, async () => {
    const fault = faultOf(name);
    const one = shippedConfiguration(where);
    const [explored] = await runShipped([one], { threads: 1, bounds: { worldsMax: searchedMax }, fault });
    const found = explored?.found ?? null;
    assert.is(found?.rule, rule);
    if (found === null) return;
    assert.ok(found.diagram.split('\n').length >= found.labels.length);
    assert.match(shippedTestOf(where, found), 'followShipped(');
    if (name !== followed) return;
    // What is found can be found again by the steps that are told.
    try {
      await followShipped(one, found.labels, fault);
      assert.unreachable();
    } catch (thrown) {
      assert.instance(thrown, Violation);
      assert.is((thrown as Violation).rule, rule);
    }
  });
}

mistakes.run();
