import { connect, type Socket } from 'node:net';
import { type Lane, lane } from './lane.js';
import { reset } from './tcp.js';

/** What a proxy does to all of its connections; it changes while they live. */
export interface Conditions {
  delayMs: number;
  silentUp: boolean;
  silentDown: boolean;
  /** Bytes that were handed on. */
  bytesUp: number;
  bytesDown: number;
}

export type CutSide = 'both' | 'client' | 'server';

/** One connection through the proxy. */
export interface Link {
  /** Break it off with an RST, on one side or on both. The side that is not cut hears nothing any more. */
  cut(side: CutSide): void;
  /** Look again at the conditions. */
  kick(): void;
  /** Free both sockets. */
  destroy(): void;
  readonly isOpen: boolean;
}

/** Bytes under way in one direction; past it the sender is no longer read, as a real link's window would do. 160 MB a second at 100 ms. */
const UNDER_WAY_MAX = 16 * 1024 * 1024;

/** Milliseconds by which the connection to the target is begun early, as it takes time itself: the first bytes must not wait for it. */
const CONNECT_LEAD_MS = 1;

/**
 * Carries one accepted connection to its target. Times with a one-way latency d, as on a real link: the client's connect
 * takes 2d, its first bytes another d. Here the connect is over at once (the proxy is near), so the target is connected to
 * after 3d, and what the client says before it has heard anything is held for the 2d that its connect did not take. `over` is told once both ends are gone.
 */
export const startLink = (
  client: Socket,
  target: { readonly host: string; readonly port: number },
  now: Conditions,
  over: () => void,
): Link => {
  let server: Socket | undefined;
  let isBegun = false;
  let isCut = false;
  let clientHasHeard = false;
  let firstWordsAt: number | undefined;

  // Without an answer from there, nothing is accepted: a silence of either direction keeps a connection from being made.
  const up = lane(() => now.silentUp || (now.silentDown && !isBegun));
  const down = lane(() => now.silentDown);

  const regulate = () => {
    if (isCut) return;
    const isFull = (way: Lane, to: Socket | undefined) => way.waiting > UNDER_WAY_MAX || to?.writableNeedDrain === true;
    if (now.silentUp || isFull(up, server)) client.pause();
    else client.resume();
    if (now.silentDown || isFull(down, client)) server?.pause();
    else server?.resume();
  };

  const sayIfOver = () => {
    if (client.destroyed && server?.destroyed) over();
  };

  const upDueAt = () => {
    const at = performance.now();
    if (!clientHasHeard) firstWordsAt ??= at;
    const linkUpAt = firstWordsAt === undefined ? at : firstWordsAt + 2 * now.delayMs;
    return Math.max(at, linkUpAt) + now.delayMs;
  };
  const downDueAt = () => performance.now() + now.delayMs;

  const listen = () => {
    const toServer = (size: number, act: (socket: Socket) => void) => {
      if (isCut) return;
      up.put(upDueAt(), size, () => {
        if (server) act(server);
        regulate();
      });
    };
    client.on('data', (chunk: Buffer) => {
      toServer(chunk.length, (socket) => {
        now.bytesUp += chunk.length;
        socket.write(chunk);
      });
      regulate();
    });
    client.on('end', () => toServer(0, (socket) => socket.end()));
    client.on('error', () => toServer(0, reset));
    client.on('drain', regulate);
    client.on('close', sayIfOver);
  };

  const connectOn = () => {
    isBegun = true;
    let isReached = false;
    const socket = connect({ ...target, allowHalfOpen: true, noDelay: true }, () => {
      isReached = true;
    });
    server = socket;
    const toClient = (dueAt: number, size: number, act: () => void) => {
      if (isCut) return;
      down.put(dueAt, size, () => {
        clientHasHeard = true;
        act();
        regulate();
      });
    };
    socket.on('data', (chunk: Buffer) => {
      toClient(downDueAt(), chunk.length, () => {
        now.bytesDown += chunk.length;
        client.write(chunk);
      });
      regulate();
    });
    socket.on('end', () => toClient(downDueAt(), 0, () => client.end()));
    // A refusal comes back to the client after one round trip, which is over.
    socket.on('error', () => toClient(isReached ? downDueAt() : 0, 0, () => reset(client)));
    socket.on('drain', regulate);
    socket.on('close', sayIfOver);
  };

  const startedAt = performance.now();
  client.setNoDelay(true);
  up.put(startedAt + Math.max(0, 3 * now.delayMs - CONNECT_LEAD_MS), 0, connectOn);
  listen();
  regulate();

  return {
    cut: (side) => {
      isCut = true;
      up.clear();
      down.clear();
      client.pause();
      server?.pause();
      if (side !== 'server') reset(client);
      if (side !== 'client' && server) reset(server);
    },
    kick: () => {
      if (isCut) return;
      up.kick();
      down.kick();
      regulate();
    },
    destroy: () => {
      isCut = true;
      up.clear();
      down.clear();
      client.destroy();
      server?.destroy();
    },
    get isOpen() {
      return !client.destroyed;
    },
  };
};
