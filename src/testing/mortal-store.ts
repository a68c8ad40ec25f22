import { unavailable } from '../../adapters/stores/rules.js';
import type { SessionStore, SessionTurn, StoreTask } from '../../machines/ports/store.js';
import type { Mortal } from './mortal.js';

/** How a world's store is at the moment. */
export interface StoreConditions {
  isFailing: boolean;
  latencyMs: number;
}

/** What a process tells of what it writes. */
export interface Writes {
  /** These turns are handed to the store: the returned function says that they are written. */
  given(turns: readonly SessionTurn[]): () => void;
  /** The store is about to write what it was given. */
  begins(): void;
  /** It is written, and nobody has heard of it yet. */
  done(): void;
}

/**
 * The store as one process sees it: what the dead begin is not done, and what the store answers them they do not hear. It fails and is slow as it is told to.
 */
export const mortalStore = (store: SessionStore, life: Mortal, conditions: StoreConditions, writes: Writes): SessionStore => {
  const { clock } = life.host;
  /** When the latest of what was begun is done: what is begun takes effect in its order. */
  let lastAt = 0;
  const alive =
    <A>(task: StoreTask<A>): StoreTask<A> =>
    () =>
      new Promise((resolve, reject) => {
        if (life.isAlive) task().then((answer) => life.isAlive && resolve(answer), reject);
      });
  const troubled = <A>(task: StoreTask<A>): StoreTask<A> => {
    const now: StoreTask<A> = async () => (conditions.isFailing ? unavailable('The test has its store fail.') : task());
    const begun = alive(now);
    return () => {
      lastAt = Math.max(lastAt, clock.now() + conditions.latencyMs);
      const waitMs = lastAt - clock.now();
      if (waitMs <= 0) return begun();
      return new Promise((resolve, reject) => clock.setTimeout(() => begun().then(resolve, reject), waitMs));
    };
  };
  const { streams } = store;
  return {
    name: store.name,
    streams: streams && {
      load: (at) => troubled(streams.load(at)),
      commit: (turns) => {
        const written = writes.given(turns);
        return troubled(async () => {
          writes.begins();
          if (!life.isAlive) return new Promise(() => undefined);
          const answer = await streams.commit(turns)();
          if (answer._tag === 'Right') written();
          if (answer._tag === 'Right' && life.isAlive) writes.done();
          return answer;
        });
      },
    },
    open: (at) => alive(store.open(at)),
    close: () => alive(store.close()),
    admit: (admission) => troubled(store.admit(admission)),
    identify: (identification) => troubled(store.identify(identification)),
    endSession: (end) => troubled(store.endSession(end)),
    forgetSession: (id) => troubled(store.forgetSession(id)),
    findSession: (id) => troubled(store.findSession(id)),
    listSessions: (filter) => troubled(store.listSessions(filter)),
    createUser: (user) => troubled(store.createUser(user)),
    updateUser: (change) => troubled(store.updateUser(change)),
    setPresence: (change) => troubled(store.setPresence(change)),
    findUser: (by) => troubled(store.findUser(by)),
    listUsers: (filter) => troubled(store.listUsers(filter)),
  };
};
