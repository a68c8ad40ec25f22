/**
 * What a link shows of its other side: when something came, and since when something that was shipped is not known to have arrived. Noted
 * with each batch, and therefore a record that is changed in place; judged by the reducer beside it, at its own times.
 */

/** How far a stream's own direction is. */
export interface Progress {
  /** The last number that was shipped. */
  readonly shipped: number;
  /** The last number that the other side is known to have. */
  readonly peerReceived: number;
}

export interface Signs {
  heardAt: number;
  saidAt: number;
  /** Since when something is shipped and the other side does not say that it has more of it; null: it has all. */
  awaitingSince: number | null;
  /** The longest text that was written meanwhile, in UTF-16 code units: it takes its time on a slow link. */
  longest: number;
  shipped: number;
  peerReceived: number;
  /** The number whose way there and back is being timed, and since when; 0: none is. */
  timed: number;
  timedAt: number;
}

/** How often a round trip is timed by messages, in milliseconds: more samples would only make it forget sooner. */
const timedEveryMs = 1_000;

export const noSigns = (now: number): Signs => ({
  heardAt: now,
  saidAt: now,
  awaitingSince: null,
  longest: 0,
  shipped: 0,
  peerReceived: 0,
  timed: 0,
  timedAt: Number.NEGATIVE_INFINITY,
});

/** A text of this length was written. True: from now on an acknowledgement is awaited. */
export const noteSaid = (signs: Signs, progress: Progress | null, length: number, now: number): boolean => {
  signs.saidAt = now;
  if (progress === null || progress.shipped <= progress.peerReceived) return false;
  signs.longest = Math.max(signs.longest, length);
  if (signs.timed === 0 && progress.shipped > signs.shipped && now - signs.timedAt >= timedEveryMs) {
    signs.timed = progress.shipped;
    signs.timedAt = now;
  }
  signs.shipped = progress.shipped;
  if (signs.awaitingSince !== null) return false;
  signs.awaitingSince = now;
  signs.peerReceived = progress.peerReceived;
  return true;
};

/** Something came. The round-trip time that it shows, in milliseconds, or null. */
export const noteHeard = (signs: Signs, progress: Progress | null, now: number): number | null => {
  signs.heardAt = now;
  if (progress === null || progress.peerReceived === signs.peerReceived) return null;
  signs.peerReceived = progress.peerReceived;
  notePassed(signs, now);
  if (progress.peerReceived >= progress.shipped) signs.awaitingSince = null;
  if (signs.timed === 0 || progress.peerReceived < signs.timed) return null;
  signs.timed = 0;
  return now - signs.timedAt;
};

/** The way there and back is known to be open. */
export const notePassed = (signs: Signs, now: number): void => {
  if (signs.awaitingSince !== null) signs.awaitingSince = now;
  signs.longest = 0;
};
