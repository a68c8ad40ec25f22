import type { User } from '../../machines/ports/user.js';
import type { Welcome } from '../../machines/session/events.js';
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
import type { Conversation } from '../stream/conversation.js';
import type { MessageHandler, MessageInfo } from '../stream/handlers.js';
import type { ReadyOptions } from '../stream/readiness.js';
import type { Registry } from '../stream/registry.js';
import type { RequestHandler, RequestHandlerInfo, RequestOptions, RequestResult } from '../stream/requests.js';
import type { SendOptions } from '../stream/send-options.js';
import type { SendResult } from '../stream/sent.js';
import type { Identity, IdentityResult, SignInOptions } from './identity.js';

/**
 * A user's session, seen from the client. It stays the same object while links come and go.
 *
 * @example
 * const off = session.on('chat', ({ text }) => show(text));
 * session.send('chat', { text: 'hi' });
 */
export interface Session<C extends Contract = AnyContract> {
  /** The session's id: another one once a new session took a lost one's place. */
  readonly id: string;
  /** Whom this session speaks for: who it was started for, or signed in since. A message has its own: `message.user`. */
  readonly user: User;
  /**
   * Handle messages of a type, one at a time and in order. What the handler returns is awaited; what it throws is told to the sender as
   * `failed`. The returned function stops it.
   */
  on<T extends MessageType<DownOf<C>>>(
    type: T,
    handler: (payload: MessagePayload<DownOf<C>, T>, message: MessageInfo) => unknown,
  ): () => void;
  /** Answer requests of a type. Throws where the type has a handler already, or where the handler is no function. */
  onRequest<T extends RequestName<DownOf<C>>>(
    type: T,
    handler: (
      payload: RequestPayload<DownOf<C>, T>,
      request: RequestHandlerInfo,
    ) => RequestReply<DownOf<C>, T> | Promise<RequestReply<DownOf<C>, T>>,
  ): () => void;
  /** Send a message. What is accepted is handled once, or handed back. Errors: InvalidTypeError, InvalidPayloadError, MessageTooLargeError, BufferFullError, InvalidOptionError, NoActiveSessionError. */
  send<T extends MessageType<UpOf<C>>>(type: T, payload: MessagePayload<UpOf<C>, T>, options?: SendOptions): SendResult;
  /**
   * Wait until there is room for what is to be sent: half of the buffer, and no less than what was refused last. True: there is; false: the session
   * is over or ending, or the wait was aborted. Never rejects.
   *
   * @example
   * for (const row of rows) {
   *   if (!(await session.ready())) break;
   *   session.send('row', row);
   * }
   */
  ready(options?: ReadyOptions): Promise<boolean>;
  /** Ask, and await the answer: a result, never a rejection. */
  request<T extends RequestName<UpOf<C>>>(
    type: T,
    payload: RequestPayload<UpOf<C>, T>,
    options?: RequestOptions,
  ): Promise<RequestResult<RequestReply<UpOf<C>, T>>>;
  /**
   * Turn the session into another user's, where it is: a guest signs in. What was sent before speaks for the former user, what is sent once this
   * has succeeded for the new one. A result, never a rejection; it waits for as long as the session lives. Errors: AccessDeniedError and the others
   * of a start, FeatureUnavailableError, NoActiveSessionError.
   *
   * @example
   * const { succeeded, error } = await session.signIn({ username: 'jane', authParams: { password } });
   */
  signIn(options: SignInOptions): Promise<IdentityResult>;
  /**
   * Renew the user's credential now: `authParams` is asked anew. The client does so by itself when the server asks, before the authentication
   * ends. Errors: AccessDeniedError (which ends the session), AuthenticationUnavailableError, AuthParamsUnavailableError, ConnectionLostError.
   */
  renew(): Promise<IdentityResult>;
}

/** The session behind the interface: untyped, over whichever conversation is current. */
export class ClientSession implements Session {
  id: string;
  user: User;
  readonly registry: Registry;
  conversation: Conversation;
  readonly #requestTimeoutMs: number;
  readonly #changed: () => void;
  readonly identity: Identity;

  /** `changed`: what is unconfirmed is. */
  constructor(
    { sessionId, user }: Pick<Welcome, 'sessionId' | 'user'>,
    conversation: Conversation,
    requestTimeoutMs: number,
    changed: () => void,
    identity: (session: ClientSession) => Identity,
  ) {
    this.id = sessionId;
    this.user = user;
    this.registry = conversation.registry;
    this.conversation = conversation;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#changed = changed;
    this.identity = identity(this);
  }

  signIn(options: SignInOptions): Promise<IdentityResult> {
    return this.identity.signIn(options);
  }

  renew(): Promise<IdentityResult> {
    return this.identity.renew();
  }

  on(type: string, handler: MessageHandler): () => void {
    return this.registry.messages.on(type, handler);
  }

  onRequest(type: string, handler: RequestHandler): () => void {
    return this.registry.requests.on(type, handler);
  }

  send(type: string, payload: unknown, options?: SendOptions): SendResult {
    const result = this.conversation.send(type, payload, options);
    this.#changed();
    return result;
  }

  async ready(options?: ReadyOptions): Promise<boolean> {
    for (;;) {
      const { conversation } = this;
      if (await conversation.ready(options)) return true;
      // A new stream may have taken the place of the one that was waited for.
      if (conversation === this.conversation || options?.signal?.aborted) return false;
    }
  }

  async request(type: string, payload: unknown, options?: RequestOptions | null): Promise<RequestResult<never>> {
    const asked = this.conversation.request(type, payload, options?.timeoutMs ?? this.#requestTimeoutMs, options?.signal);
    this.#changed();
    const result = await asked;
    // One that was taken back is no longer among what is unconfirmed.
    this.#changed();
    return result as RequestResult<never>;
  }
}
