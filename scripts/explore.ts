/** `npm run explore`: every interleaving of small configurations of client, network and server. See HELP below. */
import { parseArgs } from 'node:util';
import { type Configuration, configurations, type Plant, plants } from '../test/exploration/configuration.js';
import { type Explored, explore } from '../test/exploration/explore.js';
import { diagramOf, testOf } from '../test/exploration/trace.js';
import { optionsOr, type Usage, usageOf } from './support/usage.js';

const names = configurations.map(({ name }) => name);
const list = (all: readonly string[]): string => all.map((one) => `    ${one}`).join('\n');

const HELP = `Explores what a client, a network that fails and a server can come to: the shipped machine and reducers, in every order of
what can happen, breadth first, so that what breaks a rule is found by the shortest way.

  npm run explore                        all configurations
  npm run explore -- NAME [NAME ...]     these:
${list(names)}

  --worlds N        look at no more than N worlds of each configuration; what is left is followed to its rest (default: no limit)
  --plant NAME      with a mistake that is to be found:
${list(Object.entries(plants).map(([name, what]) => `${name}: ${what}`))}
  --json            one object for programs on stdout; progress goes to stderr
  --help            this text

The exit code is 1 where a rule is broken.
`;

/** How often progress is shown, in milliseconds. */
const PROGRESS_EVERY_MS = 2_000;

const usage: Usage = usageOf(HELP);

const optionsOf = () =>
  optionsOr(usage, () =>
    parseArgs({
      allowPositionals: true,
      options: {
        worlds: { type: 'string' },
        plant: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }),
  );

const plantOf = (name: string | undefined): Plant | null => {
  if (name === undefined) return null;
  return name in plants ? (name as Plant) : usage(`There is no mistake called ${JSON.stringify(name)}.`);
};

const worldsOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : usage(`--worlds wants a whole number above 0, not ${JSON.stringify(text)}.`);
};

/** The configurations of these names; all where none is named. */
const chosen = (wanted: readonly string[], plant: Plant | null): readonly Configuration[] => {
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) return usage(`There is no configuration called ${JSON.stringify(unknown)}.`);
  return configurations.filter(({ name }) => wanted.length === 0 || wanted.includes(name)).map((one) => ({ ...one, plant }));
};

const lineOf = ({ configuration, worlds, transitions, depth, seconds, isComplete, found }: Explored): string =>
  [
    configuration.padEnd(18),
    `${worlds.toLocaleString('en')} worlds`.padStart(20),
    `${transitions.toLocaleString('en')} steps`.padStart(20),
    `depth ${depth}`.padStart(10),
    `${seconds.toFixed(1)} s`.padStart(9),
    found === null ? (isComplete ? '  complete' : '  cut short') : '  BROKEN',
  ].join(' ');

const { values, positionals } = optionsOf();
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}

const plant = plantOf(values.plant);
const worldsMax = worldsOf(values.worlds);
const all: Explored[] = [];
for (const configuration of chosen(positionals, plant)) {
  let toldAt = performance.now();
  const explored = explore(configuration, {
    worldsMax,
    progress: ({ worlds, depth }) => {
      if (performance.now() - toldAt < PROGRESS_EVERY_MS) return;
      toldAt = performance.now();
      process.stderr.write(`${configuration.name}: ${worlds.toLocaleString('en')} worlds, depth ${depth}\n`);
    },
  });
  all.push(explored);
  if (values.json) continue;
  process.stdout.write(`${lineOf(explored)}\n`);
  if (explored.found !== null)
    process.stdout.write(`\n${diagramOf(configuration, explored.found)}\n\n${testOf(configuration, explored.found)}\n\n`);
}

const worlds = all.reduce((sum, one) => sum + one.worlds, 0);
const seconds = all.reduce((sum, one) => sum + one.seconds, 0);
const broken = all.filter(({ found }) => found !== null).length;
if (values.json) process.stdout.write(`${JSON.stringify({ worlds, seconds, broken, plant, configurations: all })}\n`);
else {
  const met = new Map<string, number>();
  for (const one of all) for (const [what, count] of Object.entries(one.met)) met.set(what, (met.get(what) ?? 0) + count);
  process.stdout.write('\nMet, in different steps:\n');
  for (const [what, count] of [...met].sort()) process.stdout.write(`  ${count.toLocaleString('en').padStart(12)}  ${what}\n`);
  process.stdout.write(
    `\n${worlds.toLocaleString('en')} worlds in ${seconds.toFixed(1)} s, ${broken} of ${all.length} configurations broken\n`,
  );
}
process.exitCode = broken > 0 ? 1 : 0;
