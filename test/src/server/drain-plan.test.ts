/** The numbers of a drain. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { drainPlanOf } from '../../../src/server/drain.js';

const plan = suite('the plan of a drain');

plan('spreads the return of all clients over a quarter more than the next server takes to admit them', () => {
  assert.is(drainPlanOf({}, 1_000, 100).spreadMs, 12_500);
  assert.is(drainPlanOf({}, 0, 100).spreadMs, 0);
  assert.is(drainPlanOf({ spreadMs: 7 }, 1_000, 100).spreadMs, 7);
});

plan('has a default for each number, and takes none that can not be meant', () => {
  assert.equal(drainPlanOf({ batch: 3 }, 0, 100), { batch: 3, everyMs: 100, withinMs: 20_000, retryAfterMs: 1_000, spreadMs: 0 });
  assert.throws(() => drainPlanOf({ batch: 0 }, 1, 1), /batch/);
  for (const name of ['everyMs', 'withinMs', 'retryAfterMs', 'spreadMs'] as const)
    assert.throws(() => drainPlanOf({ [name]: -1 }, 1, 1), `drain: \`${name}\` is a number of milliseconds`);
});

plan.run();
