/** A session at a modest rate for a long time, its link cut at random moments: memory and handles stay flat on both sides. */

import { judge, type Verdict } from './ledger.js';
import { slopeOf, usageNow } from './usage.js';
import { startWorld } from './world.js';

export interface SoakOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly store: 'memory' | 'sqlite';
  progress?(sample: SoakSample): void;
}

export interface SoakSample {
  readonly minute: number;
  readonly cuts: number;
  readonly client: { readonly heapBytes: number; readonly handles: number };
  readonly server: { readonly heapBytes: number; readonly handles: number };
}

export interface SoakResult {
  readonly samples: readonly SoakSample[];
  /** By how much each grows after the warm-up, in bytes and handles a minute. */
  readonly growth: {
    readonly clientHeap: number;
    readonly clientHandles: number;
    readonly serverHeap: number;
    readonly serverHandles: number;
  };
  readonly up: Verdict;
  readonly down: Verdict;
  readonly problems: readonly string[];
  readonly ok: boolean;
}

/** Messages a second each way. */
const RATE = 50;
const DELAY_MS = 5;
/** A cut comes after a random time up to this, in milliseconds. */
const CUT_WITHIN_MS = 2_000;
/** Samples of a run, whatever its length; the first third is warm-up. */
const SAMPLES = 30;
const WARM_UP_SHARE = 1 / 3;
const MINUTE_MS = 60_000;
/**
 * What the heap may grow by in the judged part, in bytes: caches of V8 and inlined code
 * settle for a while, and a leak of one small object a message is past this within minutes.
 */
const HEAP_SETTLES_BYTES = 1_500_000;
/** Handles that come and go with a connection that is being made: the slope may end on one. */
const HANDLES_MAX = 4;
export const soak = async ({ seed, minutes, store, progress }: SoakOptions): Promise<SoakResult> => {
  const world = await startWorld({ store, delayMs: DELAY_MS, seed });
  const problems: string[] = [];
  const samples: SoakSample[] = [];
  let cuts = 0;
  const startedAt = performance.now();
  const minuteNow = (): number => (performance.now() - startedAt) / MINUTE_MS;
  let verdicts: { readonly up: Verdict; readonly down: Verdict } = {
    up: judge({ sent: [], handled: [] }),
    down: judge({ sent: [], handled: [] }),
  };
  try {
    world.rate(RATE);
    while (minuteNow() < minutes) {
      await new Promise((resolve) => setTimeout(resolve, world.random() * CUT_WITHIN_MS));
      const side = (['both', 'client'] as const)[Math.floor(world.random() * 2)] ?? 'both';
      await world.broken(() => world.proxy.cut(side));
      world.proxy.dropHalfOpen();
      cuts += 1;
      if (minuteNow() < (samples.length * minutes) / SAMPLES) continue;
      const { heapBytes, handles } = await world.child.usage();
      const sample = { minute: minuteNow(), cuts, client: usageNow(), server: { heapBytes, handles } };
      samples.push(sample);
      progress?.(sample);
    }
    verdicts = await world.settle();
  } catch (error) {
    problems.push(`after ${cuts} cuts: ${(error as Error).message}`);
  } finally {
    await world.close();
  }
  const judged = samples.filter(({ minute }) => minute >= minutes * WARM_UP_SHARE);
  const slope = (of: (sample: SoakSample) => number): number => slopeOf(judged.map((sample) => [sample.minute, of(sample)] as const));
  const growth = {
    clientHeap: slope(({ client }) => client.heapBytes),
    clientHandles: slope(({ client }) => client.handles),
    serverHeap: slope(({ server }) => server.heapBytes),
    serverHandles: slope(({ server }) => server.handles),
  };
  const judgedMinutes = minutes * (1 - WARM_UP_SHARE);
  const allowed = {
    clientHeap: HEAP_SETTLES_BYTES,
    serverHeap: HEAP_SETTLES_BYTES,
    clientHandles: HANDLES_MAX,
    serverHandles: HANDLES_MAX,
  };
  for (const what of Object.keys(allowed) as (keyof typeof allowed)[])
    if (!(growth[what] * judgedMinutes <= allowed[what]))
      problems.push(`${what} grew by ${Math.round(growth[what] * judgedMinutes)} after the warm-up, ${allowed[what]} at most`);
  for (const [direction, { lost, doubled, reordered }] of Object.entries(verdicts))
    if (lost + doubled + reordered > 0) problems.push(`${direction}: ${lost} lost, ${doubled} doubled, ${reordered} reordered`);
  return { samples, growth, ...verdicts, problems, ok: problems.length === 0 };
};
