/** The closing table of a run. */
import { deedKinds, faultKinds } from '../plan/kinds.js';
import type { Tally } from '../tally.js';

/** The share of lives that each kind of fault is to come in. */
const shareMin = 0.01;

const hourMs = 3_600_000;

/** Kinds of faults that came in too few lives to say that they were tried. */
export const rareKinds = ({ kinds, lives }: Tally): readonly string[] =>
  faultKinds.filter((kind) => (kinds[kind]?.[1] ?? 0) < lives * shareMin);

const number = (value: number, width = 12): string => value.toLocaleString('en').padStart(width);

const kindLines = (tally: Tally, kinds: readonly string[]): readonly string[] =>
  kinds.map((kind) => {
    const [times, lives] = tally.kinds[kind] ?? [0, 0];
    const share = (lives / tally.lives) * 100;
    return `${number(times)}  in ${share.toFixed(1).padStart(5)} % of lives  ${kind}${rareKinds(tally).includes(kind) ? '  TOO RARE' : ''}`;
  });

const countLines = (counts: Readonly<Record<string, number>>): readonly string[] =>
  Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, count]) => `${number(count)}  ${what}`);

export const linesOf = (tally: Tally, seconds: number): readonly string[] => {
  const { lives, messages, faults, lost, resumed, gaps, livedMs, failed } = tally;
  return [
    '\nFaults:',
    ...kindLines(tally, faultKinds),
    '\nWhat people and apps did:',
    ...kindLines(tally, deedKinds),
    '\nWhat became of what was sent:',
    ...countLines(tally.fates),
    '\nHow often each promise was put to the test:',
    ...countLines(tally.tested),
    `\n${lives.toLocaleString('en')} lives, ${messages.toLocaleString('en')} messages, ${faults.toLocaleString('en')} faults; links lost ${lost.toLocaleString('en')} times, resumed ${resumed.toLocaleString('en')} times, begun anew ${gaps.toLocaleString('en')} times`,
    `${(livedMs / hourMs).toFixed(0)} hours lived in ${seconds.toFixed(0)} s; ${failed.length === 0 ? 'no promise was broken' : `promises were broken in ${failed.length} lives`}`,
  ];
};
