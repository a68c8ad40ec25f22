import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RowResult } from './run-row.js';
import { semanticsOf, semanticsPage } from './semantics.js';

const page = suite('the page of the promise');

const cell = {
  sent: 10,
  handled: 10,
  lost: 0,
  doubled: 0,
  reordered: 0,
  repeated: 0,
  handedBack: 0,
  uncommitted: 0,
  promised: 'once',
  kept: true,
} as const;
const row: RowResult = { name: 'cut', what: 'a cut', faults: 2, up: cell, down: cell, times: [], problems: [], ok: true };
const lineOf = (more: Partial<RowResult>): string =>
  semanticsPage(semanticsOf([{ ...row, ...more }], null))
    .split('\n')
    .find((line) => line.startsWith('| a cut')) ?? '';

page('has a row for each fault, with what is promised and what was found', () => {
  assert.is(lineOf({}), '| a cut (2 times) | once, in order (10 of 10) | once, in order (10 of 10) |');
  assert.match(
    lineOf({ up: { ...cell, promised: 'told', handled: 7, handedBack: 3 } }),
    '| once, or handed back (7 of 10, 3 handed back) |',
  );
  assert.match(lineOf({ up: { ...cell, promised: 'marked', repeated: 2 } }), 'repeats are marked (10 of 10, 2 repeated with a mark)');
  assert.match(lineOf({ down: { ...cell, promised: 'gone', handled: 8, lost: 2 } }), 'gone with its sender (8 of 10, 2 gone)');
});

page('does not hide a promise that was not kept', () => {
  assert.match(lineOf({ down: { ...cell, kept: false, handled: 9, lost: 1 } }), '| **not kept:** once, in order (9 of 10, 1 lost) |');
});

page('tells of the long run, with its seed', () => {
  const long = {
    name: 'long-run',
    seed: 7,
    faults: { cut: 3, stall: 1 },
    resumed: 4,
    up: cell,
    down: cell,
    problems: [],
    ok: true,
  } as const;
  const text = semanticsPage(semanticsOf([row], long));
  assert.match(text, '20 messages over 4 faults at random moments (seed 7): 3 cut, 1 stall.');
  assert.match(text, 'Up: 10 sent, 0 lost, 0 doubled, 0 reordered');
});

page('keeps what an earlier run found of the rows that this one did not try', () => {
  const long = { name: 'long-run', seed: 7, faults: {}, resumed: 4, up: cell, down: cell, problems: [], ok: true } as const;
  const before = semanticsOf([row, { ...row, name: 'stall' }], long);
  const { rows, long: kept } = semanticsOf(
    [
      { ...row, name: 'stall', faults: 9 },
      { ...row, name: 'new' },
    ],
    null,
    before,
  );
  assert.equal(
    rows.map(({ name, faults }) => [name, faults]),
    [
      ['cut', 2],
      ['stall', 9],
      ['new', 2],
    ],
  );
  assert.is(kept?.seed, 7);
});

page.run();
