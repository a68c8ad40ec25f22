/** The store as one process sees it: each write is done when the explorer says so, and what the dead asked for is not. */
import { unavailable } from '../../../adapters/stores/rules.js';
import type { SessionStore, StoreTask } from '../../../machines/ports/store.js';
import type { Life } from './life.js';

/** A write that was asked for. */
export interface Pending {
  readonly what: string;
  readonly argument: unknown;
  /** Do it, and answer. */
  run(): Promise<void>;
  /** Answer that it can not be done. `isDone`: though it is. */
  fail(isDone: boolean): Promise<void>;
}

export interface StoreGate {
  readonly store: SessionStore;
  readonly pending: Pending[];
}

/** Who follows what is written. */
export interface StoreOwner {
  /** A write was asked for. */
  asked(what: string, argument: unknown): void;
  /** It was done. */
  stored(what: string, argument: unknown): void;
}

/** Questions are answered at once: nothing can come between one and its answer that it does not look at again when it writes. */
export const gated = (store: SessionStore, life: Life, owner: StoreOwner): StoreGate => {
  const pending: Pending[] = [];
  const atOnce =
    <A>(task: StoreTask<A>): StoreTask<A> =>
    () =>
      new Promise((resolve, reject) => {
        if (life.isAlive) task().then((answer) => life.isAlive && resolve(answer), reject);
      });
  const waiting =
    <A>(what: Pending['what'], argument: unknown, task: StoreTask<A>): StoreTask<A> =>
    () =>
      new Promise((resolve, reject) => {
        if (!life.isAlive) return;
        owner.asked(what, argument);
        const run = async (): Promise<void> => {
          try {
            const answer = await task();
            owner.stored(what, argument);
            // A process may die between what its store has done and its hearing of it.
            if (life.does()) resolve(answer);
          } catch (thrown) {
            reject(thrown);
          }
        };
        const fail = async (isDone: boolean): Promise<void> => {
          if (isDone) await task();
          if (isDone) owner.stored(what, argument);
          if (life.does()) resolve(unavailable('As it was to.'));
        };
        pending.push({ what, argument, run, fail });
      });
  const { streams } = store;
  return {
    pending,
    store: {
      name: store.name,
      streams: streams && {
        load: (at) => atOnce(streams.load(at)),
        commit: (turns) => waiting('commit', turns, streams.commit(turns)),
      },
      open: (at) => atOnce(store.open(at)),
      close: () => atOnce(store.close()),
      admit: (admission) => waiting('admit', admission, store.admit(admission)),
      identify: (identification) => waiting('identify', identification, store.identify(identification)),
      endSession: (end) => waiting('end', end, store.endSession(end)),
      forgetSession: (id) => waiting('forget', id, store.forgetSession(id)),
      findSession: (id) => atOnce(store.findSession(id)),
      listSessions: (filter) => atOnce(store.listSessions(filter)),
      createUser: (user) => atOnce(store.createUser(user)),
      updateUser: (change) => atOnce(store.updateUser(change)),
      setPresence: (change) => atOnce(store.setPresence(change)),
      findUser: (by) => atOnce(store.findUser(by)),
      listUsers: (filter) => atOnce(store.listUsers(filter)),
    },
  };
};
