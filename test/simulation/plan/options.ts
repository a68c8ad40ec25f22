/** What a world is like, as plain data: who is in it, how large and how long everything may be. */
import type { StreamWindow } from '../../../machines/stream/packets.js';
import type { SessionsPerUser } from '../../../src/server/places.js';
import type { Chance } from '../chance.js';

/** A clock that is not quite right. */
export interface Skew {
  /** How far the date is off, in milliseconds. */
  readonly offsetMs: number;
  /** How many of its milliseconds pass in one. */
  readonly rate: number;
}

export interface HousePlan {
  /** Do sessions outlive their server's process, and where? */
  readonly store: 'none' | 'memory' | 'sqlite';
  readonly sessionsPerUser: SessionsPerUser;
  readonly whenFull: 'refuse' | 'end';
  readonly resumeWindowMs: number;
  readonly presenceGraceMs: number;
  readonly pingEveryMs: number;
  readonly confirmWithinMs: number;
  readonly handlerTimeoutMs: number;
  readonly renewBeforeMs: number;
  readonly messageSize: number;
  readonly window: StreamWindow;
  readonly buffer: StreamWindow;
  readonly admissionsPerSecond: number;
  readonly lostSessions: number;
  readonly storeMs: number;
  readonly authenticationMs: number;
  readonly skew: Skew;
}

export interface PersonPlan {
  /** The username; several people may have the same. */
  readonly name: string;
  readonly house: number;
  /** With a password, or as a guest. */
  readonly isGuest: boolean;
  readonly isKept: boolean;
  readonly profile: 'responsive' | 'batterySaver';
  readonly window: StreamWindow;
  readonly buffer: StreamWindow;
  readonly giveUpAfterMs: number | null;
  readonly retryCapMs: number;
  readonly handlerTimeoutMs: number;
  readonly endDeadlineMs: number;
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly skew: Skew;
}

export interface WorldPlan {
  readonly houses: readonly HousePlan[];
  readonly people: readonly PersonPlan[];
}

const names = ['anne', 'beth', 'cleo', 'dora'] as const;
const hourMs = 3_600_000;

const skewOf = ({ likely, random }: Chance): Skew => ({
  offsetMs: likely(0.4) ? Math.round((random() - 0.5) * 48 * hourMs) : 0,
  // A cheap quartz is wrong by a ten-thousandth, a virtual machine by more.
  rate: likely(0.4) ? 1 + (random() - 0.5) * 0.02 : 1,
});

const windowOf = ({ oneOf }: Chance): StreamWindow =>
  oneOf([
    { messages: 1, size: 12_000 },
    { messages: 4, size: 12_000 },
    { messages: 64, size: 50_000 },
    { messages: 64, size: 50_000 },
    { messages: 1_024, size: 1_048_576 },
  ]);

const bufferOf = ({ oneOf }: Chance): StreamWindow =>
  oneOf([
    { messages: 20, size: 20_000 },
    { messages: 200, size: 100_000 },
    { messages: 1_000, size: 1_000_000 },
    { messages: 10_000, size: 16_777_216 },
  ]);

const houseOf = (chance: Chance): HousePlan => {
  const { oneOf, likely, upTo } = chance;
  return {
    store: oneOf(['none', 'none', 'none', 'memory', 'memory', 'memory', 'memory', 'memory', 'memory', 'sqlite'] as const),
    sessionsPerUser: oneOf(['many', 'many', 'newest', 'oldest'] as const),
    whenFull: oneOf(['refuse', 'refuse', 'refuse', 'end'] as const),
    resumeWindowMs: oneOf([60_000, 60_000, 60_000, 20_000, 4_000, 0]),
    presenceGraceMs: oneOf([0, 500, 5_000]),
    pingEveryMs: oneOf([1_000, 5_000, 5_000]),
    confirmWithinMs: oneOf([1_000, 3_000, 10_000]),
    handlerTimeoutMs: oneOf([200, 400, 30_000]),
    renewBeforeMs: oneOf([1_000, 5_000, 60_000]),
    messageSize: oneOf([4_000, 10_000]),
    window: windowOf(chance),
    buffer: bufferOf(chance),
    admissionsPerSecond: oneOf([400, 400, 2]),
    lostSessions: likely(0.1) ? 2 : 1_000,
    storeMs: likely(0.5) ? 0 : upTo(40),
    authenticationMs: oneOf([0, 10, 300]),
    skew: skewOf(chance),
  };
};

const personOf = (chance: Chance, houses: number): PersonPlan => {
  const { oneOf, likely, upTo } = chance;
  return {
    name: oneOf(names),
    house: upTo(houses),
    isGuest: likely(0.5),
    isKept: likely(0.4),
    profile: likely(0.15) ? 'batterySaver' : 'responsive',
    window: windowOf(chance),
    buffer: bufferOf(chance),
    giveUpAfterMs: likely(0.1) ? 15_000 : null,
    retryCapMs: oneOf([2_000, 5_000, 30_000]),
    handlerTimeoutMs: oneOf([200, 400, 30_000]),
    endDeadlineMs: oneOf([500, 2_000, 5_000]),
    latencyMs: oneOf([1, 5, 20, 80]),
    jitterMs: oneOf([0, 0, 5, 60]),
    skew: skewOf(chance),
  };
};

export const worldPlanOf = (chance: Chance): WorldPlan => {
  const houses = chance.likely(0.2) ? 2 : 1;
  const people = Math.min(chance.between(1, 8), chance.between(1, 8));
  return {
    houses: Array.from({ length: houses }, () => houseOf(chance)),
    people: Array.from({ length: people }, () => personOf(chance, houses)),
  };
};
