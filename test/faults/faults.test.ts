/** A short cut of `npm run faults`: the rows that take little time, each fault once or twice, and no time is judged. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { longRun } from './long-run.js';
import { rowText } from './report.js';
import { rows } from './rows.js';
import { type RowResult, runRow } from './run-row.js';

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000));

const matrix = suite('a fault on a real connection');

/** Rows whose faults are noticed at once: the others wait for seconds of silence, and are left to `npm run faults`. */
const quick = [
  'cut',
  'cut-client',
  'cut-sqlite',
  'cut-mid-frame',
  'split',
  'merged',
  'resume-answer-lost',
  'rotation-lost',
  'nothing-yet',
  'server-killed-memory',
  'second-server',
];
/** Rows that run side by side: each has two processes, which mostly wait. */
const LANES = 4;
/** Messages a second each way: the machine does other work. */
const RATE = 200;

/** The rows by name, begun in their order, so many at a time. */
const resultsOf = (names: readonly string[]): ReadonlyMap<string, Promise<RowResult>> => {
  const results = new Map<string, Promise<RowResult>>();
  const lanes: Promise<unknown>[] = Array.from({ length: LANES }, () => Promise.resolve());
  for (const [index, name] of names.entries()) {
    const row = rows.find((one) => one.name === name);
    if (row === undefined) throw new Error(`There is no row ${name}.`);
    const result = (lanes[index % LANES] as Promise<unknown>).then(() => runRow(row, { seed, times: 1, rate: RATE, timed: false }));
    results.set(name, result);
    lanes[index % LANES] = result;
  }
  return results;
};

const results = resultsOf(quick);
for (const [name, running] of results)
  matrix(`does what is promised: ${rows.find((row) => row.name === name)?.what} (SEED=${seed})`, async () => {
    const result = await running;
    assert.ok(result.ok, rowText(result));
    assert.is(result.faults, 1);
    assert.ok(result.up.handled > 0 && result.down.handled > 0);
  });

const many = suite('many faults on one session');

many(`lose, double and reorder nothing, of which kind they are and when they come (SEED=${seed})`, async () => {
  const result = await longRun({ seed, messages: 8_000, faults: 16, kills: 0, silent: 0 });
  assert.equal(result.problems, []);
  assert.ok(result.ok, JSON.stringify(result));
  assert.ok(result.resumed >= 8);
});

matrix.run();
many.run();
