/**
 * The transport contract's bench for `ninelives.v1`: frames by hand at the server's end, over whichever sockets are given.
 */
import type { TransportBench, Visit } from '../../adapters/contracts/transport.js';
import { ninelivesTransport } from '../../adapters/transports/ninelives.js';
import type { Host } from '../../machines/ports/host.js';
import type { AcceptedSocket, OpenSocket, SocketRequest } from '../../machines/ports/socket.js';
import { failure } from '../../machines/reasons.js';
import type { InboundItem } from '../../machines/stream/packets.js';
import { decodeClientBatch } from '../../src/wire/decode-client.js';
import { encodeBatch } from '../../src/wire/encode.js';
import type { ClientFrame, HelloFields, OutboundFrame, WelcomeFields } from '../../src/wire/frames.js';
import { helloFromProtocols } from '../../src/wire/hello.js';

/** The part of a socket bench that is needed here. */
export interface Sockets {
  readonly open: OpenSocket;
  readonly openRefused: OpenSocket;
  readonly openSilent: OpenSocket;
  accept(listener: (socket: AcceptedSocket, request: Pick<SocketRequest, 'protocols'>) => void): unknown;
  close(): Promise<void>;
}

export interface NinelivesBenchOptions {
  readonly sockets: Sockets;
  readonly host: Host;
  readonly helloIn?: 'upgrade' | 'frame';
  advance(ms: number): Promise<void>;
}

export const jane: WelcomeFields['user'] = {
  id: 1,
  name: 'jane',
  displayName: 'Jane',
  displayPictureUrl: null,
  isGuest: false,
  presence: { status: 'AVAILABLE', online: true },
  properties: {},
};

/** A welcome as a server of ours says it; the rhythm is slow enough that no ping of the server's own comes into a test. */
export const welcomeFields = (more: Partial<WelcomeFields> = {}): WelcomeFields => ({
  session: 'bench-session',
  outcome: 'started',
  user: jane,
  incarnation: 1,
  expiresAt: null,
  resumeWindowMs: 0,
  features: [],
  window: { messages: 1_024, size: 1_048_576 },
  limits: { messageSize: 262_144, batchSize: 1_048_576 },
  pingEveryMs: 60_000,
  ackDelayMs: 25,
  ...more,
});

/** A list that can be waited for. */
const listed = <T>() => {
  const all: T[] = [];
  const waiters: (() => void)[] = [];
  return {
    all,
    add: (one: T): void => {
      all.push(one);
      for (const wake of waiters.splice(0)) wake();
    },
    holds: async (count: number): Promise<void> => {
      while (all.length < count) await new Promise<void>((resolve) => waiters.push(resolve));
    },
  };
};

/** One connection's server end. */
const attend = (socket: AcceptedSocket, protocols: readonly string[], visited: (visit: Visit) => void): void => {
  const heard = listed<InboundItem>();
  const left = listed<'goodbye' | 'closed'>();
  let saidGoodbye = false;
  let isMute = false;
  let gone: ((visit: Visit) => void) | null = null;
  const say = (...frames: readonly OutboundFrame[]): void => {
    if (!isMute) socket.send(encodeBatch(frames));
  };

  /** After its own close this end is told nothing any more. */
  const end = (code: number): void => {
    socket.close(code, '');
    left.add('closed');
  };

  const visitFor = (asks: Visit['asks'], credential: Visit['credential'], more: Partial<WelcomeFields>): Visit => ({
    asks,
    credential,
    welcome: (packets = []) => say({ kind: 'welcome', welcome: welcomeFields(more) }, ...packets),
    deny: (what) => {
      say({ kind: 'deny', deny: what });
      end(4403);
    },
    gone: () =>
      new Promise((resolve) => {
        gone = resolve;
        say({ kind: 'gone' });
      }),
    send: (packets) => say(...packets),
    bye: (what) => {
      say({ kind: 'bye', bye: what });
      end(4410);
    },
    babble: () => socket.send('[["nonsense"]]'),
    // Without a close frame, so that it is the same for both kinds of sockets: what a cut comes to.
    cut: () => end(1011),
    mute: () => {
      isMute = true;
    },
    heard: heard.all,
    hears: heard.holds,
    left: async () => {
      await left.holds(1);
      return left.all[0] ?? 'closed';
    },
  });

  const asked = ({ start, resume }: Pick<HelloFields, 'start' | 'resume'>): void => {
    if (resume !== undefined) {
      const more = { outcome: 'resumed' as const, positions: { received: 3, done: 3, seen: 1, last: 2, exceptions: [] } };
      visited(visitFor('resume', { ...resume }, more));
    } else if (start !== undefined) visited(visitFor('start', { ...start }, {}));
  };

  const take = (frame: ClientFrame): void => {
    switch (frame.kind) {
      case 'hello':
        return asked(frame.hello);
      case 'start':
        return gone?.(visitFor('start', { ...frame.start }, {}));
      case 'ping':
        return say({ kind: 'pong', id: frame.id });
      case 'bye':
        saidGoodbye = frame.bye.code === 'SessionEndedError';
        return;
      case 'message':
      case 'request':
      case 'reply':
      case 'failure':
      case 'cancel':
      case 'end':
        return heard.add(frame);
    }
  };

  socket.listen({
    received: (data) => {
      const batch = decodeClientBatch(String(data));
      if (!batch.ok) throw new Error(`The client broke a rule: ${batch.detail}`);
      for (const frame of batch.frames) take(frame);
    },
    closed: () => left.add(saidGoodbye ? 'goodbye' : 'closed'),
  });
  const offered = helloFromProtocols(protocols);
  if (offered.kind === 'invalid') throw new Error(failure('ProtocolError', offered.detail).message);
  if (offered.kind === 'hello') asked(offered.frame.hello);
};

/** A bench over these sockets. */
export const ninelivesBench = ({ sockets, host, helloIn, advance }: NinelivesBenchOptions): TransportBench => {
  const visits = listed<Visit>();
  let taken = 0;
  sockets.accept((socket, { protocols }) => attend(socket, protocols, visits.add));
  const through = (openSocket: OpenSocket) => ninelivesTransport({ openSocket, host, helloIn });
  return {
    transport: through(sockets.open),
    refused: through(sockets.openRefused),
    silent: through(sockets.openSilent),
    visit: async () => {
      taken += 1;
      const which = taken;
      await visits.holds(which);
      return visits.all[which - 1] as Visit;
    },
    get visits() {
      return visits.all.length;
    },
    advance,
    close: () => sockets.close(),
  };
};
