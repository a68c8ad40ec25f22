/** What both sides say and do: numbered messages and requests, and handlers of every manner, all entered in the ledger. */
import type { ClientSession } from '../../../src/client/session.js';
import type { LiveSession } from '../../../src/server/session.js';
import type { SendOptions } from '../../../src/stream/send-options.js';
import type { Chance } from '../chance.js';
import type { Ledger, Manner, Sent, Way } from '../check/ledger.js';
import type { Being } from './being.js';

/** What is sent: its number, and what its handler is to do. */
export interface Payload {
  readonly n: number;
  readonly manner: Manner;
  readonly ms: number;
  /** Begins with its number between two signs, by which it is found in what a page keeps. */
  readonly text: string;
}

export type Talker = ClientSession | LiveSession;

/** One side of a session, in a process or page. */
export interface Side {
  readonly talker: Talker;
  readonly way: Way;
  readonly being: Being;
  /** Whom what is sent now may be handled for; null: nobody can say. */
  users(): readonly string[] | null;
  /** Told of what was accepted. */
  accepted?(sent: Sent): void;
}

const manners: readonly Manner[] = [
  'at once',
  'at once',
  'at once',
  'at once',
  'at once',
  'at once',
  'sends back',
  'slowly',
  'throws',
  'asks back',
];

const slowMsMax = 500;
const longTextMax = 3_500;
const ttlMsMax = 3_000;
const replaceKeys = ['one', 'two'] as const;

export class Talk {
  readonly #ledger: Ledger;
  #runs = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Send one message. False: it was not taken. */
  send(side: Side, chance: Chance, manner?: Manner): boolean {
    const options = optionsOf(chance);
    return this.#send(side, this.#payload(chance, manner ?? chance.oneOf(manners)), options, 'message');
  }

  sendVolatile(side: Side, chance: Chance): boolean {
    return this.#send(side, this.#payload(chance, 'at once'), { volatile: true }, 'volatile');
  }

  #send(side: Side, payload: Payload, options: SendOptions | undefined, kind: 'message' | 'volatile'): boolean {
    const { talker, way, being } = side;
    if (!being.isAlive) return false;
    const result = talker.send('say', payload, options);
    if (!result.accepted) return false;
    const sent = this.#accepted(side, kind, payload.manner, options);
    void result.confirmed.then(({ status }) => {
      if (!being.isAlive) return;
      sent.status = status;
      sent.statusBy = being.id;
    });
    void way;
    return true;
  }

  /** Ask, and perhaps take it back. */
  ask(side: Side, chance: Chance, manner?: Manner): void {
    const payload = this.#payload(chance, manner ?? chance.oneOf(manners));
    const timeoutMs = 200 + chance.upTo(4_000);
    void this.#ask(side, payload, timeoutMs, chance.likely(0.15) ? chance.upTo(timeoutMs) : null);
  }

  async #ask(side: Side, payload: Payload, timeoutMs: number, cancelMs: number | null): Promise<void> {
    const { talker, being } = side;
    if (!being.isAlive) return;
    // A request is always taken or answered: it is entered before that is known, as it may be handled at once.
    const sent = this.#accepted(side, 'request', payload.manner);
    const controller = new AbortController();
    if (cancelMs !== null) being.later(() => controller.abort(), cancelMs);
    const result = await talker.request('ask', payload, { timeoutMs, signal: controller.signal });
    if (being.isAlive) sent.answer = result.succeeded ? 'reply' : result.maybeHandled ? 'maybe handled' : 'not handled';
  }

  /** Handlers for what comes. `back`: the side that is spoken to. */
  equip(back: Side): void {
    const { talker, being } = back;
    const way = back.way === 'up' ? 'down' : 'up';
    this.#ledger.receives(talker.id, way, being.id);
    talker.on('say', (payload, info) => {
      const what = payload as Payload;
      this.#ran(back, what, info);
      if (what.manner === 'at once' || !being.isAlive) return;
      return this.#handle(back, what);
    });
    talker.onRequest('ask', async (payload, info) => {
      this.#ran(back, payload as Payload, info);
      if (being.isAlive) await this.#handle(back, payload as Payload);
      return null;
    });
  }

  #ran(
    { talker, being, way }: Side,
    { n }: Payload,
    info: { readonly id: string; readonly redelivered?: boolean; readonly user: { readonly name: string } },
  ): void {
    if (!being.effect()) return;
    // A client's session may be another one by now, on the same object.
    this.#ledger.receives(talker.id, way === 'up' ? 'down' : 'up', being.id);
    this.#runs += 1;
    this.#ledger
      .of(n)
      .runs.push({ at: this.#runs, being: being.id, redelivered: info.redelivered === true, user: info.user.name, id: info.id });
  }

  async #handle(back: Side, { manner, ms, n }: Payload): Promise<void> {
    const { being } = back;
    if (manner === 'throws') throw new Error('As it was told.');
    if (manner === 'slowly') await new Promise<void>((resolve) => being.later(resolve, ms));
    if (manner === 'sends back') this.#send(back, this.#plain(n), undefined, 'message');
    if (manner === 'asks back') await this.#ask(back, this.#plain(n), slowMsMax + ms, null);
  }

  #accepted({ talker, way, being, users, accepted }: Side, kind: Sent['kind'], manner: Manner, options?: SendOptions): Sent {
    const sent = this.#ledger.accepted({
      session: talker.id,
      way,
      kind,
      manner,
      mayExpire: options?.ttlMs !== undefined,
      mayBeReplaced: options?.replaceKey !== undefined,
      // What is volatile passes a sign-in, or is passed by it.
      users: kind === 'volatile' ? null : users(),
      keeper: being.id,
    });
    accepted?.(sent);
    return sent;
  }

  #payload(chance: Chance, manner: Manner): Payload {
    const { next } = this.#ledger;
    return { n: next, manner, ms: chance.upTo(slowMsMax), text: textOf(next, chance.likely(0.04) ? chance.upTo(longTextMax) : 0) };
  }

  /** What a handler says, which draws nothing: it may be run at any time. */
  #plain(of: number): Payload {
    const { next } = this.#ledger;
    return { n: next, manner: 'at once', ms: of % slowMsMax, text: textOf(next, 0) };
  }
}

const textOf = (number: number, length: number): string => `#${number}#${'x'.repeat(length)}`;

/** The numbers of the messages that are in what a page keeps. */
export const numbersIn = (texts: Iterable<string>): ReadonlySet<number> => {
  const numbers = new Set<number>();
  for (const text of texts) for (const [, digits] of text.matchAll(/#(\d+)#/g)) numbers.add(Number(digits));
  return numbers;
};

const optionsOf = ({ random, upTo, oneOf }: Chance): SendOptions | undefined => {
  const drawn = random();
  if (drawn < 0.08) return { ttlMs: upTo(ttlMsMax) };
  if (drawn < 0.14) return { replaceKey: oneOf(replaceKeys) };
  return undefined;
};
