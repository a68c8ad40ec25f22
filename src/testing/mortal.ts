import type { VirtualHost } from '../../adapters/hosts/virtual.js';
import type { Host, NetworkHint, Tab, TimerHandle } from '../../machines/ports/host.js';

/** What a process or a page stands on, and loses at one stroke when it dies. */
export interface Mortal {
  /** The world's clock, and hints of its own. */
  readonly host: Host;
  readonly isAlive: boolean;
  /** Say a hint to all that listens in it; `online` and `offline` also set what its `online()` says. */
  hint(hint: NetworkHint): void;
  /** Nothing in it goes on, as in a page that its browser froze, until `thaw`: what falls due meanwhile happens then, and it is told that it has thawed. */
  freeze(): void;
  thaw(): void;
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
  const timers = new Set<TimerHandle>();
  const listeners = new Set<(hint: NetworkHint) => void>();
  let isAlive = true;
  let isFrozen = false;
  let isOnline = true;
  /** What fell due while it was frozen: at most what was begun before. */
  let due: (() => void)[] = [];
  const run = (callback: () => void): void => {
    if (!isAlive) return;
    if (isFrozen) due.push(callback);
    else callback();
  };
  const hint = (said: NetworkHint): void => {
    if (said === 'online' || said === 'offline') isOnline = said === 'online';
    if (isAlive) for (const listener of [...listeners]) run(() => listener(said));
  };
  return {
    host: {
      clock: {
        now: clock.now,
        wall: clock.wall,
        setTimeout: (callback, delayMs) => {
          if (!isAlive) return undefined;
          const handle: TimerHandle = clock.setTimeout(() => {
            run(() => timers.delete(handle) && callback());
          }, delayMs);
          timers.add(handle);
          return handle;
        },
        clearTimeout: (handle) => {
          timers.delete(handle);
          clock.clearTimeout(handle);
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
    die: () => {
      isAlive = false;
      for (const timer of timers) clock.clearTimeout(timer);
      timers.clear();
    },
  };
};
