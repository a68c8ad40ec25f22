import type { Host } from '../../machines/ports/host.js';
import type { Contract } from '../stream/contract.js';
import { checkHandler } from '../stream/handlers.js';
import { checkRoom, checkSpan } from '../stream/room.js';
import type { Client } from './api.js';
import { SessionClient } from './client.js';
import type { ClientOptions, TransportFactory } from './options.js';
import { profiles } from './profiles.js';
import { transportOf, type WebsocketTransportOptions } from './transports.js';

const times = [
  'startDeadlineMs',
  'endDeadlineMs',
  'giveUpAfterMs',
  'offlineRetryMs',
  'connectTimeoutMs',
  'helloTimeoutMs',
  'requestTimeoutMs',
  'handlerTimeoutMs',
] as const satisfies readonly (keyof ClientOptions)[];

/** A client on a host: what both platforms' `createClient` come to. */
export const createClientOn = <C extends Contract>(
  makeHost: () => Host,
  websocket: (options: WebsocketTransportOptions) => TransportFactory,
  options: ClientOptions<C>,
): Client<C> => {
  // Types are checked by the contract on the outside; within, every payload is JSON.
  const untyped = options as unknown as ClientOptions;
  const named = transportOf(untyped, websocket);
  for (const name of times) checkSpan('createClient', name, untyped[name] ?? undefined);
  if (!Object.hasOwn(profiles, untyped.profile === undefined ? 'responsive' : untyped.profile))
    throw new TypeError(`createClient: \`profile\` is 'responsive' or 'batterySaver'; it was given ${String(untyped.profile)}.`);
  if (untyped.persist !== undefined && untyped.persist !== 'tab')
    throw new TypeError(`createClient: \`persist\` is 'tab' or left out; it was given ${String(untyped.persist)}.`);
  for (const name of ['window', 'buffer'] as const) checkRoom('createClient', name, untyped[name]);
  for (const name of ['baseMs', 'capMs', 'healthyAfterMs'] as const)
    checkSpan('createClient', `retry.${name}`, untyped.retry?.[name] ?? undefined);
  for (const [type, handler] of Object.entries(untyped.handlers ?? {})) if (handler !== undefined) checkHandler(type, handler);
  const host = makeHost();
  const transport = typeof named === 'function' ? named(host) : named;
  return new SessionClient(untyped, host, transport) as unknown as Client<C>;
};
