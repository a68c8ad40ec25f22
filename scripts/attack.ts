/** `npm run attack`: attacks on a real server over real sockets, with a well-behaved session beside each. See HELP. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { attacks } from '../test/attack/attacks.js';
import { startAttacker } from '../test/attack/child.js';
import { foundText, fuzz } from '../test/attack/fuzz/fuzz.js';
import { type AttacksFile, attacksFileOf, attackText, resultsFile } from '../test/attack/report.js';
import { type AttackResult, HEAP_RATIO_MAX, openScene, P99_MAX_MS, runAttack } from '../test/attack/run-attack.js';
import { closingLine } from './runner/verdict.js';

const USAGE = 2;
/** A seed that is drawn is below this: short enough to be typed. */
const SEEDS = 1_000_000;
const HELP = `Attacks a real server over real sockets: the server, the attacker and a well-behaved session beside it are in processes of their own, on this machine alone.
Each attack has a fresh server with its defaults (lost sessions are kept for two seconds), and says what became of its connections, what the server's heap was before and
after it (behind a collection), and what the well-behaved session noticed.

  npm run attack                          all of them: several minutes
  npm run attack -- --only no-hello       one, or several: --only may be given more than once
  npm run attack -- --fuzz 10000          no attack, but frames that are nearly right, in any order, on a server in this process and in virtual time

  --only NAME       an attack; --list names them
  --small           the sizes that the tests use
  --unmeasured      judge no times and no memory: for a machine that does other work
  --write           keep the results in ${resultsFile}, which docs/security.md is generated from
  --list            the attacks, with what they do
  --fuzz RUNS       so many runs; the first that breaks something is shrunk to the steps that are needed for it
  --seed SEED       what the runs are drawn from: the same seed, the same runs. Default: drawn, and told
  --path PATH       with --seed: a run that broke something, as it was told
  --json            one object for programs on stdout; progress goes to stderr
  --help            this text

The exit code is 0 only where the server lives and served no attacker, the heap is within ${Math.round((HEAP_RATIO_MAX - 1) * 100)} % of what it was, no session is left, and the session beside lost
nothing and has a p99 below ${P99_MAX_MS} ms.
`;

const optionsOf = () =>
  parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [] },
      small: { type: 'boolean', default: false },
      unmeasured: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      fuzz: { type: 'string' },
      seed: { type: 'string' },
      path: { type: 'string' },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;

const usage = (problem: string): number => {
  process.stderr.write(`${problem}\n\n${HELP}`);
  return USAGE;
};

/** A whole number, or undefined where it is none. */
const wholeOf = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);

/** How often a long run says how far it is, in runs. */
const SAY_EVERY = 1_000;

const runFuzz = async (runs: number, seed: number, path: string | undefined, json: boolean): Promise<number> => {
  const say = (text: string): boolean => (json ? process.stderr : process.stdout).write(`${text}\n`);
  say(`seed ${seed}`);
  const begunAt = performance.now();
  const progress = (done: number): void => {
    if (done % SAY_EVERY === 0) say(`${done} of ${runs} runs`);
  };
  const result = await fuzz({ runs, seed, path, progress });
  const { found, steps, told } = result;
  if (found !== null) say(foundText(found, seed));
  say(
    `the attackers were told: ${Object.entries(told)
      .map(([what, count]) => `${count} ${what}`)
      .join(', ')}`,
  );
  say(`${result.runs} runs, ${steps} steps in ${((performance.now() - begunAt) / 1_000).toFixed(1)} s`);
  if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  say(`\n${closingLine({ passed: found === null ? result.runs : result.runs - 1, failed: found === null ? 0 : 1, skipped: 0 })}`);
  return found === null ? 0 : 1;
};

const main = async (): Promise<number> => {
  let options: ReturnType<typeof optionsOf>;
  try {
    options = optionsOf();
  } catch (error) {
    return usage((error as Error).message);
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.list) {
    process.stdout.write(attacks.map(({ name, what }) => `${name.padEnd(24)}${what}\n`).join(''));
    return 0;
  }
  if (options.fuzz === undefined && (options.seed !== undefined || options.path !== undefined))
    return usage('--seed and --path go with --fuzz.');
  if (options.fuzz !== undefined) {
    const runs = wholeOf(options.fuzz);
    const seed = options.seed === undefined ? Math.floor(Math.random() * SEEDS) : wholeOf(options.seed);
    if (runs === undefined || runs === 0) return usage('--fuzz is a number of runs, 1 or more.');
    if (seed === undefined) return usage('--seed is a whole number.');
    return runFuzz(runs, seed, options.path, options.json);
  }
  const unknown = options.only.filter((name) => !attacks.some((attack) => attack.name === name));
  if (unknown.length > 0) return usage(`There is no attack ${unknown.join(', ')}; --list names them all.`);

  const say = (text: string): boolean => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const scale = options.small ? 'small' : 'full';
  const results: AttackResult[] = [];
  const attacker = await startAttacker();
  try {
    for (const attack of attacks.filter(({ name }) => options.only.length === 0 || options.only.includes(name))) {
      const scene = await openScene(scale, attack.options);
      try {
        const result = await runAttack(attack, attacker, scene, { scale, measured: !options.unmeasured });
        results.push(result);
        say(attackText(result));
      } finally {
        await scene.close();
      }
    }
  } finally {
    await attacker.close();
  }
  const failed = results.filter(({ ok }) => !ok).length;
  if (options.write) {
    const before = existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as AttacksFile) : undefined;
    writeFileSync(resultsFile, `${JSON.stringify(attacksFileOf(results, before), null, 2)}\n`);
    say(`${resultsFile} written; run \`npm run generate\``);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ attacks: results, failed }, null, 2)}\n`);
  say(`\n${closingLine({ passed: results.length - failed, failed, skipped: 0 })}`);
  return failed > 0 ? 1 : 0;
};

process.exitCode = await main();
