/** What a server stands on, and loses at one stroke when its process dies: its clock and its store. */
import type { VirtualHost } from '../../../adapters/hosts/virtual.js';
import { unavailable } from '../../../adapters/stores/rules.js';
import type { Host, TimerHandle } from '../../../machines/ports/host.js';
import type { SessionStore, SessionTurn } from '../../../machines/ports/store.js';

export interface Mortal {
  readonly host: Host;
  readonly isAlive: boolean;
  /** `kill -9`: no timer fires any more, nothing that was asked of the store is answered, and what it had not begun is not done. */
  die(): void;
  /** How many of its timers are running. */
  readonly timers: number;
}

export const mortal = (host: VirtualHost): Mortal => {
  let isAlive = true;
  const timers = new Set<TimerHandle>();
  const { random, randomBytes, agent, clock } = host;
  return {
    host: {
      clock: {
        now: clock.now,
        wall: clock.wall,
        setTimeout: (callback, delayMs) => {
          const handle: TimerHandle = clock.setTimeout(() => {
            timers.delete(handle);
            callback();
          }, delayMs);
          if (isAlive) timers.add(handle);
          else clock.clearTimeout(handle);
          return handle;
        },
        clearTimeout: (handle) => {
          timers.delete(handle);
          clock.clearTimeout(handle);
        },
        macrotask: (callback) => clock.macrotask(() => isAlive && callback()),
      },
      random,
      randomBytes,
      agent,
      onHint: () => () => undefined,
      online: () => true,
      tab: async () => null,
    },
    get isAlive() {
      return isAlive;
    },
    get timers() {
      return timers.size;
    },
    die: () => {
      isAlive = false;
      for (const timer of timers) clock.clearTimeout(timer);
      timers.clear();
    },
  };
};

/** How a store is. */
export interface StoreManner {
  /** Before and after each thing that it does, in milliseconds. */
  delayMs(): number;
  /** Can turns not be written? */
  isFailing(): boolean;
  /** These are. */
  written(turns: readonly SessionTurn[]): void;
}

/** A store that takes its time before and after it does what it is asked, one after the other, and whose answers the dead do not get. */
export const slowStore = (store: SessionStore, life: Mortal, { delayMs, isFailing, written }: StoreManner): SessionStore => {
  let last: Promise<unknown> = Promise.resolve();
  const forever = new Promise<never>(() => undefined);
  const pause = async (): Promise<void> => {
    const ms = delayMs();
    if (ms > 0) await new Promise<void>((resolve) => life.host.clock.setTimeout(resolve, ms));
    if (!life.isAlive) await forever;
  };
  const inTurn = <A>(task: () => Promise<A>, done?: (answer: A) => void): (() => Promise<A>) => {
    return () => {
      const mine = last.then(async () => {
        await pause();
        const answer = await task();
        done?.(answer);
        await pause();
        return answer;
      });
      last = mine;
      return mine;
    };
  };
  const { streams } = store;
  return {
    name: store.name,
    streams:
      streams === null
        ? null
        : {
            load: (at) => inTurn(streams.load(at)),
            commit: (turns) =>
              inTurn(
                async () => (isFailing() ? unavailable('It fails as it was told to.') : streams.commit(turns)()),
                (answer) => answer._tag === 'Right' && written(turns),
              ),
          },
    open: (at) => inTurn(store.open(at)),
    close: () => inTurn(store.close()),
    admit: (admission) => inTurn(store.admit(admission)),
    identify: (identification) => inTurn(store.identify(identification)),
    endSession: (end) => inTurn(store.endSession(end)),
    forgetSession: (id) => inTurn(store.forgetSession(id)),
    findSession: (id) => inTurn(store.findSession(id)),
    listSessions: (filter) => inTurn(store.listSessions(filter)),
    createUser: (user) => inTurn(store.createUser(user)),
    updateUser: (change) => inTurn(store.updateUser(change)),
    setPresence: (change) => inTurn(store.setPresence(change)),
    findUser: (by) => inTurn(store.findUser(by)),
    listUsers: (filter) => inTurn(store.listUsers(filter)),
  };
};
