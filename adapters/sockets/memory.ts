import type { Clock } from '../../machines/ports/host.js';
import type { AcceptedSocket, Socket, SocketClose, SocketEvents, SocketRequest } from '../../machines/ports/socket.js';
import { lane } from './memory-lane.js';

type Schedule = (deliver: () => void) => void;
type Timers = Pick<Clock, 'setTimeout' | 'clearTimeout'>;

export interface MemorySocketsOptions {
  /** Runs one delivery, later; a test may hold them and step. `queueMicrotask` where none is given. */
  readonly schedule?: Schedule;
  /** For `openTimeoutMs`; the platform's timers where none is given. */
  readonly clock?: Timers;
}

/** What a test may do besides: send what no wire of ours sends. */
interface SendsBinary {
  sendBinary(data: ArrayBuffer): void;
}
export type MemorySocket = Socket & SendsBinary;
export type MemoryAcceptedSocket = AcceptedSocket & SendsBinary;
export type MemoryAcceptListener = (socket: MemoryAcceptedSocket, request: Pick<SocketRequest, 'protocols'>) => void;

export interface MemorySockets {
  /** An `OpenSocket`, whose sockets can also send binary. */
  readonly open: (request: SocketRequest, events: SocketEvents) => MemorySocket;
  /** Take what is opened from now on, in place of who took it before, until the returned function is called. */
  readonly accept: (listener: MemoryAcceptListener) => () => void;
  /** Break every connection, as when a cable is pulled: both ends are told 1006, and what was under way is gone. */
  readonly cut: () => void;
}

/** The close code where none was received, and that of an owner who gives none. */
const ABNORMAL = 1006;
const NORMAL = 1000;

const platformTimers: Timers = {
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as ReturnType<typeof setTimeout> | undefined),
};

const always = () => true;
const nothing = () => undefined;
const sizeOf = (data: string | ArrayBuffer) => (typeof data === 'string' ? data.length : data.byteLength);

/** One end of a connection. What it is told comes through its lane, and no more once its owner closed it or was told that it is over. */
const makeEnd = (schedule: Schedule, overflowed: () => void) => {
  let events: Pick<SocketEvents, 'received' | 'closed'> | undefined;
  let isOver = false;
  const inbox = lane(schedule, overflowed);
  const tell = (size: number, deliver: () => void) => inbox.put(size, () => isOver || deliver());
  const over = () => {
    isOver = true;
    inbox.empty();
  };
  const end = (close: SocketClose) => {
    over();
    events?.closed(close);
  };
  return {
    inbox,
    tell,
    over,
    end,
    isOver: () => isOver,
    listen: (listener: Pick<SocketEvents, 'received' | 'closed'>) => {
      events = listener;
    },
    receive: (data: string | ArrayBuffer) => tell(sizeOf(data), () => events?.received(data)),
    lose: (close: SocketClose) => tell(0, () => end(close)),
  };
};
type End = ReturnType<typeof makeEnd>;

/** What the owner of one end can do with it: all that is sent goes into the lane of the other end. */
const ownerOf = (own: End, other: End, maySend: () => boolean, closed: () => void): MemorySocket => {
  const pass = (data: string | ArrayBuffer) => {
    if (!own.isOver() && maySend()) other.receive(data);
  };
  return {
    send: pass,
    sendBinary: (data) => pass(data.slice(0)),
    close: (code = NORMAL, reason = '') => {
      if (own.isOver()) return;
      own.over();
      closed();
      other.lose({ code, reason });
    },
    get bufferedAmount() {
      return other.inbox.waiting;
    },
  };
};

/**
 * Connections inside one process: asynchronous, in order, text unchanged. Where nobody accepts, an opening is refused.
 * More than 64 Mi waiting in one direction breaks a connection.
 *
 * @example
 * const sockets = memorySockets();
 * sockets.accept((socket) => socket.listen({ received: (data) => socket.send(`echo ${data}`), closed: () => {} }));
 * const socket = sockets.open({ protocols: [], openTimeoutMs: 1000 }, { opened, received, closed });
 */
export const memorySockets = ({ schedule = queueMicrotask, clock = platformTimers }: MemorySocketsOptions = {}): MemorySockets => {
  let acceptor: MemoryAcceptListener | undefined;
  const breakers = new Set<(error: string) => void>();

  return {
    open: ({ protocols, openTimeoutMs }, events) => {
      let isOpened = false;
      const breakOne = (end: End, error: string) => {
        end.inbox.empty();
        end.lose({ code: ABNORMAL, reason: '', error });
      };
      const breakBoth = (error: string) => {
        breakOne(client, error);
        breakOne(server, error);
      };
      const overflowed = () => breakBoth('More is waiting in memory than may wait.');
      const client = makeEnd(schedule, overflowed);
      const server = makeEnd(schedule, overflowed);
      // The client's own judgement: it is told even where a test holds all deliveries.
      const timer = clock.setTimeout(() => {
        breakOne(server, 'The other end gave up.');
        client.end({ code: ABNORMAL, reason: '', error: 'timedOut' });
      }, openTimeoutMs);
      const release = () => {
        clock.clearTimeout(timer);
        breakers.delete(breakBoth);
      };

      breakers.add(breakBoth);
      client.listen({
        received: events.received,
        closed: (close) => {
          release();
          events.closed(close);
        },
      });
      server.tell(0, () => {
        if (client.isOver()) return;
        if (!acceptor) return client.lose({ code: ABNORMAL, reason: '', error: 'Nobody accepts memory sockets here.' });
        client.tell(0, () => {
          clock.clearTimeout(timer);
          isOpened = true;
          events.opened();
        });
        const accepted = ownerOf(server, client, always, nothing);
        acceptor(Object.assign(accepted, { listen: server.listen }), { protocols });
      });

      return ownerOf(client, server, () => isOpened, release);
    },
    accept: (listener) => {
      acceptor = listener;
      return () => {
        if (acceptor === listener) acceptor = undefined;
      };
    },
    cut: () => {
      for (const breakBoth of breakers) breakBoth('The connection was cut.');
    },
  };
};
