import type { ConnectionEffect } from '../../machines/connection/connection.js';
import type { ServerConnection } from './connection.js';
import type { SessionKeeping } from './connection-server.js';
import type { LiveSession } from './session.js';

/** The effects on the session of a connection. */
export type SessionEffect = Extract<ConnectionEffect, { type: 'announce' | 'sayEnd' | 'detach' | 'forget' | 'endSession' }>;

/** Do one of them, where there is a session. */
export const performOnSession = (effect: SessionEffect, connection: ServerConnection, keeper: SessionKeeping): void => {
  const { session } = connection;
  if (effect.type === 'announce') {
    connection.opening = null;
    connection.positions = null;
  }
  if (session === null) return;
  switch (effect.type) {
    case 'announce':
      return keeper.announce(session);
    case 'sayEnd':
      return session.conversation.end();
    case 'detach':
      keeper.detach(session);
      leave(connection, session);
      // What is not written yet is not to be told.
      if (session.durable?.isWritten === false) connection.positions = null;
      return;
    case 'forget':
      keeper.forget(session);
      connection.session = null;
      return;
    case 'endSession':
      keeper.end(session, effect.reason, effect.failure);
      return leave(connection, session);
  }
};

/** It is over, or goes on without this link: what is said of it from here on is where it stands now [R51]. */
const leave = (connection: ServerConnection, session: LiveSession): void => {
  connection.session = null;
  connection.positions = session.keptMs > 0 ? session.conversation.positions() : null;
};
