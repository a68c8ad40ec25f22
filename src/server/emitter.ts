import { isThenable } from '../stream/handlers.js';
import type { Logger } from './logger.js';

/** Listeners by event name. A listener that throws or rejects is logged: it breaks neither the others nor the session. */
export class Emitter<Events extends { [E in keyof Events]: (...args: never[]) => void }> {
  readonly #log: Logger;
  readonly #listeners = new Map<keyof Events, Set<(...args: never[]) => unknown>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  on<E extends keyof Events>(event: E, listener: Events[E]): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    const own = (...args: never[]): unknown => listener(...args);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  emit<E extends keyof Events>(event: E, ...args: Parameters<Events[E]>): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        // An async function is taken where none is expected: what it rejects with must not end the process.
        const result: unknown = listener(...(args as never[]));
        if (isThenable(result)) Promise.resolve(result).catch((err: unknown) => this.#failed(event, err));
      } catch (err) {
        this.#failed(event, err);
      }
    }
  }

  #failed(event: keyof Events, err: unknown): void {
    this.#log.error({ err, event: String(event) }, 'a listener failed');
  }
}
