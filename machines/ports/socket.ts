/** Why a socket is closed, or never opened. */
export interface SocketClose {
  /** The WebSocket close code; 1006 where none was received. Never trust 1000 from it to mean that all is well. */
  readonly code: number;
  readonly reason: string;
  /** What a person needs to know where the socket failed: `connect ECONNREFUSED 127.0.0.1:4150`, `Unexpected server response: 401`. */
  readonly error?: string;
}

/** What a socket tells its owner. After `closed`, and after the owner's own `close()`, nothing is told any more. */
export interface SocketEvents {
  opened(): void;
  /** A whole message. Text is a string; anything else (which no wire of ours uses) is given as an ArrayBuffer, so that it can be refused. */
  received(data: string | ArrayBuffer): void;
  /** Exactly once, after `opened` or instead of it. */
  closed(close: SocketClose): void;
}

export interface SocketRequest {
  /** The subprotocols to offer, in order of preference. The first is the wire's; others may carry a hello and are secret. */
  readonly protocols: readonly string[];
  /** How long the opening may take; past it the socket is closed with `timedOut` in its error. */
  readonly openTimeoutMs: number;
}

/** An open or opening connection: text in and out, no retries, no queue. */
export interface Socket {
  /** Hand text over to be sent. Before `opened` and after `closed` it does nothing. */
  send(text: string): void;
  /** Stop at once: no event follows. The closing handshake, if any, goes on in the background, in bounded time. */
  close(code?: number, reason?: string): void;
  /** Bytes handed over but not yet given to the network. */
  readonly bufferedAmount: number;
}

/** Opens one socket, once. Never throws: a failure is told by `closed`, never from inside the call. */
export type OpenSocket = (request: SocketRequest, events: SocketEvents) => Socket;

/** The server's end of a socket that a client opened. */
export interface AcceptedSocket {
  send(text: string): void;
  /** Send the close frame and end in bounded time, without telling `closed`. With 1006, which is in no frame: end at once. */
  close(code: number, reason: string): void;
  readonly bufferedAmount: number;
  /** Bytes that came from the network so far, where it can tell: part of a long message is a sign of life too. */
  readonly bytesReceived?: number;
  /**
   * Whoever is on the other side was welcomed, and may send messages of the full size. Until then a socket that can tell closes with 1009
   * where more comes than belongs to a start: a message is kept in memory until its end is there.
   */
  welcomed?(): void;
  /** Set once, before anything is told. */
  listen(events: Omit<SocketEvents, 'opened'>): void;
}
