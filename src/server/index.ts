/**
 * `ninelives/server`: user sessions in any Node HTTP server, or in one of their own.
 */
import type { AnyContract, Contract } from '../stream/contract.js';
import type { Server } from './api.js';
import type { ServerOptions } from './options.js';
import { SessionServer } from './server.js';

export type { AuthenticateFunction } from '../../adapters/auth/function.js';
export { jwt } from '../../adapters/auth/jwt.js';
export { verifyWebhookSignature, webhook } from '../../adapters/auth/webhook.js';
export { memory } from '../../adapters/stores/memory.js';
export { sqlite } from '../../adapters/stores/sqlite.js';
export type { Admittance, Attempt, Authenticator, Refusal, RequestInfo } from '../../machines/ports/authenticator.js';
export type { Json, JsonObject } from '../../machines/ports/json.js';
export type { AcceptedSocket } from '../../machines/ports/socket.js';
export type { Page, SessionRecord, SessionStore } from '../../machines/ports/store.js';
export type { Presence, Profile, User } from '../../machines/ports/user.js';
export type { EndReason, Failure, ReasonCode } from '../../machines/reasons.js';
export { NineLivesError } from '../errors.js';
export type { Result } from '../result.js';
export type { Contract } from '../stream/contract.js';
export type { MessageInfo } from '../stream/handlers.js';
export type { ReadyOptions } from '../stream/readiness.js';
export type { RequestHandlerInfo, RequestOptions, RequestResult } from '../stream/requests.js';
export type { SendOptions } from '../stream/send-options.js';
export type { AcceptedSend, Confirmation, RefusedSend, SendResult, Unconfirmed } from '../stream/sent.js';
export type { Server, ServerEvents } from './api.js';
export type { Audience, AudienceResult } from './audience.js';
export type { PageQuery, SessionQuery, Sessions, UserQuery, Users } from './directory.js';
export type { DrainOptions } from './drain.js';
export type { AttachableServer, AttachOptions, Listening, ListenOptions } from './http.js';
export type { Logger } from './logger.js';
export type { AddressOf, Guests, ServerOptions } from './options.js';
export type { SessionsPerUser, SessionsPerUserRule } from './places.js';
export type { ServerSession, WhenFull } from './session.js';

/**
 * Make a server. It opens nothing until it listens, is attached or is asked for its users.
 *
 * @example
 * const server = createServer({ apiKeys: ['dev'], guests: true, authenticate: async ({ username, authParams }) => check(username, authParams) });
 * server.on('session', (session) => {
 *   session.on('chat', ({ text }) => server.toEveryone().send('chat', { from: session.user.name, text }));
 * });
 * await server.listen(4150);
 */
export const createServer = <C extends Contract = AnyContract>(options: ServerOptions = {}): Server<C> =>
  new SessionServer(options) as unknown as Server<C>;
