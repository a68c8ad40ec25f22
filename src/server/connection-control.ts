import type { ConnectionEffect } from '../../machines/connection/connection.js';
import type { OutboundFrame } from '../wire/frames.js';
import type { ServerConnection } from './connection.js';
import type { ConnectionServer } from './connection-server.js';
import { welcomeOf } from './welcome.js';

/** The effects that are one control frame. */
export type SayEffect = Extract<
  ConnectionEffect,
  {
    type: 'sayGone' | 'sayMismatch' | 'sayWelcome' | 'sayPong' | 'askRenewal' | 'sayRenewed' | 'sayUnrenewed' | 'deny' | 'sayBye';
  }
>;

/** The frame that says it; null where what it is about is over already. */
export const controlFrameOf = (
  effect: SayEffect,
  { session, positions, opening, liveness }: Pick<ServerConnection, 'session' | 'positions' | 'opening' | 'liveness'>,
  { settings, incarnation }: Pick<ConnectionServer, 'settings' | 'incarnation'>,
): OutboundFrame | null => {
  switch (effect.type) {
    case 'sayGone':
      return positions === null ? { kind: 'gone' } : { kind: 'gone', positions };
    case 'sayMismatch': {
      const mismatch = opening?.mismatch ?? null;
      if (mismatch === null) return null;
      const { direction, from, to } = mismatch;
      return { kind: 'mismatch', direction: direction === 'own' ? 'down' : 'up', from, to };
    }
    case 'sayWelcome': {
      if (session === null) return null;
      const asked = opening?.hello.features ?? [];
      return { kind: 'welcome', welcome: welcomeOf(session, settings, incarnation, positions, asked, liveness.pingEveryMs) };
    }
    case 'sayPong':
      return { kind: 'pong', id: effect.id };
    case 'askRenewal':
      return { kind: 'renew', withinMs: effect.withinMs };
    case 'sayRenewed':
      return session === null ? null : { kind: 'renewed', user: session.user, expiresAt: session.authentication.expiresAt };
    case 'sayUnrenewed':
      return { kind: 'unrenewed', why: effect.failure };
    case 'deny':
      return { kind: 'deny', deny: effect.failure };
    case 'sayBye':
      return positions === null ? { kind: 'bye', bye: effect.failure } : { kind: 'bye', bye: effect.failure, positions };
  }
};
