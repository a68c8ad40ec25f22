/** What a proxy does to all of its connections; it changes while they live. */
export interface Conditions {
  target: Target;
  /** One-way latency, in milliseconds. */
  delayMs: number;
  /** Each chunk is late by a random part of this besides, in milliseconds. Bytes keep their order. */
  jitterMs: number;
  /** In each direction of each connection; Infinity: no limit. */
  bytesPerSecond: number;
  /** Chunks are handed on in pieces of this many bytes; Infinity: as they come. */
  splitBytes: number;
  /** What comes within such a span is handed on as one, in milliseconds; 0: as it comes. */
  mergeMs: number;
  stalled: { up: boolean; down: boolean };
  /** New connections are accepted, and nothing is ever said to them. */
  ignoring: boolean;
  /** Bytes that were handed on. */
  bytes: { up: number; down: number };
  readonly triggers: Set<Trigger>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** `up`: from the client to the server. */
export type Direction = 'up' | 'down';

/** Something to do when a connection has carried so much: the first one that does. */
export interface Trigger {
  readonly direction: Direction;
  /** Bytes or WebSocket frames. */
  readonly unit: 'bytes' | 'frames';
  readonly count: number;
  /** What a connection that was open already had carried when this was asked for; for a later one everything counts. */
  readonly from: WeakMap<object, number>;
  act(): void;
}
