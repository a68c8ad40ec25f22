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
}
