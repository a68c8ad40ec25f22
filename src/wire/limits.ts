/** Numbers of `ninelives.v1` that both sides share. Those that a server may set have their defaults in src/server. */

/** The protocol's name as a WebSocket subprotocol: the only one that a server echoes. */
export const subprotocol = 'ninelives.v1';
/** The version in a hello. */
export const protocolVersion = 1;
/** What a subprotocol entry that carries a hello begins with; base64url of its JSON follows. */
export const helloPrefix = 'ninelives.hello.';
/** The largest such entry, in characters: two of them fit the 8 KB that common proxies allow for all headers (nginx, `large_client_header_buffers`). */
export const helloEntryLengthMax = 4_096;
/** The largest hello as a frame, in UTF-16 code units of its batch. */
export const helloSizeMax = 16_384;
/** The longest username, in UTF-16 code units. */
export const usernameLengthMax = 256;
/** The deepest nesting of authParams: deep enough for any credential, shallow enough that no walk over them overflows a stack. */
export const authParamsDepthMax = 32;
/** The longest message type, in UTF-16 code units. */
export const typeLengthMax = 128;
/** The most frames in one batch. Larger ones make the two sides wait for each other (measured: 128 is within 6 % of the best). */
export const framesPerBatchMax = 128;
/** A token: 256 bits as base64url without padding. */
export const tokenLength = 43;
/** The longest username that is read at all: one beyond usernameLengthMax gets its own refusal, not a protocol error. */
export const usernameReadLengthMax = 1_024;
/** The longest API key. */
export const apiKeyLengthMax = 512;
/** The longest session id. */
export const sessionIdLengthMax = 64;
/** The longest code in a refusal or a failure reply. */
export const codeLengthMax = 64;
/** The most features in a hello or a welcome, and the longest name of one: room for those of every version to come. */
export const featuresMax = 64;
export const featureLengthMax = 64;
/** The name of the feature by which a lost session goes on. */
export const resumeFeature = 'resume';
/** The name of the feature by which messages go without number and confirmation. */
export const volatileFeature = 'volatile';
/** How much a socket may hold for volatile messages to be added, in bytes: half a second at 1 Mbit/s. What would wait longer is dropped. */
export const volatileBufferedMax = 65_536;
/** The name of the feature by which a session's credential is renewed. */
export const renewalFeature = 'renewal';
/** The name of the feature by which a session's user becomes another. */
export const signInFeature = 'signIn';
/** The most tokens that may be offered for a resume: the current one and the one it may have been rotated to. */
export const resumeTokensMax = 2;
/** The deepest nesting of a payload: no recursive walk, here or in an app, overflows a stack at it. */
export const payloadDepthMax = 512;
/** The longest text in a refusal or a failure reply. The rest of a longer one is cut off. */
export const detailLengthMax = 512;
/** The longest user agent that is kept. The rest of a longer one is cut off. */
export const agentLengthMax = 256;
/** The longest wait that is taken from a frame, in milliseconds: a day. A longer one is taken as this one, since timers overflow at 2^31 - 1. */
export const waitMsMax = 86_400_000;
/** How much text may be received and not yet handled, beyond the window, for frames' own characters: a type and its brackets. */
export const itemOverheadMax = 256;
