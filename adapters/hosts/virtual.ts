import type { Host, NetworkHint, Tab, TimerHandle } from '../../machines/ports/host.js';
import { version } from './platform.js';
import { seededRandom } from './seeded.js';

export interface VirtualHostOptions {
  /** The same seed gives the same draws, byte for byte. */
  readonly seed: number;
  /** The date at the start, in milliseconds since the epoch; `wall` moves on from here. */
  readonly wallMs?: number;
  /** The tab that it is in: see `virtualTabs`. None where it is left out. */
  readonly tab?: Tab;
}

/** A host whose time passes when it is told to. */
export interface VirtualHost extends Host {
  /** Let time pass: each timer that falls due fires at its own moment, those it starts included, and the code settles in between. */
  advance(ms: number): Promise<void>;
  /** Run macrotasks and microtasks until none is left; no time passes. */
  settle(): Promise<void>;
  /** The machine sleeps: both clocks move on and no timer fires; those that fell due fire late, with the next `advance` (of 0, say). */
  sleep(ms: number): void;
  /** Step the date alone, as a user or a time server does. */
  stepWall(ms: number): void;
  /** Say a hint to all who listen; `online` and `offline` also set what `online()` says. */
  hint(hint: NetworkHint): void;
  /** How many timers are running. */
  readonly pendingTimers: number;
  /** When the next timer fires, in milliseconds of `clock.now()`; undefined where none is running. */
  readonly nextTimerAt: number | undefined;
  /** How many listen for hints. */
  readonly hintListeners: number;
}

/** Milliseconds; as in Node, so that a timer that starts itself again lets time pass. */
const TIMER_MIN_MS = 1;

/** The date at the start where none is given: 2024-01-01T00:00:00Z, an easy one to recognise. */
const WALL_DEFAULT_MS = 1_704_067_200_000;

/** Macrotasks in one `settle`: code that needs more has a loop that never ends. */
const MACROTASKS_MAX = 100_000;

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/** The real platform's next macrotask: by then all microtasks are done. */
const realTurn = () => new Promise<void>((resolve) => (globalThis.setImmediate ?? globalThis.setTimeout)(resolve));

/**
 * A host for tests and simulations: time, randomness and hints are all in the test's hands.
 *
 * @example
 * const host = virtualHost({ seed: 1 });
 * host.clock.setTimeout(() => console.log('a minute later'), 60_000);
 * await host.advance(60_000);
 */
export const virtualHost = ({ seed, wallMs = WALL_DEFAULT_MS, tab }: VirtualHostOptions): VirtualHost => {
  const random = seededRandom(seed);
  // A map keeps the order of starting, which decides between timers due at the same moment.
  const timers = new Map<TimerHandle, Timer>();
  const macrotasks: (() => void)[] = [];
  const listeners = new Set<(hint: NetworkHint) => void>();
  let now = 0;
  let wallOffset = wallMs;
  let nextHandle = 1;
  let isOnline = true;

  const next = (): readonly [TimerHandle, Timer] | undefined => {
    let first: readonly [TimerHandle, Timer] | undefined;
    for (const entry of timers) if (!first || entry[1].dueAt < first[1].dueAt) first = entry;
    return first;
  };

  const settle = async () => {
    await realTurn();
    for (let run = 0; macrotasks.length > 0; run += 1) {
      if (run === MACROTASKS_MAX) throw new Error(`The code under test did not settle within ${MACROTASKS_MAX} macrotasks.`);
      macrotasks.shift()?.();
      await realTurn();
    }
  };

  return {
    clock: {
      now: () => now,
      wall: () => wallOffset + now,
      setTimeout: (callback, delayMs) => {
        const handle = nextHandle;
        nextHandle += 1;
        timers.set(handle, { dueAt: now + Math.max(TIMER_MIN_MS, delayMs), callback });
        return handle;
      },
      clearTimeout: (handle) => {
        timers.delete(handle);
      },
      macrotask: (callback) => {
        macrotasks.push(callback);
      },
    },
    random,
    randomBytes: (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256)),
    onHint: (listener) => {
      // A listener of its own for each call, so that the same function given twice is told twice.
      const own = (hint: NetworkHint) => listener(hint);
      listeners.add(own);
      return () => {
        listeners.delete(own);
      };
    },
    online: () => isOnline,
    agent: `ninelives/${version} virtual`,
    tab: async () => tab ?? null,
    advance: async (ms) => {
      const until = now + ms;
      await settle();
      for (let due = next(); due && due[1].dueAt <= until; due = next()) {
        timers.delete(due[0]);
        now = Math.max(now, due[1].dueAt);
        due[1].callback();
        await settle();
      }
      now = Math.max(now, until);
    },
    settle,
    sleep: (ms) => {
      now += ms;
    },
    stepWall: (ms) => {
      wallOffset += ms;
    },
    hint: (hint) => {
      if (hint === 'online' || hint === 'offline') isOnline = hint === 'online';
      for (const listener of [...listeners]) listener(hint);
    },
    get pendingTimers() {
      return timers.size;
    },
    get nextTimerAt() {
      return next()?.[1].dueAt;
    },
    get hintListeners() {
      return listeners.size;
    },
  };
};
