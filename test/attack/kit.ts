/** What attacks are made of: connections that say anything at all, and a tally of what became of them. */

import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { ServerOptions } from '../../src/server/options.js';
import { openRaw, type RawClient, type RawFrame, type RawOptions, startRaw, startResumable } from '../support/raw.js';
import { within } from '../support/until.js';

/** How often it is looked whether something is over, in milliseconds. */
const LOOK_EVERY_MS = 50;
/** How long a connection may take to be over, in milliseconds: a server gives its closing handshake one second. */
const CLOSING_MS = 2_000;

/** How many of each outcome. */
export type Tally = Readonly<Record<string, number>>;

/** `full` is what docs/security.md tells; `small` is for every run of the tests. */
export type Scale = 'full' | 'small';

/** Plain values, as they go to another process. */
export type AttackedOptions = Pick<ServerOptions, 'apiKeys' | 'limits'>;

/** One attack. */
export interface Attack {
  readonly name: string;
  /** What the attacker does. */
  readonly what: string;
  /** What stops it: options, or rules of the protocol. */
  readonly limit: string;
  /** Options of its server, besides those of all: limits whose defaults are larger than a test can reach, and a proxy that says where connections come from. */
  readonly options?: AttackedOptions;
  run(at: Target): Promise<void>;
  /** What is wrong with what came of it; the server and the bystander are judged apart. */
  judge(tally: Tally, scale: Scale): readonly string[];
}

/** Where the proxy before the server, which is none here, says where a connection comes from. */
export const addressHeader = 'x-real-ip';

/** What opens the door, for who is to be let in with a credential. */
export const password = 'nine lives';

/** The longest that an answer or a close is waited for, in milliseconds: longer than every limit of a server's. */
const WAIT_MS = 25_000;

export interface Target {
  readonly port: number;
  readonly url: string;
  readonly tally: Tally;
  /** A number for the full run, and one for the small one. */
  size(full: number, small: number): number;
  count(outcome: string, times?: number): void;
  /** An open WebSocket that says nothing. */
  open(options?: RawOptions): Promise<RawClient>;
  /** A confirmed session, and one that may be resumed. */
  start(username: string, more?: Record<string, unknown>): ReturnType<typeof startRaw>;
  startResumable(username: string, more?: Record<string, unknown>): ReturnType<typeof startResumable>;
  /** A TCP connection, and what the server sends on it as it comes. `allowHalfOpen`: it goes on when the server has said its last. */
  tcp(allowHalfOpen?: boolean): Promise<Wire>;
  /** Settles when every TCP connection is closed, or has lasted longer than any limit. */
  idle(): Promise<void>;
  /** Waits a little for a connection to be over: one that does not read hears no close, and only its writing tells. */
  isOver(raw: RawClient): Promise<boolean>;
  /** Everything that was opened is closed. */
  close(): void;
}

/** A TCP connection to the server. */
export interface Wire {
  readonly socket: Socket;
  readonly received: Buffer;
  readonly closed: Promise<void>;
}

export const target = (port: number, scale: Scale): Target => {
  const tally: Record<string, number> = {};
  const sockets = new Set<Socket>();
  const clients = new Set<RawClient>();
  const url = `ws://127.0.0.1:${port}`;
  return {
    port,
    url,
    tally,
    size: (full, small) => (scale === 'full' ? full : small),
    count: (outcome, times = 1) => {
      tally[outcome] = (tally[outcome] ?? 0) + times;
    },
    open: async (options) => {
      const raw = await openRaw(url, { limitMs: WAIT_MS, ...options });
      clients.add(raw);
      void raw.closed.then(() => clients.delete(raw));
      return raw;
    },
    start: (username, more) => startRaw(url, username, more, { limitMs: WAIT_MS }),
    startResumable: (username, more) => startResumable(url, username, more, { limitMs: WAIT_MS }),
    tcp: (allowHalfOpen = false) =>
      new Promise((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
        sockets.add(socket);
        let received = Buffer.alloc(0);
        const closed = new Promise<void>((done) => socket.once('close', () => done()));
        void closed.then(() => sockets.delete(socket));
        socket.on('data', (chunk) => {
          received = Buffer.concat([received, chunk]);
        });
        socket.once('error', reject);
        socket.on('error', () => undefined);
        socket.once('connect', () =>
          resolve({
            socket,
            get received() {
              return received;
            },
            closed,
          }),
        );
      }),
    idle: async () => {
      const until = performance.now() + WAIT_MS;
      while (sockets.size > 0 && performance.now() < until) await pause(LOOK_EVERY_MS);
    },
    isOver: async ({ ws }) => {
      const { _socket: socket } = ws as unknown as { readonly _socket: Socket | null };
      const isOver = (): boolean => ws.readyState !== ws.OPEN || socket === null || socket.destroyed || socket.errored !== null;
      const until = performance.now() + CLOSING_MS;
      while (!isOver() && performance.now() < until) {
        await pause(LOOK_EVERY_MS);
        // Only what is written finds out that a connection is gone that nobody reads.
        if (!isOver()) ws.ping();
      }
      return isOver();
    },
    close: () => {
      for (const raw of clients) raw.drop();
      for (const socket of sockets) socket.destroy();
    },
  };
};

/** Settles when it is over, or rejects when that takes longer than any limit of the server's. */
export const over = <A>(closing: Promise<A>, what: string): Promise<A> => within(closing, what, WAIT_MS);

/** How a connection ended: the code of its refusal or goodbye, or else its close code. */
export const endOf = async (raw: RawClient): Promise<string> => {
  const { code } = await over(raw.closed, `the end of a connection; there came ${raw.text.slice(0, 300)}`);
  const said = raw.frames.find(([tag]) => tag === 'deny' || tag === 'bye');
  return said === undefined ? `close ${code}` : String((said[1] as { readonly code: unknown }).code);
};

/** What a hello is answered with. */
export const answerTo = async (raw: RawClient): Promise<RawFrame> => {
  const arrived = new Promise<void>((resolve) => raw.ws.once('message', () => resolve()));
  if (raw.frames.length === 0) await over(Promise.race([arrived, raw.closed]), 'the answer to a hello');
  return raw.frames[0] ?? [await endOf(raw)];
};

/** Answers each ping, as who stays does: a link that is silent is given up. */
export const stay = (raw: RawClient): void => {
  let answered = 0;
  raw.ws.on('message', () => {
    const pings = raw.frames.slice(answered).filter(([tag]) => tag === 'ping');
    answered = raw.frames.length;
    if (pings.length > 0 && raw.ws.readyState === raw.ws.OPEN) raw.send(...pings.map(([, id]) => ['pong', id]));
  });
};

/** So many at a time. */
export const side = async (count: number, lanes: number, one: (index: number) => Promise<void>): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await one(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, count) }, lane));
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Write, and wait while the server does not read. */
export const flood = async (raw: RawClient, batches: number, batch: (index: number) => string): Promise<number> => {
  let sent = 0;
  for (; sent < batches && raw.ws.readyState === raw.ws.OPEN; sent += 1) {
    raw.sendText(batch(sent));
    while (raw.ws.bufferedAmount > FLOOD_AHEAD_BYTES && raw.ws.readyState === raw.ws.OPEN) await pause(1);
  }
  return sent;
};
const FLOOD_AHEAD_BYTES = 262_144;

/** The upgrade request of a WebSocket, as bytes to be sent as they are. */
export const upgradeRequest = (headers: readonly string[] = []): string =>
  [
    'GET / HTTP/1.1',
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Protocol: ninelives.v1',
    ...headers,
    '',
    '',
  ].join('\r\n');

/** A client's frame by its parts (RFC 6455 §5.2): masked with zeros, so that its bytes stay what they are. */
export const wsFrame = (firstByte: number, payload: Buffer, { masked = true, length = payload.length } = {}): Buffer => {
  const mask = masked ? 0x80 : 0;
  const head =
    length < 126
      ? Buffer.from([firstByte, mask | length])
      : length < 65_536
        ? Buffer.from([firstByte, mask | 126, length >> 8, length & 0xff])
        : Buffer.concat([Buffer.from([firstByte, mask | 127]), bigLength(length)]);
  return Buffer.concat([head, masked ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
};

const bigLength = (length: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
};

/** The close code in the last frame that a server wrote, or how else it left. */
export const closeCodeIn = ({ received }: Wire): string => {
  const at = received.indexOf('\r\n\r\n');
  for (let i = at + 4; at >= 0 && i + 1 < received.length; ) {
    const length = (received[i + 1] as number) & 0x7f;
    const head = length === 126 ? 4 : length === 127 ? 10 : 2;
    const size = length === 126 ? received.readUInt16BE(i + 2) : length === 127 ? Number(received.readBigUInt64BE(i + 2)) : length;
    if (((received[i] as number) & 0x0f) === 8) return size >= 2 ? `close ${received.readUInt16BE(i + head)}` : 'close without a code';
    i += head + size;
  }
  return received.length === 0
    ? 'cut without a word'
    : at < 0 || !received.subarray(9, 12).equals(Buffer.from('101'))
      ? `HTTP ${received.subarray(9, 12).toString()}`
      : 'cut';
};

/** Says what is wrong where it is not so many of this outcome alone. */
export const only = (tally: Tally, expected: Tally): readonly string[] => [
  ...Object.entries(expected).flatMap(([outcome, count]) =>
    tally[outcome] === count ? [] : [`${outcome}: ${tally[outcome] ?? 0}, and not ${count}`],
  ),
  ...Object.keys(tally)
    .filter((outcome) => !(outcome in expected))
    .map((outcome) => `${outcome}: ${tally[outcome]}, and not expected`),
];

/** Says what is wrong where an outcome is not among these. */
export const among = (tally: Tally, ...outcomes: readonly string[]): readonly string[] => {
  const strange = Object.keys(tally).filter((outcome) => !outcomes.includes(outcome));
  if (Object.keys(tally).length === 0) return ['nothing came of it'];
  return strange.map((outcome) => `${outcome}: ${tally[outcome]}, and not expected`);
};
