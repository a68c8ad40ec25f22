/** The golden ratio's fraction in 32 bits: steps through all 32-bit numbers before it repeats. */
const STEP = 0x9e3779b9;
const TWO_TO_32 = 4_294_967_296;

/**
 * A sequence of numbers in [0, 1), the same for the same seed on every platform: a 32-bit counter whose bits are mixed (the finaliser of MurmurHash3).
 * Its period is 2^32. For tests and simulations, never for secrets.
 *
 * @example
 * const random = seededRandom(7);
 * random(); // the same number each time the program runs
 */
export const seededRandom = (seed: number): (() => number) => {
  let counter = seed | 0;
  return () => {
    counter = (counter + STEP) | 0;
    let bits = counter;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    bits ^= bits >>> 16;
    return (bits >>> 0) / TWO_TO_32;
  };
};
