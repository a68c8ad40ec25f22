/** A steady flow of numbered messages, the same on both sides. */

/** Milliseconds between two looks at what is due. */
const EVERY_MS = 2;
/** What waits at most where the sender refuses: behind it the flow falls back, and does not catch up in one burst. */
const BEHIND_MAX = 2_000;

export interface Flow {
  /** So many messages a second from now on; 0: none. */
  rate(perSecond: number): void;
  /** Send so many at once. */
  burst(count: number): void;
  /** The last number that was accepted. */
  readonly last: number;
}

/**
 * `send` answers whether the number was accepted; one that was not is tried again. `turn` counts the turns that something was sent in.
 */
export const startFlow = (send: (number: number, turn: number) => boolean, last = 0): Flow => {
  let timer: ReturnType<typeof setInterval> | undefined;
  let perMs = 0;
  let lookedAt = 0;
  let owed = 0;
  let turn = 0;
  let isTurn = false;
  const pay = (): void => {
    while (owed >= 1 && send(last + 1, turn)) {
      last += 1;
      owed -= 1;
      if (isTurn) continue;
      isTurn = true;
      // Asked for behind the sender's own: by then it has done what it does at the end of a turn.
      setImmediate(() => {
        isTurn = false;
        turn += 1;
      });
    }
    owed = Math.min(owed, BEHIND_MAX);
  };
  return {
    rate: (perSecond) => {
      clearInterval(timer);
      perMs = perSecond / 1_000;
      lookedAt = performance.now();
      owed = 0;
      if (perSecond > 0)
        timer = setInterval(() => {
          const at = performance.now();
          owed += (at - lookedAt) * perMs;
          lookedAt = at;
          pay();
        }, EVERY_MS);
    },
    burst: (count) => {
      owed += count;
      pay();
    },
    get last() {
      return last;
    },
  };
};
