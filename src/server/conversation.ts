import type { Clock } from '../../machines/ports/host.js';
import type { KeptSession } from '../../machines/ports/store.js';
import { restoredStream } from '../../machines/stream/journal.js';
import type { StreamLimits } from '../../machines/stream/state.js';
import { Conversation } from '../stream/conversation.js';
import type { Beginning } from '../stream/exchange.js';
import { shiftedBy } from '../stream/journal.js';
import { Registry } from '../stream/registry.js';
import type { ConversationTerms } from '../stream/terms.js';
import type { LiveSession } from './session.js';
import { DurableSide, SessionSide, type SessionSideParts } from './session-side.js';

/** The server's end of a session's conversation: from its start, or from where an earlier process left it. */
export const conversationFor = (
  session: LiveSession,
  parts: SessionSideParts,
  terms: ConversationTerms,
  kept?: KeptSession,
): Conversation => {
  const { id: sessionId, user, durable } = session;
  const side = durable === null ? new SessionSide(parts, session) : new DurableSide(parts, session, durable);
  return new Conversation(side, new Registry(), terms, { sessionId, user, restored: restoredFrom(terms.limits, terms.clock, kept) });
};

const restoredFrom = (limits: StreamLimits, clock: Clock, kept: KeptSession | undefined): Beginning['restored'] => {
  if (kept?.positions == null) return undefined;
  const parts = kept.parts.map(([, part]) => shiftedBy(part, clock.now() - clock.wall()));
  return { state: restoredStream(limits, kept.positions, parts), ticket: kept.positions.ticket };
};
