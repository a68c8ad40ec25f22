import type { ConnectionInput } from '../../machines/connection/connection.js';
import type { Clock, TimerHandle } from '../../machines/ports/host.js';
import { type EndReason, type Failure, reasons } from '../../machines/reasons.js';
import type { SessionConnection } from './session.js';

/**
 * What a session has in place of a connection while its link is lost: nothing is written, the app's wishes are carried out at once as there
 * is nobody to say goodbye to, and after a while the session is over [R55].
 */
export class DetachedConnection implements SessionConnection {
  readonly hasLink = false;
  readonly #clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  readonly #keptMs: number;
  #timer: TimerHandle;
  readonly #end: (reason: EndReason, what: Failure | null) => void;

  constructor(clock: Pick<Clock, 'setTimeout' | 'clearTimeout'>, keptMs: number, end: (reason: EndReason, what: Failure | null) => void) {
    this.#clock = clock;
    this.#end = end;
    this.#keptMs = keptMs;
    this.#timer = this.#start();
  }

  /** Count its time from now. */
  keepOn(): void {
    this.release();
    this.#timer = this.#start();
  }

  write(): void {
    // There is no link: what was to be written stays in the stream, and is shipped on the next one.
  }

  input(input: Extract<ConnectionInput, { type: 'end' | 'dismissed' | 'left' | 'peerEnded' | 'complete' | 'violated' }>): void {
    this.release();
    if (input.type === 'dismissed' || input.type === 'violated') this.#end(reasons[input.failure.code].ends ?? 'expired', input.failure);
    else this.#end('ended', null);
  }

  release(): void {
    this.#clock.clearTimeout(this.#timer);
  }

  #start(): TimerHandle {
    return this.#clock.setTimeout(() => this.#end('expired', null), this.#keptMs);
  }
}
