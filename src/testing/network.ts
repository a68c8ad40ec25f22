import { demandMs, demandWord } from './misuse.js';
import type { Duplicate, Path, Told, Way } from './path.js';

/** How late everything is. */
export interface Slowness {
  /** One way, in milliseconds. */
  readonly latencyMs: number;
  /** At most this much more, drawn for each piece, in milliseconds. Nothing overtakes anything. Default: 0. */
  readonly jitterMs?: number;
}

/**
 * The network between clients and their server. It is fine, and takes no time, until it is told otherwise; what it is told holds for the
 * connections that there are and for those to come.
 *
 * @example
 * world.network.slow({ latencyMs: 200, jitterMs: 100 });
 * world.network.cut('client');
 * world.networkOf(kitty).stall('down');
 * world.network.heal();
 */
export interface Network {
  /** Break all connections. What was under way is lost; new ones can be opened at once. Default: both ends are told. */
  cut(told?: Told): void;
  /** Nothing arrives any more, one way or both, and nobody is told: a dead path. What is sent waits until `heal`. Default: both ways. */
  stall(way?: Way | 'both'): void;
  /** From now on all that is sent takes this long. */
  slow(slowness: Slowness): void;
  /** New connections are refused until `heal`; those that there are stay. */
  refuse(): void;
  /** The device is without a network, and says so: its connections are broken, which the server is not told. */
  offline(): void;
  /** The device has a network again, and says so. */
  online(): void;
  /** Undo whatever was done. */
  heal(): void;
  /** Open each client's latest connection once more, with the hello that it was opened with: what a network or an attacker repeats. Throws where there is none. */
  duplicate(): readonly Duplicate[];
  /** How many connections there are. */
  readonly connections: number;
}

/** A path, and the device at its client's end. */
export interface Route {
  readonly path: Path;
  /** What the device says of its network. */
  hint(hint: 'online' | 'offline'): void;
}

/**
 * The network of some routes. `standing`: a path without connections, which has the conditions for routes to come. `note`: what is done to it, for the
 * world's story.
 */
export const networkOver = (routes: () => readonly Route[], note: (text: string) => void, standing?: Path): Network => {
  const each = (act: (path: Path) => void): void => {
    if (standing !== undefined) act(standing);
    for (const { path } of routes()) act(path);
  };
  const online = (): void => {
    if (standing !== undefined) standing.conditions.isOffline = false;
    for (const { path, hint } of routes()) {
      if (!path.conditions.isOffline) continue;
      path.conditions.isOffline = false;
      hint('online');
    }
  };
  return {
    cut: (told = 'both') => {
      demandWord('cut', 'who is told', told, ['both', 'client', 'server', 'nobody']);
      note(`cut, ${told === 'both' ? 'both ends are' : told === 'nobody' ? 'nobody is' : `the ${told} is`} told`);
      each((path) => path.cut(told));
    },
    stall: (way = 'both') => {
      demandWord('stall', 'the way', way, ['both', 'up', 'down']);
      note(`stall ${way === 'both' ? 'both ways' : way}`);
      each(({ conditions: { stalled } }) => {
        if (way !== 'down') stalled.up = true;
        if (way !== 'up') stalled.down = true;
      });
    },
    slow: ({ latencyMs, jitterMs = 0 }) => {
      demandMs('slow', '`latencyMs`', latencyMs);
      demandMs('slow', '`jitterMs`', jitterMs);
      note(`slow, ${latencyMs} ms${jitterMs > 0 ? ` and up to ${jitterMs} more` : ''}`);
      each(({ conditions }) => {
        conditions.latencyMs = latencyMs;
        conditions.jitterMs = jitterMs;
      });
    },
    refuse: () => {
      note('refuse');
      each(({ conditions }) => {
        conditions.isRefusing = true;
      });
    },
    offline: () => {
      note('offline');
      if (standing !== undefined) standing.conditions.isOffline = true;
      for (const { path, hint } of routes()) {
        if (path.conditions.isOffline) continue;
        path.conditions.isOffline = true;
        path.cut('client');
        hint('offline');
      }
    },
    online: () => {
      note('online');
      online();
    },
    heal: () => {
      note('heal');
      each(({ conditions }) => {
        conditions.latencyMs = 0;
        conditions.jitterMs = 0;
        conditions.stalled.up = false;
        conditions.stalled.down = false;
        conditions.isRefusing = false;
      });
      online();
      each((path) => path.run());
    },
    duplicate: () => {
      note('duplicate');
      return routes().map(({ path }) => path.duplicate());
    },
    get connections() {
      return routes().reduce((sum, { path }) => sum + path.connections, 0);
    },
  };
};
