/** What `ninelives` exports besides `createClient`, on every platform. */

export type { Json, JsonObject } from '../../machines/ports/json.js';
export type { OpenSocket, Socket, SocketClose, SocketEvents, SocketRequest } from '../../machines/ports/socket.js';
export type { Link, LinkEvents, LinkOptions, Openings, Transport } from '../../machines/ports/transport.js';
export type { Presence, User as CurrentUser } from '../../machines/ports/user.js';
export type { EndReason, Failure, ReasonCode } from '../../machines/reasons.js';
export type { Status, Substate } from '../../machines/session/status.js';
export { NineLivesError } from '../errors.js';
export type { Contract } from '../stream/contract.js';
export type { MessageInfo } from '../stream/handlers.js';
export type { ReadyOptions } from '../stream/readiness.js';
export type { RequestHandlerInfo, RequestOptions, RequestResult } from '../stream/requests.js';
export type { SendOptions } from '../stream/send-options.js';
export type { AcceptedSend, Confirmation, RefusedSend, SendResult, Unconfirmed } from '../stream/sent.js';
export type { Client } from './api.js';
export type { ClientEvent, ClientEvents } from './events.js';
export type { ClientOptions, StartOptions, TransportFactory } from './options.js';
export type { Profile } from './profiles.js';
export type { EndResult, StartResult } from './results.js';
export type { Session } from './session.js';
export type { ClientSnapshot } from './snapshot.js';
export { type MemoryServer, memory, type WebsocketTransportOptions } from './transports.js';
