/** Explores one configuration at a time in a thread of its own: what bundle.ts makes one file of. */
import { parentPort } from 'node:worker_threads';
import { explore } from '../explore.js';
import { Violation } from '../rules.js';
import type { Job, Word } from './run.js';
import { exploreShipped } from './search.js';
import { follow } from './trace.js';

const say = (word: Word): void => parentPort?.postMessage(word);

const workOn = async (job: Job): Promise<Word> => {
  const progress = (at: Omit<Extract<Word, { kind: 'progress' }>, 'kind'>): void => say({ kind: 'progress', ...at });
  if (job.kind === 'model') return { kind: 'explored', explored: explore(job.configuration, { ...job.bounds, progress }) };
  if (job.kind === 'shipped') return { kind: 'explored', explored: await exploreShipped(job.configuration, { ...job.bounds, progress }) };
  try {
    return { kind: 'followed', met: Object.fromEntries(await follow(job.configuration, job.labels)), broken: null };
  } catch (thrown) {
    if (!(thrown instanceof Violation)) throw thrown;
    return { kind: 'followed', met: {}, broken: { rule: thrown.rule, detail: thrown.message } };
  }
};

parentPort?.on('message', (job: Job) => {
  void workOn(job).then(say);
});
