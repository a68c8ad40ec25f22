/** `npm run bite`: plants faults, one at a time, and says what noticed each. See HELP below. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { copyOfTree, type TreeCopy } from '../test/bite/copy.js';
import { planted } from '../test/bite/fault.js';
import { faults } from '../test/bite/faults.js';
import { type Hunted, Hunter } from '../test/bite/hunt.js';
import { closingLine } from './runner/verdict.js';

/** Copies of the tree at a time: the machines that run this have two cores, and tests with real timers lie when more compete for them. */
const JOBS = 2;
/** The limit of one test file, in milliseconds: several times what the slowest of them takes. Past it, a fault is noticed by that. */
const FILE_LIMIT_MS = 60_000;
const USAGE = 2;

const HELP = `Shows that the tests notice: ${faults.length} faults are planted, one at a time, into a copy of the tree, and the tests that are to notice each are run
until one of them fails. Then each test file that noticed something is run as things are, where it has to pass.

  npm run bite                            all of them: some minutes
  npm run bite -- --only reply-behind-a-handler

  --only NAME       one fault, or several: --only may be given more than once
  --list            the faults, with what each of them breaks
  --jobs N          faults at a time, each in a copy of its own (${JOBS})
  --limit-ms N      limit of one test file in milliseconds (${FILE_LIMIT_MS})
  --json            one object for programs on stdout; progress goes to stderr
  --help            this text

The exit code is 0 only where every fault was noticed. They are in test/bite/faults/.
`;

const usage = (problem: string): never => {
  process.stderr.write(`${problem}\n\n${HELP}`);
  process.exit(USAGE);
};

const whole = (name: string, text: string): number =>
  /^[1-9]\d{0,8}$/.test(text) ? Number(text) : usage(`--${name} wants a whole number above 0, not ${JSON.stringify(text)}.`);

const optionsOf = () => {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', multiple: true, default: [] },
        list: { type: 'boolean', default: false },
        jobs: { type: 'string', default: String(JOBS) },
        'limit-ms': { type: 'string', default: String(FILE_LIMIT_MS) },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return usage((error as Error).message);
  }
};

const options = optionsOf();
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (options.list) {
  process.stdout.write(faults.map(({ name, breaks }) => `${name.padEnd(42)}${breaks}\n`).join(''));
  process.exit(0);
}
const unknown = options.only.filter((name) => !faults.some((fault) => fault.name === name));
if (unknown.length > 0) usage(`There is no fault ${unknown.join(', ')}; --list names them all.`);
const chosen = faults.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
const jobs = Math.min(whole('jobs', options.jobs), chosen.length);
const limitMs = whole('limit-ms', options['limit-ms']);

const say = (text: string): boolean => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
const secondsOf = (seconds: number): string => `${seconds.toFixed(1)} s`.padStart(7);

const lineOf = ({ name, caught, seconds, mute }: Hunted): string => {
  const by = caught === null ? 'by nothing' : `by ${caught.file.slice('test/'.length, -'.test.ts'.length)}: ${caught.title}`;
  const broken = mute.map((file) => `\n          ! ${file} broke off without a word on any test`).join('');
  return `${caught === null ? 'MISSED ' : 'noticed'} ${secondsOf(seconds)}  ${name.padEnd(42)}${by}${broken}`;
};

const copies: TreeCopy[] = [];
const hunters: Hunter[] = [];
const clear = (): void => {
  for (const hunter of hunters) hunter.stop();
  for (const copy of copies) copy.remove();
};
// Each test file leads a process group of its own, so a Ctrl-C of the terminal does not reach it by itself.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    clear();
    process.exit(1);
  });

/** All of them by so many hunters, each with a tree of its own. */
const shared = async <Work>(work: readonly Work[], one: (hunter: Hunter, work: Work) => Promise<void>): Promise<void> => {
  const waiting = [...work];
  await Promise.all(
    hunters.map(async (hunter) => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await one(hunter, next);
    }),
  );
};

try {
  // Before the first minute is spent: code that moved has left its fault behind.
  for (const fault of chosen) planted(fault, readFileSync(fault.file, 'utf8'));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}

const startedAt = performance.now();
const hunted: Hunted[] = [];
const unsound: string[] = [];
try {
  for (let job = 0; job < jobs; job += 1) {
    const copy = copyOfTree('.');
    copies.push(copy);
    hunters.push(new Hunter(copy.folder, limitMs));
  }
  await shared(chosen, async (hunter, fault) => {
    const result = await hunter.hunt(fault);
    hunted.push(result);
    say(lineOf(result));
  });
  const files = [...new Set(hunted.flatMap(({ caught }) => (caught === null ? [] : [caught.file])))].sort();
  say(`\n${files.length} test files noticed something; each is run as things are`);
  await shared(files, async (hunter, file) => {
    if (await hunter.passes(file)) return;
    unsound.push(file);
    say(`FAILED   ${file} does not pass without a fault: what it noticed shows nothing`);
  });
} finally {
  clear();
}

const isMissed = ({ caught }: Hunted): boolean => caught === null || unsound.includes(caught.file);
const failed = hunted.filter(isMissed).length;
const seconds = (performance.now() - startedAt) / 1_000;
if (options.json) process.stdout.write(`${JSON.stringify({ faults: hunted, unsound, failed, seconds }, null, 2)}\n`);
say(`\n${hunted.length - failed} of ${hunted.length} faults were noticed, in ${seconds.toFixed(0)} s`);
say(closingLine({ passed: hunted.length - failed, failed, skipped: 0 }));
process.exitCode = failed > 0 ? 1 : 0;
