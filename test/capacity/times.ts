/** Times of many events, in milliseconds, kept as a histogram of a fixed size. */
import { createHistogram } from 'node:perf_hooks';

export interface Times {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const MICROSECONDS = 1_000;

export class TimesKept {
  /** Three digits of each time are kept. */
  readonly #histogram = createHistogram({ figures: 3 });

  add(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * MICROSECONDS)));
  }

  /** What was kept since it was asked last. */
  take(): Times {
    const { count } = this.#histogram;
    const at = (percentile: number): number => (count === 0 ? Number.NaN : this.#histogram.percentile(percentile) / MICROSECONDS);
    const times = { count, p50Ms: at(50), p99Ms: at(99), maxMs: count === 0 ? Number.NaN : this.#histogram.max / MICROSECONDS };
    this.#histogram.reset();
    return times;
  }
}

/** Those of several processes as one: each figure is the worst of theirs, as a percentile of all can not be had from percentiles. */
export const worstOf = (all: readonly Times[]): Times => {
  const heard = all.filter(({ count }) => count > 0);
  const worst = (of: (times: Times) => number): number => (heard.length === 0 ? Number.NaN : Math.max(...heard.map(of)));
  return {
    count: heard.reduce((sum, { count }) => sum + count, 0),
    p50Ms: worst(({ p50Ms }) => p50Ms),
    p99Ms: worst(({ p99Ms }) => p99Ms),
    maxMs: worst(({ maxMs }) => maxMs),
  };
};
