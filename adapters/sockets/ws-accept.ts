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
 * `network` is the socket below it, whose bytes are counted.
 * What ws refuses to read (text that is not UTF-8, a message over `maxPayload`) ends in `closed` at once, with the code that the peer is sent and the sentence of ws.
 *
 * @example
 * wss.on('connection', (ws) => acceptedFromWs(ws).listen({ received: (data) => {}, closed: ({ code }) => {} }));
 */
export const acceptedFromWs = (ws: WebSocket, network: Network = {}): AcceptedSocket => new WsSocket(ws, network);

/** Where what was read below the WebSocket is counted. */
interface Network {
  readonly bytesRead?: number;
}

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
  #listening = true;
  #told: Parameters<AcceptedSocket['listen']>[0] | null = null;

  constructor(ws: WebSocket, network: Network) {
    this.#ws = ws;
    this.#network = network;
    (ws as Adapted)[adapter] = this;
    // From here and not from `listen` on: an error without a listener would be thrown.
    ws.on('error', onError);
  }

  get bufferedAmount(): number {
    return this.#ws.bufferedAmount;
  }

  get bytesReceived(): number | undefined {
    return this.#network.bytesRead;
  }

  send(text: string): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(text);
  }

  close(code: number, reason: string): void {
    this.#listening = false;
    if (unsendable.includes(code)) return this.#ws.terminate();
    terminateSoon(this.#ws);
    this.#ws.close(code, clipReason(reason));
  }

  listen(events: Parameters<AcceptedSocket['listen']>[0]): void {
    this.#told = events;
    const ws = this.#ws;
    ws.binaryType = 'arraybuffer';
    ws.on('message', onMessage);
    ws.on('close', onClose);
    // A socket that broke before anyone listened tells it no more by itself.
    if (ws.readyState === WebSocket.CLOSED)
      queueMicrotask(() => this.finish({ code: 1006, reason: '', error: 'The socket was closed before it was listened to.' }));
  }

  received(data: RawData, isBinary: boolean): void {
    if (this.#listening) this.#told?.received(isBinary ? (data as ArrayBuffer) : data.toString());
  }

  finish(close: SocketClose): void {
    if (!this.#listening || this.#told === null) return;
    this.#listening = false;
    this.#told.closed(close);
  }
}
