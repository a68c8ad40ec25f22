/** What many lives come to: plain data, so that processes can tell each other. */
import type { Problem } from './check/ledger.js';
import type { Outcome } from './life.js';

export interface Tally {
  lives: number;
  messages: number;
  faults: number;
  lost: number;
  resumed: number;
  gaps: number;
  livedMs: number;
  /** By kind of event: how often it took hold, and in how many lives. */
  readonly kinds: Record<string, [times: number, lives: number]>;
  /** What became of messages. */
  readonly fates: Record<string, number>;
  /** How often each rule was put to the test. */
  readonly tested: Record<string, number>;
  readonly failed: Failed[];
}

/** A life in which something was not as it is promised. */
export interface Failed {
  readonly seed: number;
  readonly problems: readonly Problem[];
}

/** Problems of one life that are told. */
const problemsMax = 5;

export const noTally = (): Tally => ({
  lives: 0,
  messages: 0,
  faults: 0,
  lost: 0,
  resumed: 0,
  gaps: 0,
  livedMs: 0,
  kinds: {},
  fates: {},
  tested: {},
  failed: [],
});

const add = (to: Record<string, number>, key: string, count: number): void => {
  to[key] = (to[key] ?? 0) + count;
};

/** A life is counted. */
export const count = (tally: Tally, seed: number, outcome: Outcome): void => {
  tally.lives += 1;
  for (const name of ['messages', 'faults', 'lost', 'resumed', 'gaps', 'livedMs'] as const) tally[name] += outcome[name];
  for (const [kind, times] of outcome.happened) addKind(tally, kind, times, 1);
  for (const [fate, times] of outcome.fates) add(tally.fates, fate, times);
  for (const [rule, times] of outcome.tested) add(tally.tested, rule, times);
  if (outcome.problems.length > 0) tally.failed.push({ seed, problems: outcome.problems.slice(0, problemsMax) });
};

/** A life broke off. */
export const countBroken = (tally: Tally, seed: number, error: unknown): void => {
  tally.lives += 1;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  tally.failed.push({ seed, problems: [{ rule: 'a life comes to its end', detail }] });
};

export const merge = (tally: Tally, other: Tally): void => {
  for (const name of ['lives', 'messages', 'faults', 'lost', 'resumed', 'gaps', 'livedMs'] as const) tally[name] += other[name];
  for (const [kind, [times, lives]] of Object.entries(other.kinds)) addKind(tally, kind, times, lives);
  for (const [fate, times] of Object.entries(other.fates)) add(tally.fates, fate, times);
  for (const [rule, times] of Object.entries(other.tested)) add(tally.tested, rule, times);
  tally.failed.push(...other.failed);
};

const addKind = ({ kinds }: Tally, kind: string, times: number, lives: number): void => {
  const [sum, among] = kinds[kind] ?? [0, 0];
  kinds[kind] = [sum + times, among + lives];
};
