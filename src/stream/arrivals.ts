import type { Clock } from '../../machines/ports/host.js';
import type { User } from '../../machines/ports/user.js';
import type { InboundData, InboundItem, Outcome } from '../../machines/stream/packets.js';
import { Gate } from './gate.js';
import type { Answerer } from './requests.js';
import { SparseMap } from './sparse.js';

type Request = Extract<InboundItem, { kind: 'request' }>;

/** What the arrivals need of their session. */
export interface ArrivalsOwner {
  readonly clock: Clock;
  readonly answerer: Answerer;
  /** How many cancels are remembered: no more requests can wait. */
  readonly cancelsMax: number;
  /** May a handler be run for what was shipped before, and may have been run for? Left out: it may. */
  readonly again?: ((number: number, type: string) => Promise<boolean>) | undefined;
  settled(number: number, outcome: Outcome): void;
  /** Its handler did not survive it, again and again. */
  poisoned(number: number): void;
}

/** The other side's requests, from their arrival until they are started: once handlers could be registered, and none that nobody waits for any more. [R72] */
export class Arrivals {
  readonly gate = new Gate();
  readonly #owner: ArrivalsOwner;
  /** Taken back before they were started. */
  readonly #cancelled = new SparseMap<number, true>();
  /** It is being asked whether they may be run again. */
  readonly #asking = new SparseMap<number, true>();
  #idle: (() => void) | null = null;
  #isOver = false;

  /** Whom what arrives now speaks for. */
  user: User;

  constructor(owner: ArrivalsOwner, user: User) {
    this.#owner = owner;
    this.user = user;
  }

  /** Before a piece is taken in: what comes together with its cancel is not started. */
  noteCancels(packets: readonly InboundData[]): void {
    for (const packet of packets)
      if (packet.kind === 'cancel' && this.#cancelled.size < this.#owner.cancelsMax) this.#cancelled.set(packet.to, true);
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
    if (this.#asking.size === 0) this.#owner.answerer.whenIdle(callback);
    else this.#idle = callback;
  }

  /** Nothing more is started. */
  close(): void {
    this.#isOver = true;
    this.gate.close();
    this.#idle = null;
  }

  #start(number: number, item: Request, waitedMs: number): void {
    const { again, answerer, settled } = this.#owner;
    if (this.#cancelled.has(number)) return settled(number, 'handled');
    if (waitedMs >= item.timeoutMs) return settled(number, 'expired');
    if (item.options?.redelivered === true && again !== undefined) return void this.#startAgain(number, item, again(number, item.type));
    void answerer.answer(number, item, this.user);
    settled(number, 'handled');
  }

  async #startAgain(number: number, item: Request, asked: Promise<boolean>): Promise<void> {
    const { answerer, settled, poisoned } = this.#owner;
    const { user } = this;
    this.#asking.set(number, true);
    const may = await asked;
    this.#asking.delete(number);
    if (this.#isOver) return;
    const isCancelled = this.#cancelled.has(number);
    if (!isCancelled && may) void answerer.answer(number, item, user);
    else if (!isCancelled) poisoned(number);
    settled(number, 'handled');
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
