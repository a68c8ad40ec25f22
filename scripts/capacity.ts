/** `npm run capacity`: thousands of sessions on one server process of this machine, and what they cost. See HELP. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build as bundle } from 'esbuild';
import { borneOf, findLimit, RSS_MAX_MIB } from '../test/capacity/find.js';
import { budgets, judgeRun } from '../test/capacity/judge.js';
import { sessionsMax, thisMachine } from '../test/capacity/machine.js';
import type { Program } from '../test/capacity/orders.js';
import { type CapacityPlan, fullPlan } from '../test/capacity/plan.js';
import { type CapacityFile, levelText, machineText, resultsFile, runText } from '../test/capacity/report.js';
import { runCapacity } from '../test/capacity/run.js';
import { build } from './build.js';
import { optionsOr, type Usage, usageOf } from './support/usage.js';

const HELP = `Fills one server process with sessions, and looks at what they cost: while they are idle, while they talk, while some come and go, when everyone is told
something, and when the server goes. The server runs the built package (dist/, which is built first) in a process of its own. Its clients are in others: light ones that
keep the protocol and count what is lost, doubled or out of order, and ${fullPlan.apps} of the library's own. All of it on this machine, over its loopback addresses.

  npm run capacity                      10,000 sessions: about two and a half minutes

  --sessions N      how many light clients (default ${fullPlan.sessions.toLocaleString('en')}); each is an open file of the server
  --churn N         how many come and go a second (default ${fullPlan.churn}): a third end and start anew, a third are cut and resume, a third never come back
  --every N         how often each session says something, in seconds (default ${fullPlan.everySeconds})
  --seconds N       how long it is idle, talks and has comings and goings, each (default ${fullPlan.seconds})
  --store NAME      memory (default) or sqlite, in a folder that is removed
  --find            instead: double the sessions until the server has more than ${RSS_MAX_MIB} MiB, an echo's p99 is above ${budgets.echoP99Ms} ms or there are no more open
                    files; then look between; what was too slow is tried twice. Several minutes
  --built           dist/ is as it should be: do not build it
  --write           keep the results in ${resultsFile}, which docs/capacity.md is generated from
  --json            one object for programs on stdout; progress goes to stderr
  --help            this text

Times are the machine's as well: run it where nothing else runs. The exit code is 0 only where all budgets are kept and nothing was lost; with --find, where nothing was lost.
`;

/** Where the parts of a run are compiled to: what runs TypeScript as it stands would be measured too. */
const COMPILED = '.bench/capacity-run';

const usage: Usage = usageOf(HELP);

const optionsOf = () =>
  optionsOr(usage, () =>
    parseArgs({
      options: {
        sessions: { type: 'string', default: String(fullPlan.sessions) },
        churn: { type: 'string', default: String(fullPlan.churn) },
        every: { type: 'string', default: String(fullPlan.everySeconds) },
        seconds: { type: 'string', default: String(fullPlan.seconds) },
        store: { type: 'string', default: fullPlan.store },
        find: { type: 'boolean', default: false },
        built: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }),
  ).values;
type Options = ReturnType<typeof optionsOf>;

const above0 = (name: 'sessions' | 'churn' | 'every' | 'seconds', text: string): number => {
  const value = Number(text);
  const isCount = name === 'sessions' || name === 'churn';
  if (Number.isFinite(value) && value > 0 && (!isCount || Number.isInteger(value))) return value;
  return usage(`--${name} wants a ${isCount ? 'whole ' : ''}number above 0, not ${JSON.stringify(text)}.`);
};

const planOf = (options: Options): CapacityPlan => {
  const { store } = options;
  if (store !== 'memory' && store !== 'sqlite') return usage(`--store is memory or sqlite, not ${JSON.stringify(store)}.`);
  const sessions = above0('sessions', options.sessions);
  return {
    ...fullPlan,
    store,
    sessions,
    warmUp: Math.min(fullPlan.warmUp, sessions),
    churn: above0('churn', options.churn),
    everySeconds: above0('every', options.every),
    seconds: above0('seconds', options.seconds),
  };
};

/** Says so where the system will not let one process have as many sockets. */
const checkFiles = ({ sessions, apps }: CapacityPlan): void => {
  const most = sessionsMax();
  if (most === null || sessions + apps <= most) return;
  usage(
    `A process may have ${most.toLocaleString('en')} sessions here, as it may have no more open files. Ask for fewer, or raise the limit: \`ulimit -n ${sessions + apps + 1_000}\` before the command, in a shell that may (as root: \`ulimit -Hn\` first; in a service: LimitNOFILE).`,
  );
};

const compiled = async (): Promise<Program> => {
  const parts = { server: 'server-child', crowd: 'crowd-child', apps: 'apps-child' } as const;
  await bundle({
    entryPoints: Object.values(parts).map((name) => `test/capacity/${name}.ts`),
    outdir: COMPILED,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  return {
    file: (name) => pathToFileURL(`${COMPILED}/${parts[name]}.js`),
    execArgv: [],
    server: pathToFileURL('dist/src/server/index.js').href,
    client: pathToFileURL('dist/src/client/index.node.js').href,
  };
};

const kept = (): CapacityFile =>
  existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as CapacityFile) : { runs: [], found: null };

const keep = (file: CapacityFile, say: (text: string) => void): void => {
  writeFileSync(resultsFile, `${JSON.stringify(file, null, 2)}\n`);
  say(`${resultsFile} written; run \`npm run generate\``);
};

const main = async (): Promise<number> => {
  const options = optionsOf();
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const plan = planOf(options);
  checkFiles(plan);
  const say = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const machine = thisMachine();
  if (!options.built && !(await build())) return 1;
  const program = await compiled();
  if (options.find) {
    const levels = await findLimit(plan, program, (level) => say(levelText(level)));
    const borne = borneOf(levels);
    if (options.write) keep({ ...kept(), found: { machine, levels } }, say);
    if (options.json) process.stdout.write(`${JSON.stringify({ machine, plan, levels, borne }, null, 2)}\n`);
    say(`${borne.toLocaleString('en')} sessions were borne, on ${machineText(machine)}`);
    return borne > 0 ? 0 : 1;
  }
  const judged = judgeRun(await runCapacity(plan, program, say), { isMeasured: true });
  const { rows, problems, ok } = judged;
  if (options.write) {
    const before = kept();
    keep({ ...before, runs: [...before.runs.filter((run) => run.plan.store !== plan.store), { machine, plan, rows, ok }] }, say);
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ machine, plan, rows, problems, ok }, null, 2)}\n`);
  say(`${plan.sessions + plan.apps} sessions on ${machineText(machine)}\n${runText(judged)}`);
  return ok ? 0 : 1;
};

process.exitCode = await main();
