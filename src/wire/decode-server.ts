/** What a server says, decoded by a client. */
import {
  decodeBatch,
  type Expected,
  type Fields,
  isBase64url,
  isCount,
  isFeatures,
  isObject,
  readCommon,
  readDeny,
  readPositions,
  readUser,
  readWindow,
  wait,
} from './decode-common.js';
import type { Decoded, ServerFrame, WelcomeFields } from './frames.js';
import { sessionIdLengthMax } from './limits.js';

const readWelcome = (value: unknown): WelcomeFields | Expected => {
  if (!isObject(value)) return 'an object';
  const { session, outcome, incarnation, expiresAt, resumeWindowMs, features, limits, pingEveryMs, ackDelayMs } = value;
  const user = readUser(value.user);
  const window = readWindow(value.window);
  const positions = value.positions === undefined ? undefined : readPositions(value.positions);
  if (!isBase64url(session, 1, sessionIdLengthMax)) return 'a session id';
  if (outcome !== 'started' && outcome !== 'resumed') return 'an outcome';
  if (!user) return 'a user';
  if (!isCount(incarnation) || !isCount(resumeWindowMs) || !isCount(pingEveryMs) || !isCount(ackDelayMs)) return 'counts';
  if (expiresAt !== null && !isCount(expiresAt)) return 'expiresAt as a count or null';
  if (!isFeatures(features)) return 'features';
  if (!window) return 'a window';
  if (!isObject(limits) || !isCount(limits.messageSize) || !isCount(limits.batchSize)) return 'limits';
  if (positions === null) return 'positions';
  return {
    session,
    outcome,
    user,
    incarnation,
    expiresAt,
    resumeWindowMs: wait(resumeWindowMs),
    features,
    window,
    limits: { messageSize: limits.messageSize, batchSize: limits.batchSize },
    pingEveryMs: wait(pingEveryMs),
    ackDelayMs: wait(ackDelayMs),
    ...(positions && { positions }),
  };
};

const readVerdict = (tag: string, f: Fields): ServerFrame | Expected | null => {
  const value: Record<string, unknown> = isObject(f[1]) ? f[1] : {};
  switch (tag) {
    case 'welcome': {
      const welcome = readWelcome(f[1]);
      return typeof welcome === 'string' ? welcome : { kind: 'welcome', welcome };
    }
    case 'deny': {
      const deny = readDeny(f[1]);
      return deny ? { kind: 'deny', deny } : 'a refusal at 1';
    }
    case 'gone':
      return { kind: 'gone' };
    case 'mismatch': {
      const { direction, from, to } = value;
      if ((direction !== 'up' && direction !== 'down') || !isCount(from) || !isCount(to)) return 'a direction and two counts';
      return { kind: 'mismatch', direction, from, to };
    }
    case 'renew':
      return isCount(value.withinMs) ? { kind: 'renew', withinMs: wait(value.withinMs) } : 'withinMs';
    case 'identity': {
      const user = readUser(f[1]);
      return user ? { kind: 'identity', user } : 'a user at 1';
    }
    default:
      return null;
  }
};

const read = (tag: string, f: Fields, size: number): ServerFrame | Expected | null => readCommon(tag, f, size) ?? readVerdict(tag, f);

/** One WebSocket text message from a server. Never throws; `detail` names the frame and what was expected, never what was sent. */
export const decodeServerBatch = (text: string): Decoded<ServerFrame> => decodeBatch(text, read);
