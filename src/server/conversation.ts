import type { Clock } from '../../machines/ports/host.js';
import { failure } from '../../machines/reasons.js';
import type { StreamWindow } from '../../machines/stream/packets.js';
import { Conversation, type ConversationOwner, newRegistry } from '../stream/conversation.js';
import type { Settings } from './options.js';
import type { SessionConnection } from './session.js';

/** The server's end of a session's conversation, over whichever connection the session has. */
export const conversationFor = (
  settings: Settings,
  clock: Clock,
  sessionId: string,
  peerWindow: StreamWindow,
  connection: () => SessionConnection,
  reports: ConversationOwner['reports'],
): Conversation =>
  new Conversation(
    {
      direction: 'down',
      write: (packets) => connection().write(packets),
      peerEnded: () => connection().input({ type: 'peerEnded' }),
      complete: () => connection().input({ type: 'complete' }),
      violated: (what) => connection().input({ type: 'violated', failure: what }),
      tooSlow: () => connection().input({ type: 'dismissed', failure: failure('SlowConsumerError', 'It leaves too much unacknowledged.') }),
      reports,
    },
    newRegistry(),
    { clock, ownWindow: settings.window, buffer: settings.buffer, handlerTimeoutMs: settings.handlerTimeoutMs },
    { sessionId, peerWindow, messageSizeMax: settings.messageSize, ackDelayMs: settings.ackDelayMs },
  );
