/** How much longer than its rhythm a client may be silent, in milliseconds: a slow link's round trip and a throttled tab's pong. */
const silenceGraceMs = 10_000;
/** How late a ping may be, in milliseconds: timers are, by a little, and a client allows for ten times as much. */
const pingLateMs = 50;

/** What a tick comes to: the id of a ping that is to be said, or that the client is not there any more. */
export type RhythmVerdict = { readonly ping: number } | 'silent' | null;

/** When a connection was heard and spoken to last, and what is due because of it. */
export class Rhythm {
  readonly #everyMs: number;
  #heardAt: number;
  #saidAt: number;
  #pings = 0;

  constructor(everyMs: number, now: number) {
    this.#everyMs = everyMs;
    this.#heardAt = this.#saidAt = now;
  }

  heard(now: number): void {
    this.#heardAt = now;
  }

  said(now: number): void {
    this.#saidAt = now;
  }

  /** `nextAt`: when the next tick comes: what is due before is due now. `lostMs`: how long this process stood still. */
  tick(now: number, nextAt: number, lostMs: number): RhythmVerdict {
    // What came while this process stood still waits in the socket: that it was not heard says nothing about the client.
    this.#heardAt += lostMs;
    if (now - this.#heardAt > this.#everyMs + silenceGraceMs) return 'silent';
    if (nextAt - Math.min(this.#saidAt, this.#heardAt) <= this.#everyMs + pingLateMs) return null;
    this.#pings += 1;
    return { ping: this.#pings };
  }
}
