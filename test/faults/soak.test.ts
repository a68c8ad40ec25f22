/** A short cut of `npm run soak`. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { soak } from './soak.js';
import { slopeOf } from './usage.js';

const slope = suite('the slope of a measure');

slope('is by how much it grows, and no spike makes it one', () => {
  assert.is(slopeOf([]), 0);
  assert.is(slopeOf([[1, 5]]), 0);
  assert.is(
    slopeOf([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
    2,
  );
  assert.is(
    slopeOf([
      [0, 1],
      [1, 9],
      [2, 1],
    ]),
    0,
  );
});

const soaking = suite('a session that is cut again and again');

const MINUTES = 1 / 3;

soaking('stays as small as it was, on both sides', async () => {
  const { problems, samples, up, down } = await soak({ seed: 1, minutes: MINUTES, store: 'memory' });
  assert.equal(problems, []);
  assert.ok(samples.length > 5, `${samples.length} samples`);
  assert.ok(up.sent > 500 && down.sent > 500);
});

slope.run();
soaking.run();
