/**
 * What to do about each reason, as sentences. Apart from the table, since nobody decides by them and they are a tenth of a browser's client: there,
 * remedies.browser.ts takes this file's place.
 */
import type { ReasonCode } from './reasons.js';

const remedies: Readonly<Record<ReasonCode, string>> = {
  // --- The server's verdict on a hello ---
  AccessDeniedError:
    'Check the username and authParams. A registered name needs authParams, and a guest needs a name that nobody registered and a server that lets guests in.',
  InvalidApiKeyError: "Give createClient one of the keys in the server's `apiKeys` option.",
  OriginNotAllowedError: "Add the page's origin to the server's `origins` option.",
  UnsupportedVersionError: 'Use a client and a server whose ninelives versions share a protocol version.',
  InvalidUsernameError:
    'Use 1 to 256 characters, without control characters or unpaired surrogates, and none of the names that JavaScript objects reserve.',
  UserConnectedError: 'Tell the user that the app is open elsewhere; start again when they have closed it there.',
  InvalidAuthParamsError: "Give a plain JSON object, nested at most 32 deep and within the server's limit for a hello.",
  AuthParamsUnavailableError:
    'See why the function threw, rejected or did not answer. What it threw is kept out of the error, since it may hold the credential.',
  AuthenticationTimeoutError: 'Try again; on the server, see why `authenticate` takes longer than `authenticateTimeoutMs`.',
  AuthenticationUnavailableError: 'Try again; on the server, see the log for what the webhook or key set answered.',
  ServerBusyError: 'Nothing to do: the client comes back after the time the server named.',
  ServerDrainingError: 'Nothing to do: the client comes back at the time the server gave it.',
  StoreUnavailableError: 'Nothing to do on the client; on the server, see the log for what the store said.',
  ServerError: 'Nothing to do on the client; on the server, the log has the error.',
  SessionGoneError: 'Nothing to do: the client begins anew and hands back what was not confirmed in a `gap` event.',
  // --- Bad input on the wire ---
  ProtocolError: 'If a client of your own sent it, compare it with docs/protocol.md; otherwise report it with the detail in the message.',
  HelloTimeoutError: 'See that the address is a ninelives server and that nothing between holds messages back.',
  MessageTooLargeError: 'Send less in one message, or raise `limits.messageBytes` on the server.',
  InvalidTextError: 'Send text as UTF-8.',
  // --- Ends of a live session ---
  SessionEndedError: 'Start a new session when the user comes back.',
  SessionRevokedError: 'Ask the user to sign in again.',
  SessionSupersededError: 'Tell the user that the app is open elsewhere; start again when they ask for it.',
  SessionExpiredError: 'Start a new session.',
  SlowConsumerError: 'Do less in message handlers, or have the server send less.',
  GaveUpError: 'Start a new session when the network is back.',
  // --- What a client finds out by itself about its connection ---
  ConnectionFailedError: 'See that the server runs at this address and that a WebSocket can reach it.',
  ConnectTimeoutError: 'See that the server runs at this address and that a WebSocket can reach it.',
  ConnectionLostError: 'Nothing to do: the client tries to come back.',
  ConnectionSilentError: 'Nothing to do: the client tries to come back.',
  // --- Answers to calls of the API that no connection is asked for ---
  FeatureUnavailableError: 'Use a server whose welcome lists the feature.',
  SessionActiveError: 'Await endSession() before the next startSession(), or use a client of its own for a second session.',
  NoActiveSessionError: 'Start a session first; one that ended takes nothing more.',
  StartTimeoutError: "Try again; the error's cause is what the last try met.",
  StartAbortedError: 'Nothing to do.',
  InvalidOptionError:
    'Give times in milliseconds as numbers of 0 or more, `signal` as an AbortSignal, `replaceKey` as a string, `volatile` as a boolean.',
  InvalidPayloadError:
    'Send null, booleans, finite numbers, strings, arrays and plain objects of these; no cycles, functions, bigints, undefined or class instances.',
  InvalidTypeError: 'Use a string of 1 to 128 characters.',
  BufferFullError: 'Await session.ready(), then send again.',
  RequestTimeoutError: 'Ask again if the other side can take it twice: `maybeHandled` says whether it may have run.',
  RequestAbortedError: 'Nothing to do; `maybeHandled` says whether it may have run.',
  RequestFailedError: 'See the log of the other side.',
  RequestUnhandledError: 'Register one with `session.onRequest` on the other side, or see that the type is spelt the same.',
  UserExistsError: 'Find the user by name and update it, or choose another name.',
  UserUnknownError: 'See the name or id; `ninelives users` lists the users that there are.',
  SessionUnknownError: 'See the id; `ninelives sessions` lists the sessions that there are.',
};

/** What to do about it: one sentence or two. */
export const remedyOf = (code: ReasonCode): string => remedies[code];
