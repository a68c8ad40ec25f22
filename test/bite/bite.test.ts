/** The faults of `npm run bite`: their list is sound, and one of them is planted and noticed. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { copyOfTree, testFilesOf } from './copy.js';
import { filesFor, type PlantedFault, planted } from './fault.js';
import { faults } from './faults.js';
import { Hunter } from './hunt.js';

const list = suite('the list of planted faults');

list('has each name once, and a sentence for each', () => {
  assert.is(new Set(faults.map(({ name }) => name)).size, faults.length);
  for (const { name, breaks } of faults) assert.match(breaks, /^[A-Z].+\.$/, name);
});

list('finds the place of each exactly once', () => {
  const problems = faults.flatMap((fault) => {
    try {
      planted(fault, readFileSync(fault.file, 'utf8'));
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
  assert.equal(problems, []);
});

list('names tests that are there', () => {
  const files = testFilesOf('.');
  for (const fault of faults) assert.ok(filesFor(fault, files).length > 0);
});

list('refuses a place that is not there or there twice, a fault that changes nothing, and tests that are not there', () => {
  const fault = { name: 'one', file: 'a.ts', search: 'a', replace: 'b' };
  assert.is(planted(fault, 'cat'), 'cbt');
  assert.throws(() => planted(fault, 'dog'), /0 times/);
  assert.throws(() => planted(fault, 'banana'), /3 times/);
  assert.throws(() => planted({ ...fault, replace: 'a' }, 'cat'), /changes nothing/);
  assert.equal(filesFor({ name: 'one', caughtBy: ['b', 'a'] }, ['test/a', 'test/ab']), ['test/ab', 'test/a']);
  assert.throws(() => filesFor({ name: 'one', caughtBy: ['c'] }, ['test/a']), /contains "c"/);
});

list.run();

/** The longest that one of the small test files below may take, in milliseconds. */
const limitMs = 60_000;
const username: Omit<PlantedFault, 'replace'> = {
  name: 'one',
  breaks: 'Something.',
  file: 'src/wire/username.ts',
  search: "return 'is empty'",
  caughtBy: ['src/wire/username'],
};

const bite = suite('a planted fault');

bite('is noticed by a test, and taken out again; what changes nothing that is promised is not, nor what does not load', async () => {
  const copy = copyOfTree('.');
  try {
    const hunter = new Hunter(copy.folder, limitMs);
    const caught = await hunter.hunt({ ...username, replace: 'return null' });
    assert.is(caught.caught?.file, 'test/src/wire/username.test.ts');
    assert.match(caught.caught?.title ?? '', ': ');
    const missed = await hunter.hunt({ ...username, replace: "return 'is ' + 'empty'" });
    assert.is(missed.caught, null);
    assert.equal(missed.mute, []);
    const broken = await hunter.hunt({ ...username, replace: 'return (' });
    assert.is(broken.caught, null);
    assert.equal(broken.mute, ['test/src/wire/username.test.ts']);
    assert.ok(await hunter.passes('test/src/wire/username.test.ts'));
    assert.is(readFileSync(`${copy.folder}/${username.file}`, 'utf8'), readFileSync(username.file, 'utf8'));
  } finally {
    copy.remove();
  }
});

bite.run();
