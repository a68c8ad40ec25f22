import type { VirtualHost } from '../../adapters/hosts/virtual.js';
import type { AcceptedSocket, OpenSocket, Socket, SocketClose, SocketEvents, SocketRequest } from '../../machines/ports/socket.js';
import { Lane } from './lane.js';

/** From the client to the server, or back. */
export type Way = 'up' | 'down';
/** Which ends of a connection learn that it broke. The others have to notice. */
export type Told = 'both' | 'client' | 'server' | 'nobody';

/** Takes the server's end of a new connection. */
export type Accept = (socket: AcceptedSocket, request: Pick<SocketRequest, 'protocols'>) => void;

/** How a network is at the moment. */
export interface Conditions {
  latencyMs: number;
  jitterMs: number;
  readonly stalled: Record<Way, boolean>;
  isRefusing: boolean;
  isOffline: boolean;
}

export const fineConditions = (): Conditions => ({
  latencyMs: 0,
  jitterMs: 0,
  stalled: { up: false, down: false },
  isRefusing: false,
  isOffline: false,
});

/** A connection that was opened once more as an earlier one was, and that nobody reads. */
export interface Duplicate {
  /** What the server said to it. */
  readonly texts: readonly string[];
  /** How it ended; null while it is open. */
  readonly closed: SocketClose | null;
}

/** What a path needs of its world. */
export interface PathOwner {
  readonly host: VirtualHost;
  /** Who takes new connections; null: nobody listens. */
  accept(): Accept | null;
}

const broken: SocketClose = { code: 1006, reason: '', error: 'The connection was cut.' };
const refused: SocketClose = { code: 1006, reason: '', error: 'Nobody accepts connections here.' };
const late: SocketClose = { code: 1006, reason: '', error: 'timedOut' };

/** One end of a connection. After its own close, and once it was told that it is over, it is told nothing. */
class End {
  readonly inbox: Lane;
  events: Pick<SocketEvents, 'received' | 'closed'> | null = null;
  isOver = false;

  constructor(inbox: Lane) {
    this.inbox = inbox;
  }

  close(how: SocketClose): void {
    if (this.isOver) return;
    this.isOver = true;
    this.events?.closed(how);
  }
}

interface Connection {
  readonly client: End;
  readonly server: End;
  readonly request: SocketRequest;
  /** What the client's end said first. */
  first: string | null;
}

/** The way between one client and the server: its connections, and the conditions that they meet. */
export class Path {
  readonly conditions: Conditions;
  readonly #owner: PathOwner;
  readonly #connections = new Set<Connection>();
  #latest: Connection | null = null;
  #isFrozen = false;
  /** What the client's ends are told once the page goes on: at most one word for each connection that there was. */
  #untold: (() => void)[] = [];

  constructor(owner: PathOwner, conditions: Conditions) {
    this.#owner = owner;
    this.conditions = { ...conditions, stalled: { ...conditions.stalled } };
  }

  /** How many connections are there. */
  get connections(): number {
    return this.#connections.size;
  }

  readonly open: OpenSocket = (request, events) => this.#connect(request, events);

  cut(told: Told): void {
    for (const connection of this.#connections) this.#break(connection, told, broken);
  }

  /** Deliver what was held. */
  run(): void {
    for (const { client, server } of this.#connections) {
      client.inbox.run();
      server.inbox.run();
    }
  }

  /** The page at the client's end does not go on: what arrives for it waits. */
  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const tell of this.#untold) this.#owner.host.clock.macrotask(tell);
    this.#untold = [];
    this.run();
  }

  duplicate(): Duplicate {
    if (this.#latest === null) throw new Error('There is no connection yet that could be duplicated.');
    const { request, first } = this.#latest;
    const texts: string[] = [];
    let closed: SocketClose | null = null;
    const socket = this.#connect(request, {
      opened: () => {
        // The hello went as first frame where it did not go with the request.
        if (request.protocols.length === 1 && first !== null) socket.send(first);
      },
      received: (data) => void texts.push(String(data)),
      closed: (how) => {
        closed = how;
      },
    });
    return {
      texts,
      get closed() {
        return closed;
      },
    };
  }

  #connect(request: SocketRequest, events: SocketEvents): Socket {
    const { clock } = this.#owner.host;
    const lane = (way: Way): Lane =>
      new Lane({
        clock,
        delayMs: () => this.conditions.latencyMs + this.#owner.host.random() * this.conditions.jitterMs,
        isHeld: () => this.conditions.stalled[way] || (this.#isFrozen && way === 'down'),
        overflowed: () => this.#break(connection, 'both', broken),
      });
    const client = new End(lane('down'));
    const server = new End(lane('up'));
    const connection: Connection = { client, server, request, first: null };
    this.#connections.add(connection);
    this.#latest = connection;
    let isOpen = false;
    const timer = clock.setTimeout(() => this.#break(connection, 'client', late), request.openTimeoutMs);
    client.events = {
      received: events.received,
      closed: (how) => {
        clock.clearTimeout(timer);
        events.closed(how);
      },
    };
    if (this.conditions.isOffline || this.conditions.isRefusing) this.#break(connection, 'client', refused);
    else
      server.inbox.put(0, () => {
        const accept = this.#owner.accept();
        if (accept === null) return this.#break(connection, 'client', refused);
        client.inbox.put(0, () => {
          if (client.isOver) return;
          clock.clearTimeout(timer);
          isOpen = true;
          events.opened();
        });
        const listen: AcceptedSocket['listen'] = (listener) => {
          server.events = listener;
        };
        accept(Object.assign(this.#ownerOf(connection, server, client), { listen }), { protocols: request.protocols });
      });
    const owner = this.#ownerOf(connection, client, server);
    return {
      send: (text) => {
        if (!isOpen) return;
        connection.first ??= text;
        owner.send(text);
      },
      close: (code, reason) => {
        clock.clearTimeout(timer);
        owner.close(code, reason);
      },
      get bufferedAmount() {
        return owner.bufferedAmount;
      },
    };
  }

  /** What the owner of one end can do with it. */
  #ownerOf(connection: Connection, own: End, other: End): Socket {
    return {
      send: (text) => {
        if (!own.isOver) other.inbox.put(text.length, () => other.isOver || other.events?.received(text));
      },
      close: (code = 1000, reason = '') => {
        if (own.isOver) return;
        own.isOver = true;
        other.inbox.put(0, () => {
          other.close({ code, reason });
          this.#connections.delete(connection);
        });
      },
      get bufferedAmount() {
        return other.inbox.waiting;
      },
    };
  }

  #break(connection: Connection, told: Told, how: SocketClose): void {
    this.#connections.delete(connection);
    for (const side of ['client', 'server'] as const) {
      const end = connection[side];
      end.inbox.break();
      if (told !== side && told !== 'both') continue;
      const tell = (): void => end.close(how);
      if (side === 'client' && this.#isFrozen) this.#untold.push(tell);
      // As from a real socket: never from inside somebody's call.
      else this.#owner.host.clock.macrotask(tell);
    }
  }
}
