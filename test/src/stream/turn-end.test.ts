import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TurnEnd, type TurnPlan } from '../../../src/stream/turn-end.js';

const turnEnd = suite('the end of a turn');

const planning = (plan: TurnPlan) => ({ plan: (endTurn: () => void): void => plan.plan({ endTurn }) });

/** A clock whose macrotasks run when told to. */
const make = () => {
  const macrotasks: (() => void)[] = [];
  const clock = { at: 0, now: (): number => clock.at, macrotask: (run: () => void): void => void macrotasks.push(run) };
  return { clock, macrotasks, turn: planning(new TurnEnd(clock)) };
};
const microtask = (): Promise<void> => Promise.resolve();

turnEnd('does all that was planned, in its order, when the turn is over', async () => {
  const { turn, macrotasks } = make();
  const did: string[] = [];
  turn.plan(() => void did.push('a'));
  turn.plan(() => void did.push('b'));
  assert.equal(did, []);
  await microtask();
  assert.equal(did, ['a', 'b']);
  turn.plan(() => void did.push('c'));
  await microtask();
  assert.equal(did, ['a', 'b', 'c']);
  assert.is(macrotasks.length, 0);
});

turnEnd('does what is planned meanwhile behind the rest', async () => {
  const { turn } = make();
  const did: string[] = [];
  turn.plan(() => {
    did.push('a');
    turn.plan(() => void did.push('c'));
  });
  turn.plan(() => void did.push('b'));
  await microtask();
  assert.equal(did, ['a', 'b', 'c']);
});

turnEnd('lets the event loop go on where it takes long, and goes on behind it', async () => {
  const { turn, clock, macrotasks } = make();
  let done = 0;
  for (let count = 0; count < 100; count += 1)
    turn.plan(() => {
      done += 1;
      clock.at += 1;
    });
  await microtask();
  assert.is(done, 16);
  turn.plan(() => assert.is(done, 100));
  let slices = 1;
  for (let next = macrotasks.shift(); next !== undefined; next = macrotasks.shift()) {
    slices += 1;
    next();
  }
  assert.is(done, 100);
  assert.is(slices, 7);
});

turnEnd('does the others where one throws', async () => {
  const { clock, macrotasks } = make();
  const did: string[] = [];
  const thrown: unknown[] = [];
  const turn = planning(new TurnEnd({ ...clock, macrotask: (run) => void macrotasks.push(run) }));
  const listener = (error: unknown): void => void thrown.push(error);
  process.once('unhandledRejection', listener);
  turn.plan(() => {
    throw new Error('bad');
  });
  turn.plan(() => void did.push('b'));
  await new Promise((resolve) => setImmediate(resolve));
  macrotasks.shift()?.();
  assert.equal(did, ['b']);
  assert.is((thrown[0] as Error).message, 'bad');
  process.off('unhandledRejection', listener);
});

turnEnd.run();
