import type { Clock, TimerHandle } from '../../machines/ports/host.js';
import type { Logger } from './logger.js';

/** How many lines of one kind in how many milliseconds. */
export interface LogRate {
  readonly lines: number;
  readonly everyMs: number;
}

type Level = keyof Logger;

/** Lines of one level and message. */
interface Kind {
  readonly level: Level;
  readonly message: string;
  /** When its first line was written, in monotonic milliseconds. */
  since: number;
  written: number;
  left: number;
}

/**
 * A log of what strangers can make the server say: so many lines of each kind are written in full, and the others counted in one line when the time is over. Which
 * lines there are is written in the code, so there are few kinds.
 */
export class LimitedLog implements Logger {
  readonly #log: Logger;
  readonly #clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>;
  readonly #rate: LogRate;
  readonly #kinds = new Map<string, Kind>();
  /** Only where something is left out. */
  #timer: TimerHandle | null = null;
  #isClosed = false;

  constructor(log: Logger, clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>, rate: LogRate) {
    this.#log = log;
    this.#clock = clock;
    this.#rate = rate;
  }

  debug(fields: object, message: string): void {
    this.#write('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.#write('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.#write('error', fields, message);
  }

  /** What was left out is told now. From here on nothing is limited: nobody would tell of it. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#tell();
  }

  #write(level: Level, fields: object, message: string): void {
    if (this.#isClosed) return this.#log[level](fields, message);
    const now = this.#clock.now();
    const name = `${level} ${message}`;
    let kind = this.#kinds.get(name);
    if (kind === undefined || now - kind.since >= this.#rate.everyMs) {
      this.#tellOf(kind);
      kind = { level, message, since: now, written: 0, left: 0 };
      this.#kinds.set(name, kind);
    }
    if (kind.written < this.#rate.lines) {
      kind.written += 1;
      return this.#log[level](fields, message);
    }
    kind.left += 1;
    this.#timer ??= this.#clock.setTimeout(() => this.#tell(), this.#rate.everyMs);
  }

  #tell(): void {
    this.#timer = null;
    const now = this.#clock.now();
    for (const [name, kind] of this.#kinds) {
      this.#tellOf(kind);
      kind.left = 0;
      if (now - kind.since >= this.#rate.everyMs) this.#kinds.delete(name);
    }
  }

  #tellOf(kind: Kind | undefined): void {
    if (kind === undefined || kind.left === 0) return;
    this.#log[kind.level]({ left: kind.left, withinMs: this.#rate.everyMs }, `left out of the log: more of "${kind.message}"`);
  }
}
