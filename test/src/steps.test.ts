import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Performer, Steps } from '../../src/steps.js';

const steps = suite('steps');

const doing = (perform: (effect: string) => void): Performer<string> => ({ perform });

steps('are done in the order in which they were decided, those that they lead to behind those that wait', () => {
  const done: string[] = [];
  const all: Steps<string> = new Steps(
    doing((effect) => {
      done.push(effect);
      if (effect === 'a') all.add(['c', 'd']);
      done.push(`${effect}.`);
    }),
  );
  all.add([]);
  all.add(['a', 'b']);
  assert.equal(done, ['a', 'a.', 'b', 'b.', 'c', 'c.', 'd', 'd.']);
  assert.is(all.length, 0);
});

steps('that are held are done one by one', () => {
  const done: string[] = [];
  const all = new Steps<string>(
    doing((effect) => void done.push(effect)),
    true,
  );
  assert.is(all.held, true);
  all.add(['a', 'b']);
  assert.equal([done.length, all.length], [0, 2]);
  assert.is(all.step(), true);
  assert.equal([done, all.length], [['a'], 1]);
  assert.is(all.step(), true);
  assert.is(all.step(), false);
});

steps('go on after one that threw, with the next that are decided', () => {
  const done: string[] = [];
  const all = new Steps<string>(
    doing((effect) => {
      if (effect === 'bad') throw new Error('bad');
      done.push(effect);
    }),
  );
  assert.throws(() => all.add(['a', 'bad', 'b']), 'bad');
  assert.equal(done, ['a']);
  all.add(['c']);
  assert.equal(done, ['a', 'b', 'c']);
});

steps('that one of them led to before another threw come behind those that were decided with it', () => {
  const done: string[] = [];
  const all: Steps<string> = new Steps(
    doing((effect) => {
      if (effect === 'bad') throw new Error('bad');
      if (effect === 'a') all.add(['d']);
      done.push(effect);
    }),
  );
  assert.throws(() => all.add(['a', 'bad', 'b', 'c']), 'bad');
  all.add(['e']);
  assert.equal(done, ['a', 'b', 'c', 'd', 'e']);
});

steps.run();
