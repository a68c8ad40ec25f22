/** The way between one page and its server, with the faults of a real one: it is late, it holds what was sent, it tells one end of a break and not the other. */
import type { AcceptedSocket, OpenSocket, Socket, SocketClose, SocketEvents, SocketRequest } from '../../../machines/ports/socket.js';
import type { Being } from './being.js';
import { Lane } from './lane.js';
import type { WorldTime } from './time.js';

export type Side = 'client' | 'server';
export type Way = 'up' | 'down';

/** Takes the server's end of a new connection; `being`: what it is read by. */
export interface Door {
  readonly being: Being;
  accept(socket: AcceptedSocket, request: { readonly protocols: readonly string[] }): void;
}

/** How the way is at the moment. */
export interface Conditions {
  latencyMs: number;
  jitterMs: number;
  readonly held: Record<Way, boolean>;
  /** What becomes of new connections. */
  opening: 'fine' | 'refused' | 'hangs';
}

export interface PathOwner {
  readonly time: WorldTime;
  random(): number;
  /** Who takes new connections; null: nobody listens. */
  door(): Door | null;
}

const broken: SocketClose = { code: 1006, reason: '', error: 'The connection was cut.' };
const refused: SocketClose = { code: 1006, reason: '', error: 'Nobody accepts connections here.' };
const late: SocketClose = { code: 1006, reason: '', error: 'timedOut' };

/** One end of a connection. After its own close, and once it was told that it is over, it is told nothing. */
class End {
  readonly inbox: Lane;
  being: Being | null;
  events: Pick<SocketEvents, 'received' | 'closed'> | null = null;
  isOver = false;

  constructor(being: Being | null, time: WorldTime, delayMs: () => number, isHeld: () => boolean) {
    this.being = being;
    this.inbox = new Lane({ time, delayMs, isHeld: () => isHeld() || this.being?.isFrozen === true });
  }

  received(text: string): void {
    if (!this.isOver && this.being?.isAlive !== false) this.events?.received(text);
  }

  close(how: SocketClose): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.being?.isAlive !== false) this.events?.closed(how);
  }
}

interface Connection {
  readonly client: End;
  readonly server: End;
  readonly request: SocketRequest;
  /** What the client's end said first. */
  first: string | null;
  /** What was under way may still arrive. */
  isBroken: boolean;
}

export class Path {
  readonly conditions: Conditions;
  readonly #owner: PathOwner;
  readonly #connections = new Set<Connection>();
  #latest: Connection | null = null;

  constructor(owner: PathOwner, conditions: Pick<Conditions, 'latencyMs' | 'jitterMs'>) {
    this.#owner = owner;
    this.conditions = { ...conditions, held: { up: false, down: false }, opening: 'fine' };
  }

  /** How many connections there are. */
  get size(): number {
    return this.#standing.length;
  }

  /** What a page's client opens its sockets with. */
  opener(page: Being): OpenSocket {
    return (request, events) => this.#connect(page, request, events);
  }

  /** Break all connections, and tell these sides. `keeps`: what was under way still arrives at a side that is not told, or before it is. */
  cut(told: readonly Side[], keeps: boolean): void {
    for (const connection of this.#standing) this.#break(connection, told, keeps, broken);
  }

  /** The process at the other end of these connections is gone. */
  deserted(being: Being, isTold: boolean): void {
    for (const connection of this.#standing)
      if (connection.server.being === being) this.#break(connection, isTold ? ['client'] : [], false, broken);
  }

  /** Nothing that is sent this way from now on arrives, on the connections that there are, and nobody is told. */
  swallow(way: Way): void {
    for (const connection of this.#standing) (way === 'up' ? connection.server : connection.client).inbox.isDead = true;
  }

  /** The client is told that its connections broke; what it had sent on them arrives later, and only then is the server told. Gives what lets it arrive. */
  linger(): () => void {
    const lingering = this.#standing;
    for (const connection of lingering) {
      const { client, server } = connection;
      connection.isBroken = true;
      server.inbox.isHeld = true;
      client.inbox.drop();
      client.inbox.isDead = true;
      tell(client, broken);
    }
    return () => {
      for (const { server } of lingering) {
        server.inbox.put(0, () => server.close(broken));
        server.inbox.isDead = true;
        server.inbox.isHeld = false;
        server.inbox.run();
      }
    };
  }

  /** Open the latest connection once more, with the hello that it was opened with: what a network or an attacker repeats. Gives what closes it; null where there is none. */
  repeat(stranger: Being): (() => void) | null {
    if (this.#latest === null) return null;
    const { request, first } = this.#latest;
    const socket = this.#connect(stranger, request, {
      opened: () => {
        if (request.protocols.length === 1 && first !== null) socket.send(first);
      },
      received: () => undefined,
      closed: () => undefined,
    });
    return () => socket.close(1000, '');
  }

  /** Deliver what may arrive. */
  run(): void {
    for (const connection of this.#connections) {
      const { client, server, isBroken } = connection;
      client.inbox.run();
      server.inbox.run();
      if (isBroken && client.inbox.isEmpty && server.inbox.isEmpty) this.#connections.delete(connection);
    }
  }

  heal(): void {
    const { conditions } = this;
    conditions.held.up = false;
    conditions.held.down = false;
    conditions.opening = 'fine';
    this.run();
  }

  #connect(page: Being, request: SocketRequest, events: SocketEvents): Socket {
    const { time } = this.#owner;
    const delayMs = (): number => this.conditions.latencyMs + this.#owner.random() * this.conditions.jitterMs;
    const client = new End(page, time, delayMs, () => this.conditions.held.down);
    const server = new End(null, time, delayMs, () => this.conditions.held.up);
    const connection: Connection = { client, server, request, first: null, isBroken: false };
    const { clock } = page.host;
    let isOpen = false;
    const timer = clock.setTimeout(() => this.#break(connection, ['client'], false, late), request.openTimeoutMs);
    client.events = {
      received: events.received,
      closed: (how) => {
        clock.clearTimeout(timer);
        events.closed(how);
      },
    };
    const owner = this.#ownerOf(page, client, server, connection);
    const opened = (): void => {
      if (client.isOver || !page.isAlive) return;
      clock.clearTimeout(timer);
      isOpen = true;
      events.opened();
    };
    if (page.effect()) {
      this.#connections.add(connection);
      this.#latest = connection;
      const { opening } = this.conditions;
      if (opening === 'refused') this.#break(connection, ['client'], false, refused);
      if (opening === 'fine') server.inbox.put(0, () => this.#arrive(connection, opened));
    }
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

  #arrive(connection: Connection, opened: () => void): void {
    const { client, server, request } = connection;
    const door = this.#owner.door();
    if (door === null || !door.being.isAlive) return this.#break(connection, ['client'], false, refused);
    server.being = door.being;
    client.inbox.put(0, opened);
    const listen: AcceptedSocket['listen'] = (listener) => {
      server.events = listener;
    };
    const enter = (): void => door.accept(Object.assign(this.#ownerOf(door.being, server, client, connection), { listen }), request);
    // A process that is stopped takes it once it goes on.
    if (door.being.isFrozen) door.being.host.clock.macrotask(enter);
    else enter();
  }

  /** What the owner of one end can do with it. */
  #ownerOf(being: Being, own: End, other: End, connection: Connection): Socket {
    return {
      send: (text) => {
        if (!own.isOver && being.effect()) other.inbox.put(text.length, () => other.received(text));
      },
      close: (code = 1000, reason = '') => {
        if (own.isOver || !being.effect()) return;
        own.isOver = true;
        other.inbox.put(0, () => {
          other.close({ code, reason });
          connection.isBroken = true;
        });
      },
      get bufferedAmount() {
        return other.inbox.waiting;
      },
    };
  }

  #break(connection: Connection, told: readonly Side[], keeps: boolean, how: SocketClose): void {
    connection.isBroken = true;
    for (const side of ['client', 'server'] as const) {
      const end = connection[side];
      if (!keeps) end.inbox.drop();
      if (told.includes(side)) {
        if (keeps) end.inbox.put(0, () => end.close(how));
        else tell(end, how);
      }
      end.inbox.isDead = true;
    }
  }

  get #standing(): readonly Connection[] {
    return [...this.#connections].filter(({ isBroken }) => !isBroken);
  }
}

/** As from a real socket: never from inside somebody's call. */
const tell = (end: End, how: SocketClose): void => end.being?.host.clock.macrotask(() => end.close(how));
