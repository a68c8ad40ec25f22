/** What a client says, decoded by a server. */
import type { JsonObject } from '../../machines/ports/json.js';
import {
  decodeBatch,
  type Expected,
  type Fields,
  isBase64url,
  isCount,
  isFeatures,
  isObject,
  isText,
  readCommon,
  readPositions,
  readWindow,
  refuse,
} from './decode-common.js';
import type { ClientFrame, Decoded, HelloFields, ResumeFields, StartFields } from './frames.js';
import {
  agentLengthMax,
  apiKeyLengthMax,
  helloSizeMax,
  protocolVersion,
  resumeTokensMax,
  sessionIdLengthMax,
  tokenLength,
  usernameReadLengthMax,
} from './limits.js';

const isToken = (value: unknown): value is string => isBase64url(value, tokenLength, tokenLength);
const isSessionId = (value: unknown): value is string => isBase64url(value, 1, sessionIdLengthMax);

const readStart = (value: unknown): StartFields | null => {
  if (!isObject(value)) return null;
  const { username, authParams, token } = value;
  // An empty or overlong name is not broken protocol: `usernameProblem` has a refusal of its own for it.
  if (!isText(username, 0, usernameReadLengthMax) || !isToken(token)) return null;
  if (authParams === undefined) return { username, token };
  return isObject(authParams) ? { username, authParams: authParams as JsonObject, token } : null;
};

const readResume = (value: unknown): ResumeFields | null => {
  if (!isObject(value)) return null;
  const { session, tokens, next, incarnation } = value;
  const positions = readPositions(value.positions);
  if (!positions || !isSessionId(session) || !isToken(next) || !isCount(incarnation)) return null;
  if (!Array.isArray(tokens) || tokens.length < 1 || tokens.length > resumeTokensMax || !tokens.every(isToken)) return null;
  return { session, tokens, next, positions, incarnation };
};

/** The second element of a hello frame, or the JSON in a subprotocol entry. */
export const readHello = (value: unknown): HelloFields | Expected => {
  if (!isObject(value) || !isCount(value.v)) return 'a version';
  const { v, key, agent, features, abandoned } = value;
  // [R17] Another version's hello may have any shape; its number is all that is needed to refuse it.
  if (v !== protocolVersion) return { v: value.v, features: [], window: { messages: 0, size: 0 } };
  const window = readWindow(value.window);
  if (key !== undefined && !isText(key, 0, apiKeyLengthMax)) return 'key as a string';
  if (agent !== undefined && typeof agent !== 'string') return 'agent as a string';
  if (!isFeatures(features)) return 'features';
  if (!window) return 'a window';
  const start = value.start === undefined ? undefined : readStart(value.start);
  if (start === null) return 'a valid start';
  const resume = value.resume === undefined ? undefined : readResume(value.resume);
  if (resume === null) return 'a valid resume';
  // [R18]
  if (!start === !resume) return 'either a start or a resume';
  if (abandoned !== undefined && !(isObject(abandoned) && isSessionId(abandoned.session) && isToken(abandoned.token))) {
    return 'a valid abandoned';
  }
  return {
    v,
    features,
    window,
    ...(key !== undefined && { key }),
    ...(agent !== undefined && { agent: agent.slice(0, agentLengthMax) }),
    ...(start && { start }),
    ...(resume && { resume }),
    ...(abandoned !== undefined && { abandoned: { session: abandoned.session as string, token: abandoned.token as string } }),
  };
};

const readOpening = (tag: string, f: Fields): ClientFrame | Expected | null => {
  switch (tag) {
    case 'hello': {
      const hello = readHello(f[1]);
      return typeof hello === 'string' ? hello : { kind: 'hello', hello };
    }
    case 'start': {
      const start = readStart(f[1]);
      return start ? { kind: 'start', start } : 'a valid start';
    }
    case 'confirm':
      return { kind: 'confirm' };
    case 'renewal': {
      const { authParams, token } = isObject(f[1]) ? f[1] : ({} as Record<string, unknown>);
      if (!isObject(authParams) || !isToken(token)) return 'authParams and a token';
      return { kind: 'renewal', authParams: authParams as JsonObject, token };
    }
    case 'signin': {
      const start = readStart(f[1]);
      if (!start?.authParams) return 'a username, authParams and a token';
      return { kind: 'signIn', username: start.username, authParams: start.authParams, token: start.token };
    }
    default:
      return null;
  }
};

const read = (tag: string, f: Fields, size: number): ClientFrame | Expected | null => readCommon(tag, f, size) ?? readOpening(tag, f);

/** One WebSocket text message from a client. Never throws; `detail` names the frame and what was expected, never what was sent. */
export const decodeClientBatch = (text: string): Decoded<ClientFrame> => {
  const batch = decodeBatch(text, read);
  // [R16]
  if (text.length > helloSizeMax && batch.ok && batch.frames.some(({ kind }) => kind === 'hello' || kind === 'start')) {
    return refuse(`a hello or start has at most ${helloSizeMax} characters`, 'MessageTooLargeError');
  }
  return batch;
};
