/** What was sent and what was handled, as numbers, and what can be said about them. Pure. */

/** One message as it was handled. */
export interface Handled {
  readonly number: number;
  readonly redelivered: boolean;
}

/** What is known of one direction when all is over. */
export interface Account {
  /** The numbers that were accepted, in order. */
  readonly sent: readonly number[];
  readonly handled: readonly Handled[];
  /** Numbers that their sender was told about: not confirmed, perhaps handled. */
  readonly handedBack?: ReadonlySet<number>;
  /** Numbers whose turn was never committed: their sender died in it. */
  readonly uncommitted?: ReadonlySet<number>;
}

export interface Verdict {
  readonly sent: number;
  readonly handled: number;
  /** Neither handled nor told of. */
  readonly lost: number;
  /** Handled again without a mark. */
  readonly doubled: number;
  /** Handled for the first time behind a later one. */
  readonly reordered: number;
  /** Handled again, marked as redelivered. */
  readonly repeated: number;
  /** Not handled, and handed back to their sender. */
  readonly handedBack: number;
  /** Not handled, and sent in the turn that its sender died in: never committed, never shipped. */
  readonly uncommitted: number;
}

/**
 * @example
 * judge({ sent: [1, 2], handled: [{ number: 2, redelivered: false }] }).lost; // 1
 */
export const judge = ({ sent, handled, handedBack = new Set(), uncommitted = new Set() }: Account): Verdict => {
  const seen = new Set<number>();
  let last = 0;
  let doubled = 0;
  let reordered = 0;
  let repeated = 0;
  for (const { number, redelivered } of handled) {
    if (seen.has(number)) {
      if (redelivered) repeated += 1;
      else doubled += 1;
      continue;
    }
    seen.add(number);
    if (number < last) reordered += 1;
    last = Math.max(last, number);
  }
  const missing = sent.filter((number) => !seen.has(number));
  const told = missing.filter((number) => handedBack.has(number)).length;
  const unsent = missing.filter((number) => !handedBack.has(number) && uncommitted.has(number)).length;
  const lost = missing.length - told - unsent;
  return { sent: sent.length, handled: seen.size, lost, doubled, reordered, repeated, handedBack: told, uncommitted: unsent };
};

/** Nothing was lost, doubled or reordered. */
export const isWhole = ({ lost, doubled, reordered }: Verdict): boolean => lost === 0 && doubled === 0 && reordered === 0;

/** The value that half of the list is below. */
export const median = (list: readonly number[]): number => quantile(list, 0.5);

/** The value that this share of the list is below. */
export const quantile = (list: readonly number[], share: number): number => {
  const sorted = [...list].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};
