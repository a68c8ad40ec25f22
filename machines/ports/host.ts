/** A timer that was started; give it to `clock.clear`. */
export type TimerHandle = unknown;

/** Time. `now` is monotonic: it never steps, and says nothing about the date. `wall` is the date, and may step. */
export interface Clock {
  /** Milliseconds since some moment, monotonic. */
  now(): number;
  /** Milliseconds since the epoch. */
  wall(): number;
  setTimeout(callback: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
  /** Run once the current macrotask and all of its microtasks are done. */
  macrotask(callback: () => void): void;
}

/** What the platform says about the network and the page. Hints, not facts. */
export type NetworkHint = 'online' | 'offline' | 'visible' | 'hidden' | 'thawed' | 'changed' | 'leaving';

/** What a browser's tab keeps for a page, also while the page is loaded again: texts under keys. Nothing here throws. */
export interface TabStorage {
  /** Null where nothing is there. */
  get(key: string): string | null;
  /** False where it was not written: no room is left, or it is forbidden. What was there before stays. */
  set(key: string, text: string): boolean;
  remove(key: string): void;
  keys(): readonly string[];
}

/** The tab that a page is in. */
export interface Tab {
  readonly storage: TabStorage;
  /** Which load of a page this is: the same for all that runs in it, another one once it is loaded again, and in a duplicate of the tab. */
  readonly load: string;
  /**
   * Be the only one of this origin who has a name, until the returned function is called or the page is gone. Waits so many milliseconds for whoever
   * has it; null: it was not given up. Never rejects.
   */
  claim(name: string, waitMs: number): Promise<(() => void) | null>;
}

/** What the code runs on. */
export interface Host {
  readonly clock: Clock;
  /** Uniform in [0, 1), for spreading waits; not for secrets. */
  random(): number;
  /** Random bytes fit for a secret. */
  randomBytes(length: number): Uint8Array;
  /** Listen for hints, until the returned function is called. It listens to the platform only while someone listens here. */
  onHint(listener: (hint: NetworkHint) => void): () => void;
  /** What the platform says right now; true where it can not tell. */
  online(): boolean;
  /** For the hello: `ninelives/0.1.0 node/20.20.2`, or the browser's name for itself. */
  readonly agent: string;
  /** The tab that this runs in; null where there is none, or it may not be used. Never rejects. */
  tab(): Promise<Tab | null>;
}
