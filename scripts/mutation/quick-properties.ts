/** fast-check with fewer runs where a run is a whole life of two streams: a mutant that such a property notices it mostly notices soon, and thousands wait. */
import fc, { type IAsyncProperty, type IProperty, type Parameters } from 'fast-check';

/** The share of its runs that a slow property keeps: with all of them a mutant that lives takes ten seconds. */
const SHARE = 0.1;
const RUNS_DEFAULT = 100;
/** The values that the wire's properties draw are small: they keep their runs, and count on them. */
const isSlow = (file: string): boolean => file.includes('/stream/');

type Property<Values> = IProperty<Values> | IAsyncProperty<Values>;

/** What the bundle of a test file gets for `import fc from 'fast-check'`. */
export const quickProperties = (file: string): unknown => {
  const share = isSlow(file) ? SHARE : 1;
  const assert = <Values>(property: Property<Values>, params: Parameters<Values> = {}): unknown =>
    // The same values for each mutant, and no search for a smaller counterexample: any will do.
    fc.assert(property as IAsyncProperty<Values>, {
      ...params,
      numRuns: Math.ceil((params.numRuns ?? RUNS_DEFAULT) * share),
      seed: 1,
      endOnFailure: true,
    });
  const quick = { ...fc, assert };
  return { ...quick, default: quick };
};
