/** What can happen in a life, and what holds for all of it: drawn from its seed. Kinds of events are switched on or off for a whole life. */
import { seededRandom } from '../../../adapters/hosts/seeded.js';
import type { StreamWindow } from '../../../machines/stream/packets.js';

/** What can happen. */
const kinds = [
  'send',
  'request',
  'cut',
  'half cut',
  'stall',
  'delay',
  'storm',
  'end',
  'end by server',
  'revoke',
  'sign in',
  'renew',
  'restart',
  'crash',
  'drain',
  'sleep',
  'long wait',
  'step date',
  'store fails',
] as const;
export type Kind = (typeof kinds)[number];

/** How often each comes, in a life that has it. */
const weights: Readonly<Record<Kind, number>> = {
  send: 14,
  request: 5,
  cut: 4,
  'half cut': 4,
  stall: 3,
  delay: 2,
  storm: 2,
  end: 0.5,
  'end by server': 0.3,
  revoke: 0.3,
  'sign in': 1,
  renew: 1,
  restart: 0.5,
  crash: 1,
  drain: 0.5,
  sleep: 0.5,
  'long wait': 1,
  'step date': 0.5,
  'store fails': 1,
};

/** How likely a life has a kind of event. */
const kindShare = 0.55;

export interface Chance {
  /** In [0, 1). */
  random(): number;
  /** A whole number below this one. */
  upTo(max: number): number;
  oneOf<A>(list: readonly A[]): A;
}

export interface Fate extends Chance {
  readonly isOn: ReadonlySet<Kind>;
  /** Do sessions outlive their server's process? */
  readonly durable: boolean;
  /** Do authentications end? */
  readonly expires: boolean;
  readonly window: StreamWindow;
  readonly buffer: StreamWindow;
  /** The kind of the next event. */
  next(): Kind;
}

const chanceOf = (seed: number): Chance => {
  const random = seededRandom(seed);
  const upTo = (max: number): number => Math.floor(random() * max);
  return { random, upTo, oneOf: <A>(list: readonly A[]): A => list[upTo(list.length)] as A };
};

export const fateOf = (seed: number): Fate => {
  const chance = chanceOf(seed);
  const { random } = chance;
  const isOn = new Set(kinds.filter((kind) => kind === 'send' || random() < kindShare));
  const durable = random() < 0.5;
  if (!durable) for (const kind of ['crash', 'store fails'] as const) isOn.delete(kind);
  const expires = isOn.has('renew') && random() < 0.5;
  if (expires) isOn.delete('step date');
  const isSmall = random() < 0.3;
  const on = [...isOn];
  const total = on.reduce((sum, kind) => sum + weights[kind], 0);
  return {
    ...chance,
    isOn,
    durable,
    expires,
    window: isSmall ? { messages: 4, size: 2_000 } : { messages: 64, size: 50_000 },
    buffer: isSmall ? { messages: 20, size: 20_000 } : { messages: 1_000, size: 1_000_000 },
    next: () => {
      let left = random() * total;
      for (const kind of on) {
        left -= weights[kind];
        if (left <= 0) return kind;
      }
      return 'send';
    },
  };
};
