/** A process of `npm run simulate`: lives the lives of the seeds that it is sent, and answers with what they come to. */
import { live } from './life.js';
import { planOf } from './plan/plan.js';
import { count, countBroken, noTally } from './tally.js';

const work = async (seeds: readonly number[]): Promise<void> => {
  const tally = noTally();
  for (const seed of seeds) {
    try {
      count(tally, seed, await live(planOf(seed)));
    } catch (error) {
      countBroken(tally, seed, error);
    }
  }
  process.send?.(tally);
};

process.on('message', (seeds: readonly number[]) => void work(seeds));
