import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  at,
  filter,
  firstIndex,
  insert,
  lengthOf,
  push,
  type Queue,
  queueOf,
  remove,
  replace,
  shift,
  take,
  toArray,
} from '../../../machines/stream/queue.js';

const queue = suite('queue');

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const pushed = (start: Queue<number>, count: number): Queue<number> => numbers(count).reduce(push<number>, start);

queue('gives its items in the order in which they were pushed', () => {
  const q = push(push(queueOf(1), 2), 3);
  assert.equal(toArray(q), [1, 2, 3]);
  assert.is(lengthOf(q), 3);
  assert.is(at(q, 0), 1);
  assert.is(at(q, 2), 3);
  assert.equal(take(q, 2), [1, 2]);
});

queue('has nothing before its front nor behind its end, even where the shared array goes on', () => {
  const older = queueOf(1, 2);
  push(older, 3);
  const behind = shift(older, 1);
  for (const [q, index] of [
    [older, 2],
    [older, -1],
    [behind, 1],
    [behind, -1],
  ] as const)
    assert.is(at(q, index), undefined);
  assert.equal(take(older, 10), [1, 2]);
  assert.equal(toArray(behind), [2]);
});

queue('copies where it forks: an older queue never sees what a newer one pushed', () => {
  const root = queueOf('root');
  const left = push(root, 'left');
  const right = push(root, 'right');
  const leaf = push(left, 'leaf');
  const late = push(left, 'late');
  assert.equal(toArray(root), ['root']);
  assert.equal(toArray(left), ['root', 'left']);
  assert.equal(toArray(right), ['root', 'right']);
  assert.equal(toArray(leaf), ['root', 'left', 'leaf']);
  assert.equal(toArray(late), ['root', 'left', 'late']);
});

queue('is empty when it is shifted by all it holds or more, and keeps nothing of it alive', () => {
  for (const count of [3, 4, 100]) assert.equal(shift(queueOf(1, 2, 3), count), { items: [], start: 0, end: 0 });
});

queue('lets go of shifted items before they are twice as many as those that are left', () => {
  let q = pushed(queueOf(), 1_000);
  let kept = 0;
  for (let index = 0; index < 1_000; index += 1) {
    q = shift(q, 1);
    kept = Math.max(kept, q.items.length - 2 * lengthOf(q));
  }
  assert.ok(kept < 64, `${kept} shifted items kept`);
});

queue('finds the first item past something, or its length where none is', () => {
  const q = shift(queueOf(0, 10, 20, 30), 1);
  const index = (limit: number): number => firstIndex(q, (item) => item > limit);
  assert.equal([5, 10, 15, 25, 30].map(index), [0, 1, 1, 2, 3]);
  assert.is(
    firstIndex(queueOf<number>(), () => true),
    0,
  );
});

queue('inserts, removes and replaces, and leaves the queue it began with as it was', () => {
  const q = shift(queueOf(0, 1, 2, 3), 1);
  assert.equal(toArray(insert(q, 0, 9)), [9, 1, 2, 3]);
  assert.equal(toArray(insert(q, 3, 9)), [1, 2, 3, 9]);
  assert.equal(toArray(remove(q, 0)), [2, 3]);
  assert.equal(toArray(remove(q, 1)), [1, 3]);
  assert.equal(toArray(replace(q, 1, 1, 7, 8)), [1, 7, 8, 3]);
  assert.equal(toArray(q), [1, 2, 3]);
});

queue('copies nothing to insert at its end or to remove its front, which is where it nearly always happens', () => {
  const q = queueOf(1, 2, 3);
  assert.is(remove(q, 0).items, q.items);
  assert.is(insert(q, 3, 4).items, q.items);
});

/** How many items were copied by pushing in place of sharing, or by compacting: arrays that are new, by their length at birth. */
const copies = (steps: readonly Queue<number>[]): number =>
  steps.reduce((total, q, index) => (index > 0 && q.items !== steps[index - 1]?.items ? total + lengthOf(q) : total), 0);

queue('copies fewer items than pass through it, however long it is', () => {
  for (const length of [16, 1_024, 8_192]) {
    const rounds = 50_000;
    const steps: Queue<number>[] = [pushed(queueOf(), length)];
    for (let index = 0; index < rounds; index += 1) {
      steps.push(push(steps.at(-1) as Queue<number>, index));
      steps.push(shift(steps.at(-1) as Queue<number>, 1));
    }
    assert.ok(copies(steps) <= rounds + length, `${copies(steps)} copied in ${rounds} rounds at length ${length}`);
  }
});

type Op = { readonly name: 'push' | 'shift' | 'insert' | 'remove' | 'replace'; readonly on: number; readonly index: number };
const ops = fc.array(
  fc.record<Op>({
    name: fc.constantFrom('push', 'push', 'push', 'shift', 'insert', 'remove', 'replace'),
    on: fc.nat(),
    index: fc.nat(),
  }),
  { maxLength: 400, size: 'max' },
);

queue('does what a plain array does, in every branch of its history at once', () => {
  fc.assert(
    fc.property(ops, fc.boolean(), (history, isLinear) => {
      const versions: { readonly q: Queue<number>; readonly array: readonly number[] }[] = [{ q: queueOf(), array: [] }];
      for (const [item, { name, on, index: some }] of history.entries()) {
        // Linear histories grow long; the others fork anywhere.
        const { q, array } = versions[isLinear ? versions.length - 1 : on % versions.length] as (typeof versions)[number];
        const index = some % (array.length + 1);
        switch (name) {
          case 'push':
            versions.push({ q: push(q, item), array: [...array, item] });
            break;
          case 'shift':
            versions.push({ q: shift(q, some % 4), array: array.slice(some % 4) });
            break;
          case 'insert':
            versions.push({ q: insert(q, index, item), array: [...array.slice(0, index), item, ...array.slice(index)] });
            break;
          case 'remove':
            versions.push({ q: remove(q, index), array: array.filter((_, place) => place !== index) });
            break;
          case 'replace':
            versions.push({
              q: replace(q, index, 1, item, item),
              array: [...array.slice(0, index), item, item, ...array.slice(index + 1)],
            });
            break;
        }
      }
      for (const { q, array } of versions) {
        assert.equal(toArray(q), array);
        assert.is(lengthOf(q), array.length);
        assert.equal(take(q, 3), array.slice(0, 3));
        assert.is(at(q, array.length - 1), array.at(-1));
      }
    }),
  );
});

queue('keeps what is to be kept, and is itself where all is', () => {
  const whole = shift(queueOf(1, 2, 3, 4, 5), 1);
  assert.equal(toArray(filter(whole, (item) => item % 2 === 0)), [2, 4]);
  assert.equal(toArray(whole), [2, 3, 4, 5]);
  assert.is(
    filter(whole, () => true),
    whole,
  );
  assert.is(lengthOf(filter(whole, () => false)), 0);
});

queue('compacts under a long linear history and still does what a plain array does', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ grow: fc.nat(40), drop: fc.nat(40) }), { minLength: 50, maxLength: 100 }), (rounds) => {
      let q = queueOf<number>();
      let array: readonly number[] = [];
      for (const { grow, drop } of rounds) {
        q = shift(pushed(q, grow), drop);
        array = [...array, ...numbers(grow)].slice(drop);
        assert.equal(toArray(q), array);
      }
    }),
    { numRuns: 50 },
  );
});

queue('is one and the same wherever it is empty from the start: a session has many that hold nothing', () => {
  assert.is(queueOf<number>(), queueOf<number>());
});

queue('leaves a few shifted items where they are: to compact costs more than it frees', () => {
  const q = pushed(queueOf(), 64);
  assert.is(shift(q, 63).items, q.items);
});

queue.run();
