/** What one exploration is about: what the apps do, which faults there are and how many, and what is kept through a crash. */
import type { StreamWindow } from '../../machines/stream/packets.js';

/** One thing that an app sends. `broken`: a message whose handler throws. */
export type Said = 'message' | 'broken' | 'request';

/** How many there may be of each fault. */
export interface Faults {
  /** A link is cut, seen by one side; the other one goes on until it notices, which is no fault. */
  readonly cuts: number;
  readonly serverCrashes: number;
  /** The server dies, and its store has lost its last commit. */
  readonly rollbacks: number;
  readonly clientReloads: number;
  /** A timer of the server is faster than its client: the confirmation's, the start's after a `gone`, a lost session's window. */
  readonly timeouts: number;
  /** Somebody sends a former hello once more. */
  readonly replays: number;
}

/** Mistakes that an exploration must find. */
export const plants = {
  acknowledgedEarly: 'A message is acknowledged as handled when it arrives, and not when its handler has settled.',
  numberReused: 'A server that comes back has forgotten which numbers it had shipped.',
  oldTokenAccepted: 'A resume may bring any token that the session ever had.',
  lateHelloKills: 'A hello whose positions do not fit ends the session, instead of the start that may follow it.',
  lifeUntold: 'A client that comes back after a reload does not say so.',
  markForgotten: 'A side that comes back has forgotten that an earlier life of the other one may have handled what it ships.',
  startStaysMute: 'A start that no client had confirmed comes back as if it had lost a link, which its repetition does not mend.',
  formerLinkHears: 'A connection that was taken over is not made deaf.',
} as const;

export type Plant = keyof typeof plants;

export interface Configuration {
  readonly name: string;
  readonly up: readonly Said[];
  readonly down: readonly Said[];
  /** Whose app may end the session, at any time. */
  readonly ends: { readonly client: boolean; readonly server: boolean };
  /** Does the server's store outlive it? */
  readonly durable: boolean;
  /** What each side can hold of the other's messages. */
  readonly window: StreamWindow;
  readonly faults: Faults;
  /** Who sees a cut: one side, whichever that is, or both at once, which makes for fewer worlds. */
  readonly cutsSeenBy: 'one' | 'both';
  /** An app says nothing new while this many of its batches are under way. */
  readonly batchesMax: number;
  readonly plant: Plant | null;
}

export const noFaults: Faults = { cuts: 0, serverCrashes: 0, rollbacks: 0, clientReloads: 0, timeouts: 0, replays: 0 };

const base: Omit<Configuration, 'name'> = {
  up: ['message', 'message'],
  down: ['message', 'message'],
  ends: { client: false, server: false },
  durable: true,
  window: { messages: 2, size: 1_000 },
  faults: noFaults,
  cutsSeenBy: 'one',
  batchesMax: 2,
  plant: null,
};

/** All of `npm run explore`. */
export const configurations: readonly Configuration[] = [
  { ...base, name: 'cuts', faults: { ...noFaults, cuts: 2 } },
  { ...base, name: 'ends', up: ['message'], down: ['message'], ends: { client: true, server: true }, faults: { ...noFaults, cuts: 2 } },
  { ...base, name: 'requests', up: ['request', 'message'], down: ['message'], faults: { ...noFaults, cuts: 2 } },
  { ...base, name: 'failures', up: ['broken', 'message'], down: ['broken'], faults: { ...noFaults, cuts: 2 } },
  { ...base, name: 'credit', window: { messages: 1, size: 1_000 }, faults: { ...noFaults, cuts: 2 } },
  { ...base, name: 'late timers', up: ['message'], down: ['message'], faults: { ...noFaults, cuts: 2, timeouts: 1 } },
  { ...base, name: 'replayed hellos', up: ['message'], down: ['message'], faults: { ...noFaults, cuts: 2, replays: 1 } },
  { ...base, name: 'server dies', up: ['message', 'message'], down: ['message'], faults: { ...noFaults, cuts: 1, serverCrashes: 1 } },
  { ...base, name: 'server dies twice', up: ['message'], down: ['message'], faults: { ...noFaults, cuts: 1, serverCrashes: 2 } },
  {
    ...base,
    name: 'server forgets',
    up: ['message', 'message'],
    down: ['message'],
    durable: false,
    faults: { ...noFaults, cuts: 1, serverCrashes: 1 },
  },
  { ...base, name: 'store rolled back', up: ['message', 'message'], down: ['message'], faults: { ...noFaults, cuts: 1, rollbacks: 1 } },
  { ...base, name: 'page reloads', up: ['message'], down: ['message', 'message'], faults: { ...noFaults, cuts: 1, clientReloads: 1 } },
  { ...base, name: 'nothing gets across', down: [], cutsSeenBy: 'both', faults: { ...noFaults, cuts: 6 } },
  {
    ...base,
    name: 'both die',
    up: ['message', 'request'],
    down: ['message'],
    ends: { client: true, server: false },
    faults: { ...noFaults, cuts: 1, serverCrashes: 1, clientReloads: 1 },
  },
  {
    ...base,
    name: 'both die, two cuts',
    up: ['message', 'request'],
    down: ['message'],
    cutsSeenBy: 'both',
    batchesMax: 1,
    faults: { ...noFaults, cuts: 2, serverCrashes: 1, clientReloads: 1 },
  },
];

export const configuration = (name: string, changed: Partial<Configuration> = {}): Configuration => {
  const found = configurations.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`There is no configuration called ${JSON.stringify(name)}.`);
  return { ...found, ...changed };
};

/** Which of what is said asks for an answer, by bits. */
export const requestsIn = (said: readonly Said[]): number =>
  said.reduce((bits, one, index) => (one === 'request' ? bits | (1 << index) : bits), 0);
