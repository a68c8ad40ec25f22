import type { VirtualHost } from '../../adapters/hosts/virtual.js';
import type { Host, NetworkHint, Tab, TimerHandle } from '../../machines/ports/host.js';

/** How exact the timers of a hidden page are, in milliseconds, and after how long of it they are less so: as Chromium throttles them. */
const hiddenGrainMs = 1_000;
const longHiddenGrainMs = 60_000;
const longHiddenAfterMs = 300_000;

/** A timer, which may be on its second wait. */
interface Timer {
  handle: TimerHandle;
  readonly fire: () => void;
}

/** What a process or a page stands on, and loses at one stroke when it dies. */
export interface Mortal {
  /** The world's clock, and hints of its own. */
  readonly host: Host;
  readonly isAlive: boolean;
  /** Settles when it dies. */
  readonly death: Promise<void>;
  /** Say a hint to all that listens in it; `online` and `offline` also set what its `online()` says. */
  hint(hint: NetworkHint): void;
  /** Nothing in it goes on, as in a page that its browser froze, until `thaw`: what falls due meanwhile happens then, and it is told that it has thawed. */
  freeze(): void;
  thaw(): void;
  /** Its timers fire late, as those of a hidden page do: at whole seconds, and after five minutes of it at whole minutes. Until `show`. */
  hide(): void;
  show(): void;
  /** Its date is wrong by so many milliseconds: ahead, or behind where it is negative. */
  skew(ms: number): void;
  /** None of its timers fires any more, and nothing that waits in it is begun. */
  die(): void;
}

/**
 * One of several processes or pages on the same clock.
 *
 * @example
 * const page = mortal(virtualHost({ seed: 1 }));
 * page.host.clock.setTimeout(() => console.log('never'), 1_000);
 * page.die();
 */
export const mortal = (world: VirtualHost, tab: () => Tab | null = () => null): Mortal => {
  const { clock } = world;
  const timers = new Set<Timer>();
  /** Those that fell due and wait for the grain of a hidden page. */
  const late = new Set<Timer>();
  let hiddenSince: number | null = null;
  let skewMs = 0;
  const listeners = new Set<(hint: NetworkHint) => void>();
  let isAlive = true;
  let died = (): void => undefined;
  const death = new Promise<void>((resolve) => {
    died = resolve;
  });
  let isFrozen = false;
  let isOnline = true;
  /** What fell due while it was frozen: at most what was begun before. */
  let due: (() => void)[] = [];
  const run = (callback: () => void): void => {
    if (!isAlive) return;
    if (isFrozen) due.push(callback);
    else callback();
  };
  /** How long a timer that is due now has to wait, as its page is hidden, in milliseconds. */
  const lateMs = (): number => {
    if (hiddenSince === null) return 0;
    const now = clock.now();
    const grainMs = now - hiddenSince >= longHiddenAfterMs ? longHiddenGrainMs : hiddenGrainMs;
    return Math.ceil(now / grainMs) * grainMs - now;
  };
  const stop = (timer: Timer): void => {
    timers.delete(timer);
    late.delete(timer);
    clock.clearTimeout(timer.handle);
  };
  const hint = (said: NetworkHint): void => {
    if (said === 'online' || said === 'offline') isOnline = said === 'online';
    if (isAlive) for (const listener of [...listeners]) run(() => listener(said));
  };
  return {
    host: {
      clock: {
        now: clock.now,
        wall: () => clock.wall() + skewMs,
        setTimeout: (callback, delayMs) => {
          if (!isAlive) return undefined;
          const timer: Timer = {
            handle: undefined,
            fire: () => {
              const waitMs = lateMs();
              if (waitMs === 0) {
                late.delete(timer);
                return run(() => timers.delete(timer) && callback());
              }
              late.add(timer);
              timer.handle = clock.setTimeout(timer.fire, waitMs);
            },
          };
          timer.handle = clock.setTimeout(timer.fire, delayMs);
          timers.add(timer);
          return timer;
        },
        clearTimeout: (timer) => {
          if (timers.has(timer as Timer)) stop(timer as Timer);
        },
        macrotask: (callback) => clock.macrotask(() => run(callback)),
      },
      random: world.random,
      randomBytes: world.randomBytes,
      agent: world.agent,
      onHint: (listener) => {
        // One of its own for each call, so that the same function given twice is told twice.
        const own = (hint: NetworkHint): void => listener(hint);
        listeners.add(own);
        return () => void listeners.delete(own);
      },
      online: () => isOnline,
      tab: async () => tab(),
    },
    death,
    get isAlive() {
      return isAlive;
    },
    hint,
    freeze: () => {
      isFrozen = true;
    },
    thaw: () => {
      if (!isFrozen) return;
      isFrozen = false;
      hint('thawed');
      const waiting = due;
      due = [];
      for (const callback of waiting) clock.macrotask(() => run(callback));
    },
    hide: () => {
      hiddenSince ??= clock.now();
      hint('hidden');
    },
    show: () => {
      hiddenSince = null;
      hint('visible');
      for (const timer of late) {
        clock.clearTimeout(timer.handle);
        timer.handle = clock.setTimeout(timer.fire, 0);
      }
    },
    skew: (ms) => {
      skewMs = ms;
    },
    die: () => {
      isAlive = false;
      died();
      for (const timer of [...timers]) stop(timer);
    },
  };
};
