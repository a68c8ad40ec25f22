import type { Explored } from '../../test/exploration/explore.js';
import type { ShippedExplored } from '../../test/exploration/shipped/search.js';

/** What came of one configuration, of either kind. */
export type Outcome = Explored | ShippedExplored;

const nameWidth = 36;

/** One configuration, in a line. */
export const lineOf = (outcome: Outcome): string => {
  const { configuration, worlds, transitions, depth, seconds, isComplete, found } = outcome;
  const compared = 'comparisons' in outcome ? `, ${outcome.comparisons.toLocaleString('en')} compared` : '';
  return [
    configuration.padEnd(nameWidth),
    `${worlds.toLocaleString('en')} worlds`.padStart(17),
    `${transitions.toLocaleString('en')} steps`.padStart(17),
    `depth ${depth}`.padStart(9),
    `${seconds.toFixed(1)} s`.padStart(8),
    `${found === null ? (isComplete ? '  complete' : '  cut short') : '  BROKEN'}${compared}`,
  ].join(' ');
};

/** What all of them met, each with the number of different steps in which it did. */
export const metLines = (all: readonly Outcome[]): string => {
  const met = new Map<string, number>();
  for (const one of all) for (const [what, count] of Object.entries(one.met)) met.set(what, (met.get(what) ?? 0) + count);
  const lines = [...met].sort().map(([what, count]) => `  ${count.toLocaleString('en').padStart(12)}  ${what}`);
  return ['\nMet, in different steps:', ...lines, ''].join('\n');
};

export const sumLine = (all: readonly Outcome[], seconds: number): string => {
  const worlds = all.reduce((sum, one) => sum + one.worlds, 0);
  const broken = all.filter(({ found }) => found !== null).length;
  const complete = all.filter(({ isComplete }) => isComplete).length;
  const ofShipped = all.reduce((sum, one) => sum + ('comparisons' in one ? one.worlds : 0), 0);
  return [
    `${worlds.toLocaleString('en')} worlds, ${ofShipped.toLocaleString('en')} of them of the whole shipped code, in ${seconds.toFixed(1)} s;`,
    `${complete} of ${all.length} configurations complete, ${broken} broken`,
  ].join(' ');
};
