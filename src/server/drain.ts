import type { Clock, TimerHandle } from '../../machines/ports/host.js';
import { type Failure, failure } from '../../machines/reasons.js';
import { checkWhole } from '../stream/room.js';
import type { LiveSession } from './session.js';

/** How a server says goodbye to its clients. Times in milliseconds. */
export interface DrainOptions {
  /** How many sessions are told at once. Default: 100. */
  readonly batch?: number;
  /** How often. Default: 100. */
  readonly everyMs?: number;
  /** How long all of it may take. Then the rest is told without waiting for its handlers. Default: 20,000: most supervisors give a process thirty seconds. */
  readonly withinMs?: number;
  /** How long clients stay away once the last one was told: the time that the next server needs to be there. Default: 1,000. */
  readonly retryAfterMs?: number;
  /** Over how long they spread their return. Default: a quarter longer than the limit on admissions takes to let all of them in. */
  readonly spreadMs?: number;
}

const drainDefaults = { batch: 100, everyMs: 100, withinMs: 20_000, retryAfterMs: 1_000 } as const;

/** Chance does not fill seconds evenly: with a fifth of each left, hardly anybody comes in vain. */
const spreadSlack = 1.25;

/** A drain with every number in its place. */
export type DrainPlan = Required<DrainOptions>;

/** @throws TypeError where an option can not be what it is. */
export const drainPlanOf = (options: DrainOptions, sessions: number, admissionsPerSecond: number): DrainPlan => {
  checkWhole('drain', 'batch', options.batch);
  for (const name of ['everyMs', 'withinMs', 'retryAfterMs', 'spreadMs'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isFinite(value) && value >= 0))
      throw new TypeError(`drain: \`${name}\` is a number of milliseconds, 0 or more; it was given ${String(value)}.`);
  }
  const { batch, everyMs, withinMs, retryAfterMs } = drainDefaults;
  return {
    batch: options.batch ?? batch,
    everyMs: options.everyMs ?? everyMs,
    withinMs: options.withinMs ?? withinMs,
    retryAfterMs: options.retryAfterMs ?? retryAfterMs,
    spreadMs: options.spreadMs ?? Math.ceil((sessions / admissionsPerSecond) * spreadSlack * 1_000),
  };
};

/** Goodbyes to these sessions, batch by batch: each begins nothing more, and is told once its running handlers are done. */
export class Drain {
  readonly #plan: DrainPlan;
  readonly #clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout' | 'macrotask'>;
  readonly #endsAt: number;
  /** Those that were not asked yet, and those that still have handlers to finish. */
  readonly #waiting: LiveSession[];
  readonly #left: Map<string, LiveSession>;
  readonly #deadline: TimerHandle;
  #batchTimer: TimerHandle | null = null;
  #over: (cutShort: number) => void = () => undefined;
  /** Resolves with how many were told without waiting any longer. */
  readonly done: Promise<number>;

  constructor(sessions: readonly LiveSession[], plan: DrainPlan, clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout' | 'macrotask'>) {
    this.#plan = plan;
    this.#clock = clock;
    this.#waiting = [...sessions];
    this.#left = new Map(sessions.map((session) => [session.id, session]));
    this.#endsAt = clock.now() + Math.min(plan.withinMs, Math.max(0, Math.ceil(sessions.length / plan.batch) - 1) * plan.everyMs);
    this.done = new Promise((resolve) => {
      this.#over = resolve;
    });
    this.#deadline = clock.setTimeout(() => this.stop(), plan.withinMs);
    if (this.#left.size === 0) this.stop();
    else this.#nextBatch();
  }

  /** When a client may come back: not before all are told, and not all at once. */
  get goodbye(): Failure {
    const { retryAfterMs, spreadMs } = this.#plan;
    return failure('ServerDrainingError', undefined, {
      retryAfterMs: Math.max(0, Math.round(this.#endsAt - this.#clock.now())) + retryAfterMs,
      spreadMs,
    });
  }

  /** It is over, however it came to that. */
  gone({ id }: Pick<LiveSession, 'id'>): void {
    if (this.#left.delete(id) && this.#left.size === 0) this.stop();
  }

  /** Do not wait any longer. */
  stop(): void {
    this.#clock.clearTimeout(this.#deadline);
    if (this.#batchTimer !== null) this.#clock.clearTimeout(this.#batchTimer);
    const rest = [...this.#left.values()];
    this.#left.clear();
    for (const session of rest) this.#tell(session);
    this.#over(rest.length);
  }

  #nextBatch(): void {
    const batch = this.#waiting.splice(0, this.#plan.batch);
    this.#batchTimer = this.#waiting.length > 0 ? this.#clock.setTimeout(() => this.#nextBatch(), this.#plan.everyMs) : null;
    for (const session of batch) this.#ask(session);
  }

  #ask(session: LiveSession): void {
    const { conversation, durable } = session;
    const tell = (): void => {
      if (!this.#left.has(session.id)) return;
      this.#tell(session);
      this.gone(session);
    };
    // What its last handler sent, and that it is done, leaves first; and that is written before, where it is to be.
    conversation.pause(() => this.#clock.macrotask(durable === null ? tell : () => durable.afterwards(tell)));
  }

  #tell(session: LiveSession): void {
    // One that is lost is left as it is.
    if (session.connection.hasLink) session.connection.input({ type: 'dismissed', failure: this.goodbye });
  }
}
