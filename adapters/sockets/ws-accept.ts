import { type RawData, WebSocket } from 'ws';
import type { AcceptedSocket, SocketClose } from '../../machines/ports/socket.js';

/** Milliseconds that a closing handshake may take: a peer that is gone answers none, and its socket must not stay. */
const CLOSING_MAX_MS = 1000;

/** A close frame holds 125 bytes, two of them for the code (RFC 6455 §5.5). */
const REASON_MAX_BYTES = 123;

/** The close codes with which ws answers what it refuses to read; it keeps them to itself. All others are protocol errors. */
const closeCodes: Readonly<Record<string, number>> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
};
const PROTOCOL_ERROR = 1002;

/** Close codes that stand for "no close frame came" and are never sent in one (RFC 6455 §7.4.1). */
const unsendable: readonly number[] = [1005, 1006, 1015];

const closeOf = (error: Error & { readonly code?: string }): SocketClose => ({
  code: closeCodes[error.code ?? ''] ?? PROTOCOL_ERROR,
  reason: '',
  error: error.message,
});

/** The longest beginning of a reason that fits into a close frame, never with half a character at its end. */
export const clipReason = (reason: string): string => {
  const bytes = Buffer.from(reason);
  if (bytes.length <= REASON_MAX_BYTES) return reason;
  let end = REASON_MAX_BYTES;
  // Bytes 10xxxxxx continue a character.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
};

const terminateSoon = (ws: WebSocket) => {
  const timer = setTimeout(() => ws.terminate(), CLOSING_MAX_MS).unref();
  ws.once('close', () => clearTimeout(timer));
};

/**
 * The server's end of a WebSocket of the package `ws`. `listen` belongs into the same turn as the `connection` event, as ws holds nothing back.
 * `network` is the socket below it, whose bytes are counted, and which short texts are written to.
 * What ws refuses to read (text that is not UTF-8, a message over `maxPayload`) ends in `closed` at once, with the code that the peer is sent and the sentence of ws.
 *
 * @example
 * wss.on('connection', (ws) => acceptedFromWs(ws).listen({ received: (data) => {}, closed: ({ code }) => {} }));
 */
export const acceptedFromWs = (ws: WebSocket, network: Network = {}): AcceptedSocket => new WsSocket(ws, network);

/** What is below the WebSocket: it counts what was read, and takes what is written. */
interface Network {
  readonly bytesRead?: number;
  write?(text: string, encoding: 'latin1'): unknown;
  on?(event: 'data', listener: () => void): unknown;
  off?(event: 'data', listener: () => void): unknown;
}

/**
 * How much may come before the welcome, in bytes: a hello and a start of 16,384 characters, at three bytes each, and a third as much for all else.
 * What is not yet a whole message waits in memory, a thousand times as much where a thousand strangers are at the door.
 */
const STARTING_MAX_BYTES = 131_072;

/**
 * After how many bytes a socket lets the others have a turn: libuv reads up to two megabytes from one that has them before it looks at the next, which is
 * twenty milliseconds of small messages for each client that floods.
 */
const TURN_MAX_BYTES = 131_072;

/** The longest text whose frame has its length in two bytes (RFC 6455 §5.2). */
const SHORT_MAX = 65_535;
/** The longest one whose frame has it in seven bits. */
const SHORTEST_MAX = 125;
/** A whole text message, not masked, as a server's are. */
const TEXT_FRAME = 0x81;

/** The head of the frame of a text that is so many bytes long, `SHORT_MAX` at most, a character a byte. */
const headOf = (bytes: number): string =>
  bytes <= SHORTEST_MAX ? String.fromCharCode(TEXT_FRAME, bytes) : String.fromCharCode(TEXT_FRAME, 126, bytes >> 8, bytes & 0xff);

/** Where a WebSocket has its adapter, so that all have the same listeners: some of its own for each would be a good part of an idle connection's memory. */
const adapter = Symbol('adapter');

interface Adapted extends WebSocket {
  [adapter]?: WsSocket;
}

function onMessage(this: Adapted, data: RawData, isBinary: boolean): void {
  this[adapter]?.received(data, isBinary);
}

function onError(this: Adapted, error: Error): void {
  terminateSoon(this);
  this[adapter]?.finish(closeOf(error));
}

function onClose(this: Adapted, code: number, reason: Buffer): void {
  this[adapter]?.finish({ code, reason: reason.toString() });
}

class WsSocket implements AcceptedSocket {
  readonly #ws: WebSocket;
  readonly #network: Network;
  /** Nothing but this writes messages: ws has none of them in a queue of its own to compress. */
  readonly #isPlain: boolean;
  #listening = true;
  #told: Parameters<AcceptedSocket['listen']>[0] | null = null;
  #stopCounting: (() => void) | null = null;
  #bytesSinceTurn = 0;

  constructor(ws: WebSocket, network: Network) {
    this.#ws = ws;
    this.#network = network;
    this.#isPlain = network.write !== undefined && ws.extensions === '';
    (ws as Adapted)[adapter] = this;
    // From here and not from `listen` on: an error without a listener would be thrown.
    ws.on('error', onError);
  }

  welcomed(): void {
    this.#stopCounting?.();
    this.#stopCounting = null;
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount;
  }

  get bytesReceived(): number | undefined {
    return this.#network.bytesRead;
  }

  /**
   * A short ASCII text is written with the head of its frame as one string: ws makes two buffers of it and a list of them, which is a tenth of the time
   * that a message takes, and all of it garbage.
   */
  send(text: string): void {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    const { length } = text;
    if (this.#isPlain && length <= SHORT_MAX && Buffer.byteLength(text) === length) this.#network.write?.(headOf(length) + text, 'latin1');
    else this.#ws.send(text);
  }

  close(code: number, reason: string): void {
    this.#listening = false;
    if (unsendable.includes(code)) return this.#ws.terminate();
    terminateSoon(this.#ws);
    this.#ws.close(code, clipReason(reason));
  }

  listen(events: Parameters<AcceptedSocket['listen']>[0]): void {
    this.#told = events;
    this.#countUntilWelcomed();
    const ws = this.#ws;
    ws.binaryType = 'arraybuffer';
    ws.on('message', onMessage);
    ws.on('close', onClose);
    // A socket that broke before anyone listened tells it no more by itself.
    if (ws.readyState === WebSocket.CLOSED)
      queueMicrotask(() => this.finish({ code: 1006, reason: '', error: 'The socket was closed before it was listened to.' }));
  }

  received(data: RawData, isBinary: boolean): void {
    if (!this.#listening) return;
    if (!isBinary) this.#takeTurns((data as Buffer).length);
    this.#told?.received(isBinary ? (data as ArrayBuffer) : data.toString());
  }

  /** It is paused for no longer than the others take: acknowledgements and pongs are not held up. */
  #takeTurns(bytes: number): void {
    this.#bytesSinceTurn += bytes;
    if (this.#bytesSinceTurn < TURN_MAX_BYTES) return;
    this.#bytesSinceTurn = 0;
    this.#ws.pause();
    setImmediate(() => {
      if (this.#listening) this.#ws.resume();
    });
  }

  #countUntilWelcomed(): void {
    const network = this.#network;
    const begunAt = network.bytesRead ?? 0;
    const count = (): void => {
      if ((network.bytesRead ?? 0) - begunAt <= STARTING_MAX_BYTES) return;
      this.welcomed();
      // Nothing more is read: what is on its way would be kept in memory until the peer answers the close.
      this.#ws.pause();
      terminateSoon(this.#ws);
      this.#ws.close(1009);
      this.finish({ code: 1009, reason: '', error: `More than ${STARTING_MAX_BYTES} bytes came before the welcome.` });
    };
    network.on?.('data', count);
    this.#stopCounting = () => void network.off?.('data', count);
  }

  finish(close: SocketClose): void {
    this.welcomed();
    if (!this.#listening || this.#told === null) return;
    this.#listening = false;
    this.#told.closed(close);
  }
}
