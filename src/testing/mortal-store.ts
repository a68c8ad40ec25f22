import type { SessionStore, SessionTurn, StoreTask } from '../../machines/ports/store.js';
import type { Mortal } from './mortal.js';

/**
 * The store as one process sees it: what the dead begin is not done, and what the store answers them they do not hear.
 * `committing`: these turns are about to be written.
 */
export const mortalStore = (store: SessionStore, life: Mortal, committing: (turns: readonly SessionTurn[]) => void): SessionStore => {
  const alive =
    <A>(task: StoreTask<A>): StoreTask<A> =>
    () =>
      new Promise((resolve, reject) => {
        if (!life.isAlive) return;
        task().then((answer) => life.isAlive && resolve(answer), reject);
      });
  const { streams } = store;
  return {
    name: store.name,
    streams: streams && {
      load: (at) => alive(streams.load(at)),
      commit: (turns) =>
        alive(() => {
          committing(turns);
          return streams.commit(turns)();
        }),
    },
    open: (at) => alive(store.open(at)),
    close: () => alive(store.close()),
    admit: (admission) => alive(store.admit(admission)),
    identify: (identification) => alive(store.identify(identification)),
    endSession: (end) => alive(store.endSession(end)),
    forgetSession: (id) => alive(store.forgetSession(id)),
    findSession: (id) => alive(store.findSession(id)),
    listSessions: (filter) => alive(store.listSessions(filter)),
    createUser: (user) => alive(store.createUser(user)),
    updateUser: (change) => alive(store.updateUser(change)),
    setPresence: (change) => alive(store.setPresence(change)),
    findUser: (by) => alive(store.findUser(by)),
    listUsers: (filter) => alive(store.listUsers(filter)),
  };
};
