/** Explorations of the shipped code, each in a thread: what is in the bundle is not looked at from here. */
import { Worker } from 'node:worker_threads';
import type { PlantedFault } from '../../bite/fault.js';
import type { Configuration } from '../configuration.js';
import type { Bounds, Explored } from '../explore.js';
import { Violation } from '../rules.js';
import { type Bundle, bundleOf } from './bundle.js';
import type { ShippedConfiguration } from './configuration.js';
import type { ShippedBounds, ShippedExplored } from './search.js';

/** What a thread is told to do. */
export type Job =
  | { readonly kind: 'model'; readonly configuration: Configuration; readonly bounds: Omit<Bounds, 'progress'> }
  | { readonly kind: 'shipped'; readonly configuration: ShippedConfiguration; readonly bounds: Omit<ShippedBounds, 'progress'> }
  | { readonly kind: 'follow'; readonly configuration: ShippedConfiguration; readonly labels: readonly string[] };

/** What it says. */
export type Word =
  | { readonly kind: 'progress'; readonly worlds: number; readonly depth: number; readonly transitions: number }
  | { readonly kind: 'explored'; readonly explored: ShippedExplored | Explored }
  | {
      readonly kind: 'followed';
      readonly met: Readonly<Record<string, number>>;
      readonly broken: { readonly rule: string; readonly detail: string } | null;
    };

/** What a thread may keep of young objects, in MiB: each replay is made of them, and they are soon over. */
const youngMb = 64;
/** ... and of all, in MiB: the parts of a model's worlds, of which there are tens of millions. */
const heapMb = 8_192;

const threadOf = ({ file }: Bundle): Worker =>
  new Worker(file, {
    execArgv: ['--enable-source-maps'],
    resourceLimits: { maxYoungGenerationSizeMb: youngMb, maxOldGenerationSizeMb: heapMb },
  });

/** The last word on a job; the ones before go to `progress`. */
const asked = (thread: Worker, job: Job, progress: (word: Extract<Word, { kind: 'progress' }>) => void): Promise<Word> =>
  new Promise((resolve, reject) => {
    const over = (): void => {
      thread.off('message', heard);
      thread.off('error', failed);
    };
    const heard = (word: Word): void => {
      if (word.kind === 'progress') return progress(word);
      over();
      resolve(word);
    };
    const failed = (error: unknown): void => {
      over();
      reject(error);
    };
    thread.on('message', heard);
    thread.on('error', failed);
    thread.postMessage(job);
  });

export interface PoolOptions {
  /** How many at once. */
  readonly threads: number;
  /** With this mistake in the shipped code. */
  readonly fault?: PlantedFault | null;
  readonly progress?: (name: string, at: { readonly worlds: number; readonly depth: number }) => void;
}

type Exploration = Exclude<Job, { kind: 'follow' }>;

/** Explore these, in the order in which threads are free for them; each is told once it is done. */
export const exploreAll = async (
  jobs: readonly Exploration[],
  explored: (what: ShippedExplored | Explored) => void,
  { threads, fault = null, progress = () => undefined }: PoolOptions,
): Promise<void> => {
  const bundle = await bundleOf('test/exploration/shipped/worker.ts', fault);
  const todo = [...jobs];
  const work = async (): Promise<void> => {
    const thread = threadOf(bundle);
    try {
      for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
        const { name } = next.configuration;
        const word = await asked(thread, next, (at) => progress(name, at));
        if (word.kind !== 'explored') throw new Error('A thread did something else.');
        explored(word.explored);
      }
    } finally {
      await thread.terminate();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, work));
  } finally {
    bundle.remove();
  }
};

/** Explore these configurations of the shipped code. */
export const runShipped = async (
  configurations: readonly ShippedConfiguration[],
  { bounds, ...options }: PoolOptions & { readonly bounds: Omit<ShippedBounds, 'progress'> },
): Promise<readonly ShippedExplored[]> => {
  const all: ShippedExplored[] = [];
  const jobs = configurations.map((configuration): Exploration => ({ kind: 'shipped', configuration, bounds }));
  await exploreAll(jobs, (explored) => all.push(explored as ShippedExplored), options);
  return all;
};

/** Take these steps from the beginning. Gives what was met, with how often. @throws Violation where one breaks a rule, or where they come to rest and should not. */
export const followShipped = async (
  configuration: ShippedConfiguration,
  labels: readonly string[],
  fault: PlantedFault | null = null,
): Promise<ReadonlyMap<string, number>> => {
  const bundle = await bundleOf('test/exploration/shipped/worker.ts', fault);
  const thread = threadOf(bundle);
  try {
    const word = await asked(thread, { kind: 'follow', configuration, labels }, () => undefined);
    if (word.kind !== 'followed') throw new Error('A thread did something else.');
    if (word.broken !== null) throw new Violation(word.broken.rule, word.broken.detail);
    return new Map(Object.entries(word.met));
  } finally {
    await thread.terminate();
    bundle.remove();
  }
};
