/** What one side's app sent and was told of it, and what it handled of the other's: kept beside the shipped code, by what the app sees. */
import type { Conversation } from '../../../src/stream/conversation.js';
import type { Confirmation, Unconfirmed } from '../../../src/stream/sent.js';
import { bit, confirmed, emptyLedger, handedBack, type Ledger, newStream, open, reborn, settled, started } from '../ledger.js';
import { type Met, Violation } from '../rules.js';
import type { Said } from './configuration.js';

/** What each message has in its payload: which it is, and whom its sender was when it was sent. */
export interface Content {
  readonly n: number;
  readonly as: string;
}

interface Handling {
  readonly n: number;
  readonly isRequest: boolean;
  readonly settle: (isBroken: boolean) => void;
}

/** What a handler is told beside the content. */
interface Info {
  readonly id: string;
  readonly redelivered: boolean;
  readonly user: { readonly name: string };
}

export class Account {
  readonly name: 'client' | 'server';
  readonly #met: Met;
  /** What this side's app says, in its order; and the other's. */
  readonly #says: readonly Said[];
  readonly #hears: readonly Said[];
  ledger: Ledger = emptyLedger;
  /** How far its app has come with what it says. */
  saying = 0;
  /** Handlers that run, the one that began first at the front. */
  running: Handling[] = [];
  /** Sent in a former life of it: nobody is left to be told. */
  #former = 0;
  /** Left this side at least once. */
  #left = 0;
  /** What its app was told since the last look. */
  readonly #told = new Map<number, Confirmation['status'] | 'back' | 'back, not handled'>();
  #stream = '';
  #isNew = false;
  /** Thrown from inside a handler it would be the handler's. */
  #problem: Violation | null = null;

  constructor(name: 'client' | 'server', says: readonly Said[], hears: readonly Said[], met: Met) {
    this.name = name;
    this.#says = says;
    this.#hears = hears;
    this.#met = met;
  }

  /** What else decides on what follows. */
  get picture(): readonly unknown[] {
    return [this.#former, this.#left, this.running.map(({ n }) => n), this.#isNew, [...this.#told]];
  }

  /** What a message that is accepted from now on says. */
  content(as: string): Content {
    return { n: this.saying, as };
  }

  accepted(confirmation: Promise<Confirmation> | null): void {
    const n = this.saying;
    this.saying += 1;
    if (this.#says[n] === 'volatile') return;
    this.ledger = { ...this.ledger, accepted: this.ledger.accepted | bit(n) };
    void confirmation?.then(({ status }) => {
      if (status !== 'unknown' && (this.#former & bit(n)) === 0) this.#told.set(n, status);
    });
  }

  answered(n: number): void {
    if ((this.ledger.answered & bit(n)) !== 0) this.#found(new Violation('one answer to each request', `request ${n} is answered twice`));
    this.#met.note('answered');
    this.ledger = { ...this.ledger, answered: this.ledger.answered | bit(n) };
  }

  /** An event has it given back. */
  back(all: readonly Unconfirmed[]): void {
    for (const { payload, handled } of all) this.#told.set((payload as Content).n, handled === 'no' ? 'back, not handled' : 'back');
  }

  /** It leaves this side. */
  left(n: number): void {
    this.#left |= bit(n);
  }

  /** A handler begins; null: it comes to no end. */
  handle(content: Content, info: Info): Promise<void> {
    try {
      return this.#begin(content, info);
    } catch (thrown) {
      this.#found(thrown);
      throw thrown;
    }
  }

  #found(thrown: unknown): void {
    if (thrown instanceof Violation) this.#problem ??= thrown;
  }

  #begin({ n, as }: Content, { id, redelivered, user }: Info): Promise<void> {
    if (user.name !== as) throw new Violation('identities never cross', `message ${n} of ${as} is handled as ${user.name}'s`);
    this.#met.note('an identity was compared');
    const isRequest = this.#hears[n] === 'request';
    const [stream = ''] = id.split(':');
    if (!isRequest && stream !== this.#stream) {
      this.#stream = stream;
      this.ledger = newStream(this.ledger);
    }
    const { latest } = this.ledger;
    if (!isRequest && this.running.some((one) => !one.isRequest))
      throw new Violation('one handler at a time', `message ${n} is handled while another one is`);
    // Requests run beside the messages.
    this.ledger = started(isRequest ? { ...this.ledger, latest: -1 } : this.ledger, n, redelivered, this.#met);
    // A request is done with once it is begun: its answer comes by itself.
    if (isRequest) this.ledger = settled({ ...this.ledger, latest }, n, false);
    return new Promise((resolve, reject) => {
      const settle = (isBroken: boolean): void => {
        if (!isRequest) this.ledger = settled(this.ledger, n, isBroken);
        if (isBroken) reject(new Error('As it was to.'));
        else resolve();
      };
      this.running.push({ n, isRequest, settle });
    });
  }

  /** A volatile one came. */
  heard({ n }: Content): void {
    if ((this.ledger.startedNow & bit(n)) !== 0)
      this.#found(new Violation('handled once a life', `volatile message ${n} is handled twice`));
    this.#met.note('volatile handled');
    this.ledger = { ...this.ledger, startedNow: this.ledger.startedNow | bit(n) };
  }

  /** The handler that began first comes to its end. */
  settle(): void {
    const first = this.running.shift();
    first?.settle(this.#hears[first.n] === 'broken');
  }

  /** Its process is gone, with its handlers and with whoever would be told. */
  died(): void {
    this.running = [];
    this.#told.clear();
    this.#former |= this.ledger.accepted;
    this.#isNew = true;
    const requests = this.#says.reduce((bits, one, n) => (one === 'request' ? bits | bit(n) : bits), 0);
    this.ledger = reborn(this.ledger, requests & this.ledger.accepted);
  }

  /** After a step: what it no longer has, it was told of. `other`: what became of it. `isKept`: both sides have the session still. */
  look(conversations: readonly Conversation[], other: Ledger, isKept: boolean): void {
    if (this.#problem !== null) throw this.#problem;
    const held = new Set<number>();
    for (const { runner } of conversations)
      for (const { item } of runner.unconfirmed())
        if (item.kind === 'message' || item.kind === 'request') held.add((JSON.parse(item.payload) as Content).n);
    for (const [n, word] of this.#told) {
      if (held.has(n)) throw new Violation('one word on each message', `the ${this.name} is told of message ${n}, and keeps it`);
      this.#hear(n, word);
    }
    this.#told.clear();
    let rest = open(this.ledger);
    for (let n = 0; rest !== 0; n += 1, rest >>= 1) {
      if ((rest & 1) === 0 || held.has(n)) continue;
      if (this.#isRequest(n)) this.ledger = confirmed(this.ledger, n, false, this.#met);
      else if ((this.#former & bit(n)) !== 0) this.#forgotten(n, other, isKept);
      else throw new Violation('one word on each message', `the ${this.name} has message ${n} no longer, and its app was not told`);
    }
    this.#isNew = false;
  }

  #isRequest(n: number): boolean {
    return this.#says[n] === 'request';
  }

  #hear(n: number, word: Confirmation['status'] | 'back' | 'back, not handled'): void {
    if ((this.#former & bit(n)) !== 0 && (open(this.ledger) & bit(n)) === 0) return;
    switch (word) {
      case 'handled':
      case 'failed':
        this.ledger = confirmed(this.ledger, n, word === 'failed', this.#met);
        return;
      case 'expired':
      case 'replaced':
        this.#met.note(word);
        this.ledger = handedBack(this.ledger, n, true, this.#met);
        return;
      case 'back':
      case 'back, not handled':
        this.ledger = handedBack(this.ledger, n, word !== 'back', this.#met);
        return;
      default:
        throw new Violation('one word on each message', `message ${n} of the ${this.name} is ${word}`);
    }
  }

  /** Nobody is left who could be told. What left once is done with only where the other side began it; the rest may be gone with the process. */
  #forgotten(n: number, other: Ledger, isKept: boolean): void {
    const isBegun = (other.started & bit(n)) !== 0;
    if (isKept && !isBegun && (this.#left & bit(n)) !== 0 && this.#says[n] !== 'timed' && this.#says[n] !== 'newest')
      throw new Violation('nothing that left is forgotten', `message ${n} of the ${this.name} left, was never handled, and is not kept`);
    this.#met.note(this.#isNew ? 'gone with its process' : 'done for a former life');
    this.ledger = handedBack(this.ledger, n, false, this.#met);
  }
}
