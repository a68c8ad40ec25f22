/** A store that fails, waits and forgets its answers when a test says so, around one that works. */
import * as E from 'fp-ts/lib/Either.js';
import type { SessionStore, StoreTask, StreamStore } from '../../machines/ports/store.js';
import { failure } from '../../machines/reasons.js';

export interface FailingStore {
  readonly store: SessionStore;
  /** What becomes of the writes from here on. `unheard`: they are done, and said to have failed. */
  how: 'written' | 'failed' | 'unheard';
  /** How many writes of turns were tried. */
  commits: number;
  /** Writes of turns wait until the returned function is called. */
  hold(): () => void;
}

const full = E.left({ kind: 'unavailable', failure: failure('StoreUnavailableError', 'The disk is full.') } as const);

export const failingStore = (inner: SessionStore): FailingStore => {
  let held: Promise<void> | null = null;
  const failing: FailingStore = {
    how: 'written',
    commits: 0,
    hold: () => {
      let release = (): void => undefined;
      held = new Promise((resolve) => {
        release = () => {
          held = null;
          resolve();
        };
      });
      return release;
    },
    get store() {
      return store;
    },
  };
  const writing =
    <A>(task: StoreTask<A>): StoreTask<A> =>
    async () => {
      if (failing.how === 'failed') return full;
      const answer = await task();
      return failing.how === 'unheard' ? full : answer;
    };
  const streams = inner.streams as StreamStore;
  const store: SessionStore = {
    ...inner,
    streams: {
      load: (at) => streams.load(at),
      commit: (turns) => async () => {
        failing.commits += 1;
        if (held !== null) await held;
        return writing(streams.commit(turns))();
      },
    },
    admit: (admission) => writing(inner.admit(admission)),
    identify: (identification) => writing(inner.identify(identification)),
    endSession: (end) => writing(inner.endSession(end)),
    forgetSession: (id) => writing(inner.forgetSession(id)),
    setPresence: (change) => writing(inner.setPresence(change)),
  };
  return failing;
};
