import type { Clock } from '../../machines/ports/host.js';
import type { KeptSession } from '../../machines/ports/store.js';
import type { User } from '../../machines/ports/user.js';
import { failure } from '../../machines/reasons.js';
import { restoredStream, type StoredPositions } from '../../machines/stream/journal.js';
import type { OutboundData } from '../../machines/stream/packets.js';
import type { StreamLimits } from '../../machines/stream/state.js';
import { Conversation, type ConversationOwner, type ConversationSettings, newRegistry } from '../stream/conversation.js';
import { shiftedBy } from '../stream/journal.js';
import { limitsOf } from '../stream/limits.js';
import type { HelloFields } from '../wire/frames.js';
import { volatileFeature } from '../wire/limits.js';
import type { DurableSession } from './durable.js';
import type { Settings } from './options.js';
import type { LiveSession } from './session.js';

/** The server's end of a session's conversation, over whichever connection the session has. */
export const conversationFor = (
  settings: Settings,
  clock: Clock,
  sessionId: string,
  hello: Pick<HelloFields, 'window' | 'features'>,
  session: () => LiveSession,
  user: User,
  { signIn, poisoned, ...reports }: SessionReports,
  durable: DurableSession | null,
  atTurnEnd: ConversationSettings['atTurnEnd'],
  kept?: KeptSession,
): Conversation => {
  const held = { ownWindow: settings.window, buffer: settings.buffer };
  const agreed = { peerWindow: hello.window, messageSizeMax: settings.messageSize };
  const restored = kept?.positions == null ? undefined : restoredFrom(limitsOf(held, agreed), kept, kept.positions, clock);
  const write = (packets: readonly OutboundData[]): void => session().connection.write(packets);
  const complete = (): void => session().connection.input({ type: 'complete' });
  return new Conversation(
    {
      direction: 'down',
      // What is written in a turn leaves when that is durable, and so does all that follows from it.
      write: durable === null ? write : (packets) => durable.hold(() => write(packets)),
      peerEnded: () => session().connection.input({ type: 'peerEnded' }),
      complete: durable === null ? complete : () => durable.hold(complete),
      violated: (what) => session().connection.input({ type: 'violated', failure: what }),
      tooSlow: () => endAsTooSlow(session(), 'It leaves too much unacknowledged.'),
      full: () => {
        if (session().whenFull === 'end') endAsTooSlow(session(), 'It leaves the buffer full.');
      },
      reports,
      signIn,
      ...(durable === null ? {} : durableOwner(durable, session, poisoned)),
    },
    newRegistry(),
    { clock, ...held, handlerTimeoutMs: settings.handlerTimeoutMs, atTurnEnd },
    {
      sessionId,
      user,
      ...agreed,
      ackDelayMs: settings.ackDelayMs,
      volatile: hello.features.includes(volatileFeature),
    },
    restored,
  );
};

/** What a session's app hears of its messages. */
export type SessionReports = ConversationOwner['reports'] & {
  readonly signIn: NonNullable<ConversationOwner['signIn']>;
  /** The process died with its handler as often as it may: it is passed over. */
  poisoned(message: { readonly id: string; readonly type: string }): void;
};

const durableOwner = (
  durable: DurableSession,
  session: () => LiveSession,
  poisoned: SessionReports['poisoned'],
): Pick<ConversationOwner, 'changed' | 'dropped' | 'refuses' | 'again'> => ({
  changed: () => durable.changed(),
  dropped: (entry) => durable.dropped(entry),
  refuses: () => durable.refuses,
  again: async (number, type) => {
    const may = await durable.mayRun(number);
    if (!may) poisoned({ id: `${session().id}:up:${number}`, type });
    return may;
  },
});

const restoredFrom = (limits: StreamLimits, { parts }: KeptSession, positions: StoredPositions, clock: Clock) => ({
  state: restoredStream(
    limits,
    positions,
    parts.map(([, part]) => shiftedBy(part, clock.now() - clock.wall())),
  ),
  ticket: positions.ticket,
});

const endAsTooSlow = ({ connection }: LiveSession, detail: string): void =>
  connection.input({ type: 'dismissed', failure: failure('SlowConsumerError', detail) });
