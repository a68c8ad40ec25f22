/** What a server says, decoded by a client. */
import { decodeBatch, type ReadFrame, readCommon } from './decode-common.js';
import type { Decoded, ServerFrame, WelcomeFields } from './frames.js';
import { sessionIdLengthMax } from './limits.js';
import {
  base64url,
  count,
  deny,
  features,
  itemNumber,
  object,
  oneOf,
  orNull,
  part,
  positions,
  type Read,
  streamWindow,
  user,
  waitMs,
} from './readers.js';

const welcome: Read<WelcomeFields> = object(
  {
    session: base64url(1, sessionIdLengthMax),
    outcome: oneOf('started', 'resumed'),
    user,
    incarnation: count,
    expiresAt: orNull(count),
    resumeWindowMs: waitMs,
    features,
    window: streamWindow,
    limits: object({ messageSize: count, batchSize: count }, {}),
    pingEveryMs: waitMs,
    ackDelayMs: waitMs,
  },
  { positions },
);
const range = object({ direction: oneOf('up', 'down'), from: count, to: count }, {});
const renew = object({ withinMs: waitMs }, {});
const renewed = object({ user, expiresAt: orNull(count) }, {});
const identity = object({ to: itemNumber, expiresAt: orNull(count) }, {});

const read: ReadFrame<ServerFrame> = (tag, f, trouble, size) => {
  switch (tag) {
    case 'welcome': {
      const fields = part(1, welcome, f, trouble);
      return fields && { kind: 'welcome', welcome: fields };
    }
    case 'deny': {
      const fields = part(1, deny, f, trouble);
      return fields && { kind: 'deny', deny: fields };
    }
    case 'gone': {
      if (f[1] === undefined) return { kind: 'gone' };
      const where = part(1, positions, f, trouble);
      return where && { kind: 'gone', positions: where };
    }
    case 'mismatch': {
      const fields = part(1, range, f, trouble);
      return fields && { kind: 'mismatch', ...fields };
    }
    case 'renew': {
      const fields = part(1, renew, f, trouble);
      return fields && { kind: 'renew', ...fields };
    }
    case 'identity': {
      const who = part(1, user, f, trouble);
      const how = who && part(2, identity, f, trouble);
      return how && { kind: 'identity', user: who, ...how, size };
    }
    case 'renewed': {
      const fields = part(1, renewed, f, trouble);
      return fields && { kind: 'renewed', ...fields };
    }
    case 'unrenewed': {
      const why = part(1, deny, f, trouble);
      return why && { kind: 'unrenewed', why };
    }
    default:
      return readCommon(tag, f, trouble, size);
  }
};

/** One WebSocket text message from a server. Never throws; `detail` names the frame and what was expected, never what was sent. */
export const decodeServerBatch = (batch: string): Decoded<ServerFrame> => decodeBatch(batch, read);
