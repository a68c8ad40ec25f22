import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { borneOf, searchLimit } from './find.js';
import { budgets } from './judge.js';
import type { Level } from './report.js';

const tooSlow = `echo p99 above ${budgets.echoP99Ms} ms`;

/** A machine that bears so many sessions, and the numbers that it was asked to. */
const machine = (bears: number, limit = 'more than 1024 MiB') => {
  const asked: number[] = [];
  const attempt = async (sessions: number): Promise<Level> => {
    asked.push(sessions);
    return { sessions, rssMib: 1, echoP99Ms: 1, corePercent: 1, limit: sessions > bears ? limit : null };
  };
  return { asked, attempt };
};

const find = suite('the search for how many sessions are borne');

find('doubles them until it is too much, then looks between', async () => {
  const { asked, attempt } = machine(5_100);
  const said: number[] = [];
  const levels = await searchLimit({ first: 1_000, most: 100_000 }, attempt, ({ sessions }) => void said.push(sessions));
  assert.equal(asked, [1_000, 2_000, 4_000, 8_000, 6_000, 5_000, 5_500]);
  assert.equal(said, asked);
  assert.is(borneOf(levels), 5_000);
});

find('ends where there are no more open files, and says so', async () => {
  const { asked, attempt } = machine(50_000);
  const levels = await searchLimit({ first: 1_000, most: 3_000 }, attempt, () => undefined);
  assert.equal(asked, [1_000, 2_000, 3_000]);
  assert.is(levels.at(-1)?.limit, 'open files');
  assert.is(borneOf(levels), 3_000);
});

find('tries what was too slow once more, and nothing else', async () => {
  const { asked, attempt } = machine(5_100, tooSlow);
  let isFirst = true;
  const levels = await searchLimit(
    { first: 2_000, most: 100_000 },
    async (sessions) => {
      const level = await attempt(sessions);
      if (!isFirst) return level;
      isFirst = false;
      return { ...level, limit: tooSlow };
    },
    () => undefined,
  );
  assert.equal(asked, [2_000, 2_000, 4_000, 8_000, 8_000, 6_000, 6_000, 5_000, 5_500, 5_500]);
  assert.is(borneOf(levels), 5_000);
});

find('says none where not even a few are borne', async () => {
  const { attempt } = machine(0, '1 message was lost');
  assert.is(borneOf(await searchLimit({ first: 1_000, most: 2_000 }, attempt, () => undefined)), 0);
});

find.run();
