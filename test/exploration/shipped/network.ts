/** The network: what is under way on each link, delivered, lost and cut when the explorer says so. */
import type { AcceptedSocket, OpenSocket, SocketClose, SocketEvents } from '../../../machines/ports/socket.js';
import type { Life } from './life.js';

export type Way = 'up' | 'down';

/** What is under way in one direction. */
export type Parcel =
  | { readonly kind: 'open' }
  | { readonly kind: 'text'; readonly text: string }
  | ({ readonly kind: 'close' } & SocketClose);

type Listener = Pick<SocketEvents, 'received' | 'closed'>;

/** Connections that nobody listens to are counted from here. */
const firstRepeated = 100;

const broken: SocketClose = { code: 1006, reason: '', error: 'It was cut.' };

export class Link {
  readonly id: number;
  readonly protocols: readonly string[];
  readonly up: Parcel[] = [{ kind: 'open' }];
  readonly down: Parcel[] = [];
  client: SocketEvents | null;
  server: Listener | null = null;
  isClientOpen = true;
  isServerOpen = true;
  /** An end was told that it is cut: what the other one was sent may be lost. */
  isCut = false;
  /** What the server told on it: how many items, and its latest acknowledgement. */
  readonly told = { items: 0, ack: '' };

  constructor(id: number, protocols: readonly string[], client: SocketEvents | null) {
    this.id = id;
    this.protocols = protocols;
    this.client = client;
    this.isClientOpen = client !== null;
  }

  get isOver(): boolean {
    return !this.isClientOpen && !this.isServerOpen;
  }
}

/** Who accepts new connections. */
export interface Acceptor {
  accept(socket: AcceptedSocket, request: { readonly protocols: readonly string[] }): void;
}

export interface NetworkOwner {
  /** A page opens it. */
  opens(link: Link): void;
  /** The server's end writes this. */
  writes(link: Link, text: string): void;
  /** The client's end writes this. */
  says(link: Link, text: string): void;
}

export class Network {
  links: Link[] = [];
  /** Hellos that the server has heard. */
  readonly heard: (readonly string[])[] = [];
  readonly #owner: NetworkOwner;
  #opened = 0;
  #repeated = 0;

  constructor(owner: NetworkOwner) {
    this.#owner = owner;
  }

  /** How a page opens sockets. */
  openFor(life: Life): OpenSocket {
    return ({ protocols }, events) => {
      const isDone = life.does();
      this.#opened += 1;
      const link = new Link(this.#opened, protocols, events);
      if (isDone) {
        this.links.push(link);
        this.#owner.opens(link);
      }
      return {
        send: (text) => {
          if (!link.isClientOpen || !life.does()) return;
          this.#owner.says(link, text);
          if (link.isServerOpen) link.up.push({ kind: 'text', text });
        },
        close: (code = 1000, reason = '') => {
          if (!link.isClientOpen || !life.does()) return;
          this.#leave(link, 'client', { code, reason });
        },
        bufferedAmount: 0,
      };
    };
  }

  /** Somebody says a hello once more, and listens to nothing. */
  repeat(index: number): void {
    this.#repeated += 1;
    const link = new Link(firstRepeated + this.#repeated, this.heard[index] ?? [], null);
    link.up.push({ kind: 'close', ...broken });
    this.links.push(link);
  }

  /** Deliver the next parcel of one direction. */
  deliver(link: Link, way: Way, server: Acceptor, life: Life): void {
    const parcel = link[way].shift();
    if (parcel === undefined) return;
    if (way === 'down') {
      if (parcel.kind === 'close') link.isClientOpen = false;
      if (parcel.kind === 'open') link.client?.opened();
      else if (parcel.kind === 'text') link.client?.received(parcel.text);
      else link.client?.closed(parcel);
    } else if (parcel.kind === 'open') this.#accept(link, server, life);
    else if (parcel.kind === 'text') link.server?.received(parcel.text);
    else {
      link.isServerOpen = false;
      link.server?.closed(parcel);
    }
    this.#forget();
  }

  #accept(link: Link, server: Acceptor, life: Life): void {
    if (link.id < firstRepeated) this.heard.push(link.protocols);
    if (link.isClientOpen) link.down.push({ kind: 'open' });
    server.accept(
      {
        send: (text) => {
          if (!link.isServerOpen || !life.does()) return;
          this.#owner.writes(link, text);
          if (link.isClientOpen) link.down.push({ kind: 'text', text });
        },
        close: (code = 1000, reason = '') => {
          if (!link.isServerOpen || !life.does()) return;
          this.#leave(link, 'server', { code, reason });
        },
        bufferedAmount: 0,
        listen: (listener) => {
          link.server = listener;
        },
      },
      { protocols: link.protocols },
    );
  }

  /** One end closes: the other hears of it behind all that was said. */
  #leave(link: Link, by: 'client' | 'server', how: SocketClose): void {
    if (by === 'client') {
      link.isClientOpen = false;
      link.down.length = 0;
      if (link.isServerOpen) link.up.push({ kind: 'close', ...how });
    } else {
      link.isServerOpen = false;
      link.up.length = 0;
      if (link.isClientOpen) link.down.push({ kind: 'close', ...how });
    }
    this.#forget();
  }

  /** One end is told that the link is gone, or both. What the other one was sent still comes, or is lost later. */
  cut(link: Link, told: 'client' | 'server' | 'both'): void {
    link.isCut = true;
    const { isClientOpen, isServerOpen } = link;
    if (told !== 'server' && isClientOpen) this.#leave(link, 'client', broken);
    if (told !== 'client' && isServerOpen && link.server !== null) this.#leave(link, 'server', broken);
    if (told === 'both') link.isServerOpen = false;
    if (told === 'both') this.#forget();
    if (told !== 'server' && isClientOpen) link.client?.closed(broken);
    if (told !== 'client' && isServerOpen) link.server?.closed(broken);
  }

  /** What is under way on a link that was cut is lost. */
  lose(link: Link, way: Way): void {
    link[way].splice(0, link[way].length, { kind: 'close', ...broken });
  }

  /** All of one side's ends are gone at once, with its process. */
  died(side: 'client' | 'server'): void {
    for (const link of [...this.links]) {
      if (side === 'client' ? !link.isClientOpen : !link.isServerOpen || link.server === null) continue;
      link.isCut = true;
      this.#leave(link, side, broken);
    }
  }

  #forget(): void {
    this.links = this.links.filter(({ isOver }) => !isOver);
  }
}
