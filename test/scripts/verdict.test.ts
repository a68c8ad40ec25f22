import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { brokenOffIn, failedTitles, faultsInText, readSkips, readTotals } from '../../scripts/runner/uvu-output.js';
import { closingLine, type FileRun, judge, sum } from '../../scripts/runner/verdict.js';

const block = (total: number, passed: number, skipped: number) =>
  `\n  Total:     ${total}\n  Passed:    ${passed}\n  Skipped:   ${skipped}\n  Duration:  1.2ms\n\n`;

const ran = (more: Partial<FileRun>): FileRun => ({
  file: 'test/a.test.ts',
  durationMs: 1,
  exitCode: 0,
  signal: null,
  leftProcess: false,
  output: block(1, 1, 0),
  text: '',
  ...more,
});

const output = suite("what a test file's output says");

output('totals of several blocks are added up', () => {
  assert.equal(readTotals(block(3, 2, 0) + block(1, 1, 4)), { blocks: 2, total: 4, passed: 3, skipped: 4 });
});

output('totals are read through colours', () => {
  assert.is(readTotals(`\n  Total:     2\n\u001b[32m  Passed:    2\u001b[39m\n  Skipped:   0\n  Duration:  1ms\n`).passed, 2);
});

output('a line that only looks like a total is not one', () => {
  assert.is(readTotals('Total: 5\nPassed: 5\nSkipped: 0\n').blocks, 0);
});

output('named skips are read, whatever is printed around them', () => {
  assert.equal(readSkips('noise\nSKIP test/a.test.ts: needs chromium (absent)\nnoise'), [
    { what: 'test/a.test.ts', needs: 'chromium (absent)' },
  ]);
});

output('failed tests are told by their titles, with their suite where it has a name, in their order', () => {
  const text = ` a suite  • ✘   (1 / 2)\n\n   FAIL  a suite  "a \\"title\\""\n    why\n    at x\n\n   \u001b[41mFAIL\u001b[49m  "alone"\n    why\n`;
  assert.equal(failedTitles(text), ['a suite: a \\"title\\"', 'alone']);
  assert.equal(failedTitles(' a suite  • •   (2 / 2)\n'), []);
});

output('a suite that has begun and not ended is named, with the test that it stopped at', () => {
  assert.is(brokenOffIn(' one  • •   (2 / 2)\n two  • ✘ Warning: nothing is left to wait for\n'), 'two: its test 3 never settles');
  assert.is(brokenOffIn(' one  '), 'one: its test 1 never settles');
  assert.is(brokenOffIn(' one  • ✘   (1 / 2)\n\n   FAIL  one  "title"\n    at x\n\n  Total:     2\n'), null);
  assert.is(brokenOffIn('node:internal/x\n  SyntaxError: why\n    at y  (z)\n'), null);
});

output('a text whose suites are all run has no fault', () => {
  assert.equal(faultsInText(`const a = suite('a');\na('x', () => {});\nif (there) a.run();\n`), []);
});

output.run();

const verdict = suite('the verdict on a file');

verdict('is good for one that ran its tests and ended', () => {
  assert.equal(judge(ran({})).faults, []);
  assert.is(judge(ran({})).failed, 0);
});

verdict('counts a fault as one failure where no test failed', () => {
  assert.is(judge(ran({ exitCode: 1 })).failed, 1);
});

verdict('counts failed tests, not one more for the exit code they bring', () => {
  assert.is(judge(ran({ exitCode: 1, output: block(5, 3, 0) })).failed, 2);
});

verdict('does not believe an exit code of 0 where tests failed', () => {
  assert.match(judge(ran({ output: block(2, 1, 0) })).faults.join(), 'its exit code is 0');
});

verdict('names the signal that killed it', () => {
  assert.match(judge(ran({ exitCode: null, signal: 'SIGSEGV' })).faults.join(), 'SIGSEGV');
});

verdict('of several is their sum, in one line', () => {
  assert.is(closingLine(sum([judge(ran({})), judge(ran({ exitCode: 3 }))])), '2 passed, 1 failed, 0 skipped');
});

verdict.run();
