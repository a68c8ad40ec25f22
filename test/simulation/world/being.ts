/** What a process or a page stands on, and loses at one stroke when it dies: its clock, and the right to do anything. */
import type { Host, NetworkHint, Tab, TimerHandle } from '../../../machines/ports/host.js';
import type { Chance } from '../chance.js';
import type { Skew } from '../plan/options.js';
import type { WorldTime } from './time.js';

/** A process of a server, or one load of a page. */
export interface Being {
  /** No other has it. */
  readonly id: number;
  readonly host: Host;
  readonly isAlive: boolean;
  readonly isFrozen: boolean;
  /** How many of its timers are running. */
  readonly timers: number;
  readonly hintListeners: number;
  /** It is about to do something that others notice. False: it is dead, and does not. */
  effect(): boolean;
  /** It dies before the effect after so many more. */
  dieAfter(effects: number, how: () => void): void;
  die(): void;
  /** What an app in it does after so many milliseconds: it is not among the timers. */
  later(run: () => void, ms: number): void;
  /** Nothing in it goes on, until `thaw`: what falls due meanwhile happens then. */
  freeze(): void;
  thaw(): void;
  /** Timers fire no more often than this, in milliseconds; 0: when they fall due. */
  throttle(everyMs: number): void;
  stepDate(ms: number): void;
  hint(hint: NetworkHint): void;
}

export interface BeingParts {
  readonly id: number;
  readonly time: WorldTime;
  readonly chance: Chance;
  readonly skew: Skew;
  readonly agent: string;
  readonly tab?: () => Tab | null;
  /** It goes on again, or is dead: what waits for it may go on. */
  readonly woke: () => void;
}

/** 2024-01-01T00:00:00Z: the date at which worlds begin. */
const beginning = 1_704_067_200_000;
/** As in Node, so that a timer that starts itself again lets time pass. */
const timerMinMs = 1;
const byteMax = 256;

export const beingOf = ({ id, time, chance, skew, agent, tab = () => null, woke }: BeingParts): Being => {
  const timers = new Map<TimerHandle, { readonly run: () => void }>();
  const listeners = new Set<(hint: NetworkHint) => void>();
  let held: (() => void)[] = [];
  let isAlive = true;
  let isFrozen = false;
  let isOnline = true;
  let throttleMs = 0;
  let isWaking = false;
  let dateOffsetMs = beginning + skew.offsetMs;
  let effectsLeft = Number.POSITIVE_INFINITY;
  let dying: (() => void) | null = null;

  const now = (): number => time.now * skew.rate;
  const release = (): void => {
    const waiting = held;
    held = [];
    for (const run of waiting) time.macrotask(() => soon(run));
  };
  /** Now, or when it goes on. */
  const soon = (run: () => void): void => {
    if (!isAlive) return;
    if (isFrozen) held.push(run);
    else run();
  };
  const due = (run: () => void): void => {
    if (!isAlive) return;
    if (throttleMs === 0 || isFrozen) return soon(run);
    held.push(run);
    if (isWaking) return;
    isWaking = true;
    time.setTimeout(
      () => {
        isWaking = false;
        if (!isFrozen) release();
      },
      throttleMs - (time.now % throttleMs),
    );
  };
  const die = (): void => {
    isAlive = false;
    for (const handle of timers.keys()) time.clearTimeout(handle as number);
    timers.clear();
    held = [];
    woke();
  };

  return {
    id,
    host: {
      clock: {
        now,
        wall: () => Math.round(dateOffsetMs + now()),
        setTimeout: (callback, delayMs) => {
          if (!isAlive) return undefined;
          const timer = { run: callback };
          const handle: TimerHandle = time.setTimeout(
            () =>
              due(() => {
                if (timers.delete(handle)) timer.run();
              }),
            Math.max(timerMinMs, delayMs) / skew.rate,
          );
          timers.set(handle, timer);
          return handle;
        },
        clearTimeout: (handle) => {
          timers.delete(handle);
          time.clearTimeout(handle as number);
        },
        macrotask: (callback) => time.macrotask(() => soon(callback)),
      },
      random: chance.random,
      randomBytes: (length) => Uint8Array.from({ length }, () => chance.upTo(byteMax)),
      onHint: (listener) => {
        const own = (hint: NetworkHint): void => listener(hint);
        listeners.add(own);
        return () => void listeners.delete(own);
      },
      online: () => isOnline,
      agent,
      tab: async () => tab(),
    },
    get isAlive() {
      return isAlive;
    },
    get isFrozen() {
      return isFrozen;
    },
    get timers() {
      return timers.size;
    },
    get hintListeners() {
      return listeners.size;
    },
    effect: () => {
      if (!isAlive) return false;
      if (effectsLeft > 0) {
        effectsLeft -= 1;
        return true;
      }
      const how = dying;
      dying = null;
      die();
      how?.();
      return false;
    },
    dieAfter: (effects, how) => {
      effectsLeft = effects;
      dying = how;
    },
    die,
    later: (run, ms) => void time.setTimeout(() => due(run), Math.max(timerMinMs, ms) / skew.rate),
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      if (!isFrozen) return;
      isFrozen = false;
      release();
      woke();
    },
    throttle: (everyMs) => {
      throttleMs = everyMs;
      if (everyMs === 0 && !isFrozen) release();
    },
    stepDate: (ms) => {
      dateOffsetMs += ms;
    },
    hint: (hint) => {
      if (hint === 'online' || hint === 'offline') isOnline = hint === 'online';
      for (const listener of [...listeners]) soon(() => listener(hint));
    },
  };
};
