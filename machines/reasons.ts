/**
 * The one table of reasons: every refusal, loss and end that a client or a server can name, on the wire, in an error or
 * in a log. Whether a client tries again is decided here and nowhere else. `docs/protocol.md` and `docs/errors.md` are generated from it.
 */

/** Who may say it: the server on the wire, either side on the wire, or the client's own process about itself. */
export type Sayer = 'server' | 'either' | 'local';

/**
 * What a client does next, in three classes.
 * - `stop`: it does not try again by itself.
 * - `backOff`: it tries again after a growing, jittered wait (or the wait that the server named).
 * - `now`: it tries again at once, the first time after a link that was healthy; then it backs off.
 */
export type NextStep = 'stop' | 'backOff' | 'now';

/** Why a session is over. One word, one meaning, in the API, the store, the logs and the console. */
export type EndReason =
  /** The user, or the app on the user's side or the server's, ended it. */
  | 'ended'
  /** The server refused to go on with it: its credential is no longer good. */
  | 'denied'
  /** The server's operator or app took it away. */
  | 'revoked'
  /** Another session of the same user took its place. */
  | 'superseded'
  /** The link was lost and the time in which it could have been resumed is over. */
  | 'expired'
  /** The client stopped trying, by its own limit. */
  | 'gaveUp'
  /** It read too slowly for what was sent to it. */
  | 'tooSlow';

export interface Reason {
  readonly sayer: Sayer;
  readonly next: NextStep;
  /** Does it settle a start as failed at once, or is the start retried until its deadline? */
  readonly start: 'fails' | 'retries';
  /** May the same call succeed later without any change on the caller's side? What `error.retryable` says. */
  readonly retryable: boolean;
  /** The WebSocket close code that goes with it (4000-4999: ours; below: RFC 6455 §7.4.1), or null where no socket is closed for it. */
  readonly closeCode: number | null;
  /** The end reason of a live session that meets it, or null where the session goes on (perhaps as lost). */
  readonly ends: EndReason | null;
  /** What happened, as a sentence. What to do about it: remedies.ts. */
  readonly what: string;
}

const reason = (r: Reason): Reason => r;

// biome-ignore format: a table is read by its rows
const table = {
  // --- The server's verdict on a hello ---
  AccessDeniedError: reason({
    sayer: 'server', next: 'stop', start: 'fails', retryable: false, closeCode: 4403, ends: 'denied',
    what: 'The server did not admit this user.',
  }),
  InvalidApiKeyError: reason({
    sayer: 'server', next: 'stop', start: 'fails', retryable: false, closeCode: 4401, ends: 'denied',
    what: 'The server does not know this API key.',
  }),
  OriginNotAllowedError: reason({
    sayer: 'server', next: 'stop', start: 'fails', retryable: false, closeCode: 4406, ends: 'denied',
    what: 'The server does not accept connections from pages of this origin.',
  }),
  UnsupportedVersionError: reason({
    sayer: 'server', next: 'stop', start: 'fails', retryable: false, closeCode: 4405, ends: 'denied',
    what: 'The two sides speak no common version of the protocol.',
  }),
  InvalidUsernameError: reason({
    sayer: 'server', next: 'stop', start: 'fails', retryable: false, closeCode: 4422, ends: 'denied',
    what: 'The username can not be used.',
  }),
  UserConnectedError: reason({
    sayer: 'server', next: 'stop', start: 'fails', retryable: true, closeCode: 4414, ends: 'superseded',
    what: 'This user has a session already, and the server lets them have one.',
  }),
  InvalidAuthParamsError: reason({
    sayer: 'either', next: 'stop', start: 'fails', retryable: false, closeCode: 4423, ends: 'denied',
    what: 'The authParams can not be used.',
  }),
  AuthParamsUnavailableError: reason({
    sayer: 'local', next: 'backOff', start: 'fails', retryable: true, closeCode: null, ends: null,
    what: 'The authParams function of the app failed.',
  }),
  AuthenticationTimeoutError: reason({
    sayer: 'server', next: 'backOff', start: 'fails', retryable: true, closeCode: 4408, ends: null,
    what: 'The server\'s authentication did not answer within its limit.',
  }),
  AuthenticationUnavailableError: reason({
    sayer: 'server', next: 'backOff', start: 'fails', retryable: true, closeCode: 4424, ends: null,
    what: 'The server could not ask whoever decides on admission.',
  }),
  ServerBusyError: reason({
    sayer: 'server', next: 'backOff', start: 'retries', retryable: true, closeCode: 4429, ends: null,
    what: 'The server takes no more sessions right now.',
  }),
  ServerDrainingError: reason({
    sayer: 'server', next: 'now', start: 'retries', retryable: true, closeCode: 4503, ends: null,
    what: 'The server is going away.',
  }),
  StoreUnavailableError: reason({
    sayer: 'server', next: 'backOff', start: 'retries', retryable: true, closeCode: 4507, ends: null,
    what: 'The server\'s store failed.',
  }),
  ServerError: reason({
    sayer: 'server', next: 'backOff', start: 'retries', retryable: true, closeCode: 4500, ends: null,
    what: 'The server failed.',
  }),
  SessionGoneError: reason({
    sayer: 'server', next: 'now', start: 'retries', retryable: true, closeCode: null, ends: null,
    what: 'The server no longer has the session that was to be resumed.',
  }),

  // --- Bad input on the wire ---
  ProtocolError: reason({
    sayer: 'either', next: 'backOff', start: 'retries', retryable: true, closeCode: 4400, ends: null,
    what: 'What came over the connection does not follow the protocol.',
  }),
  HelloTimeoutError: reason({
    sayer: 'either', next: 'backOff', start: 'retries', retryable: true, closeCode: 4409, ends: null,
    what: 'The connection opened, but the hello or its answer did not come in time.',
  }),
  MessageTooLargeError: reason({
    sayer: 'either', next: 'backOff', start: 'fails', retryable: false, closeCode: 1009, ends: null,
    what: 'A message is larger than the receiver takes.',
  }),
  InvalidTextError: reason({
    sayer: 'either', next: 'backOff', start: 'retries', retryable: true, closeCode: 1007, ends: null,
    what: 'A text message was not valid UTF-8.',
  }),

  // --- Ends of a live session ---
  SessionEndedError: reason({
    sayer: 'either', next: 'stop', start: 'fails', retryable: false, closeCode: 1000, ends: 'ended',
    what: 'The session was ended.',
  }),
  SessionRevokedError: reason({
    sayer: 'server', next: 'stop', start: 'fails', retryable: false, closeCode: 4410, ends: 'revoked',
    what: 'The server took the session away.',
  }),
  SessionSupersededError: reason({
    sayer: 'server', next: 'stop', start: 'fails', retryable: false, closeCode: 4411, ends: 'superseded',
    what: 'Another session of this user took this one\'s place.',
  }),
  SessionExpiredError: reason({
    sayer: 'either', next: 'stop', start: 'fails', retryable: true, closeCode: 4412, ends: 'expired',
    what: 'The session was lost for longer than it is kept.',
  }),
  SlowConsumerError: reason({
    sayer: 'server', next: 'stop', start: 'fails', retryable: true, closeCode: 4413, ends: 'tooSlow',
    what: 'This side read too slowly for what was sent to it.',
  }),
  GaveUpError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: true, closeCode: null, ends: 'gaveUp',
    what: 'The client stopped trying to come back, as `giveUpAfterMs` says.',
  }),

  // --- What a client finds out by itself about its connection ---
  ConnectionFailedError: reason({
    sayer: 'local', next: 'backOff', start: 'retries', retryable: true, closeCode: null, ends: null,
    what: 'The connection could not be opened.',
  }),
  ConnectTimeoutError: reason({
    sayer: 'local', next: 'backOff', start: 'retries', retryable: true, closeCode: null, ends: null,
    what: 'The connection did not open in time.',
  }),
  ConnectionLostError: reason({
    sayer: 'local', next: 'now', start: 'retries', retryable: true, closeCode: null, ends: null,
    what: 'The connection was lost.',
  }),
  ConnectionSilentError: reason({
    sayer: 'local', next: 'now', start: 'retries', retryable: true, closeCode: null, ends: null,
    what: 'Nothing came over the connection any more, not even an answer to a probe.',
  }),

  // --- Answers to calls of the API that no connection is asked for ---
  FeatureUnavailableError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'The server does not offer this.',
  }),
  SessionActiveError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'This client has a session already, or is starting or ending one.',
  }),
  NoActiveSessionError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'There is no session to do this with.',
  }),
  StartTimeoutError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: true, closeCode: null, ends: null,
    what: 'The session could not be started within the deadline.',
  }),
  StartAbortedError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: true, closeCode: null, ends: null,
    what: 'The start was taken back, by endSession() or by its AbortSignal.',
  }),
  InvalidOptionError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'An option of the call can not be used.',
  }),
  InvalidPayloadError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'The payload is not a JSON value.',
  }),
  InvalidTypeError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'The message type can not be used.',
  }),
  BufferFullError: reason({
    sayer: 'local', next: 'backOff', start: 'fails', retryable: true, closeCode: null, ends: null,
    what: 'The session holds as much unsent as it may.',
  }),
  RequestTimeoutError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: true, closeCode: null, ends: null,
    what: 'The answer to a request did not come in time.',
  }),
  RequestAbortedError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: true, closeCode: null, ends: null,
    what: 'The request was taken back by its AbortSignal.',
  }),
  RequestFailedError: reason({
    sayer: 'either', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'The other side\'s handler for the request failed.',
  }),
  RequestUnhandledError: reason({
    sayer: 'either', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'The other side has no handler for this request.',
  }),
  UserExistsError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'There is a user of this name already.',
  }),
  UserUnknownError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'There is no such user.',
  }),
  SessionUnknownError: reason({
    sayer: 'local', next: 'stop', start: 'fails', retryable: false, closeCode: null, ends: null,
    what: 'There is no such session.',
  }),
} as const satisfies Record<string, Reason>;

/** Every code there is. The codes are the names of the public errors and go over the wire as they stand. */
export type ReasonCode = keyof typeof table;

/** The table itself, by code. */
export const reasons: Readonly<Record<ReasonCode, Reason>> = table;

/** All codes, in the order of the table. */
export const reasonCodes = Object.keys(table) as readonly ReasonCode[];

/** Is this string one of the codes? */
export const isReasonCode = (code: string): code is ReasonCode => Object.hasOwn(table, code);

/**
 * The code for what a peer said: its own where it is one that a peer may say. Any other, a newer server's for example, is a
 * `ProtocolError`: a client backs off from what it does not understand.
 */
export const reasonFromPeer = (code: string): ReasonCode => (isReasonCode(code) && table[code].sayer !== 'local' ? code : 'ProtocolError');

/** Those without a close code are under null, which none is. */
const byCloseCode = new Map<number | null, ReasonCode>(reasonCodes.map((code) => [table[code].closeCode, code]));

/** The reason that a WebSocket close code stands for, where the peer could say no more; `ConnectionLostError` for all others. */
export const reasonFromCloseCode = (closeCode: number): ReasonCode => byCloseCode.get(closeCode) ?? 'ConnectionLostError';

/** What a failure is, as plain data: fit for a machine's context, a log and the wire. `message` never holds a secret. */
export interface Failure {
  readonly code: ReasonCode;
  /** What happened, for a person. */
  readonly message: string;
  /** How long the peer asks to stay away, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Over how long the peer asks its clients to spread their return, in milliseconds, added to `retryAfterMs`. */
  readonly spreadMs?: number;
  /** What the last try met, where this failure sums up several. */
  readonly cause?: Failure;
}

/** Details come from many hands; a message is read as sentences. */
const sentence = (detail: string): string => (/[.!?]$/.test(detail) ? detail : `${detail}.`);

/** A failure with its table's sentence, and a detail where there is one. */
export const failure = (code: ReasonCode, detail?: string, more: Omit<Failure, 'code' | 'message'> = {}): Failure => ({
  code,
  message: detail === undefined ? table[code].what : `${table[code].what} ${sentence(detail)}`,
  ...more,
});
