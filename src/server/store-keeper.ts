import { either as E, function as F, taskEither as TE } from 'fp-ts';
import type { Clock } from '../../machines/ports/host.js';
import type { KeptSession, SessionStore, StoreTask } from '../../machines/ports/store.js';
import type { Failure } from '../../machines/reasons.js';
import type { Logger } from './logger.js';
import { askingStore } from './store-failure.js';

/** A server's store: opened when it is first needed, once; asked and written only while it is open. */
export class StoreKeeper {
  readonly #store: SessionStore;
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #log: Logger;
  readonly #opened: (kept: readonly KeptSession[]) => void;
  #opening: Promise<E.Either<Failure, void>> | null = null;
  /** Which life of the store this is; 0 until it is open. */
  incarnation = 0;

  /** `opened` is told once, when the store is there, with the sessions whose streams an earlier life left. */
  constructor(store: SessionStore, clock: Pick<Clock, 'wall'>, log: Logger, opened: (kept: readonly KeptSession[]) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#opened = opened;
  }

  get name(): string {
    return this.#store.name;
  }

  /** Become the store's writer, once. A store that could not be opened is asked again next time. */
  open(): Promise<E.Either<Failure, void>> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  ask<A>(question: (store: SessionStore) => StoreTask<A>): TE.TaskEither<Failure, A> {
    return F.pipe(
      () => this.open(),
      TE.chain(() => askingStore(() => question(this.#store))),
    );
  }

  /** For what can't be answered to anybody: a failure is logged. Was it written? */
  async write<A>(what: string, write: (store: SessionStore) => StoreTask<A>): Promise<boolean> {
    const written = await askingStore(() => write(this.#store))();
    if (E.isLeft(written)) this.#log.error({ detail: written.left.message }, `the store failed to ${what}`);
    return E.isRight(written);
  }

  /** Give it back, where it was ever had. */
  async close(): Promise<void> {
    if (this.#opening !== null) await this.#opening;
    if (this.incarnation > 0) await this.write('close', (store) => store.close());
  }

  #load(): Promise<E.Either<Failure, { readonly sessions: readonly KeptSession[]; readonly broken: readonly string[] }>> {
    const { streams } = this.#store;
    if (streams === null) return Promise.resolve(E.right({ sessions: [], broken: [] }));
    return askingStore(() => streams.load({ now: this.#clock.wall() }))();
  }

  async #open(): Promise<E.Either<Failure, void>> {
    const opened = await askingStore(() => this.#store.open({ now: this.#clock.wall() }))();
    if (E.isLeft(opened)) {
      this.#opening = null;
      this.#log.error({ store: this.#store.name, detail: opened.left.message }, 'the store could not be opened');
      return opened;
    }
    const kept = await this.#load();
    if (E.isLeft(kept)) {
      this.#opening = null;
      await this.write('close', (store) => store.close());
      this.#log.error({ store: this.#store.name, detail: kept.left.message }, 'the sessions of an earlier life could not be read');
      return kept;
    }
    const { incarnation, expired } = opened.right;
    this.incarnation = incarnation;
    if (expired > 0) this.#log.info({ expired }, 'sessions that an earlier life of this server left active are ended');
    this.#opened(kept.right.sessions);
    for (const detail of kept.right.broken) this.#log.error({ detail }, 'a session could not be restored: it is ended as expired');
    return E.right(undefined);
  }
}
