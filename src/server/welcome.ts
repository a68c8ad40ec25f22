import type { HelloFields, PositionFields, WelcomeFields } from '../wire/frames.js';
import { volatileFeature } from '../wire/limits.js';
import type { Settings } from './options.js';
import type { LiveSession } from './session.js';

/** What a session's client is told [R23]. */
export const welcomeOf = (
  { id, user, authentication: { expiresAt }, keptMs, features }: LiveSession,
  { window, messageSize, batchSize, ackDelayMs }: Settings,
  incarnation: number,
  positions: PositionFields | null,
  asked: HelloFields['features'],
  pingEveryMs: number,
): WelcomeFields => ({
  session: id,
  outcome: positions === null ? 'started' : 'resumed',
  user,
  incarnation,
  expiresAt,
  resumeWindowMs: keptMs,
  features: [...features, ...(asked.includes(volatileFeature) ? [volatileFeature] : [])],
  window,
  limits: { messageSize, batchSize },
  pingEveryMs,
  ackDelayMs,
  ...(positions === null ? {} : { positions }),
});
