import type { Clock } from '../../machines/ports/host.js';
import type { JsonText, MessageItem, OutboundItem, VolatileItem } from '../../machines/stream/packets.js';
import { errorOf } from '../errors.js';
import { typeLengthMax, waitMsMax } from '../wire/limits.js';
import { toJsonText } from '../wire/payload.js';
import { Readiness } from './readiness.js';
import { ReplaceKeys } from './replace-keys.js';
import { isSignal } from './room.js';
import type { StreamRunner } from './runner.js';
import { problemOf, type SendOptions } from './send-options.js';
import { type RefusedSend, type SendResult, Sent, sentAndForgotten } from './sent.js';

export interface OutboxOwner {
  readonly clock: Clock;
  readonly runner: StreamRunner;
  /** The longest message, in UTF-16 code units: what the other side takes, and what the buffer has room for. */
  readonly messageSizeMax: number;
  /** Does the other side take volatile messages? */
  readonly takesVolatile: boolean;
  /** How many requests wait for their answers: the buffer bounds these too. */
  asked(): number;
  /** Why nothing can be accepted right now; null: it can. */
  refuses(): 'StoreUnavailableError' | null;
  /** A send was refused, as the buffer is full. */
  full(): void;
}

/** A request that was accepted. */
interface AcceptedRequest {
  readonly accepted: true;
  readonly ticket: number;
  /** How long its answer is waited for, in milliseconds. */
  readonly waitMs: number;
}

const refusedFor = (error: RefusedSend['error']): RefusedSend => ({ accepted: false, error });

/** The sending half of a conversation: what the app says becomes items of the stream, or is refused. */
export class Outbox {
  readonly #owner: OutboxOwner;
  /** Null until the first of it. */
  #keys: ReplaceKeys | null = null;
  #readiness: Readiness | null = null;
  /** The last ticket that was given. */
  tickets: number;
  /** What the latest refusal for want of room was asked for: whoever awaits room needs this much. */
  #refusedSize = 0;
  #isOver = false;

  /** `ticket`: the last one that was given by an earlier process. */
  constructor(owner: OutboxOwner, ticket: number) {
    this.#owner = owner;
    this.tickets = ticket;
  }

  get readiness(): Readiness {
    this.#readiness ??= new Readiness((messages) => this.#hasRoom(messages));
    return this.#readiness;
  }

  /** There may be room now. */
  lookForRoom(): void {
    this.#readiness?.look();
  }

  /** A payload as JSON text, or what is wrong with it or with its type. */
  text(type: string, payload: unknown): { readonly json: JsonText } | { readonly error: RefusedSend['error'] } {
    if (typeof type !== 'string' || type.length === 0 || type.length > typeLengthMax)
      return { error: errorOf('InvalidTypeError', `Given: ${typeof type === 'string' ? `${type.length} characters` : typeof type}.`) };
    const text = toJsonText(payload, this.#owner.messageSizeMax);
    return text.ok ? { json: text.json } : { error: errorOf(text.code, text.detail) };
  }

  /** A message, serialised. */
  send(item: MessageItem<JsonText>, options: SendOptions | null | undefined): SendResult {
    if (options === undefined || options === null) return this.accept(item, item.payload.length);
    const problem = problemOf(options);
    if (problem !== null) return refusedFor(errorOf('InvalidOptionError', `It is \`${problem}\`.`));
    const { ttlMs, replaceKey, volatile } = options;
    if (volatile === true) return this.#sendVolatile({ kind: 'volatile', type: item.type, payload: item.payload });
    const expiresAt = ttlMs === undefined ? undefined : this.#owner.clock.now() + Math.min(ttlMs, waitMsMax);
    if (replaceKey === undefined) return this.accept(item, item.payload.length, expiresAt);
    this.#keys ??= new ReplaceKeys();
    const keys = this.#keys;
    const sent = this.accept(item, item.payload.length, expiresAt, keys.of(item.type, replaceKey));
    if (sent.accepted) keys.set(item.type, replaceKey, sent.ticket, this.#owner.runner.oldestQueued ?? sent.ticket);
    return sent;
  }

  /** A request, not serialised. */
  request(type: string, payload: unknown, timeoutMs: number, signal: AbortSignal | undefined): AcceptedRequest | RefusedSend {
    const text = this.text(type, payload);
    if ('error' in text) return refusedFor(text.error);
    if (!isSignal(signal)) return refusedFor(errorOf('InvalidOptionError', 'It is `signal`.'));
    if (signal?.aborted === true) return refusedFor(errorOf('RequestAbortedError', `Type: ${type}.`));
    const { clock, runner } = this.#owner;
    // The other side is done with a request when it starts it, which frees the buffer: what waits for its answer has a bound of its own.
    const asked = this.#owner.asked();
    if (asked >= runner.limits.buffer.messages) return refusedFor(errorOf('BufferFullError', `${asked} requests wait for their answers.`));
    // Whole milliseconds, within what the wire carries; what is no number at all is no time to wait.
    const waitMs = Math.min(Math.max(Math.ceil(timeoutMs) || 0, 0), waitMsMax);
    const item = { kind: 'request', type, payload: text.json, timeoutMs: waitMs } as const;
    const sent = this.accept(item, text.json.length, clock.now() + waitMs);
    return sent.accepted ? { accepted: true, ticket: sent.ticket, waitMs } : sent;
  }

  accept(item: OutboundItem, size: number, expiresAt?: number, replaces?: number): Sent | RefusedSend {
    const { runner, messageSizeMax } = this.#owner;
    if (this.#isOver) return refusedFor(errorOf('NoActiveSessionError'));
    const problem = this.#owner.refuses();
    if (problem !== null) return refusedFor(errorOf(problem));
    if (size > messageSizeMax) return refusedFor(errorOf('MessageTooLargeError', `${size} characters, ${messageSizeMax} at most.`));
    this.tickets += 1;
    const sent = new Sent(this.tickets, item, size, expiresAt);
    const refusal = runner.send(sent, replaces);
    if (refusal === null) {
      this.#refusedSize = 0;
      return sent;
    }
    if (refusal === 'BufferFullError') this.#refuse(size);
    return refusedFor(errorOf(refusal));
  }

  /** An answer, which has its room reserved: only the own goodbye can keep it back, or that the other side is given up. Then its asker learns of that. */
  answer(item: OutboundItem, size: number): void {
    if (this.#isOver) return;
    this.tickets += 1;
    this.#owner.runner.send({ ticket: this.tickets, item, size });
  }

  /** The goodbye is said: there will be no room any more. */
  end(): void {
    this.readiness.close();
  }

  close(): void {
    this.#isOver = true;
    this.end();
  }

  #refuse(size: number): void {
    this.#refusedSize = size;
    this.#owner.full();
  }

  #sendVolatile(item: VolatileItem<JsonText>): SendResult {
    const { runner, takesVolatile, messageSizeMax } = this.#owner;
    if (this.#isOver || !runner.isOpen) return refusedFor(errorOf('NoActiveSessionError'));
    if (item.payload.length > messageSizeMax) return refusedFor(errorOf('MessageTooLargeError', `${messageSizeMax} characters at most.`));
    if (!takesVolatile) return refusedFor(errorOf('InvalidOptionError', 'It is `volatile`: the other side takes no such messages.'));
    runner.sendVolatile(item);
    return sentAndForgotten;
  }

  /** Half of it is free, so that nobody is woken for each message; and as much as was asked for. */
  #hasRoom(messages: number): boolean {
    const { held, limits } = this.#owner.runner;
    const { buffer } = limits;
    const half = Math.ceil(buffer.messages / 2);
    // What is no number is no wish.
    const wanted = messages > half ? Math.min(messages, buffer.messages) : half;
    const size = Math.max(this.#refusedSize, Math.ceil(buffer.size / 2));
    return Math.max(held.messages, this.#owner.asked()) + wanted <= buffer.messages && held.size + size <= buffer.size;
  }
}
