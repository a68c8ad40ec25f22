/** Many lives, in several processes. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { merge, noTally, type Tally } from '../tally.js';

export interface Run {
  readonly seeds: number;
  readonly from: number;
  readonly jobs: number;
  say(text: string): unknown;
}

/** Seeds that a process is sent at once: few enough that progress is seen and both are busy to the end. */
const chunkMax = 10;
/** How often progress is told, in milliseconds. */
const progressEveryMs = 5_000;

const worker = fileURLToPath(new URL('../worker.ts', import.meta.url));

export const simulate = async ({ seeds, from, jobs, say }: Run): Promise<{ readonly tally: Tally; readonly seconds: number }> => {
  const tally = noTally();
  const startedAt = performance.now();
  const end = from + seeds;
  let next = from;
  let toldAt = startedAt;
  const chunk = (): readonly number[] => {
    const size = Math.min(chunkMax, Math.ceil((end - next) / jobs));
    const list = Array.from({ length: size }, (_, index) => next + index);
    next += size;
    return list;
  };
  const progress = (): void => {
    if (performance.now() - toldAt < progressEveryMs) return;
    toldAt = performance.now();
    const seconds = (toldAt - startedAt) / 1_000;
    const rate = tally.lives / seconds;
    const [lives, messages, faults] = [tally.lives, tally.messages, tally.faults].map((count) => count.toLocaleString('en'));
    const broken = tally.failed.length === 0 ? '' : `, ${tally.failed.length} BROKEN`;
    process.stderr.write(
      `${lives} of ${seeds.toLocaleString('en')} lives, ${messages} messages, ${faults} faults${broken}; ${rate.toFixed(1)} lives/s, ${((seeds - tally.lives) / rate / 60).toFixed(1)} minutes to go\n`,
    );
  };
  const work = (child: ChildProcess): Promise<void> =>
    new Promise((resolve, reject) => {
      const give = (): void => {
        if (next < end) child.send(chunk());
        else child.disconnect();
      };
      child.on('message', (part: Tally) => {
        merge(tally, part);
        for (const { seed, problems } of part.failed) say(`seed ${seed} BROKEN  ${problems[0]?.rule}`);
        progress();
        give();
      });
      child.once('error', reject);
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`A process of the simulation ended with ${code}.`))));
      give();
    });
  const children = Array.from({ length: jobs }, () => fork(worker, { execArgv: ['--import', 'tsx'] }));
  try {
    await Promise.all(children.map(work));
  } finally {
    for (const child of children) child.kill();
  }
  tally.failed.sort((a, b) => a.seed - b.seed);
  return { tally, seconds: (performance.now() - startedAt) / 1_000 };
};
