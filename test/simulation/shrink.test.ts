/** A seed is a whole life, and a life that fails is made as small as its fault allows. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { live } from './life.js';
import { partOf, planOf } from './plan/plan.js';
import { numbersOf, rangesOf, shrink } from './shrink.js';

const seeds = suite('a seed');

seeds('gives the same life each time, to the last word of its story', async () => {
  for (const seed of [3, 17]) {
    const [one, other] = [await live(planOf(seed)), await live(planOf(seed))];
    assert.ok(one.story.length > 20);
    assert.is(one.story.join('\n'), other.story.join('\n'));
    assert.equal([one.messages, one.faults, one.livedMs], [other.messages, other.faults, other.livedMs]);
  }
});

seeds('gives another life than the next one', async () => {
  assert.is.not((await live(planOf(3))).story.join('\n'), (await live(planOf(4))).story.join('\n'));
});

seeds.run();

const shrinking = suite('a life that fails');

/** Breaks a promise of its own in each life that has a cut behind a burst. */
const failing = async (plan: Parameters<typeof live>[0]): ReturnType<typeof live> => {
  const outcome = await live(plan);
  const burst = plan.events.findIndex(({ kind }) => kind === 'burst');
  const isBroken = burst >= 0 && plan.events.some(({ kind }, index) => index > burst && kind === 'cut');
  return isBroken ? { ...outcome, problems: [{ rule: 'no cut behind a burst', detail: '' }] } : outcome;
};

shrinking('is made as small as its fault: what has nothing to do with it is left out', async () => {
  const plan = seedWith('cut');
  const { keep, outcome } = await shrink(plan, 'no cut behind a burst', { withinMs: 60_000, live: failing });
  assert.equal(
    partOf(plan, keep, []).events.map(({ kind }) => kind),
    ['burst', 'cut'],
  );
  assert.equal(outcome.problems, [{ rule: 'no cut behind a burst', detail: '' }]);
});

shrinking('stays as it is where its time is over', async () => {
  const plan = seedWith('cut');
  const { keep } = await shrink(plan, 'no cut behind a burst', { withinMs: 0, live: failing });
  assert.is(keep.length, plan.events.length);
});

shrinking('is named by the places of the events that are left', () => {
  assert.is(rangesOf([3, 5, 6, 7, 9]), '3,5-7,9');
  assert.equal(numbersOf('3,5-7,9'), [3, 5, 6, 7, 9]);
  assert.equal(numbersOf(''), []);
  assert.is(numbersOf('3,x'), null);
});

/** The plan of the first seed that has such an event behind a burst. */
const seedWith = (wanted: string): Parameters<typeof live>[0] => {
  for (let seed = 1; ; seed += 1) {
    const plan = planOf(seed);
    const burst = plan.events.findIndex(({ kind }) => kind === 'burst');
    if (burst >= 0 && plan.events.some(({ kind }, index) => index > burst && kind === wanted)) return plan;
  }
};

shrinking.run();
