import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SparseMap } from '../../../src/stream/sparse.js';

const sparse = suite('a sparse map');

sparse('is empty until something is put into it, and finds nothing', () => {
  const map = new SparseMap<string, number>();
  assert.is(map.size, 0);
  assert.is(map.has('a'), false);
  assert.is(map.get('a'), undefined);
  assert.is(map.delete('a'), false);
  assert.equal([...map.keys()], []);
  assert.equal([...map.values()], []);
  assert.equal([...map.entries()], []);
  map.clear();
  assert.is(map.size, 0);
});

sparse('keeps what is put into it, in its order, until it is taken out', () => {
  const map = new SparseMap<string, number>();
  map.set('a', 1);
  map.set('b', 2);
  assert.is(map.size, 2);
  assert.is(map.has('a'), true);
  assert.is(map.get('b'), 2);
  assert.equal([...map.keys()], ['a', 'b']);
  assert.equal([...map.values()], [1, 2]);
  assert.equal(
    [...map.entries()],
    [
      ['a', 1],
      ['b', 2],
    ],
  );
  assert.is(map.delete('a'), true);
  assert.is(map.size, 1);
  map.clear();
  assert.is(map.size, 0);
  assert.is(map.get('b'), undefined);
});

sparse.run();
