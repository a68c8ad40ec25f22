/**
 * `ninelives` in Node: a client whose WebSocket is the `ws` package's, as Node 20 has none of its own.
 */
import { WebSocket } from 'ws';
import { nodeHost } from '../../adapters/hosts/node.js';
import type { WebSocketConstructor } from '../../adapters/sockets/websocket.js';
import type { AnyContract, Contract } from '../stream/contract.js';
import type { Client } from './api.js';
import { createClientOn } from './create.js';
import type { ClientOptions } from './options.js';
import { websocketOn } from './transports.js';

export * from './exports.js';

/** `ninelives.v1` over a WebSocket. */
export const websocket = websocketOn(WebSocket as unknown as WebSocketConstructor);

/**
 * Make a client. It opens nothing: that is left to `startSession`.
 *
 * @example
 * const kitty = createClient({ url: 'ws://localhost:4150' });
 * const result = await kitty.startSession({ username: 'jane' });
 * if (result.succeeded) result.session.send('chat', { text: 'hi' });
 */
export const createClient = <C extends Contract = AnyContract>(options: ClientOptions<C>): Client<C> =>
  createClientOn<C>(nodeHost, websocket, options);
