import type { Clock } from '../../machines/ports/host.js';
import { failure } from '../../machines/reasons.js';
import { Conversation, type ConversationOwner, type ConversationSettings, newRegistry } from '../stream/conversation.js';
import type { HelloFields } from '../wire/frames.js';
import { volatileFeature } from '../wire/limits.js';
import type { Settings } from './options.js';
import type { LiveSession } from './session.js';

/** The server's end of a session's conversation, over whichever connection the session has. */
export const conversationFor = (
  settings: Settings,
  clock: Clock,
  sessionId: string,
  hello: Pick<HelloFields, 'window' | 'features'>,
  session: () => LiveSession,
  reports: ConversationOwner['reports'],
  atTurnEnd: ConversationSettings['atTurnEnd'],
): Conversation =>
  new Conversation(
    {
      direction: 'down',
      write: (packets) => session().connection.write(packets),
      peerEnded: () => session().connection.input({ type: 'peerEnded' }),
      complete: () => session().connection.input({ type: 'complete' }),
      violated: (what) => session().connection.input({ type: 'violated', failure: what }),
      tooSlow: () => endAsTooSlow(session(), 'It leaves too much unacknowledged.'),
      full: () => {
        if (session().whenFull === 'end') endAsTooSlow(session(), 'It leaves the buffer full.');
      },
      reports,
    },
    newRegistry(),
    { clock, ownWindow: settings.window, buffer: settings.buffer, handlerTimeoutMs: settings.handlerTimeoutMs, atTurnEnd },
    {
      sessionId,
      peerWindow: hello.window,
      messageSizeMax: settings.messageSize,
      ackDelayMs: settings.ackDelayMs,
      volatile: hello.features.includes(volatileFeature),
    },
  );

const endAsTooSlow = ({ connection }: LiveSession, detail: string): void =>
  connection.input({ type: 'dismissed', failure: failure('SlowConsumerError', detail) });
