import {
  initialLiveness,
  isAsking,
  type LivenessInput,
  type LivenessState,
  type LivenessStep,
  reduceLiveness,
} from '../../machines/liveness/liveness.js';
import { noSigns, noteHeard, notePassed, noteSaid } from '../../machines/liveness/signs.js';
import type { LinkEvents, LinkOptions } from '../../machines/ports/transport.js';

/** What is asked of the link whose other side is watched. */
export interface LivenessOwner {
  readonly isOver: boolean;
  now(): number;
  sayPing(id: number): void;
  /** A link has one timer. */
  setTimer(inMs: number, callback: () => void): void;
  /** Nobody is there any more. */
  silent(): void;
}

/** Is the server of one link still there? Signs are noted from the link's opening on, and judged from its welcome on. */
export class LinkLiveness {
  readonly #owner: LivenessOwner;
  readonly #events: LinkEvents;
  readonly #signs = noSigns(0);
  #state: LivenessState | null = null;

  constructor(owner: LivenessOwner, events: LinkEvents) {
    this.#owner = owner;
    this.#events = events;
  }

  /** The link is welcomed. */
  begin(pingEveryMs: number, { silenceMs }: LinkOptions): void {
    this.#do(initialLiveness({ pingEveryMs, setsRhythm: false, silenceMs }, this.#owner.now(), this.#signs));
  }

  /** Something comes. */
  noted(now: number): void {
    this.#signs.heardAt = now;
  }

  /** What came is read. */
  heard(now: number): void {
    if (this.#state === null) return;
    const roundTripMs = noteHeard(this.#signs, this.#events.progress(), now);
    if (roundTripMs !== null) this.#take({ type: 'timed', roundTripMs, now, signs: this.#signs });
    if (isAsking(this.#state)) this.#take({ type: 'heard', now, signs: this.#signs });
  }

  answered(id: number): void {
    if (id !== this.#state?.probe?.id) return;
    const now = this.#owner.now();
    notePassed(this.#signs, now);
    this.#take({ type: 'pong', id, now, signs: this.#signs });
  }

  /** A text of this length was written. */
  said(length: number): void {
    const now = this.#owner.now();
    if (noteSaid(this.#signs, this.#events.progress(), length, now)) this.#take({ type: 'awaiting', now, signs: this.#signs });
  }

  /** Something happened that may have cost the link. */
  hinted(): void {
    this.#take({ type: 'hint', now: this.#owner.now(), signs: this.#signs });
  }

  #look(): void {
    if (this.#state === null) return;
    const now = this.#owner.now();
    this.#take({ type: 'look', now, signs: this.#signs, lostMs: now - this.#state.dueAt, nextAt: now });
  }

  #take(input: LivenessInput): void {
    if (this.#state !== null) this.#do(reduceLiveness(this.#state, input));
  }

  #do([state, effects]: LivenessStep): void {
    this.#state = state;
    for (const effect of effects) {
      // The owner may have closed it from within.
      if (this.#owner.isOver) return;
      switch (effect.type) {
        case 'ping':
          this.#owner.sayPing(effect.id);
          break;
        case 'awaitTimer':
          this.#owner.setTimer(effect.inMs, () => this.#look());
          break;
        case 'suspected':
          this.#events.suspected();
          break;
        case 'heard':
          this.#events.heard();
          break;
        case 'measured':
          this.#events.measured(effect.roundTripMs);
          break;
        case 'silent':
          this.#owner.silent();
          break;
      }
    }
  }
}
