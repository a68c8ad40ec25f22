/** What a client says, decoded by a server. */
import { decodeBatch, type ReadFrame, readCommon } from './decode-common.js';
import { isTooDeep } from './depth.js';
import type { ClientFrame, Decoded, HelloFields, ResumeFields, StartFields } from './frames.js';
import {
  agentLengthMax,
  apiKeyLengthMax,
  helloSizeMax,
  payloadDepthMax,
  protocolVersion,
  resumeTokensMax,
  sessionIdLengthMax,
  tokenLength,
  usernameReadLengthMax,
} from './limits.js';
import {
  base64url,
  count,
  cutText,
  features,
  jsonObject,
  leaf,
  list,
  object,
  part,
  positions,
  type Read,
  streamWindow,
  text,
  waitMs,
} from './readers.js';

const token = base64url(tokenLength, tokenLength);
const tokens = list(token, 1, resumeTokensMax);
const session = base64url(1, sessionIdLengthMax);
// An empty or overlong name is not broken protocol: `usernameProblem` has a refusal of its own for it.
const username = text(0, usernameReadLengthMax);

const start: Read<StartFields> = object({ username, token }, { authParams: jsonObject });
const resume: Read<ResumeFields> = object({ session, tokens, next: token, positions, incarnation: count }, { life: count });
const version = object({ v: count }, {});
const currentHello = object(
  { v: count, features, window: streamWindow },
  {
    key: text(0, apiKeyLengthMax),
    agent: cutText(agentLengthMax),
    pingEveryMs: waitMs,
    start,
    resume,
    abandoned: object({ session, tokens }, {}),
  },
);
const eitherOf = leaf<never>('either start or resume', () => undefined);

/** The second element of a hello frame, or the JSON in a subprotocol entry. */
export const readHello: Read<HelloFields> = (value, trouble) => {
  const said = version(value, trouble);
  // [R17] Another version's hello may have any shape; its number is all that is needed to refuse it.
  if (said && said.v !== protocolVersion) return { v: said.v, features: [], window: { messages: 0, size: 0 } };
  const hello = said && currentHello(value, trouble);
  // [R18]
  return hello && !hello.start === !hello.resume ? eitherOf(value, trouble) : hello;
};

const renewal = object({ authParams: jsonObject, token }, {});
const signIn = object({ username, authParams: jsonObject, token }, {});

const read: ReadFrame<ClientFrame> = (tag, f, trouble, size) => {
  switch (tag) {
    case 'hello': {
      const hello = part(1, readHello, f, trouble);
      return hello && { kind: 'hello', hello };
    }
    case 'start': {
      const fields = part(1, start, f, trouble);
      return fields && { kind: 'start', start: fields };
    }
    case 'confirm':
      return { kind: 'confirm' };
    case 'renewal': {
      const fields = part(1, renewal, f, trouble);
      return fields && { kind: 'renewal', ...fields };
    }
    case 'signin': {
      const fields = part(1, signIn, f, trouble);
      return fields && { kind: 'signIn', ...fields, size };
    }
    default:
      return readCommon(tag, f, trouble, size);
  }
};

/** One WebSocket text message from a client. Never throws; `detail` names the frame and what was expected, never what was sent. */
export const decodeClientBatch = (batch: string): Decoded<ClientFrame> => {
  // [R74]
  if (isTooDeep(batch)) return { ok: false, code: 'ProtocolError', detail: `expected payloads nested at most ${payloadDepthMax} deep` };
  const decoded = decodeBatch(batch, read);
  // [R16]
  if (batch.length > helloSizeMax && decoded.ok && decoded.frames.some(({ kind }) => kind === 'hello' || kind === 'start')) {
    return {
      ok: false,
      code: 'MessageTooLargeError',
      detail: `expected a batch with a hello or start to have at most ${helloSizeMax} characters`,
    };
  }
  return decoded;
};
