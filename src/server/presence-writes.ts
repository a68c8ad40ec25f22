import { function as F, taskEither as TE } from 'fp-ts';
import type { SessionStore, StoreFailure, StoreTask } from '../../machines/ports/store.js';
import type { OwedTo, OwedWrites } from './owed-writes.js';

/** A guest may be forgotten before their grace time is over: then there is nobody to be offline. */
const unlessForgotten = (written: StoreTask<unknown>): StoreTask<unknown> =>
  TE.orElse((what: StoreFailure) => (what.kind === 'userUnknown' ? TE.right<StoreFailure, unknown>(null) : TE.left(what)))(written);

/** Who is online, in the store. Where it fails, it is told again what is true by then: once for each user, however often they came and went. */
export class PresenceWrites {
  readonly #store: OwedTo;
  readonly #owed: Pick<OwedWrites, 'add'>;
  readonly #isOnline: (userId: number) => boolean;
  /** Users of whom the store has to be told again. */
  readonly #missed = new Set<number>();

  constructor(store: OwedTo, owed: Pick<OwedWrites, 'add'>, isOnline: (userId: number) => boolean) {
    this.#store = store;
    this.#owed = owed;
    this.#isOnline = isOnline;
  }

  async write(userId: number, online: boolean): Promise<void> {
    const isWritten = await this.#store.write('set a presence', set(userId, online));
    if (isWritten || this.#missed.has(userId)) return;
    this.#missed.add(userId);
    this.#owed.add('set a presence', (store) => {
      const online = this.#isOnline(userId);
      return F.pipe(
        set(userId, online)(store),
        TE.map(() => this.#told(userId, online)),
      );
    });
  }

  #told(userId: number, online: boolean): void {
    this.#missed.delete(userId);
    // What came meanwhile and failed was left to this write.
    if (this.#isOnline(userId) !== online) void this.write(userId, !online);
  }
}

const set = (id: number, online: boolean) => (store: SessionStore) => unlessForgotten(store.setPresence({ id, presence: { online } }));
