import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crowdRows, mostInASecond } from './crowd.js';

const counting = suite('the most in one second');

counting('is counted wherever that second begins', () => {
  assert.is(mostInASecond([]), 0);
  assert.is(mostInASecond([5, 1_004, 1_005, 0, 1_003]), 3);
});

const crowd = suite('a crowd of clients');

/** A crowd that is admitted within a second: the bound itself is judged by `npm run faults`. */
const SIZE = 60;

for (const { name, what, run } of crowdRows.filter((row) => row.name === 'herd-cut'))
  crowd(`comes back where ${what}`, async () => {
    const { figures } = await run(SIZE);
    assert.equal([figures.clients, figures.back], [SIZE, SIZE], name);
  });

counting.run();
crowd.run();
