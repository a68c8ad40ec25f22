/** `npm run mutate`, end to end, on one small file. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../../../scripts/support/run.js';

const mutation = suite('npm run mutate');

const mutate = (...args: readonly string[]) => run(process.execPath, ['--import', 'tsx', 'scripts/mutate.ts', ...args]);
const small = ['--only', 'machines/session/status.ts', '--json'] as const;

interface Told {
  readonly mutants: number;
  readonly killed: number;
  readonly noCoverage: number;
  readonly score: number;
  readonly unexplained: readonly { readonly file: string }[];
}

mutation('notices every change of a file by the tests of that file', async () => {
  const { code, stdout, output } = await mutate(...small, '--tests', 'session/status');
  const told = JSON.parse(stdout) as Told;
  assert.ok(told.mutants > 20, output);
  assert.equal([told.killed, told.score, told.unexplained], [told.mutants, 100, []], output);
  assert.is(code, 0, output);
});

mutation('fails where the tests that are there notice none, and names each', async () => {
  const { code, stdout, output } = await mutate(...small, '--tests', 'session/retry');
  const told = JSON.parse(stdout) as Told;
  assert.equal([told.noCoverage, told.score, told.unexplained.length], [told.mutants, 0, told.mutants], output);
  assert.is(code, 1, output);
});

mutation('takes no file that is not mutated', async () => {
  const { code, output } = await mutate('--only', 'src/server');
  assert.is(code, 2);
  assert.match(output, /^No file of machines\/ or src\/wire has src\/server in its path\./);
});

mutation('writes no score of a part', async () => {
  for (const args of [['--write'], ['--write', '--full', '--only', 'status'], ['--write', '--full', '--tests', 'status']]) {
    const { code, output } = await mutate(...args);
    assert.is(code, 2, output);
    assert.match(output, /--write wants --full, and neither --only nor --tests\./);
  }
});

mutation.run();
