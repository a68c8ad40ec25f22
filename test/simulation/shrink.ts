/** Makes the plan of a failing life smaller, as long as the same promise is broken. */
import { live as liveIt, type Outcome } from './life.js';
import { type Plan, partOf } from './plan/plan.js';

/** A part of a plan that fails as the whole does. */
export interface Shrunk {
  /** The places of the events that are left, in the whole plan. */
  readonly keep: readonly number[];
  /** The people who are not needed. */
  readonly idle: readonly number[];
  readonly outcome: Outcome;
  /** How many lives it took. */
  readonly lives: number;
}

export interface ShrinkOptions {
  /** How long it may take, in milliseconds. */
  readonly withinMs: number;
  /** What runs a plan; the simulation, where nothing else is said. */
  readonly live?: (plan: Plan) => Promise<Outcome>;
}

/** Delta debugging: halves, quarters and so on of what is left are taken out while the rule stays broken. */
export const shrink = async (plan: Plan, rule: string, { withinMs, live = liveIt }: ShrinkOptions): Promise<Shrunk> => {
  const endAt = performance.now() + withinMs;
  let lives = 0;
  let keep: readonly number[] = plan.events.map((_, index) => index);
  let idle: readonly number[] = [];
  let outcome = await live(plan);
  const tryPart = async (events: readonly number[], people: readonly number[]): Promise<boolean> => {
    if (performance.now() > endAt) return false;
    lives += 1;
    const tried = await live(partOf(plan, events, people));
    if (!tried.problems.some((problem) => problem.rule === rule)) return false;
    keep = events;
    idle = people;
    outcome = tried;
    return true;
  };

  for (const person of plan.world.people.keys())
    await tryPart(
      keep.filter((index) => plan.events[index]?.who !== person),
      [...idle, person],
    );
  for (let size = Math.ceil(keep.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    let isSmaller = true;
    // One event may have been needed by another one that is gone: the smallest parts are tried until none can be spared.
    while (isSmaller && performance.now() < endAt) {
      isSmaller = false;
      for (let from = 0; from < keep.length && performance.now() < endAt; ) {
        const fewer = [...keep.slice(0, from), ...keep.slice(from + size)];
        if (await tryPart(fewer, idle)) isSmaller = true;
        else from += size;
      }
      if (size > 1) break;
    }
  }
  return { keep, idle, outcome, lives };
};

/** Whole numbers as `--keep` takes them: 3,5-9. */
export const rangesOf = (numbers: readonly number[]): string => {
  const parts: string[] = [];
  for (let index = 0; index < numbers.length; ) {
    let end = index;
    while (numbers[end + 1] === (numbers[end] as number) + 1) end += 1;
    parts.push(end === index ? `${numbers[index]}` : `${numbers[index]}-${numbers[end]}`);
    index = end + 1;
  }
  return parts.join(',');
};

/** What `rangesOf` wrote; null where it can not be read. */
export const numbersOf = (text: string): readonly number[] | null => {
  if (text === '') return [];
  const numbers: number[] = [];
  for (const part of text.split(',')) {
    const [, from, to] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    if (from === undefined) return null;
    for (let number = Number(from); number <= Number(to ?? from); number += 1) numbers.push(number);
  }
  return numbers;
};
