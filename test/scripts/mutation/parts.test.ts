/** The parts of `npm run mutate`: what it makes of a test file, what it breaks off, how it names a mutant and holds it against the list. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withQuickSwitches } from '../../../scripts/mutation/bundle.js';
import { guarded, OutOfTime } from '../../../scripts/mutation/guarded.js';
import { type Mutant, mutantOf } from '../../../scripts/mutation/mutants.js';
import { type FullRun, pagePath, scoreOf, withScore } from '../../../scripts/mutation/page.js';
import { countsOf, differenceOf, tableOf } from '../../../scripts/mutation/report.js';
import { filesNamed } from '../../../scripts/mutation/run.js';
import { Suites } from '../../../scripts/mutation/suites.js';
import { compare, type Explained, faultsOf, readSurvivors } from '../../../scripts/mutation/survivors.js';
import { inOrder } from '../../../scripts/mutation/test-order.js';

const parts = suite('mutation testing');

parts('a switch of Stryker becomes a comparison of numbers', () => {
  assert.is(
    withQuickSwitches('if (stryMutAct_9fa48("12")) {} else { stryCov_9fa48("12", "13"); }'),
    'if ((__mutant === 12 && __reached())) {} else { __cover(12, 13); }',
  );
});

parts('what a suite is told to run is run, under its name, and nothing else', () => {
  const suites = new Suites();
  const one = suites.suite('one');
  one('a', () => 1);
  suites.suite('forgotten')('b', () => 2);
  one.run();
  assert.equal(
    suites.tests.map(({ name, run }) => [name, run()]),
    [['one: a', 1]],
  );
});

const failing = async (work: () => unknown): Promise<unknown> =>
  guarded(work, 20).then(
    () => assert.unreachable(),
    (error: unknown) => error,
  );

parts('a loop without end and a wait without end are broken off', async () => {
  const endless = (): void => {
    for (;;);
  };
  assert.instance(await failing(endless), OutOfTime);
  assert.instance(await failing(() => new Promise(() => undefined)), OutOfTime);
});

parts('a loop is known to be without end where it had the processor for all of its time, and a wait needs none', async () => {
  const begun = performance.now();
  const busy = await guarded(() => {
    for (;;);
  }, 200).catch((error: unknown) => error);
  assert.instance(busy, OutOfTime);
  // Beside others it may have had less of the processor than of the time, and then it says so.
  if ((busy as OutOfTime).isSure) assert.ok(performance.now() - begun >= 180);
  assert.ok(((await failing(() => new Promise(() => undefined))) as OutOfTime).isSure);
});

parts('what is thrown, rejected, or thrown where nobody waits, is a failure', async () => {
  const error = new Error('noticed');
  const thrower = (): never => {
    throw error;
  };
  assert.is(await failing(thrower), error);
  assert.is(await failing(() => Promise.reject(error)), error);
  const listeners = process.listenerCount('uncaughtException');
  assert.is(await failing(() => new Promise(() => void setImmediate(thrower))), error);
  assert.is(await failing(() => void setTimeout(thrower)), error);
  assert.is(process.listenerCount('uncaughtException'), listeners);
});

parts('what is thrown after a failure is a part of it, and not the failure of what is tried next', async () => {
  const error = new Error('first');
  const work = (): never => {
    setTimeout(() => {
      throw new Error('second');
    });
    throw error;
  };
  assert.is(await failing(work), error);
  assert.is(await guarded(() => new Promise((resolve) => setTimeout(() => resolve('quiet'), 10)), 1_000), 'quiet');
});

parts('the tests of the same name come first, then those beside them, then quick ones elsewhere, and slow ones last', () => {
  const test = (file: string, ms = 1) => ({ file, name: 'a', ms });
  const own = 'test/machines/stream/pair.test.ts';
  const files = ['test/machines/session/retry.test.ts', 'test/machines/stream/pair.test.ts', 'test/machines/stream/queue.test.ts'];
  const tests = [
    test('test/machines/stream/queue.test.ts', 500),
    test('test/machines/a.test.ts', 100),
    test(own, 200),
    ...files.map((file) => test(file)),
  ];
  assert.equal(
    inOrder(tests, '/somewhere/machines/stream/queue.ts').map(({ file, ms }) => [file, ms]),
    [
      [files[2], 1],
      [files[1], 1],
      [own, 200],
      [files[0], 1],
      ['test/machines/a.test.ts', 100],
      [files[2], 500],
    ],
  );
});

const at = (line: number, start: number, end: number, replacement: string, status = 'Survived') => ({
  fileName: '',
  mutatorName: '',
  replacement,
  status,
  location: { start: { line, column: start }, end: { line, column: end } },
});
const text = 'const a = 1;\n\n  const b = a  > 1;\n';
const survivor = mutantOf(at(3, 13, 19, 'a >= 1'), 'machines/b.ts', text);

parts('a mutant is named by its code and not by its place', () => {
  const { file, line, from, to, cut } = survivor;
  assert.equal(
    { file, line, from, to, cut },
    { file: 'machines/b.ts', line: 'const b = a > 1;', from: 'a > 1', to: 'a >= 1', cut: 'a  > 1' },
  );
  assert.is(differenceOf(survivor), 'machines/b.ts:3  const b = a > 1;\n    - a  > 1\n    + a >= 1');
});

const named = ({ file, line, from, to }: Mutant) => ({ file, line, from, to });
const explaining = (...mutants: readonly Mutant[]): readonly Explained[] => [
  { kind: 'equivalent', reason: 'It is the same.', mutants: mutants.map(named) },
];
const noticed: Mutant = { ...survivor, to: 'true', status: 'Killed' };
const files = new Set(['machines/b.ts']);

parts('a survivor is explained by one entry of the list, for one mutant', () => {
  assert.equal(compare([survivor], [], files), { explained: [], unexplained: [survivor], stale: [] });
  assert.equal(compare([survivor], explaining(survivor), files), { explained: [survivor], unexplained: [], stale: [] });
  assert.equal(compare([survivor, survivor], explaining(survivor), files), { explained: [survivor], unexplained: [survivor], stale: [] });
});

parts('an entry for what is noticed by now is stale, and one for a file that was not mutated is not', () => {
  assert.equal(compare([noticed], explaining(noticed), files).stale, [named(noticed)]);
  assert.equal(compare([], explaining(survivor), new Set()).stale, []);
});

parts('the score is the share of mutants that were noticed, those that no test reaches included', () => {
  const mutants = ['Killed', 'Killed', 'Timeout', 'Survived', 'NoCoverage'].map((status): Mutant => ({ ...survivor, status }));
  assert.equal(countsOf(mutants), { mutants: 5, killed: 2, timedOut: 1, survived: 1, noCoverage: 1, score: 60 });
  assert.match(tableOf(mutants), /^machines\/b\.ts +5 +2 +1 +1 +1 +60\.0 %$/m);
  assert.is(countsOf([]).score, 100);
});

const full: FullRun = {
  mutants: [{ ...survivor, file: 'machines/a/b.ts' }, { ...survivor, file: 'machines/a/c.ts', status: 'Killed' }, noticed],
  explained: 1,
  seconds: 9.6,
  jobs: 2,
};

parts('a full score has a row for each folder, and the whole', () => {
  assert.equal(scoreOf(full).split('\n'), [
    '| folder | mutants | killed | timed out | survived | score |',
    '|---|---|---|---|---|---|',
    '| `machines` | 1 | 1 | 0 | 0 | 100.0 % |',
    '| `machines/a` | 2 | 1 | 0 | 1 | 50.0 % |',
    '| all | 3 | 2 | 0 | 1 | 66.7 % |',
    '',
    'The list explains 1 of the 1 survivors. It took 10 s, 2 mutants at a time.',
  ]);
});

parts('a full score takes the place of the last one in the page, and nothing else', () => {
  const page = readFileSync(pagePath, 'utf8');
  const written = withScore(page, 'new');
  assert.match(written, '<!-- score:begin -->\nnew\n<!-- score:end -->');
  assert.is(withScore(written, 'newer'), withScore(page, 'newer'));
  assert.throws(() => withScore('no page', 'new'), /lacks/);
});

parts('a list has reasons in sentences, and mutants that name their code', () => {
  assert.equal(faultsOf(explaining(survivor)), []);
  assert.equal(faultsOf({}), ['it is not an array']);
  assert.equal(faultsOf([{ kind: 'no', reason: 'same', mutants: [] }]), [
    'group 0: its kind is neither equivalent nor accepted',
    'group 0: its reason is not a sentence',
    'group 0: it has no mutants',
  ]);
  assert.equal(faultsOf([{ kind: 'accepted', reason: 'It is so.', mutants: [{ file: 'a' }] }]), [
    'group 0, mutant 0: it wants file, line, from and to',
  ]);
});

parts('every entry of our list is about code that is there', () => {
  const squeezed = (file: string): string => readFileSync(file, 'utf8').replace(/\s+/g, ' ');
  const all = new Set(filesNamed([]));
  for (const { file, line, from } of readSurvivors('.').flatMap(({ mutants }) => mutants)) {
    assert.ok(all.has(file), `${file} is not mutated`);
    for (const part of [line, from]) assert.ok(squeezed(file).includes(part.replace(/\.\.\.$/, '')), `${file} has no ${part}`);
  }
});

parts.run();
