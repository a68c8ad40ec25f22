import type { User } from '../../machines/ports/user.js';
import type { ReasonCode } from '../../machines/reasons.js';
import type { IdentityItem, InboundData, JsonText, MessageItem, Positions, SignInItem } from '../../machines/stream/packets.js';
import type { LastWord } from '../../machines/stream/state.js';
import { isLastWord, isMaybeHandled, type Mismatch, mismatchOf, positionsOf } from '../../machines/stream/stream.js';
import { Exchange } from './exchange.js';
import { allGivenBack } from './hand-back.js';
import type { ReadyOptions } from './readiness.js';
import { type RequestResult, refusedWith } from './requests.js';
import type { SendOptions } from './send-options.js';
import type { SendResult, Unconfirmed } from './sent.js';

/**
 * One stream at work: sends, handlers, requests, confirmations and the goodbye of one session, on either side. A link is written to
 * while it is there; when it is gone the conversation keeps what is sent, until it is handed back.
 */
export class Conversation extends Exchange {
  /** Once it is over: the last number that anything was done about. */
  #begun = 0;
  /** Has the other side said what it has, on the latest link or at its end? */
  #isTold = false;
  /** Waits for its turn to handle anything, and with it who waits for that. */
  #released: (() => void) | null = null;

  /** Messages were waiting until now, so that handlers could be registered. */
  release(): void {
    this.isReleased = true;
    this.inbox.release();
    this.arrivals?.release();
    this.#released?.();
  }

  send(type: string, payload: unknown, options?: SendOptions): SendResult {
    const text = this.outbox.text(type, payload);
    return 'error' in text
      ? { accepted: false, error: text.error }
      : this.outbox.send({ kind: 'message', type, payload: text.json }, options);
  }

  /** A message that was serialised once for many sessions. */
  sendItem(item: MessageItem<JsonText>, options?: SendOptions): SendResult {
    return this.outbox.send(item, options);
  }

  /** True once there is room in the buffer; false where the wait was aborted or the conversation is over. Never rejects. */
  ready(options?: ReadyOptions | null): Promise<boolean> {
    return this.outbox.readiness.wait(options ?? {});
  }

  async request(type: string, payload: unknown, timeoutMs: number, signal: AbortSignal | undefined): Promise<RequestResult<unknown>> {
    const request = this.outbox.request(type, payload, timeoutMs, signal);
    return request.accepted ? this.asking.ask(request.ticket, type, request.waitMs, signal) : refusedWith(request.error);
  }

  /** Does the other side take sign-ins? */
  get canSignIn(): boolean {
    return this.terms.canSignIn;
  }

  /** Ask to speak for another user from here on: what is sent before this speaks for the present one. A result, never a rejection. */
  async signIn(credential: SignInItem['credential'], size: number): Promise<RequestResult<unknown>> {
    const sent = this.outbox.accept({ kind: 'signIn', credential }, size);
    return sent.accepted ? this.asking.ask(sent.ticket, 'signIn', null) : refusedWith(sent.error);
  }

  /** From here on it speaks for this user. `to`: the sign-in that says so to the other side; without one, it knows already. */
  identify(user: User, to?: Pick<IdentityItem, 'to' | 'expiresAt'>): void {
    this.user = user;
    // What waits and was said to a former user still is.
    if (to !== undefined || this.inbox.user.id === user.id) this.inbox.user = user;
    if (to !== undefined) this.outbox.answer({ kind: 'identity', user, ...to }, JSON.stringify(user).length);
  }

  received(packets: readonly InboundData[]): void {
    for (const packet of packets) if (packet.kind === 'cancel') this.arriving.noteCancel(packet.to);
    this.runner.received(packets);
    this.arrivals?.forgetCancels();
  }

  /** Say goodbye behind all that was sent. */
  end(): void {
    this.runner.end();
    this.outbox.end();
  }

  /** Where this side stands in both directions. Once it is over, `received` is what was begun: the rest will never be handled. */
  positions(): Omit<Positions, 'incarnation'> {
    const positions = positionsOf(this.runner.state);
    return this.over === null ? positions : { ...positions, received: this.#begun };
  }

  /** The other side's last word before its link or the session is over. One that does not fit says nothing. `reborn`: as with `resume`. */
  conclude(peer: LastWord, reborn = false): void {
    if (this.over !== null || !isLastWord(this.runner.state, peer)) return;
    this.#isTold = true;
    this.runner.conclude(peer, reborn);
  }

  /** What the two sides can not agree on, or null: then the conversation can go on. */
  mismatch(peer: Positions): Mismatch | null {
    return mismatchOf(this.runner.state, peer);
  }

  /** It goes on over a new link. `own`: the positions that this side told of itself. `reborn`: the other side has lost its memory since the last one. */
  resume(own: Pick<Positions, 'received' | 'done'>, peer: Positions, reborn: boolean): void {
    this.#isTold = true;
    this.runner.resume(own, peer, reborn);
  }

  /** The last ticket that was given. */
  get tickets(): number {
    return this.outbox.tickets;
  }

  get unconfirmedCount(): number {
    return this.runner.unconfirmedCount;
  }

  /** Call back once no message handler runs, of this stream or of the one that it waits for: at once where none does, also when all is over. */
  whenHandled(callback: () => void): void {
    if (this.isReleased) this.inbox.whenIdle(callback);
    else this.#released = callback;
  }

  /** Begin to handle nothing more, and call back once what runs has come to its end. For the last moments of a process. */
  pause(callback: () => void): void {
    this.isPaused = true;
    this.arriving.gate.hold();
    this.inbox.pause(() => this.arriving.whenIdle(callback));
  }

  /** The link is gone: nothing more is written until there is another. */
  stop(): void {
    this.runner.stop();
  }

  /**
   * It is over: handlers are told so, requests are answered with the reason, and what is not confirmed is handed back, oldest first.
   * What was shipped may have been handled, unless the other side said that it was not.
   */
  close(code: ReasonCode): readonly Unconfirmed[] {
    if (this.over !== null) return [];
    this.over = code;
    this.runner.close();
    this.outbox.close();
    this.arrivals?.close();
    this.volatileInbox?.close();
    const { state } = this.runner;
    this.#begun = state.received;
    for (const number of [...this.inbox.close()].reverse()) if (number === this.#begun) this.#begun -= 1;
    const isMaybe = (number: number): boolean => !this.#isTold || isMaybeHandled(state, number);
    this.asker?.close(code, isMaybe);
    return allGivenBack(state, isMaybe, (ticket) => this.asker?.isAnswered(ticket) === true);
  }
}
