import type { AcceptedSocket, OpenSocket, Socket, SocketClose, SocketRequest } from '../../machines/ports/socket.js';

/** What the socket contract needs of an adapter: a way to open, a peer that accepts, and the faults that it is to tell. */
export interface SocketBench {
  /** Opens a socket to the peer below. */
  readonly open: OpenSocket;
  /** Opens a socket to where nobody accepts. */
  readonly openRefused: OpenSocket;
  /** Opens a socket to a peer that never answers. */
  readonly openSilent: OpenSocket;
  /** Take what is opened, from now on, in place of who took it before. */
  accept(listener: (socket: AcceptedSocket, request: Pick<SocketRequest, 'protocols'>) => void): void;
  /** Break every connection without a closing handshake. */
  cut(): void;
  /** Send a binary message from the peer. */
  sendBinary(socket: AcceptedSocket, data: ArrayBuffer): void;
  /** Free all that the bench holds. */
  close(): Promise<void>;
}

/** What one end was told, in order. */
export type Told = 'opened' | { readonly received: string | ArrayBuffer } | { readonly closed: SocketClose };

/** One end with a memory of what it was told. */
export interface Ear {
  readonly told: readonly Told[];
  readonly events: { opened(): void; received(data: string | ArrayBuffer): void; closed(close: SocketClose): void };
  /** Resolves once it was told this many things. */
  heard(count: number): Promise<void>;
  /** The close that it was told, once it is. */
  closed(): Promise<SocketClose>;
}

export const ear = (): Ear => {
  const told: Told[] = [];
  let waiters: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];
  const hear = (what: Told) => {
    told.push(what);
    for (const waiter of waiters.filter(({ isMet }) => isMet())) waiter.resolve();
    waiters = waiters.filter(({ isMet }) => !isMet());
  };
  const until = (isMet: () => boolean) => (isMet() ? Promise.resolve() : new Promise<void>((resolve) => waiters.push({ isMet, resolve })));
  const theClose = () => told.find((what) => typeof what === 'object' && 'closed' in what) as { closed: SocketClose } | undefined;
  return {
    told,
    events: {
      opened: () => hear('opened'),
      received: (received) => hear({ received }),
      closed: (closed) => hear({ closed }),
    },
    heard: (count) => until(() => told.length >= count),
    closed: async () => {
      await until(() => theClose() !== undefined);
      return (theClose() as { closed: SocketClose }).closed;
    },
  };
};

/** What the contract offers where the offer does not matter, and a limit that no opening on one machine reaches. */
export const request: SocketRequest = { protocols: ['contract.v1'], openTimeoutMs: 10_000 };

/** A connection that is open at both ends, each with its ear. */
export interface Pair {
  readonly near: Socket;
  readonly far: AcceptedSocket;
  readonly nearEar: Ear;
  readonly farEar: Ear;
}

/** Opens a connection to the bench's own peer; `greet` runs in the moment in which the peer accepts. */
export const connect = async (bench: SocketBench, greet: (far: AcceptedSocket) => void = () => undefined): Promise<Pair> => {
  const nearEar = ear();
  const farEar = ear();
  const accepted = new Promise<AcceptedSocket>((resolve) => {
    bench.accept((socket) => {
      socket.listen(farEar.events);
      greet(socket);
      resolve(socket);
    });
  });
  const near = bench.open(request, nearEar.events);
  const far = await accepted;
  await nearEar.heard(1);
  return { near, far, nearEar, farEar };
};

/** A whole conversation on a connection of its own: what was still to be told of an older one has been told by its end. */
export const conversation = async (bench: SocketBench): Promise<void> => {
  const { near, far, nearEar, farEar } = await connect(bench);
  near.send('there');
  await farEar.heard(1);
  far.send('back');
  await nearEar.heard(2);
  near.close(1000, 'done');
  await farEar.closed();
};
