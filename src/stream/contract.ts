import type { Json } from '../../machines/ports/json.js';

/** A request and its reply, as a function type. */
export type RequestType = (payload: never) => unknown;

/** What may be said in one direction. */
export interface Direction {
  /** Payload by message type. */
  readonly messages?: object;
  /** `(payload) => reply` by request type. */
  readonly requests?: object;
}

/**
 * What a client and a server may say to each other: types only, shared by both sides.
 *
 * @example
 * interface Chat {
 *   toServer: { messages: { chat: { text: string } }; requests: { price: (q: { sku: string }) => { amount: number } } };
 *   toClient: { messages: { chat: { from: string; text: string } } };
 * }
 * const kitty = createClient<Chat>({ url });
 */
export interface Contract {
  readonly toServer?: Direction;
  readonly toClient?: Direction;
}

/** The contract of those who name none: any type, any JSON, unchecked. */
export interface AnyDirection {
  readonly messages: Record<string, AnyPayload>;
  readonly requests: Record<string, (payload: AnyPayload) => AnyPayload>;
}
export interface AnyContract {
  readonly toServer: AnyDirection;
  readonly toClient: AnyDirection;
}

// biome-ignore lint/suspicious/noExplicitAny: without a contract, an app reads fields of its payloads unchecked, as with JSON.parse.
export type AnyPayload = any;

type Messages<D> = D extends { readonly messages: infer M } ? M : Record<never, never>;
type Requests<D> = D extends { readonly requests: infer R } ? R : Record<never, never>;

/** The message types of a direction. */
export type MessageType<D> = keyof Messages<D> & string;
/** The payload of a message type. */
export type MessagePayload<D, T extends MessageType<D>> = Messages<D>[T];
/** The request types of a direction. */
export type RequestName<D> = keyof Requests<D> & string;
/** The payload of a request type. */
export type RequestPayload<D, T extends RequestName<D>> = Requests<D>[T] extends (payload: infer P) => unknown ? P : never;
/** What a request type is answered with. */
export type RequestReply<D, T extends RequestName<D>> = Requests<D>[T] extends (payload: never) => infer R ? Awaited<R> : never;

export type UpOf<C> = C extends { readonly toServer: infer D } ? D : Record<never, never>;
export type DownOf<C> = C extends { readonly toClient: infer D } ? D : Record<never, never>;

export type { Json };
