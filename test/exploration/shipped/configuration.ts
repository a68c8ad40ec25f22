/** What one exploration of the shipped code is about: what the apps do, and which faults there are and how many. */
import type { StreamWindow } from '../../../machines/stream/packets.js';

/**
 * One thing that an app sends. `broken`: its handler throws. `timed`: it has a `ttlMs`, of one step of time. `newest`: it takes the place of what has the
 * same key and is not shipped. `volatile`: it may be lost.
 */
export type Said = 'message' | 'broken' | 'request' | 'timed' | 'newest' | 'volatile';

/** How many there may be of each fault. */
export interface Faults {
  /** A link is cut: its client is told, its server, or both. */
  readonly cuts: number;
  /** The server's process dies, between any two things that it does. */
  readonly serverDeaths: number;
  /** The page is gone, between any two things that it does, and loaded again. */
  readonly reloads: number;
  /** The store says that it failed: what it was asked for is not done, or a commit is done all the same. */
  readonly storeFailures: number;
  /** A timer that waits for the other side is early. */
  readonly earlyTimers: number;
  /** Somebody says a former hello once more. */
  readonly repeatedHellos: number;
}

export interface ShippedConfiguration {
  readonly name: string;
  readonly up: readonly Said[];
  readonly down: readonly Said[];
  readonly faults: Faults;
  /** Does the store keep streams, and outlive the server? */
  readonly durable: boolean;
  /** Does the client keep its session in its tab? */
  readonly persists: boolean;
  /** What each side can hold of the other's messages. */
  readonly window: StreamWindow;
  /** What the client's app does besides, each once and at any time. */
  readonly clientDoes: readonly ('ends' | 'signsIn' | 'renews' | 'startsAgain')[];
  readonly serverDoes: readonly ('ends' | 'revokes' | 'drains')[];
  /** How often time may move on by what a `timed` message has. */
  readonly timeSteps: number;
  /** An app says nothing new while this many of its batches are under way. */
  readonly batchesMax: number;
}

export const noFaults: Faults = { cuts: 0, serverDeaths: 0, reloads: 0, storeFailures: 0, earlyTimers: 0, repeatedHellos: 0 };

const base: Omit<ShippedConfiguration, 'name'> = {
  up: ['message'],
  down: ['message'],
  faults: noFaults,
  durable: true,
  persists: false,
  window: { messages: 2, size: 1_000 },
  clientDoes: [],
  serverDoes: [],
  timeSteps: 0,
  batchesMax: 1,
};

/** All of `npm run explore` that run the shipped code. */
export const shippedConfigurations: readonly ShippedConfiguration[] = [
  { ...base, name: 'shipped: a cut', durable: false, faults: { ...noFaults, cuts: 1 } },
  { ...base, name: 'shipped: two cuts', durable: false, faults: { ...noFaults, cuts: 2 } },
  { ...base, name: 'shipped: kept', faults: { ...noFaults, cuts: 1 } },
  { ...base, name: 'shipped: request', durable: false, up: ['request'], faults: { ...noFaults, cuts: 1 } },
  { ...base, name: 'shipped: failures', durable: false, up: ['broken', 'message'], down: [], faults: { ...noFaults, cuts: 1 } },
  { ...base, name: 'shipped: server dies', faults: { ...noFaults, serverDeaths: 1 } },
  { ...base, name: 'shipped: store fails', faults: { ...noFaults, serverDeaths: 1, storeFailures: 1 } },
  { ...base, name: 'shipped: server dies, with a request', up: ['request'], down: [], faults: { ...noFaults, cuts: 1, serverDeaths: 1 } },
  { ...base, name: 'shipped: server forgets', durable: false, faults: { ...noFaults, serverDeaths: 1 } },
  { ...base, name: 'shipped: page reloads', durable: false, persists: true, faults: { ...noFaults, reloads: 1 } },
  { ...base, name: 'shipped: both die', up: ['message'], down: [], persists: true, faults: { ...noFaults, serverDeaths: 1, reloads: 1 } },
  {
    ...base,
    name: 'shipped: ends',
    durable: false,
    clientDoes: ['ends', 'startsAgain'],
    serverDoes: ['ends'],
    faults: { ...noFaults, cuts: 1 },
  },
  { ...base, name: 'shipped: revoked', serverDoes: ['revokes'], faults: { ...noFaults, cuts: 1 } },
  { ...base, name: 'shipped: sign-in', clientDoes: ['signsIn'], faults: { ...noFaults, cuts: 1 } },
  { ...base, name: 'shipped: renewal', down: [], durable: false, clientDoes: ['renews', 'signsIn'], faults: { ...noFaults, cuts: 1 } },
  {
    ...base,
    name: 'shipped: what expires',
    durable: false,
    up: ['timed'],
    down: ['timed', 'volatile'],
    timeSteps: 1,
    faults: { ...noFaults, cuts: 1 },
  },
  { ...base, name: 'shipped: the newest counts', durable: false, up: ['newest', 'newest'], down: [], faults: { ...noFaults, cuts: 1 } },
  { ...base, name: 'shipped: drain', serverDoes: ['drains'] },
  { ...base, name: 'shipped: early timers', durable: false, down: [], faults: { ...noFaults, cuts: 1, earlyTimers: 1 } },
  { ...base, name: 'shipped: repeated hellos', durable: false, down: [], faults: { ...noFaults, cuts: 1, repeatedHellos: 1 } },
];

/** @throws RangeError where there is none of that name. */
export const shippedConfiguration = (name: string, changed: Partial<ShippedConfiguration> = {}): ShippedConfiguration => {
  const found = shippedConfigurations.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`There is no configuration called ${JSON.stringify(name)}.`);
  return { ...found, ...changed };
};
