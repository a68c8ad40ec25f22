/**
 * `ninelives` in browsers and workers: a client on the platform's own WebSocket.
 */
import { browserHost } from '../../adapters/hosts/browser.js';
import type { AnyContract, Contract } from '../stream/contract.js';
import type { Client } from './api.js';
import { createClientOn } from './create.js';
import type { ClientOptions } from './options.js';
import { websocketOn } from './transports.js';

export * from './exports.js';

/** `ninelives.v1` over a WebSocket. */
export const websocket = websocketOn(undefined);

/**
 * Make a client. It opens nothing: that is left to `startSession`.
 *
 * @example
 * const kitty = createClient({ url: 'wss://example.com' });
 * const result = await kitty.startSession({ username: 'jane' });
 * if (result.succeeded) result.session.send('chat', { text: 'hi' });
 */
export const createClient = <C extends Contract = AnyContract>(options: ClientOptions<C>): Client<C> =>
  createClientOn<C>(browserHost, websocket, options);
