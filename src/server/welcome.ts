import type { WelcomeFields } from '../wire/frames.js';
import type { Settings } from './options.js';
import type { LiveSession } from './session.js';

/** What a session's client is told [R23]. */
export const welcomeOf = (
  { id, user, expiresAt }: LiveSession,
  { window, messageSize, batchSize, pingEveryMs, ackDelayMs }: Settings,
  incarnation: number,
): WelcomeFields => ({
  session: id,
  outcome: 'started',
  user,
  incarnation,
  expiresAt,
  resumeWindowMs: 0,
  features: [],
  window,
  limits: { messageSize, batchSize },
  pingEveryMs,
  ackDelayMs,
});
