import { withPresence } from '../../adapters/stores/rules.js';
import type { ConnectionInput } from '../../machines/connection/connection.js';
import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { SessionRecord } from '../../machines/ports/store.js';
import type { User } from '../../machines/ports/user.js';
import { failure } from '../../machines/reasons.js';
import type { OutboundData } from '../../machines/stream/packets.js';
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
import type { RequestHandler, RequestHandlerInfo, RequestOptions, RequestResult } from '../stream/requests.js';
import type { SendOptions } from '../stream/send-options.js';
import type { SendResult } from '../stream/sent.js';

import { hashOfToken } from './admission.js';
import type { DurableSession } from './durable.js';
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
  /** Whom it speaks for: another user once its client has signed in. A message has its own: `message.user`. */
  readonly user: User;
  /** What the client says it is, or null. */
  readonly userAgent: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** The request that brought it. */
  readonly origin: RequestInfo;
  /** What happens where its client leaves the buffer full; as `createServer` says, until it is set. */
  whenFull: WhenFull;
  /** Handle messages of a type, one at a time and in order. The returned function stops it. */
  on<T extends MessageType<UpOf<C>>>(type: T, handler: (payload: MessagePayload<UpOf<C>, T>, message: MessageInfo) => unknown): () => void;
  /** Answer requests of a type. Throws where the type has a handler already, or where the handler is no function. */
  onRequest<T extends RequestName<UpOf<C>>>(
    type: T,
    handler: (
      payload: RequestPayload<UpOf<C>, T>,
      request: RequestHandlerInfo,
    ) => RequestReply<UpOf<C>, T> | Promise<RequestReply<UpOf<C>, T>>,
  ): () => void;
  /** Send a message. Errors: InvalidTypeError, InvalidPayloadError, MessageTooLargeError, BufferFullError, InvalidOptionError, NoActiveSessionError. */
  send<T extends MessageType<DownOf<C>>>(type: T, payload: MessagePayload<DownOf<C>, T>, options?: SendOptions): SendResult;
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

/** A send that the full buffer has no room for is refused with `BufferFullError`; `end`: and the session ends as `tooSlow`. */
export type WhenFull = 'refuse' | 'end';

/** The connection that a session lives on. */
export interface SessionConnection {
  /** False where the link is lost and this stands in for one. */
  readonly hasLink: boolean;
  write(packets: readonly OutboundData[]): void;
  input(input: Extract<ConnectionInput, { type: 'end' | 'dismissed' | 'left' | 'peerEnded' | 'complete' | 'violated' }>): void;
  /** Let go of the session: it has another connection now. */
  release(): void;
}

/** What makes a session, besides its record. */
export interface SessionParts {
  readonly origin: RequestInfo;
  readonly connection: SessionConnection;
  /** What proves that a client is its owner: the hash of its token and API key. */
  readonly tokenHash: string;
  /** Null where it does not outlive this process. */
  readonly durable: (session: LiveSession) => DurableSession | null;
  readonly conversation: (session: LiveSession) => Conversation;
  readonly keptMs: number;
  /** The features that hold, by name. */
  readonly features: readonly string[];
  readonly requestTimeoutMs: number;
  readonly whenFull: WhenFull;
}

/** A sign-in that is not decided. */
export interface SigningIn {
  /** Of the token that becomes the session's with it. A resume that shows it takes the sign-in along, and the token that it rotated to is the one. */
  tokenHash: string;
  /** The session was resumed since it came. */
  isRotated: boolean;
  /** Aborted when it is void: the session is over, or in the hands of somebody who does not know its token. */
  readonly over: AbortController;
}

/** How long an authentication holds, and when to ask for the next one. In milliseconds since the epoch. */
export interface Authentication {
  /** Null: for ever. */
  readonly expiresAt: number | null;
  /** From when on a new credential is asked for. */
  readonly renewAt: number;
  /** How often it is asked for then, in milliseconds. */
  readonly askEveryMs: number;
}

/** Where nobody hears, or nobody can decide, it is asked this often before the end. */
const asksPerRenewal = 4;
/** What is asked for earlier was of little use: the part of its time that an authentication has left when it is asked for. */
const renewalPart = 1 / 5;

const forEver: Authentication = { expiresAt: null, renewAt: 0, askEveryMs: 0 };

export const authenticationUntil = (expiresAt: number | null, wall: number, renewBeforeMs: number): Authentication => {
  if (expiresAt === null) return forEver;
  const leadMs = Math.max(Math.min(renewBeforeMs, (expiresAt - wall) * renewalPart), 0);
  return { expiresAt, renewAt: expiresAt - leadMs, askEveryMs: leadMs / asksPerRenewal };
};

/** Its own session makes a user online, whether or not others have been told yet. */
export const onlineNow = (user: User): User => (user.presence.online ? user : withPresence(user, { online: true }));

/** One for all, as most sessions take nobody's place. */
export const nobodyElse: readonly LiveSession[] = [];

/** The session behind the interface: untyped, over its conversation. */
export class LiveSession implements ServerSession {
  readonly id: string;
  user: User;
  readonly userAgent: string | null;
  readonly createdAt: number;
  origin: RequestInfo;
  readonly conversation: Conversation;
  readonly durable: DurableSession | null;
  tokenHash: string;
  /** How long it is kept after a lost link, in milliseconds; 0: it can not be resumed. */
  readonly keptMs: number;
  /** Sessions of its user whose place it takes once it is confirmed. */
  displaces: readonly LiveSession[] = nobodyElse;
  /** Does its user's presence count it? */
  isPresent = false;
  /** The client's life that was told last. [R69] */
  life = 0;
  readonly features: readonly string[];
  /** The API key that its client shows: its tokens are bound to it. */
  key: string | undefined;
  authentication: Authentication;
  signingIn: SigningIn | null = null;
  /** The number of the sign-in that an earlier life has accepted; 0: none. */
  signedIn = 0;
  /** A resume moves it to another one, and so does a repeated start before it is confirmed. */
  connection: SessionConnection;
  whenFull: WhenFull;
  readonly #requestTimeoutMs: number;

  constructor({ id, user, userAgent, createdAt }: SessionRecord, parts: SessionParts, authentication: Authentication) {
    this.id = id;
    this.user = onlineNow(user);
    this.userAgent = userAgent;
    this.createdAt = createdAt;
    this.origin = parts.origin;
    this.tokenHash = parts.tokenHash;
    this.keptMs = parts.keptMs;
    this.features = parts.features;
    this.authentication = authentication;
    this.connection = parts.connection;
    this.whenFull = parts.whenFull;
    this.#requestTimeoutMs = parts.requestTimeoutMs;
    this.durable = parts.durable(this);
    this.conversation = parts.conversation(this);
  }

  get expiresAt(): number | null {
    return this.authentication.expiresAt;
  }

  /** What is kept of a token, to know it by. */
  hashOf(token: string): string {
    return hashOfToken(token, this.key);
  }

  /** Has its authentication ended by this date, in milliseconds since the epoch? */
  isExpired(wall: number): boolean {
    const { expiresAt } = this.authentication;
    return expiresAt !== null && wall >= expiresAt;
  }

  on(type: string, handler: MessageHandler): () => void {
    return this.conversation.registry.messages.on(type, handler);
  }

  onRequest(type: string, handler: RequestHandler): () => void {
    return this.conversation.registry.requests.on(type, handler);
  }

  send(type: string, payload: unknown, options?: SendOptions): SendResult {
    return this.conversation.send(type, payload, options);
  }

  ready(options?: ReadyOptions): Promise<boolean> {
    return this.conversation.ready(options);
  }

  request(type: string, payload: unknown, options?: RequestOptions | null): Promise<RequestResult<never>> {
    const asked = this.conversation.request(type, payload, options?.timeoutMs ?? this.#requestTimeoutMs, options?.signal);
    return asked as Promise<RequestResult<never>>;
  }

  end(): void {
    this.connection.input({ type: 'end' });
  }

  revoke(): void {
    this.connection.input({ type: 'dismissed', failure: failure('SessionRevokedError') });
  }

  /** Another session of its user has its place. The client stays away. */
  supersede(): void {
    this.connection.input({ type: 'dismissed', failure: failure('SessionSupersededError') });
  }

  /** Its user is known to have gone. */
  leave(): void {
    this.connection.input({ type: 'left' });
  }
}
