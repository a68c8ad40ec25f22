/** Listeners by event name. A listener that throws breaks neither the others nor the caller: its error is rethrown on its own, where the platform reports it. */
export class Emitter<Events extends { [E in keyof Events]: (event: never) => void }> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  /** Listen; the returned function stops it. The same function may listen twice, and is told twice. */
  on<E extends keyof Events>(event: E, listener: Events[E]): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    const own = (value: never): void => listener(value);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  emit<E extends keyof Events>(event: E, value: Parameters<Events[E]>[0]): void {
    const listeners = this.#listeners.get(event);
    for (const listener of [...(listeners ?? [])]) {
      // One that was taken out by another's listener is told nothing more.
      if (!listeners?.has(listener)) continue;
      try {
        (listener as (event: unknown) => void)(value);
      } catch (error) {
        rethrow(error);
      }
    }
  }

  hasListeners(event: keyof Events): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0;
  }
}

/** Out of the way of whoever is running, into the platform's report of uncaught errors. */
export const rethrow = (error: unknown): void => {
  queueMicrotask(() => {
    throw error;
  });
};
