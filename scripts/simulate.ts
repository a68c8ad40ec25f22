/** `npm run simulate`: whole lives of sessions in virtual time, each drawn from a seed. See HELP below. */
import { parseArgs } from 'node:util';
import { replay, shrinkAndTell } from '../test/simulation/command/replay.js';
import { simulate } from '../test/simulation/command/run.js';
import { linesOf, rareKinds } from '../test/simulation/command/table.js';
import { numbersOf } from '../test/simulation/shrink.js';
import { optionsOr, type Usage, usageOf } from './support/usage.js';

const SEEDS = 1_000;
/** The machines that run this have two cores. */
const JOBS = 2;
/** How long a failing life is made smaller, in seconds. */
const SHRINK_S = 60;
/** From so many seeds on, a kind of fault that hardly comes is a fault of the simulation. */
const SEEDS_FOR_SHARES = 1_000;

const HELP = `Lives whole lives of servers, clients and the network between, in virtual time: what happens is drawn from a seed, and the same seed gives the same
life again. Separate checkers say whether anything was lost, doubled, out of order or untrue, and whether all came to rest once the faults were over.

  npm run simulate                            ${SEEDS} seeds
  npm run simulate -- --seeds 20000 --from 1
  npm run simulate -- --seed 4711             this one again, with its story

  --seeds N        how many lives (${SEEDS})
  --from S         the first seed (1)
  --jobs N         processes (${JOBS})
  --seed S         one life, with its story
  --keep LIST      with --seed: only these events of its plan, by their places: 3,17,20-25
  --idle LIST      with --seed: people who never start anything, by their places
  --shrink-s N     how long a failing life is made smaller, in seconds (${SHRINK_S}; 0: not at all)
  --json           one object for programs on stdout; progress goes to stderr
  --help           this text

The exit code is 0 only where no promise was broken and, from ${SEEDS_FOR_SHARES} seeds on, every kind of fault came in at least one life of a hundred.
A failing life is made smaller, and printed with the command that runs it again. docs/simulation.md says how to read it.
`;

const usage: Usage = usageOf(HELP);

const whole = (name: string, text: string, min = 1): number =>
  /^\d{1,9}$/.test(text) && Number(text) >= min
    ? Number(text)
    : usage(`--${name} wants a whole number from ${min} on, not ${JSON.stringify(text)}.`);

const list = (name: string, text: string | undefined): readonly number[] | null =>
  text === undefined ? null : (numbersOf(text) ?? usage(`--${name} wants places like 3,17,20-25, not ${JSON.stringify(text)}.`));

const { values } = optionsOr(usage, () =>
  parseArgs({
    options: {
      seeds: { type: 'string', default: String(SEEDS) },
      from: { type: 'string', default: '1' },
      jobs: { type: 'string', default: String(JOBS) },
      seed: { type: 'string' },
      keep: { type: 'string' },
      idle: { type: 'string' },
      'shrink-s': { type: 'string', default: String(SHRINK_S) },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }),
);
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const isJson = values.json;
const shrinkMs = whole('shrink-s', values['shrink-s'], 0) * 1_000;
const say = (text: string): boolean => (isJson ? process.stderr : process.stdout).write(`${text}\n`);
const keep = list('keep', values.keep);
const idle = list('idle', values.idle);

if (values.seed !== undefined) {
  const outcome = await replay({ seed: whole('seed', values.seed, 0), keep, idle, shrinkMs, say });
  if (isJson)
    process.stdout.write(`${JSON.stringify(outcome, (_, value) => (value instanceof Map ? Object.fromEntries(value) : value))}\n`);
  process.exitCode = outcome.problems.length > 0 ? 1 : 0;
} else {
  if (keep !== null || idle !== null) usage('--keep and --idle go with --seed.');
  const seeds = whole('seeds', values.seeds);
  const { tally, seconds } = await simulate({
    seeds,
    from: whole('from', values.from, 0),
    jobs: Math.min(seeds, whole('jobs', values.jobs)),
    say,
  });
  for (const line of linesOf(tally, seconds)) say(line);
  await shrinkAndTell(tally.failed, shrinkMs, say);
  const rare = rareKinds(tally);
  const isRare = seeds >= SEEDS_FOR_SHARES && rare.length > 0;
  if (isJson) process.stdout.write(`${JSON.stringify({ ...tally, seconds, rare })}\n`);
  process.exitCode = tally.failed.length > 0 || isRare ? 1 : 0;
}
