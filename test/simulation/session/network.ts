/**
 * A network in virtual time, with the faults of a real one: it is late, it holds what was sent, it tells one end of a break and not the other.
 * Each direction of a connection keeps its order.
 */
import type { VirtualHost } from '../../../adapters/hosts/virtual.js';
import type { AcceptedSocket, OpenSocket, SocketClose, SocketEvents } from '../../../machines/ports/socket.js';
import type { Direction } from '../../support/path.js';

export type Side = 'client' | 'server';

/** Takes the server's end of a new connection. */
export type Accept = (socket: AcceptedSocket, request: { readonly protocols: readonly string[] }) => void;

export interface SimulatedNetwork {
  readonly open: OpenSocket;
  /** Who takes new connections; null: they are refused. */
  serve(accept: Accept | null): void;
  /** Break all connections, and tell these sides. `keeps`: what was under way still arrives at a side that is not told, or before it is. */
  cut(told: readonly Side[], keeps: boolean): void;
  /** Hold all that is sent this way on the connections that there are, until `release`. */
  stall(direction: Direction): void;
  release(): void;
  /** One-way latency of what is sent from now on, in milliseconds. */
  delayMs: number;
}

/** One direction of one connection: parcels that arrive in their order, each at its time or later. */
class Lane {
  readonly #host: VirtualHost;
  readonly #delayMs: () => number;
  #parcels: { readonly at: number; readonly deliver: () => void }[] = [];
  #isPlanned = false;
  isHeld = false;
  /** Nothing that is put in from now on arrives. */
  isDead = false;

  constructor(host: VirtualHost, delayMs: () => number) {
    this.#host = host;
    this.#delayMs = delayMs;
  }

  put(deliver: () => void): void {
    if (this.isDead) return;
    this.#parcels.push({ at: this.#host.clock.now() + this.#delayMs(), deliver });
    this.run();
  }

  drop(): void {
    this.#parcels = [];
  }

  run(): void {
    const [first] = this.#parcels;
    if (first === undefined || this.isHeld || this.#isPlanned) return;
    this.#isPlanned = true;
    this.#host.clock.setTimeout(
      () => {
        this.#isPlanned = false;
        const now = this.#host.clock.now();
        for (let next = this.#parcels[0]; next !== undefined && next.at <= now && !this.isHeld; next = this.#parcels[0]) {
          this.#parcels.shift();
          next.deliver();
        }
        this.run();
      },
      Math.max(0, first.at - this.#host.clock.now()),
    );
  }
}

/** The close code of a connection that broke. */
const broken: SocketClose = { code: 1006, reason: '', error: 'The connection was cut.' };

interface End {
  readonly inbox: Lane;
  events: Pick<SocketEvents, 'received' | 'closed'> | null;
  isOver: boolean;
}

interface Connection {
  readonly client: End;
  readonly server: End;
}

const close = (end: End, how: SocketClose): void => {
  if (end.isOver) return;
  end.isOver = true;
  end.events?.closed(how);
};

export const simulatedNetwork = (host: VirtualHost): SimulatedNetwork => {
  const connections = new Set<Connection>();
  let accept: Accept | null = null;

  const ownerOf = (own: End, other: End) => ({
    send: (text: string) => {
      if (!own.isOver) other.inbox.put(() => other.isOver || other.events?.received(text));
    },
    close: (code = 1000, reason = '') => {
      if (own.isOver) return;
      own.isOver = true;
      other.inbox.put(() => close(other, { code, reason }));
    },
    bufferedAmount: 0,
  });

  const network: SimulatedNetwork = {
    delayMs: 10,
    open: ({ protocols, openTimeoutMs }, events) => {
      const late = (): number => network.delayMs;
      const client: End = { inbox: new Lane(host, late), events: null, isOver: false };
      const server: End = { inbox: new Lane(host, late), events: null, isOver: false };
      const connection = { client, server };
      connections.add(connection);
      const timer = host.clock.setTimeout(() => close(client, { ...broken, error: 'timedOut' }), openTimeoutMs);
      const settled = (): void => host.clock.clearTimeout(timer);
      let isOpen = false;
      client.events = {
        received: (data) => events.received(data),
        closed: (how) => {
          settled();
          events.closed(how);
        },
      };
      server.inbox.put(() => {
        if (accept === null) return client.inbox.put(() => close(client, broken));
        client.inbox.put(() => {
          settled();
          if (client.isOver) return;
          isOpen = true;
          events.opened();
        });
        const listen: AcceptedSocket['listen'] = (listener) => {
          server.events = listener;
        };
        accept({ ...ownerOf(server, client), listen }, { protocols });
      });
      const owner = ownerOf(client, server);
      return {
        ...owner,
        send: (text) => {
          if (isOpen) owner.send(text);
        },
        close: (code, reason) => {
          settled();
          owner.close(code, reason);
        },
      };
    },
    serve: (listener) => {
      accept = listener;
    },
    cut: (told, keeps) => {
      for (const { client, server } of connections)
        for (const [end, side] of [
          [client, 'client'],
          [server, 'server'],
        ] as const) {
          if (!keeps) end.inbox.drop();
          if (!told.includes(side)) end.inbox.isDead = true;
          else if (keeps) {
            end.inbox.put(() => close(end, broken));
            end.inbox.isDead = true;
          } else {
            end.inbox.isDead = true;
            close(end, broken);
          }
        }
      connections.clear();
    },
    stall: (direction) => {
      for (const { client, server } of connections) (direction === 'up' ? server : client).inbox.isHeld = true;
    },
    release: () => {
      for (const { client, server } of connections)
        for (const { inbox } of [client, server]) {
          inbox.isHeld = false;
          inbox.run();
        }
    },
  };
  return network;
};
