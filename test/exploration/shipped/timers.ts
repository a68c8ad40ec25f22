/** What each timer of the shipped code is for, known by its length: each that the configuration names has one of its own. */
import type { Timer } from './life.js';

/** In milliseconds. */
export const clientMs = {
  acknowledgement: 25,
  startDeadline: 10_001,
  endDeadline: 5_001,
  hello: 8_001,
  request: 10_002,
  handler: 30_001,
  /** Half of it is waited, as the middle is drawn. */
  retry: 700,
} as const;

/** In milliseconds. */
export const serverMs = {
  acknowledgement: 25,
  hello: 5_001,
  confirm: 10_003,
  window: 120_003,
  end: 5_002,
  handler: 30_002,
  presence: 5_004,
  request: 10_004,
  drain: 7_001,
  /** A quarter of it, a second at most, is between two looks at all connections. */
  ping: 3_600_000,
} as const;

/** What a message that expires has, in milliseconds: one step of time. */
export const stepMs = 900;
/** How soon what has expired already is looked at, in milliseconds: as src/stream/expiry.ts has it. */
const expiryPauseMs = 50;

/** `sure`: nothing is waited for but its time. `tries`: the same, and it may be for ever. `waits`: for the other side, which it gives up. `idle`: never over here, and changes nothing before it is. */
export interface Kind {
  readonly name: string;
  readonly rank: 'sure' | 'tries' | 'waits' | 'idle';
}

const idle: Kind = { name: 'of no concern', rank: 'idle' };

const waits: Readonly<Record<'client' | 'server', readonly string[]>> = {
  client: ['endDeadline', 'request'],
  server: ['end', 'hello', 'confirm', 'window'],
};

/** `retryInMs`: what its client waits for its next try; null: it does not wait for one. */
export const kindOf = (side: 'client' | 'server', { delayMs, dueAt }: Timer, now: number, retryInMs: number | null): Kind => {
  if (delayMs === clientMs.acknowledgement) return { name: 'acknowledgement', rank: 'sure' };
  if (side === 'client' && delayMs === retryInMs) return { name: 'next try', rank: 'tries' };
  if (side === 'server' && delayMs === serverMs.drain) return { name: 'drain', rank: 'sure' };
  if (delayMs === expiryPauseMs || delayMs === stepMs)
    return { name: 'expiry', rank: dueAt <= now || delayMs !== stepMs ? 'sure' : 'idle' };
  const lengths: Readonly<Record<string, number>> = side === 'client' ? clientMs : serverMs;
  const found = Object.keys(lengths).find((name) => lengths[name] === delayMs);
  return found !== undefined && waits[side].includes(found) ? { name: found, rank: 'waits' } : idle;
};
