/**
 * What the two sides of a session tell each other, in the stream's own terms. The machines know these and never see a frame; src/wire maps the two.
 * A payload is JSON text on its way out, so that it is serialised once however many receive it, and a value on its way in.
 */
import type { JsonObject } from '../ports/json.js';
import type { User } from '../ports/user.js';
import type { ReasonCode } from '../reasons.js';

/** What became of a message at its receiver. Everything but `handled` is an exception, and is told with its number. */
export type Outcome =
  | 'handled'
  /** Its handler threw. */
  | 'failed'
  /** No handler is there for its type. */
  | 'unhandled'
  /** Its time to live was over before it could be handled. */
  | 'expired';

export type ExceptionOutcome = Exclude<Outcome, 'handled'>;

/** An item that was taken out of the stream's meaning for its receiver, or never handled as hoped. */
export interface Exception {
  readonly number: number;
  readonly outcome: ExceptionOutcome;
}

/** How a message or request is to be treated on its way. */
export interface ItemOptions {
  /** How long it is worth handling, in milliseconds from its arrival. */
  readonly ttlMs?: number;
  /** It was shipped before to an earlier life of the receiver, which may have handled it. */
  readonly redelivered?: boolean;
}

/** Asks for no answer. */
export interface MessageItem<Payload> {
  readonly kind: 'message';
  readonly type: string;
  readonly payload: Payload;
  readonly options?: ItemOptions;
}

/** Asks for an answer: a `reply` or a `failure` with this item's number. */
export interface RequestItem<Payload> {
  readonly kind: 'request';
  readonly type: string;
  readonly payload: Payload;
  /** How long the asker waits, in milliseconds. */
  readonly timeoutMs: number;
  readonly options?: ItemOptions;
}

export interface ReplyItem<Payload> {
  readonly kind: 'reply';
  /** The number of the request. */
  readonly to: number;
  readonly payload: Payload;
}

export interface FailureItem {
  readonly kind: 'failure';
  /** The number of the request. */
  readonly to: number;
  readonly code: ReasonCode;
  readonly message: string;
}

/** The asker no longer waits. */
export interface CancelItem {
  readonly kind: 'cancel';
  /** The number of the request. */
  readonly to: number;
}

/** The sender says nothing after this. */
export interface EndItem {
  readonly kind: 'end';
}

/** Stands for numbers that are not to be had any more: their receiver counts them as received and done. [R60] */
export interface SkipItem {
  readonly kind: 'skip';
  readonly count: number;
}

/** From here on the stream speaks for this user: what came before it was said to the former one. */
export interface IdentityItem {
  readonly kind: 'identity';
  readonly user: User;
  /** When the authentication ends, milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
  /** The number of the sign-in. */
  readonly to: number;
}

/** What a sign-in is judged by. All but the username is secret. */
export interface SignInCredential {
  readonly username: string;
  readonly authParams: JsonObject;
  /** The token that becomes the session's with the sign-in. */
  readonly token: string;
}

/** From here on its sender wants to speak for another user. It holds no secret: who writes it asks for it, each time that it is shipped. */
export interface SignInItem {
  readonly kind: 'signIn';
  readonly credential: () => SignInCredential;
}

/** A sign-in at its receiver. */
export type ArrivedSignIn = { readonly kind: 'signIn' } & SignInCredential;

/** One numbered thing in a stream. Immutable and without its number, so that one item can go to many sessions. */
export type Item<Payload> =
  | MessageItem<Payload>
  | RequestItem<Payload>
  | ReplyItem<Payload>
  | FailureItem
  | CancelItem
  | EndItem
  | SkipItem
  | IdentityItem;

/** A message without number or confirmation: handled when it comes, or never. No part of the stream. */
export interface VolatileItem<Payload> {
  readonly kind: 'volatile';
  readonly type: string;
  readonly payload: Payload;
}

/** JSON text. */
export type JsonText = string;
export type OutboundItem = Item<JsonText> | SignInItem;
export type InboundItem = Item<unknown> | ArrivedSignIn;

/** How far this side has come with the other's items, and what its own last number is. Cumulative; may be told any number of times. */
export interface Ack {
  readonly kind: 'ack';
  /** The last number in this side's memory. */
  readonly received: number;
  /** The last number up to which all is handled: it frees the sender's buffer and credit. */
  readonly done: number;
  /** This side's own last shipped number: a mismatch with what its peer counted means that something was lost. */
  readonly last: number;
  /** The peer's `done` as this side has heard it: exceptions up to here need not be restated. */
  readonly seen: number;
  /** Items up to `done` that were not simply handled. */
  readonly exceptions: readonly Exception[];
}

export type OutboundPacket = OutboundItem | Ack;
export type InboundPacket = (InboundItem & { readonly size: number }) | Ack;

/** All that a link carries for a session: its stream, and what goes beside it. */
export type OutboundData = OutboundPacket | VolatileItem<JsonText>;
export type InboundData = InboundPacket | VolatileItem<unknown>;

/** What a side can hold of what its peer sent and it has not yet handled. */
export interface StreamWindow {
  /** How many messages and requests. */
  readonly messages: number;
  /** How many UTF-16 code units of payload JSON text: what `length` gives in JavaScript. */
  readonly size: number;
}

/** Where a side stands, as told in a resume. */
export interface Positions {
  readonly received: number;
  readonly done: number;
  /** What it saw its peer had done. */
  readonly seen: number;
  /** Its own last shipped number. */
  readonly last: number;
  readonly exceptions: readonly Exception[];
  /** Which of the server's lives it heard last. */
  readonly incarnation: number;
}
