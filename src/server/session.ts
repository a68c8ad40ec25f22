import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { SessionRecord } from '../../machines/ports/store.js';
import type { User } from '../../machines/ports/user.js';
import type {
  AnyContract,
  Contract,
  DownOf,
  MessagePayload,
  MessageType,
  RequestName,
  RequestPayload,
  RequestReply,
  UpOf,
} from '../stream/contract.js';
import type { Conversation, Registry } from '../stream/conversation.js';
import type { MessageHandler, MessageInfo } from '../stream/handlers.js';
import type { RequestHandler, RequestHandlerInfo, RequestResult } from '../stream/requests.js';
import type { SendResult } from '../stream/sent.js';

export interface RequestOptions {
  /** How long to wait for the answer, in milliseconds. */
  readonly timeoutMs?: number;
  /** Takes the request back when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * A user's session, seen from the server.
 *
 * @example
 * server.on('session', (session) => {
 *   session.on('chat', ({ text }) => server.toEveryone().send('chat', { from: session.user.name, text }));
 *   session.onRequest('price', ({ sku }) => ({ amount: prices.get(sku) }));
 * });
 */
export interface ServerSession<C extends Contract = AnyContract> {
  readonly id: string;
  readonly user: User;
  /** What the client says it is, or null. */
  readonly userAgent: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The request that brought it. */
  readonly origin: RequestInfo;
  /** Handle messages of a type, one at a time and in order. The returned function stops it. */
  on<T extends MessageType<UpOf<C>>>(type: T, handler: (payload: MessagePayload<UpOf<C>, T>, message: MessageInfo) => unknown): () => void;
  /** Answer requests of a type. Throws where the type has a handler already. */
  onRequest<T extends RequestName<UpOf<C>>>(
    type: T,
    handler: (
      payload: RequestPayload<UpOf<C>, T>,
      request: RequestHandlerInfo,
    ) => RequestReply<UpOf<C>, T> | Promise<RequestReply<UpOf<C>, T>>,
  ): () => void;
  /** Send a message. Errors: InvalidTypeError, InvalidPayloadError, MessageTooLargeError, BufferFullError, NoActiveSessionError. */
  send<T extends MessageType<DownOf<C>>>(type: T, payload: MessagePayload<DownOf<C>, T>): SendResult;
  /** Ask the client, and await the answer: a result, never a rejection. */
  request<T extends RequestName<DownOf<C>>>(
    type: T,
    payload: RequestPayload<DownOf<C>, T>,
    options?: RequestOptions,
  ): Promise<RequestResult<RequestReply<DownOf<C>, T>>>;
  /** End it, with both goodbyes: what is in flight is confirmed first. */
  end(): void;
  /** Take it away at once. The client stays away. */
  revoke(): void;
}

/** What a session can ask of the connection that it lives on. */
export interface SessionControl {
  end(): void;
  revoke(): void;
  /** Its user is known to have gone. */
  leave(): void;
}

/** The session behind the interface: untyped, over its conversation. */
export class LiveSession implements ServerSession {
  readonly id: string;
  readonly user: User;
  readonly userAgent: string | null;
  readonly createdAt: number;
  readonly origin: RequestInfo;
  readonly registry: Registry;
  readonly conversation: Conversation;
  /** The connection it lives on; a repeated start may move it to another before it is confirmed. */
  control: SessionControl;
  /** What proves that a client is its owner: the hash of its token, once it is confirmed. */
  tokenHash: string | null = null;
  readonly #requestTimeoutMs: number;

  constructor(record: SessionRecord, origin: RequestInfo, conversation: Conversation, control: SessionControl, requestTimeoutMs: number) {
    this.id = record.id;
    this.user = record.user;
    this.userAgent = record.userAgent;
    this.createdAt = record.createdAt;
    this.origin = origin;
    this.registry = conversation.registry;
    this.conversation = conversation;
    this.control = control;
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  on(type: string, handler: MessageHandler): () => void {
    return this.registry.messages.on(type, handler);
  }

  onRequest(type: string, handler: RequestHandler): () => void {
    return this.registry.requests.on(type, handler);
  }

  send(type: string, payload: unknown): SendResult {
    return this.conversation.send(type, payload);
  }

  request(type: string, payload: unknown, options: RequestOptions = {}): Promise<RequestResult<never>> {
    const asked = this.conversation.request(type, payload, options.timeoutMs ?? this.#requestTimeoutMs, options.signal);
    return asked as Promise<RequestResult<never>>;
  }

  end(): void {
    this.control.end();
  }

  revoke(): void {
    this.control.revoke();
  }

  leave(): void {
    this.control.leave();
  }
}
