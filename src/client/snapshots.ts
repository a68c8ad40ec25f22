import { Emitter } from './emitter.js';
import type { ClientSnapshot, View } from './snapshot.js';

/** A client's snapshots, and who is to be told of another one. */
export class Snapshots {
  readonly #viewAfter: (former: View | null) => View;
  readonly #changes = new Emitter<{ changed: (nothing: undefined) => void }>();
  #view: View | null = null;
  /** What the subscribers know of. */
  #told: ClientSnapshot | null = null;
  #isPlanned = false;

  /** `viewAfter`: the view at this moment; the former one where nothing changed. */
  constructor(viewAfter: (former: View | null) => View) {
    this.#viewAfter = viewAfter;
  }

  get(): ClientSnapshot {
    this.#view = this.#viewAfter(this.#view);
    return this.#view.snapshot;
  }

  subscribe(listener: () => void): () => void {
    if (!this.#changes.hasListeners('changed')) this.#told = this.get();
    return this.#changes.on('changed', () => listener());
  }

  /** Something may be another: told once a turn, and only where the snapshot is. */
  changed(): void {
    if (this.#isPlanned || !this.#changes.hasListeners('changed')) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      const snapshot = this.get();
      if (snapshot === this.#told) return;
      this.#told = snapshot;
      this.#changes.emit('changed', undefined);
    });
  }
}
