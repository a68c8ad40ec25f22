/** When turns are written: at once where the store is idle, together where it is not. */
import { either as E } from 'fp-ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SessionTurn } from '../../../machines/ports/store.js';
import { type TurnMember, Turns } from '../../../src/server/turns.js';
import { keptLog } from '../../support/server.js';

const test = suite('the writer of turns');

/** A store whose transactions take a millisecond, and turns of the event loop that take a hundredth of one. */
const slowStore = () => {
  let now = 0;
  let waiting: (() => void)[] = [];
  const commits: number[] = [];
  const clock = {
    now: () => now,
    wall: () => now,
    macrotask: (act: () => void) => void waiting.push(act),
    setTimeout: () => assert.unreachable('nothing fails here'),
    clearTimeout: () => undefined,
  };
  const commit = (turns: readonly SessionTurn[]) => async () => {
    now += 1;
    commits.push(turns.length);
    return E.right(undefined);
  };
  const turns = new Turns({ clock, log: keptLog().logger, commit } as never);
  const loop = async (): Promise<void> => {
    now += 0.01;
    const due = waiting;
    waiting = [];
    for (const act of due) act();
    for (let step = 0; step < 10; step += 1) await Promise.resolve();
  };
  return { turns, commits, loop };
};

const member = (written: () => void = () => undefined): TurnMember => ({
  take: () => ({ turn: {} as SessionTurn, written, failed: () => undefined }),
});

test('a turn is written in the next macrotask where the store has rested', async () => {
  const { turns, commits, loop } = slowStore();
  turns.mark(member());
  turns.mark(member());
  await loop();
  assert.equal(commits, [2]);
});

test('after a transaction the store rests for half as long as that took, and what comes meanwhile is written together', async () => {
  const { turns, commits, loop } = slowStore();
  let written = 0;
  for (let turn = 0; turn < 200; turn += 1) {
    turns.mark(member(() => (written += 1)));
    await loop();
  }
  for (let turn = 0; turn < 100; turn += 1) await loop();
  assert.is(written, 200, 'all are written');
  assert.ok(commits.length < 8, `${commits.length} transactions`);
  assert.ok(Math.max(...commits) <= 64, 'and none waits for more than so many turns');
});

test.run();
