/** `npm run explore`: every interleaving of small configurations of client, network, server and store, in two kinds. See HELP below. */
import { parseArgs } from 'node:util';
import { type Configuration, configurations, type Plant, plants } from '../test/exploration/configuration.js';
import { modelMustMeet, neverMet, shippedMustMeet } from '../test/exploration/must-meet.js';
import { type ShippedConfiguration, shippedConfigurations } from '../test/exploration/shipped/configuration.js';
import { faultOf, shippedPlants } from '../test/exploration/shipped/plants.js';
import { exploreAll } from '../test/exploration/shipped/run.js';
import { shippedTestOf } from '../test/exploration/shipped/test-text.js';
import { diagramOf, testOf } from '../test/exploration/trace.js';
import { lineOf, metLines, type Outcome, sumLine } from './support/explored.js';
import { optionsOr, type Usage, usageOf } from './support/usage.js';

const names = [...configurations, ...shippedConfigurations].map(({ name }) => name);
const list = (all: readonly string[]): string => all.map((one) => `    ${one}`).join('\n');

/** How many configurations are explored at once: as many as a small machine has cores. */
const threadsDefault = 2;
/** Of one configuration of the shipped code, where nothing else is said: what is more than this takes its time, and the run tells that it was cut short. */
const shippedWorldsDefault = 20_000;
/** Of the worlds of shipped code that are met again, one in so many is compared with its first visit. */
const compareEvery = 101;

const HELP = `Explores what a client, a network that fails, a server and its store can come to, in every order of what can happen. There are two kinds:
the model runs the shipped machine and reducers with a plain model of the shells around them, breadth first; "shipped:" runs the shipped
client, server and memory store whole, depth first, where each branch is come to by doing again what led to it. docs/exploration.md says more.

  npm run explore                        all configurations
  npm run explore -- NAME [NAME ...]     these:
${list(names.map((name) => JSON.stringify(name)))}

  --kind KIND       model or shipped alone
  --worlds N        look at no more than N worlds of each configuration; what is left is followed to its rest
                    (default: no limit for the model, ${shippedWorldsDefault.toLocaleString('en')} for shipped code)
  --threads N       explore so many configurations at once (default: ${threadsDefault})
  --plant NAME      with a mistake that is to be found, in the model:
${list(Object.entries(plants).map(([name, what]) => `${name}: ${what}`))}
                    or in the shipped code:
${list(Object.keys(shippedPlants).map((name) => `${name}: ${faultOf(name).breaks}`))}
  --list            the configurations and mistakes, one a line
  --json            one object for programs on stdout; progress goes to stderr
  --help            this text

The exit code is 1 where a rule is broken, or where a run of all configurations never put one to the test.
`;

/** How often progress is shown, in milliseconds. */
const PROGRESS_EVERY_MS = 2_000;

const usage: Usage = usageOf(HELP);

const optionsOf = () =>
  optionsOr(usage, () =>
    parseArgs({
      allowPositionals: true,
      options: {
        kind: { type: 'string' },
        worlds: { type: 'string' },
        threads: { type: 'string', default: `${threadsDefault}` },
        plant: { type: 'string' },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }),
  );

const numberOf = (option: string, text: string): number =>
  /^[1-9]\d{0,9}$/.test(text) ? Number(text) : usage(`--${option} wants a whole number above 0, not ${JSON.stringify(text)}.`);

const { values, positionals } = optionsOf();
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (values.list) {
  const mistakes = [
    ...Object.entries(plants).map(([name, what]) => `${name}: ${what}`),
    ...Object.entries(shippedPlants).map(([name, { where, rule }]) => `${name}: ${faultOf(name).breaks} Found in ${where}, as: ${rule}`),
  ];
  process.stdout.write(`${names.join('\n')}\n\n${mistakes.join('\n')}\n`);
  process.exit(0);
}

const { kind, plant } = values;
if (kind !== undefined && kind !== 'model' && kind !== 'shipped') usage(`--kind is model or shipped, not ${JSON.stringify(kind)}.`);
const threads = numberOf('threads', values.threads);
const worldsMax = values.worlds === undefined ? undefined : numberOf('worlds', values.worlds);
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) usage(`There is no configuration called ${JSON.stringify(unknown)}.`);
if (plant !== undefined && !(plant in plants) && !(plant in shippedPlants)) usage(`There is no mistake called ${JSON.stringify(plant)}.`);

const isChosen = ({ name }: { readonly name: string }): boolean => positionals.length === 0 || positionals.includes(name);
const modelPlant = plant !== undefined && plant in plants ? (plant as Plant) : null;
const shippedPlant = plant !== undefined && plant in shippedPlants ? plant : null;
const models: readonly Configuration[] =
  kind === 'shipped' || shippedPlant !== null ? [] : configurations.filter(isChosen).map((one) => ({ ...one, plant: modelPlant }));
const shipped: readonly ShippedConfiguration[] =
  kind === 'model' || modelPlant !== null
    ? []
    : shippedConfigurations.filter((one) =>
        shippedPlant !== null && positionals.length === 0 ? one.name === shippedPlants[shippedPlant]?.where : isChosen(one),
      );

const all: Outcome[] = [];
const told = (outcome: Outcome): void => {
  all.push(outcome);
  if (values.json) return;
  process.stdout.write(`${lineOf(outcome)}\n`);
  if (outcome.found !== null) process.stdout.write(`\n${textOf(outcome)}\n\n`);
};

const toldAt = new Map<string, number>();
const progress = (name: string, { worlds, depth }: { readonly worlds: number; readonly depth: number }): void => {
  if (performance.now() - (toldAt.get(name) ?? performance.now() - PROGRESS_EVERY_MS) < PROGRESS_EVERY_MS) return;
  toldAt.set(name, performance.now());
  process.stderr.write(`${name}: ${worlds.toLocaleString('en')} worlds, depth ${depth}\n`);
};

/** What was found, as a diagram and a test. */
const textOf = (outcome: Outcome): string => {
  if ('comparisons' in outcome) {
    const { found, configuration } = outcome;
    return found === null ? '' : `${found.rule}: ${found.detail}\n\n${found.diagram}\n\n${shippedTestOf(configuration, found)}`;
  }
  const { found } = outcome;
  const model = models.find(({ name }) => name === outcome.configuration);
  return found === null || model === undefined ? '' : `${diagramOf(model, found)}\n\n${testOf(model, found)}`;
};

const began = performance.now();
await exploreAll(
  [
    ...models.map((configuration) => ({ kind: 'model', configuration, bounds: { worldsMax } }) as const),
    ...shipped.map((configuration) => {
      const bounds = { worldsMax: worldsMax ?? shippedWorldsDefault, compareEvery };
      return { kind: 'shipped', configuration, bounds } as const;
    }),
  ],
  (outcome) => told(outcome),
  { threads, fault: shippedPlant === null ? null : faultOf(shippedPlant), progress },
);
const seconds = (performance.now() - began) / 1_000;
const broken = all.filter(({ found }) => found !== null).length;
/** Of all configurations of a kind, without a mistake and in full: what none of them met. */
const missing =
  plant !== undefined || positionals.length > 0 || worldsMax !== undefined
    ? []
    : [
        ...(models.length > 0 ? neverMet(modelMustMeet, all) : []),
        ...(shipped.length > 0
          ? neverMet(
              shippedMustMeet,
              all.filter((one) => 'comparisons' in one),
            )
          : []),
      ];
if (values.json) {
  const worlds = all.reduce((sum, one) => sum + one.worlds, 0);
  process.stdout.write(`${JSON.stringify({ worlds, seconds, broken, missing, plant: plant ?? null, configurations: all })}\n`);
} else {
  process.stdout.write(`${metLines(all)}\n`);
  for (const what of missing) process.stdout.write(`Never met, so that its rule was not put to the test: ${what}\n`);
  process.stdout.write(`${sumLine(all, seconds)}\n`);
}
process.exitCode = broken > 0 || missing.length > 0 ? 1 : 0;
