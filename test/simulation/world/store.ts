/** What keeps a server's sessions, whichever of its processes asks: one at a time may write. It can be slow, fail, answer late, and be put back to an earlier copy. */
import { rm } from 'node:fs/promises';
import { memory } from '../../../adapters/stores/memory.js';
import { unavailable } from '../../../adapters/stores/rules.js';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import type { SessionStore, SessionTurn, StoreTask } from '../../../machines/ports/store.js';
import { DatabaseSync } from '../../adapters/stores/sqlite/scratch.js';
import type { Being } from './being.js';

/** How a store is at the moment. */
export interface StoreManner {
  /** Before it does what it is asked, in milliseconds. */
  beforeMs(): number;
  /** Between that and its answer. */
  afterMs(): number;
  /** What it refuses: nothing, the turns, or all but being opened. */
  failing: 'nothing' | 'turns' | 'all';
}

/** What a process's store has done. */
export interface StoreEvents {
  written(turns: readonly SessionTurn[]): void;
  admitted(session: string): void;
}

type Begin = (store: SessionStore) => StoreTask<unknown>;

/** What outlives the processes of a server. */
export class Disk {
  readonly #file: string | null;
  /** What was done so far, for a copy of an earlier moment. Null: nobody asks for one. */
  readonly #done: Begin[] | null;
  #memory = memory({ durable: true });
  #writer: Being | null = null;
  /** How much was done when the latest writer opened it. */
  #openedAt = 0;

  /** `file`: for SQLite; null: in memory. */
  constructor(file: string | null, isCopied: boolean) {
    this.#file = file;
    this.#done = isCopied && file === null ? [] : null;
  }

  /** As one process has it. */
  open(): { readonly store: SessionStore; end(): void } {
    if (this.#file === null) return { store: this.#memory, end: () => undefined };
    const db = new DatabaseSync(this.#file);
    return { store: sqlite(this.#file, { driver: db }), end: () => db.close() };
  }

  /** This process opens it: what it is given back by whoever died with it is taken from them first. */
  take(
    being: Being,
    store: SessionStore,
    at: { readonly now: number },
  ): StoreTask<{ readonly incarnation: number; readonly expired: number }> {
    return async () => {
      const former = this.#writer;
      if (former?.isAlive === true && former !== being) return unavailable('Another process writes it.');
      if (former !== null && former !== being) await this.#give(store);
      this.#writer = being;
      this.#openedAt = this.#done?.length ?? 0;
      return store.open(at)();
    };
  }

  /** This process has closed it. */
  left(being: Being): void {
    if (this.#writer === being) this.#writer = null;
  }

  /** As the operating system does for who died. */
  async #give(store: SessionStore): Promise<void> {
    // SQLite's lock went with the connection.
    if (this.#file !== null) return;
    await store.close()();
    this.did((to) => to.close());
  }

  did(begin: Begin): void {
    this.#done?.push(begin);
  }

  /** Put it back to how it was so many changes ago. Gives whether that is before its latest writer began; null: nothing is known of the past. */
  async rollBack(changes: number): Promise<{ readonly isBeforeStart: boolean } | null> {
    const done = this.#done;
    if (done === null || done.length === 0) return null;
    done.splice(Math.max(0, done.length - changes));
    this.#memory = memory({ durable: true });
    for (const begin of done) await begin(this.#memory)();
    await this.#give(this.#memory);
    this.#writer = null;
    return { isBeforeStart: done.length < this.#openedAt };
  }

  async remove(): Promise<void> {
    const file = this.#file;
    if (file !== null) await Promise.all(['', '-wal', '-shm', '-writer'].map((part) => rm(file + part, { force: true })));
  }
}

/** A process's view of its store: one thing after the other, at the store's pace; the dead neither begin anything nor hear its answers. */
export const storeOf = (
  disk: Disk | null,
  store: SessionStore,
  being: Being,
  manner: StoreManner,
  { written, admitted }: StoreEvents,
): SessionStore => {
  let last: Promise<unknown> = Promise.resolve();
  const forever = new Promise<never>(() => undefined);
  const pause = (ms: number): Promise<void> | null => (ms > 0 ? new Promise<void>((resolve) => being.later(resolve, ms)) : null);
  const inTurn = <A>(begin: (to: SessionStore) => StoreTask<A>, what: 'turns' | 'open' | 'other' = 'other', done?: () => void) => {
    const work = async (former: Promise<unknown>): Promise<Awaited<ReturnType<StoreTask<A>>>> => {
      await former;
      const before = pause(manner.beforeMs());
      if (before !== null) await before;
      if (!being.effect()) return forever;
      const fails = what !== 'open' && (manner.failing === 'all' || (manner.failing === 'turns' && what === 'turns'));
      const answer = fails ? unavailable('It fails as it was told to.') : await begin(store)();
      if (answer._tag === 'Right') {
        disk?.did(begin);
        done?.();
      }
      const after = pause(manner.afterMs());
      if (after !== null) await after;
      return being.effect() ? answer : forever;
    };
    return () => {
      const mine = work(last);
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
            load: (at) => inTurn((to) => to.streams?.load(at) ?? streams.load(at)),
            commit: (turns) =>
              inTurn(
                (to) => to.streams?.commit(turns) ?? streams.commit(turns),
                'turns',
                () => written(turns),
              ),
          },
    open: (at) => inTurn((to) => (disk === null || to !== store ? to.open(at) : disk.take(being, to, at)), 'open'),
    close: () =>
      inTurn(
        (to) => to.close(),
        'open',
        () => disk?.left(being),
      ),
    admit: (admission) =>
      inTurn(
        (to) => to.admit(admission),
        'other',
        () => admitted(admission.session.id),
      ),
    identify: (identification) => inTurn((to) => to.identify(identification)),
    endSession: (end) => inTurn((to) => to.endSession(end)),
    forgetSession: (id) => inTurn((to) => to.forgetSession(id)),
    findSession: (id) => inTurn((to) => to.findSession(id)),
    listSessions: (filter) => inTurn((to) => to.listSessions(filter)),
    createUser: (user) => inTurn((to) => to.createUser(user)),
    updateUser: (change) => inTurn((to) => to.updateUser(change)),
    setPresence: (change) => inTurn((to) => to.setPresence(change)),
    findUser: (by) => inTurn((to) => to.findUser(by)),
    listUsers: (filter) => inTurn((to) => to.listUsers(filter)),
  };
};
