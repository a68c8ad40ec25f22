/** What a life draws by: one sequence of random numbers for each purpose, so that one event less does not change what all the others draw. */
import { seededRandom } from '../../adapters/hosts/seeded.js';

export interface Chance {
  /** In [0, 1). */
  random(): number;
  /** A whole number below this one. */
  upTo(max: number): number;
  /** A whole number, both ends included. */
  between(min: number, max: number): number;
  /** True with this probability. */
  likely(probability: number): boolean;
  oneOf<A>(list: readonly A[]): A;
}

/** The prime and the start of FNV-1a in 32 bits. */
const fnvPrime = 0x01000193;
const fnvStart = 0x811c9dc5;

/** The same for the same seed and purpose, and nothing like that of another. */
export const chanceOf = (seed: number, purpose = ''): Chance => {
  let mixed = fnvStart ^ seed;
  for (let index = 0; index < purpose.length; index += 1) mixed = Math.imul(mixed ^ purpose.charCodeAt(index), fnvPrime);
  const random = seededRandom(Math.imul(mixed ^ (seed >>> 16), fnvPrime));
  const upTo = (max: number): number => Math.floor(random() * max);
  return {
    random,
    upTo,
    between: (min, max) => min + upTo(max - min + 1),
    likely: (probability) => random() < probability,
    oneOf: <A>(list: readonly A[]): A => list[upTo(list.length)] as A,
  };
};
