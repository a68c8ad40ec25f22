import { seededRandom } from '../../adapters/hosts/seeded.js';

/** What can happen to an app from outside. */
export const lifeFaults = [
  'cut',
  'half cut',
  'stall',
  'slow',
  'offline',
  'freeze',
  'hide',
  'reload',
  'duplicate',
  'skew',
  'store fails',
  'store slow',
  'deploy',
  'kill',
  'crash',
] as const;
export type LifeFault = (typeof lifeFaults)[number];

/** Draws of one step: the same each time that it is run. */
export interface Chance {
  /** In [0, 1). */
  random(): number;
  /** A whole number below this one. */
  upTo(max: number): number;
  oneOf<A>(list: readonly A[]): A;
}

/** One thing that happens in a life. */
export interface Step {
  /** After so many milliseconds. */
  readonly waitMs: number;
  /** `heal` undoes what faults are there. */
  readonly kind: 'action' | 'fault' | 'heal';
  /** Which of them. */
  readonly name: string;
  /** Whose page, from 0. */
  readonly page: number;
  /** What its own draws are made from. */
  readonly seed: number;
}

/** Draws from a seed. */
export const chanceOf = (seed: number): Chance => {
  const random = seededRandom(seed);
  const upTo = (max: number): number => Math.floor(random() * max);
  return {
    random,
    upTo,
    oneOf: (list) => {
      if (list.length === 0) throw new RangeError('One of nothing can not be drawn.');
      return list[upTo(list.length)] as (typeof list)[number];
    },
  };
};

/** How likely a step is a fault, and how likely all is healed instead: half of what happens is the app's own. */
const faultShare = 0.35;
const healShare = 0.12;
/** How likely a life has a kind of fault at all: few kinds together come further than a bit of everything. */
const kindShare = 0.5;
/** Waits between steps, at most, in milliseconds: nothing, a round trip, what a link takes to be noticed, a tunnel. */
const waitsMs = [0, 0, 50, 500, 5_000, 30_000] as const;

/** What a plan is drawn from. */
export interface PlanOptions {
  readonly steps: number;
  readonly pages: number;
  readonly actions: readonly string[];
  readonly faults: readonly LifeFault[];
}

/** All that happens in a life, drawn from its seed. */
export const planOf = (seed: number, { steps, pages, actions, faults }: PlanOptions): readonly Step[] => {
  const { random, upTo, oneOf } = chanceOf(seed);
  const on = faults.filter(() => random() < kindShare);
  return Array.from({ length: steps }, () => {
    const draw = random();
    const isFault = on.length > 0 && draw < faultShare;
    const kind = isFault ? 'fault' : on.length > 0 && draw < faultShare + healShare ? 'heal' : 'action';
    const waitMs = upTo(oneOf(waitsMs) + 1);
    const page = upTo(pages);
    const name = kind === 'heal' ? 'heal' : oneOf<string>(isFault ? on : actions);
    return { waitMs, kind, name, page, seed: upTo(2 ** 31) };
  });
};

/**
 * Fewer steps that still fail: parts are left out, ever smaller ones, for as long as what is left fails.
 * `triesMax`: how often it is tried.
 */
export const shrunk = async (
  steps: readonly Step[],
  fails: (steps: readonly Step[]) => Promise<boolean>,
  triesMax: number,
): Promise<readonly Step[]> => {
  let left = steps;
  let tries = 0;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < left.length && tries < triesMax; ) {
      const without = [...left.slice(0, from), ...left.slice(from + size)];
      tries += 1;
      if (await fails(without)) left = without;
      else from += size;
    }
  }
  return left;
};
