/** What a process or a page stands on: a clock in the explorer's hands, and a death between any two of its effects. */
import type { Host, Tab } from '../../../machines/ports/host.js';

/** The explorer's time and tasks, for all processes. */
export interface Time {
  /** In milliseconds: it stands still but for the steps that are a choice of their own. */
  now: number;
  readonly macrotasks: (() => void)[];
}

/** The date at the start, in milliseconds since the epoch: an easy one to recognise. */
const wallMs = 1_704_067_200_000;

/** The middle of what is drawn: waits have one length each. */
const draw = 0.5;

/** A timer that was started, and neither stopped nor fired. Its length says what it is for. */
export class Timer {
  readonly delayMs: number;
  readonly callback: () => void;
  /** In milliseconds of its clock. */
  readonly dueAt: number;

  constructor(delayMs: number, callback: () => void, now = 0) {
    this.delayMs = delayMs;
    this.dueAt = now + delayMs;
    this.callback = callback;
  }
}

/** One life of a process or of a page. */
export class Life {
  readonly host: Host;
  readonly timers = new Set<Timer>();
  isAlive = true;
  /** How many things it did that somebody else can see, in the present step. */
  effects = 0;
  /** It dies behind so many of them. */
  diesAfter = Number.POSITIVE_INFINITY;

  constructor(time: Time, randomBytes: (length: number) => Uint8Array, tab: () => Tab | null = () => null) {
    this.host = {
      clock: {
        now: () => time.now,
        wall: () => wallMs + time.now,
        setTimeout: (callback, delayMs) => {
          const timer = new Timer(delayMs, callback, time.now);
          if (this.isAlive) this.timers.add(timer);
          return timer;
        },
        clearTimeout: (timer) => void this.timers.delete(timer as Timer),
        macrotask: (callback) => void time.macrotasks.push(() => this.isAlive && callback()),
      },
      random: () => draw,
      randomBytes,
      onHint: () => () => undefined,
      online: () => true,
      agent: 'explored',
      tab: async () => tab(),
    };
  }

  /** Something is about to be done that others can see. False: it is not, as its process is dead. */
  does(): boolean {
    if (this.isAlive && this.effects >= this.diesAfter) this.die();
    if (!this.isAlive) return false;
    this.effects += 1;
    return true;
  }

  fire(timer: Timer): void {
    if (this.timers.delete(timer)) timer.callback();
  }

  die(): void {
    this.isAlive = false;
    this.timers.clear();
  }
}
