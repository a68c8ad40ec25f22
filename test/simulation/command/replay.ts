/** One life again: with its story, and made smaller where it fails. */
import { live, type Outcome } from '../life.js';
import { type Plan, partOf, planOf } from '../plan/plan.js';
import { rangesOf, shrink } from '../shrink.js';
import type { Failed } from '../tally.js';

type Say = (text: string) => unknown;

export interface Replay {
  readonly seed: number;
  /** The places of the events that happen; null: all. */
  readonly keep: readonly number[] | null;
  readonly idle: readonly number[] | null;
  /** How long it may be made smaller, in milliseconds; 0: not at all. */
  readonly shrinkMs: number;
  readonly say: Say;
}

/** Failing lives of a run that are made smaller: one for each broken promise, and no more than these. */
const shrunkMax = 3;

/** The world of a plan, in some lines. */
const worldLines = ({ world, idle }: Plan): readonly string[] => [
  ...world.houses.map((house, index) => `server ${index + 1}: ${JSON.stringify(house)}`),
  ...world.people.map((person, index) => `${person.name} ${index + 1}${idle.includes(index) ? ' (idle)' : ''}: ${JSON.stringify(person)}`),
];

const tellProblems = ({ problems }: Pick<Outcome, 'problems'>, say: Say): void => {
  for (const { rule, detail } of problems) say(`BROKEN  ${rule}\n        ${detail}`);
};

export const replay = async ({ seed, keep, idle, shrinkMs, say }: Replay): Promise<Outcome> => {
  const whole = planOf(seed);
  const plan = keep === null && idle === null ? whole : partOf(whole, keep ?? [...whole.events.keys()], idle ?? []);
  for (const line of worldLines(plan)) say(line);
  const outcome = await live(plan);
  for (const line of outcome.story) say(line);
  tellProblems(outcome, say);
  const { messages, faults, livedMs } = outcome;
  say(`\n${messages.toLocaleString('en')} messages, ${faults} faults, ${(livedMs / 1_000).toFixed(0)} s lived`);
  if (outcome.problems.length > 0 && keep === null && shrinkMs > 0)
    await shrinkAndTell([{ seed, problems: outcome.problems }], shrinkMs, say);
  return outcome;
};

/** The first failing life of each broken promise, made smaller. */
export const shrinkAndTell = async (failed: readonly Failed[], shrinkMs: number, say: Say): Promise<void> => {
  for (const { seed, problems } of failed) {
    say(`\nseed ${seed}`);
    tellProblems({ problems }, say);
  }
  if (shrinkMs === 0) return;
  const rules = new Set<string>();
  for (const { seed, problems } of failed) {
    const rule = problems[0]?.rule;
    if (rule === undefined || rules.has(rule) || rules.size === shrunkMax) continue;
    rules.add(rule);
    await tellSmallest(seed, rule, shrinkMs, say);
  }
};

const tellSmallest = async (seed: number, rule: string, withinMs: number, say: Say): Promise<void> => {
  const plan = planOf(seed);
  say(`\nseed ${seed} is made smaller: ${rule}`);
  try {
    const { keep, idle, outcome, lives } = await shrink(plan, rule, { withinMs });
    say(`${keep.length} of ${plan.events.length} events are left, after ${lives} lives:\n`);
    for (const line of worldLines(partOf(plan, keep, idle))) say(line);
    for (const line of outcome.story) say(line);
    tellProblems(outcome, say);
    const people = idle.length === 0 ? '' : ` --idle ${rangesOf(idle)}`;
    say(`\n  npm run simulate -- --seed ${seed} --keep ${rangesOf(keep) || "''"}${people}`);
  } catch (error) {
    say(`It breaks off: ${(error as Error).stack}`);
  }
};
