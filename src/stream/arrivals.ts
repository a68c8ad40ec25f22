import type { Clock } from '../../machines/ports/host.js';
import type { User } from '../../machines/ports/user.js';
import type { InboundItem, Outcome } from '../../machines/stream/packets.js';
import { Gate } from './gate.js';
import type { Answerer } from './requests.js';
import { SparseMap } from './sparse.js';

type Request = Extract<InboundItem, { kind: 'request' }>;

/** What the arrivals need of their session. */
export interface ArrivalsOwner {
  readonly clock: Clock;
  /** Whom what arrives now speaks for. */
  readonly user: User;
  /** How many cancels are remembered: no more requests can wait. */
  readonly cancelsMax: number;
  /** May a handler be run for what was shipped before, and may have been run for? */
  again(number: number, type: string): true | Promise<boolean>;
  settled(number: number, outcome: Outcome): void;
  /** Its handler did not survive it, again and again. */
  poisoned(number: number): void;
}

/** The other side's requests, from their arrival until they are started: once handlers could be registered, and none that nobody waits for any more. [R72] */
export class Arrivals {
  readonly gate = new Gate();
  readonly #owner: ArrivalsOwner;
  readonly #answerer: Answerer;
  /** Taken back before they were started. */
  readonly #cancelled = new SparseMap<number, true>();
  /** It is being asked whether they may be run again. */
  readonly #asking = new SparseMap<number, true>();
  #idle: (() => void) | null = null;
  #isOver = false;

  constructor(owner: ArrivalsOwner, answerer: Answerer) {
    this.#owner = owner;
    this.#answerer = answerer;
  }

  /** Before the piece that it came in is taken in: what comes together with its cancel is not started. */
  noteCancel(number: number): void {
    if (this.#cancelled.size < this.#owner.cancelsMax) this.#cancelled.set(number, true);
  }

  /** Where it came before its request was started, that is known already. */
  cancelled(number: number): void {
    this.#answerer.cancelled(number);
  }

  /** Handlers could be registered: what waited for that is started. */
  release(): void {
    this.gate.open();
    this.forgetCancels();
  }

  request(number: number, item: Request): void {
    if (this.gate.isOpen) return this.#start(number, item, 0);
    const { clock } = this.#owner;
    const arrivedAt = clock.now();
    this.gate.pass(() => this.#start(number, item, clock.now() - arrivedAt));
  }

  /** Call back once nothing that somebody waits for is running, or about to. */
  whenIdle(callback: () => void): void {
    if (this.#asking.size === 0) this.#answerer.whenIdle(callback);
    else this.#idle = callback;
  }

  /** Nothing more is started, and what runs is told so. */
  close(): void {
    this.#isOver = true;
    this.#answerer.close();
    this.gate.close();
    this.#idle = null;
  }

  #start(number: number, item: Request, waitedMs: number): void {
    const owner = this.#owner;
    if (this.#cancelled.has(number)) return owner.settled(number, 'handled');
    if (waitedMs >= item.timeoutMs) return owner.settled(number, 'expired');
    const asked = item.options?.redelivered !== true || owner.again(number, item.type);
    if (asked !== true) return void this.#startAgain(number, item, asked);
    void this.#answerer.answer(number, item, owner.user);
    owner.settled(number, 'handled');
  }

  async #startAgain(number: number, item: Request, asked: Promise<boolean>): Promise<void> {
    const owner = this.#owner;
    const answerer = this.#answerer;
    const { user } = owner;
    this.#asking.set(number, true);
    const may = await asked;
    this.#asking.delete(number);
    if (this.#isOver) return;
    const isCancelled = this.#cancelled.has(number);
    if (!isCancelled && may) void answerer.answer(number, item, user);
    else if (!isCancelled) owner.poisoned(number);
    owner.settled(number, 'handled');
    this.forgetCancels();
    if (this.#asking.size > 0 || this.#idle === null) return;
    answerer.whenIdle(this.#idle);
    this.#idle = null;
  }

  /** A cancel is remembered only as long as its request may be about to start. */
  forgetCancels(): void {
    if (this.gate.isOpen && this.#asking.size === 0 && this.#cancelled.size > 0) this.#cancelled.clear();
  }
}
