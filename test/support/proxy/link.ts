import { connect, type Socket } from 'node:net';
import { reset } from '../tcp.js';
import type { Conditions, Direction } from './conditions.js';
import { startWay, type Way } from './way.js';

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
  readonly isCut: boolean;
  readonly ways: Readonly<Record<Direction, Way>>;
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
export const startLink = (client: Socket, now: Conditions, over: () => void): Link => {
  const { target } = now;
  const isIgnored = now.ignoring;
  let server: Socket | undefined;
  let isBegun = false;
  let isCut = false;
  let clientHasHeard = false;
  let firstWordsAt: number | undefined;

  const handOnTo = (socket: Socket | undefined, chunk: Buffer): void => {
    // What is merged leaves in one write to the kernel, too.
    if (now.mergeMs > 0 && socket?.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket?.write(chunk);
  };
  const regulate = () => {
    if (isCut) return;
    const isFull = (way: Way, to: Socket | undefined) => way.waiting > UNDER_WAY_MAX || to?.writableNeedDrain === true;
    if (!isIgnored && (now.stalled.up || isFull(up, server))) client.pause();
    else client.resume();
    if (now.stalled.down || isFull(down, client)) server?.pause();
    else server?.resume();
  };
  // Without an answer from there, nothing is accepted: a stall of either direction keeps a connection from being made.
  const up = startWay(
    'up',
    now,
    () => now.stalled.up || (now.stalled.down && !isBegun),
    (chunk) => handOnTo(server, chunk),
    regulate,
  );
  const down = startWay(
    'down',
    now,
    () => now.stalled.down,
    (chunk) => {
      clientHasHeard = true;
      handOnTo(client, chunk);
    },
    regulate,
  );

  const sayIfOver = () => {
    if (client.destroyed && (server === undefined ? isCut || isIgnored : server.destroyed)) over();
  };

  const upSentAt = () => {
    const at = performance.now();
    if (!clientHasHeard) firstWordsAt ??= at;
    return firstWordsAt === undefined ? at : Math.max(at, firstWordsAt + 2 * now.delayMs);
  };

  const listen = () => {
    const toServer = (act: (socket: Socket) => void) => {
      if (!isCut && !isIgnored) up.behind(upSentAt() + now.delayMs, () => server && act(server));
    };
    client.on('data', (chunk: Buffer) => {
      if (isCut || isIgnored) return;
      up.carry(chunk, upSentAt());
      regulate();
    });
    client.on('end', () => (isIgnored ? client.end() : toServer((socket) => socket.end())));
    client.on('error', () => toServer(reset));
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
    const toClient = (dueAt: number, act: () => void) => {
      if (!isCut) down.behind(dueAt, act);
    };
    socket.on('data', (chunk: Buffer) => {
      if (isCut) return;
      down.carry(chunk, performance.now());
      regulate();
    });
    socket.on('end', () => toClient(performance.now() + now.delayMs, () => client.end()));
    // A refusal comes back to the client after one round trip, which is over.
    socket.on('error', () => toClient(isReached ? performance.now() + now.delayMs : 0, () => reset(client)));
    socket.on('drain', regulate);
    socket.on('close', sayIfOver);
  };

  client.setNoDelay(true);
  if (!isIgnored) up.behind(performance.now() + Math.max(0, 3 * now.delayMs - CONNECT_LEAD_MS), connectOn);
  listen();
  regulate();

  const cutOff = () => {
    isCut = true;
    up.clear();
    down.clear();
  };
  return {
    cut: (side) => {
      cutOff();
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
      cutOff();
      client.destroy();
      server?.destroy();
    },
    get isOpen() {
      return !client.destroyed;
    },
    get isCut() {
      return isCut;
    },
    ways: { up, down },
  };
};
