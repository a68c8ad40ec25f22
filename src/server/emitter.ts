import type { Logger } from './logger.js';

/** Listeners by event name. A listener that throws is logged: it breaks neither the others nor the session. */
export class Emitter<Events extends { [E in keyof Events]: (...args: never[]) => void }> {
  readonly #log: Logger;
  readonly #listeners = new Map<keyof Events, Set<(...args: never[]) => void>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  on<E extends keyof Events>(event: E, listener: Events[E]): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    const own = (...args: never[]): void => listener(...args);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  emit<E extends keyof Events>(event: E, ...args: Parameters<Events[E]>): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        listener(...(args as never[]));
      } catch (err) {
        this.#log.error({ err, event: String(event) }, 'a listener failed');
      }
    }
  }
}
