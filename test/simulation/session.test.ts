/**
 * Many lives of a session in virtual time, each drawn from a seed: nothing is lost, doubled or reordered, and each side is told the truth.
 *
 *     SEED=4711 node --import tsx test/simulation/session.test.ts     # this one again, with its story
 *     SEEDS=10000 node --import tsx test/simulation/session.test.ts   # more of them
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { live } from './session/life.js';

/** In `npm test`. */
const seedsDefault = 300;

const simulation = suite('a session through many faults');

const single = process.env.SEED;
const first = Number(single ?? process.env.FIRST ?? 1);
const count = single === undefined ? Number(process.env.SEEDS ?? seedsDefault) : 1;

simulation(`loses, doubles and reorders nothing in ${count} lives, and says what became of each message`, async () => {
  let messages = 0;
  let resumed = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const outcome = await live(seed);
    if (single !== undefined) console.log(outcome.story.join('\n'));
    assert.equal(outcome.problems, [], `SEED=${seed}`);
    messages += outcome.messages;
    resumed += outcome.resumed;
  }
  assert.ok(messages > count && (single !== undefined || resumed > count));
});

simulation.run();
