import type { OutboundItem, Outcome } from '../../machines/stream/packets.js';
import type { Entry } from '../../machines/stream/state.js';
import type { NineLivesError } from '../errors.js';

/**
 * What became of a sent message.
 * - `handled`: the other side's handler ran to its end.
 * - `failed`: it threw.
 * - `unhandled`: there was none.
 * - `expired`: its `ttlMs` was over before it was handled; it never will be.
 * - `replaced`: a newer one of its `replaceKey` took its place before it was shipped; it never will be handled.
 * - `unknown`: the session ended or was replaced before the other side's word came, or the message was volatile; it may or may not have been handled.
 */
export type Confirmation = { readonly status: Outcome | 'replaced' | 'unknown' };

/** A message that was accepted: it will be handled once, or be handed back, or `confirmed` says why neither. */
export interface AcceptedSend {
  readonly accepted: true;
  /** What becomes of it. Never rejects. */
  readonly confirmed: Promise<Confirmation>;
  readonly error?: undefined;
}

/** A message that was not taken, and why. Nothing of it was sent. */
export interface RefusedSend {
  readonly accepted: false;
  readonly error: NineLivesError;
  readonly confirmed?: undefined;
}

/** What `send` answers, at once. */
export type SendResult = AcceptedSend | RefusedSend;

/** A volatile message was sent, or dropped: nobody will ever say. */
export const sentAndForgotten: AcceptedSend = {
  accepted: true,
  get confirmed() {
    return Promise.resolve({ status: 'unknown' as const });
  },
};

/** One message on its way: the stream's entry and the app's result in one object, as there is one for each message sent. */
export class Sent implements Entry, AcceptedSend {
  readonly accepted = true;
  readonly ticket: number;
  readonly item: OutboundItem;
  readonly size: number;
  readonly expiresAt: number | undefined;
  #status: Confirmation['status'] | undefined;
  #settle: ((confirmation: Confirmation) => void) | undefined;
  #confirmed: Promise<Confirmation> | undefined;

  constructor(ticket: number, item: OutboundItem, size: number, expiresAt?: number) {
    this.ticket = ticket;
    this.item = item;
    this.size = size;
    this.expiresAt = expiresAt;
  }

  /** Made only when asked for: most senders never do. */
  get confirmed(): Promise<Confirmation> {
    this.#confirmed ??=
      this.#status === undefined
        ? new Promise((resolve) => {
            this.#settle = resolve;
          })
        : Promise.resolve({ status: this.#status });
    return this.#confirmed;
  }

  /** The first word counts. */
  settle(status: Confirmation['status']): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    this.#settle?.({ status });
    this.#settle = undefined;
  }
}

/** A message that was accepted and is not known as handled: what a `gap` or an end hands back. */
export interface Unconfirmed {
  readonly kind: 'message' | 'request';
  readonly type: string;
  readonly payload: unknown;
  /** Did it leave this process? */
  readonly shipped: boolean;
  /**
   * Has the other side handled it? `no`: certainly not, as it was not shipped, or the other side said that it had not begun it. `unknown`: it may have.
   * What it is known to have handled is confirmed, and not handed back.
   */
  readonly handled: 'no' | 'unknown';
}
