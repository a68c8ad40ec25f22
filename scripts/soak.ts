/** `npm run soak`: a session for as long as you like, cut at random; memory and handles are to stay flat. See HELP. */
import { parseArgs } from 'node:util';
import { type SoakSample, soak } from '../test/faults/soak.js';

const MINUTES = 60;
const USAGE = 2;
const HELP = `One session between a client and a server in processes of their own, at a modest rate both ways, its link cut at random moments. Memory (behind a collection)
and handles of both processes are sampled, and judged by their slope after the first third.

  npm run soak -- --minutes ${MINUTES}

  --minutes N       how long (default ${MINUTES})
  --store NAME      memory (default) or sqlite
  --seed N          what is drawn at random follows from it (default 1)
  --json            one object for programs on stdout; progress goes to stderr
  --help            this text

The exit code is 0 only where nothing grows, and nothing was lost, doubled or reordered.
`;

const MIB = 1_048_576;
const mib = (bytes: number): string => `${(bytes / MIB).toFixed(2)} MiB`;
const sampleText = ({ minute, cuts, client, server }: SoakSample): string =>
  `${minute.toFixed(1).padStart(6)} min  ${String(cuts).padStart(6)} cuts  client ${mib(client.heapBytes)}, ${client.handles} handles  server ${mib(server.heapBytes)}, ${server.handles} handles`;

const optionsOf = () =>
  parseArgs({
    options: {
      minutes: { type: 'string', default: String(MINUTES) },
      store: { type: 'string', default: 'memory' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;

const main = async (): Promise<number> => {
  let options: ReturnType<typeof optionsOf>;
  try {
    options = optionsOf();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return USAGE;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [minutes, seed, store] = [Number(options.minutes), Number(options.seed), options.store];
  if (!(minutes > 0) || !Number.isInteger(seed) || (store !== 'memory' && store !== 'sqlite')) {
    process.stderr.write(`--minutes wants a number above 0, --seed a whole number, --store memory or sqlite.\n\n${HELP}`);
    return USAGE;
  }
  const say = (text: string): boolean => (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  const result = await soak({ seed, minutes, store, progress: (sample) => say(sampleText(sample)) });
  const { growth, up, down, problems, ok } = result;
  if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  say(
    `growth a minute: client ${mib(growth.clientHeap)} and ${growth.clientHandles.toFixed(2)} handles, server ${mib(growth.serverHeap)} and ${growth.serverHandles.toFixed(2)} handles`,
  );
  say(
    `up ${up.sent}: ${up.lost}/${up.doubled}/${up.reordered}, down ${down.sent}: ${down.lost}/${down.doubled}/${down.reordered} (lost/doubled/reordered)`,
  );
  for (const problem of problems) say(`! ${problem}`);
  say(ok ? 'flat' : 'FAILED');
  return ok ? 0 : 1;
};

process.exitCode = await main();
