/** One direction of a connection in the test kit's network. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { Lane } from '../../../src/testing/lane.js';

const rig = () => {
  const host = virtualHost({ seed: 1 });
  const arrived: string[] = [];
  const conditions = { delayMs: 0, isHeld: false, overflows: 0 };
  const lane = new Lane({
    clock: host.clock,
    delayMs: () => conditions.delayMs,
    isHeld: () => conditions.isHeld,
    overflowed: () => {
      conditions.overflows += 1;
    },
  });
  return { host, lane, arrived, conditions, put: (name: string, size = 1) => lane.put(size, () => arrived.push(name)) };
};

const test = suite('a lane');

test('keeps its order, however late each piece is', async () => {
  const { host, arrived, conditions, put } = rig();
  for (const [name, delayMs] of [
    ['a', 50],
    ['b', 5],
    ['c', 0],
  ] as const) {
    conditions.delayMs = delayMs;
    put(name);
  }
  await host.advance(49);
  assert.equal(arrived, []);
  await host.advance(1);
  assert.equal(arrived, ['a', 'b', 'c']);
});

test('lets nothing arrive while it is held, and counts what waits', async () => {
  const { host, lane, arrived, conditions, put } = rig();
  put('a', 3);
  conditions.isHeld = true;
  await host.advance(1_000);
  assert.equal([arrived, lane.waiting], [[], 3]);
  conditions.isHeld = false;
  lane.run();
  await host.settle();
  assert.equal([arrived, lane.waiting], [['a'], 0]);
});

test('loses what is under way when it breaks, and takes nothing more', async () => {
  const { host, lane, arrived, put } = rig();
  put('a');
  lane.break();
  put('b');
  await host.advance(1_000);
  assert.equal([arrived, lane.waiting], [[], 0]);
});

test('says that more waits than may', () => {
  const { conditions, put } = rig();
  put('a', 64 * 1024 * 1024);
  assert.is(conditions.overflows, 0);
  put('b');
  assert.is(conditions.overflows, 1);
});

test.run();
