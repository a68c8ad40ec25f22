/** Explorations of the shipped code, each in a thread: what is in the bundle is not looked at from here. */
import { Worker } from 'node:worker_threads';
import type { PlantedFault } from '../../bite/fault.js';
import { Violation } from '../rules.js';
import { type Bundle, bundleOf } from './bundle.js';
import type { ShippedConfiguration } from './configuration.js';
import type { ShippedBounds, ShippedExplored } from './search.js';

/** What a thread is told to do. */
export type Job =
  | { readonly kind: 'explore'; readonly configuration: ShippedConfiguration; readonly bounds: Omit<ShippedBounds, 'progress'> }
  | { readonly kind: 'follow'; readonly configuration: ShippedConfiguration; readonly labels: readonly string[] };

/** What it says. */
export type Word =
  | { readonly kind: 'progress'; readonly worlds: number; readonly depth: number; readonly transitions: number }
  | { readonly kind: 'explored'; readonly explored: ShippedExplored }
  | {
      readonly kind: 'followed';
      readonly met: Readonly<Record<string, number>>;
      readonly broken: { readonly rule: string; readonly detail: string } | null;
    };

/** What a thread keeps of young objects, in MiB: each replay is made of them, and they are soon over. */
const youngMb = 64;

const threadOf = ({ file }: Bundle): Worker =>
  new Worker(file, { execArgv: ['--enable-source-maps'], resourceLimits: { maxYoungGenerationSizeMb: youngMb } });

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

export interface RunOptions {
  /** How many at once. */
  readonly threads: number;
  readonly bounds: Omit<ShippedBounds, 'progress'>;
  /** With this mistake in the shipped code. */
  readonly fault?: PlantedFault | null;
  readonly progress?: (name: string, at: { readonly worlds: number; readonly depth: number }) => void;
  readonly explored?: (explored: ShippedExplored) => void;
}

/** Explore these, in the order in which threads are free for them. */
export const runShipped = async (
  configurations: readonly ShippedConfiguration[],
  { threads, bounds, fault = null, progress = () => undefined, explored = () => undefined }: RunOptions,
): Promise<readonly ShippedExplored[]> => {
  const bundle = await bundleOf('test/exploration/shipped/worker.ts', fault);
  const todo = [...configurations];
  const all: ShippedExplored[] = [];
  const work = async (): Promise<void> => {
    const thread = threadOf(bundle);
    try {
      for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
        const { name } = next;
        const word = await asked(thread, { kind: 'explore', configuration: next, bounds }, (at) => progress(name, at));
        if (word.kind !== 'explored') throw new Error('A thread did something else.');
        all.push(word.explored);
        explored(word.explored);
      }
    } finally {
      await thread.terminate();
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(threads, configurations.length) }, work));
  } finally {
    bundle.remove();
  }
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
