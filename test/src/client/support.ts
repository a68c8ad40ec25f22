/** What the client's tests stand on: a client on a virtual host, over a script or over a real server in the same process. */
import { type VirtualHost, virtualHost } from '../../../adapters/hosts/virtual.js';
import { memorySockets } from '../../../adapters/sockets/memory.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import { emittedTypes } from '../../../machines/session/public.js';
import type { Client } from '../../../src/client/api.js';
import { createClientOn } from '../../../src/client/create.js';
import type { ClientEvent, ClientEvents } from '../../../src/client/events.js';
import type { ClientOptions } from '../../../src/client/options.js';
import { websocketOn } from '../../../src/client/transports.js';
import type { NineLivesError } from '../../../src/errors.js';
import { createServer, type Server, type ServerOptions } from '../../../src/server/index.js';
import type { AnyContract } from '../../../src/stream/contract.js';
import { type Behaviour, type ScriptedTransport, scriptedTransport } from '../../support/scripted-transport.js';

export const clientOn = (host: VirtualHost, options: ClientOptions): Client<AnyContract> =>
  createClientOn<AnyContract>(() => host, websocketOn(undefined), options);

export interface Scripted {
  readonly host: VirtualHost;
  readonly wire: ScriptedTransport;
  readonly kitty: Client;
}

/** A client whose transport is a script. */
export const scripted = (script?: Behaviour, options: ClientOptions = {}, seed = 1): Scripted => {
  const host = virtualHost({ seed });
  const wire = scriptedTransport({ clock: host.clock, script });
  return { host, wire, kitty: clientOn(host, { transport: wire, ...options }) };
};

export interface InMemory {
  readonly host: VirtualHost;
  readonly server: Server;
  readonly kitty: Client;
  /** Break the connection, as when a cable is pulled: both ends are told. */
  cut(): void;
  /** From now on, connections lead to this server. */
  serve(server: Server): void;
  /** How many connections reached a server. */
  readonly connections: number;
}

/** A client and a server in one process and one virtual time. */
export const inMemory = (serverOptions: ServerOptions = {}, options: ClientOptions = {}): InMemory => {
  const host = virtualHost({ seed: 1 });
  const sockets = memorySockets({ clock: host.clock });
  const server = createServer({ logger: false, guests: true, host, ...serverOptions });
  let connections = 0;
  const serve = (target: Server): void => {
    sockets.accept((socket, request) => {
      connections += 1;
      target.accept(socket, request);
    });
  };
  serve(server);
  return {
    host,
    server,
    kitty: clientOn(host, { transport: ninelivesTransport({ openSocket: sockets.open, host }), ...options }),
    cut: sockets.cut,
    serve,
    get connections() {
      return connections;
    },
  };
};

/** Every lifecycle event of a client by name, in order. */
export const namesOf = (kitty: Client): readonly string[] => {
  const names: string[] = [];
  for (const name of emittedTypes) kitty.on(name, () => names.push(name));
  return names;
};

/** The next event of this name. */
export const next = <E extends keyof ClientEvents>(kitty: Client, name: E): Promise<ClientEvent<E>> =>
  new Promise((resolve) => {
    const off = kitty.on(name, ((event: ClientEvent<E>) => {
      off();
      resolve(event);
    }) as ClientEvents[E]);
  });

/** A promise that is settled by hand. */
export const deferred = <T>() => {
  let resolve = (_value: T): void => undefined;
  let reject = (_reason: unknown): void => undefined;
  const promise = new Promise<T>((settle, fail) => {
    resolve = settle;
    reject = fail;
  });
  return { promise, resolve, reject };
};

/** What an error says that it comes from. */
export const causeOf = (error: Error | undefined): NineLivesError | undefined => error?.cause as NineLivesError | undefined;

/** What is left of a client that has nothing to do. */
export const leftovers = ({ host, wire }: Scripted): Record<string, unknown> => ({
  timers: host.pendingTimers,
  hintListeners: host.hintListeners,
  openLinks: wire.links.filter(({ ended }) => ended === null).length,
});

export const nothingLeft = { timers: 0, hintListeners: 0, openLinks: 0 };
