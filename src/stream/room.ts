import type { StreamWindow } from '../../machines/stream/packets.js';

/** A span of time that an app may leave out: milliseconds, 0 or more. */
export const isSpan = (value: unknown): boolean => value === undefined || (typeof value === 'number' && value >= 0);

/** An AbortSignal that an app may leave out; one of another realm is one too. */
export const isSignal = (value: unknown): boolean =>
  value === undefined ||
  (typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value && 'removeEventListener' in value);

/** @throws TypeError where an option that is given is no span of time. */
export const checkSpan = (maker: string, option: string, given: unknown): void => {
  if (!isSpan(given)) throw new TypeError(`${maker}: \`${option}\` is a number of milliseconds, 0 or more; it was given ${String(given)}.`);
};

const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;

/** @throws TypeError where an option that is given is no whole number of 1 or more. */
export const checkWhole = (maker: string, option: string, given: unknown): void => {
  if (given !== undefined && !isWhole(given))
    throw new TypeError(`${maker}: \`${option}\` is a whole number of 1 or more; it was given ${String(given)}.`);
};

/** @throws TypeError where an option that is given is no room for messages: one for none would hold up a session for good, one without an end is no bound. */
export const checkRoom = (maker: string, option: string, given: unknown): void => {
  if (given === undefined) return;
  const { messages, size } = Object(given) as Partial<StreamWindow>;
  if (!isWhole(messages) || !isWhole(size))
    throw new TypeError(
      `${maker}: \`${option}\` is \`{ messages, size }\`, two whole numbers of 1 or more; it was given ${String(messages)} and ${String(size)}.`,
    );
};
