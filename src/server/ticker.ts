import type { Clock, TimerHandle } from '../../machines/ports/host.js';

/** The most time between two ticks, in milliseconds: finer would cost idle sessions more and tell nobody anything. */
const tickMsMax = 1_000;
/** Ticks in a rhythm: what is due before the next tick is done at this one, so that a quarter is what a ping may be early. */
const ticksPerRhythm = 4;
/** The least time between two ticks, in milliseconds: a timer of the platform is not finer. */
const tickMsMin = 5;
/** A tick that comes this much late says that this process stood still, in milliseconds: what it did not hear meanwhile may wait in its sockets. */
const lateMs = 1_000;
/** How long a tick may hold up the event loop at a time, in milliseconds: what the ends of turns may. */
const sliceMs = 8;
/** How many have their tick between two looks at the clock. */
const perLook = 16;

export interface Ticked {
  /** `nextAt`: when the next tick comes. `lostMs`: how long this process stood still before this one. */
  tick(now: number, nextAt: number, lostMs: number): void;
}

/** Those that have not had this tick, and what it tells them: the same to all, or where this process stands still meanwhile the last ones would be taken as silent. */
interface Round<Member> {
  readonly left: Iterator<Member, undefined>;
  readonly now: number;
  readonly nextAt: number;
  readonly lostMs: number;
  isOver: boolean;
}

/** One timer for all connections, running only while there are any: a timer each would cost more than all the rest of an idle session. */
export class Ticker<Member extends Ticked> {
  readonly #clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout' | 'macrotask'>;
  readonly #everyMs: number;
  readonly #members = new Set<Member>();
  #timer: TimerHandle | null = null;
  #round: Round<Member> | null = null;

  constructor(clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout' | 'macrotask'>, rhythmMs: number) {
    this.#clock = clock;
    this.#everyMs = Math.min(Math.max(rhythmMs / ticksPerRhythm, tickMsMin), tickMsMax);
  }

  add(member: Member): void {
    this.#members.add(member);
    // A round that is under way plans the next one.
    if (this.#round === null) this.#timer ??= this.#plan(this.#clock.now() + this.#everyMs);
  }

  remove(member: Member): void {
    this.#members.delete(member);
    if (this.#members.size > 0 || this.#timer === null) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  members(): readonly Member[] {
    return [...this.#members];
  }

  /** On a grid: what a tick takes, and by how much a timer is late, would otherwise add up, and pings would leave a tick earlier than they need to. */
  #plan(dueAt: number): TimerHandle {
    const inMs = Math.max(dueAt - this.#clock.now(), 0);
    return this.#clock.setTimeout(() => {
      this.#timer = null;
      const now = this.#clock.now();
      const overdueMs = now - dueAt;
      const nextAt = overdueMs < this.#everyMs ? dueAt + this.#everyMs : now + this.#everyMs;
      this.#round = { left: this.#members.values(), now, nextAt, lostMs: overdueMs > lateMs ? overdueMs : 0, isOver: false };
      this.#slice(this.#round);
    }, inMs);
  }

  /** Thousands of pings in one go would hold up everybody's messages: the event loop goes on between some of them and the next ones. */
  #slice(round: Round<Member>): void {
    const until = this.#clock.now() + sliceMs;
    try {
      for (let count = 1; !round.isOver; count += 1) {
        const { value: member } = round.left.next();
        if (member === undefined) round.isOver = true;
        else member.tick(round.now, round.nextAt, round.lostMs);
        if (count % perLook === 0 && this.#clock.now() >= until) return;
      }
    } finally {
      // Also where one of them has thrown: the others are none of its business.
      if (round.isOver) this.#over(round);
      else this.#clock.macrotask(() => this.#slice(round));
    }
  }

  #over({ nextAt }: Round<Member>): void {
    this.#round = null;
    if (this.#members.size > 0) this.#timer = this.#plan(nextAt);
  }
}
