import type { Clock } from '../../machines/ports/host.js';
import type { StreamWindow } from '../../machines/stream/packets.js';
import { limitsOf, requestsRunningMax } from './limits.js';
import type { StreamSettings } from './runner.js';
import type { TurnPlan } from './turn-end.js';

/** What one side can hold, and how long it waits, whatever the session. */
export interface ConversationSettings {
  readonly clock: Clock;
  /** What this side can hold of the other's messages. */
  readonly ownWindow: StreamWindow;
  /** What this side holds of its own messages until they are confirmed. */
  readonly buffer: StreamWindow;
  /** How long a message's handler may take, in milliseconds. */
  readonly handlerTimeoutMs: number;
  /** Do effects only when told to: for tools. */
  readonly held?: boolean;
  /** Plans what ships a turn's messages: one for all sessions of a server. */
  readonly turnEnd?: TurnPlan;
}

/** What the other side has agreed to, at the welcome. */
export interface Agreed {
  readonly peerWindow: StreamWindow;
  readonly messageSizeMax: number;
  readonly ackDelayMs: number;
  /** Does it take volatile messages? Default: no. */
  readonly volatile?: boolean;
  /** Can this side's user become another? Default: no. */
  readonly signIn?: boolean;
}

/** What holds for a conversation as long as it lives. All sessions that agreed on the same share one. */
export interface ConversationTerms extends StreamSettings {
  readonly handlerTimeoutMs: number;
  /** The longest reply, in UTF-16 code units: what the other side takes. */
  readonly replySizeMax: number;
  /** The longest message, in UTF-16 code units: what the other side takes, and what the buffer has room for. */
  readonly messageSizeMax: number;
  /** How many handlers of requests may run at once. */
  readonly runningMax: number;
  readonly takesVolatile: boolean;
  readonly canSignIn: boolean;
}

export const termsOf = (settings: ConversationSettings, agreed: Agreed): ConversationTerms => ({
  clock: settings.clock,
  handlerTimeoutMs: settings.handlerTimeoutMs,
  held: settings.held === true,
  turnEnd: settings.turnEnd,
  limits: limitsOf(settings, agreed),
  ackDelayMs: agreed.ackDelayMs,
  replySizeMax: agreed.messageSizeMax,
  messageSizeMax: Math.min(agreed.messageSizeMax, settings.buffer.size),
  runningMax: requestsRunningMax(settings),
  takesVolatile: agreed.volatile === true,
  canSignIn: agreed.signIn === true,
});
