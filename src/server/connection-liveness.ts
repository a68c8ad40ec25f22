import {
  initialLiveness,
  isAsking,
  type LivenessInput,
  type LivenessState,
  reduceLiveness,
  rhythmOf,
  silenceMsDefault,
} from '../../machines/liveness/liveness.js';
import { noSigns, noteHeard, notePassed, noteSaid, type Progress, type Signs } from '../../machines/liveness/signs.js';

/** What is asked of the connection whose other side is watched. */
export interface LivenessOwner {
  /** How far its session's own direction is; null where it has none. */
  readonly progress: Progress | null;
  /** What its socket has taken in, in bytes, of a message that is not whole yet too; undefined where the socket does not say. */
  readonly bytesReceived: number | undefined;
  sayPing(id: number): void;
  /** Nobody is there any more. */
  drop(silent: boolean): void;
  /** Is it to be looked at more often than the idle ones? False where it can not be. */
  watch(isWatched: boolean): boolean;
}

/** Is the client of one connection still there? */
export class ConnectionLiveness {
  readonly #owner: LivenessOwner;
  readonly #signs: Signs;
  #state: LivenessState;
  #isWatched = false;
  /** At the latest ping. */
  #bytesReceived: number | undefined;

  constructor(owner: LivenessOwner, pingEveryMs: number, now: number) {
    this.#owner = owner;
    this.#signs = noSigns(now);
    [this.#state] = initialLiveness({ pingEveryMs, setsRhythm: true, silenceMs: silenceMsDefault }, now, this.#signs);
  }

  /** How often it is pinged, in milliseconds. */
  get pingEveryMs(): number {
    return this.#state.pingEveryMs;
  }

  /** The client asks for this rhythm, or for none. */
  agree(ownMs: number, askedMs: number | undefined): void {
    this.#state = { ...this.#state, pingEveryMs: rhythmOf(ownMs, askedMs) };
  }

  /** Something comes: it counts even where it can not be read. */
  noted(now: number): void {
    this.#signs.heardAt = now;
  }

  /** What came is read: it may be what was waited for. */
  heard(now: number): void {
    const roundTripMs = noteHeard(this.#signs, this.#owner.progress, now);
    if (roundTripMs !== null) this.#take({ type: 'timed', roundTripMs, now, signs: this.#signs });
    if (isAsking(this.#state)) this.#take({ type: 'heard', now, signs: this.#signs });
  }

  answered(id: number, now: number): void {
    if (id !== this.#state.probe?.id) return;
    notePassed(this.#signs, now);
    this.#take({ type: 'pong', id, now, signs: this.#signs });
  }

  /** A text of this length was written. */
  said(length: number, now: number): void {
    if (noteSaid(this.#signs, this.#owner.progress, length, now)) this.#watch();
  }

  /** Time has passed: ping where nothing else is said [R49], and give up on what is silent. */
  tick(now: number, nextAt: number, lostMs: number): void {
    if (isAsking(this.#state) && this.#owner.bytesReceived !== this.#bytesReceived) {
      // Part of a long message: whoever sends it is there.
      this.#bytesReceived = this.#owner.bytesReceived;
      this.#signs.heardAt = now;
      this.#take({ type: 'heard', now, signs: this.#signs });
    }
    this.#take({ type: 'look', now, signs: this.#signs, lostMs, nextAt });
    if (this.#isWatched && this.#signs.awaitingSince === null && !isAsking(this.#state)) this.#isWatched = this.#owner.watch(false);
  }

  #take(input: LivenessInput): void {
    const [state, effects] = reduceLiveness(this.#state, input);
    this.#state = state;
    for (const effect of effects) {
      if (effect.type === 'ping') {
        this.#bytesReceived = this.#owner.bytesReceived;
        this.#owner.sayPing(effect.id);
      }
      if (effect.type === 'silent') this.#owner.drop(true);
    }
    if (isAsking(state)) this.#watch();
  }

  /** Something is due that is not to wait for the tick of the idle ones. */
  #watch(): void {
    if (!this.#isWatched) this.#isWatched = this.#owner.watch(true);
  }
}
