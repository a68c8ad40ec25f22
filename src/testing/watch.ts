import type { SessionClient } from '../client/client.js';
import type { ClientSession } from '../client/session.js';
import type { SessionServer } from '../server/server.js';
import type { LiveSession } from '../server/session.js';
import type { Conversation } from '../stream/conversation.js';
import type { MessageHandler } from '../stream/handlers.js';
import type { SendResult } from '../stream/sent.js';
import type { Ledger } from './ledger.js';
import type { Way } from './path.js';

/** What is watched already: a session is met again with each of its links. */
export type Watched = WeakSet<object>;

/** Enter what a conversation sends and handles into the ledger. */
const watch = (ledger: Ledger, watched: Watched, conversation: Conversation, sessionId: string, way: Way): void => {
  if (watched.has(conversation)) return;
  watched.add(conversation);
  const note = (type: string, payload: unknown, isVolatile: boolean | undefined, result: SendResult): SendResult => {
    if (!result.accepted || isVolatile === true) return result;
    const record = ledger.sent({ way, sessionId, type, payload }, false);
    void result.confirmed.then(({ status }) => {
      record.status = status;
    });
    return result;
  };
  const send = conversation.send.bind(conversation);
  const sendItem = conversation.sendItem.bind(conversation);
  // As it is now: the app may change what it sent.
  conversation.send = (type, payload, options) => {
    const result = send(type, payload, options);
    return note(type, result.accepted ? JSON.parse(JSON.stringify(payload)) : null, options?.volatile, result);
  };
  conversation.sendItem = (item, options) => note(item.type, JSON.parse(item.payload), options?.volatile, sendItem(item, options));
  watchHandlers(ledger, watched, conversation, way === 'up' ? 'down' : 'up');
};

/** `way`: of what they handle. */
const watchHandlers = (ledger: Ledger, watched: Watched, { registry }: Conversation, way: Way): void => {
  const { messages } = registry;
  if (watched.has(messages)) return;
  watched.add(messages);
  const note: MessageHandler = (payload, { id, type, redelivered, volatile }) => {
    if (volatile) return;
    const [sessionId = ''] = id.split(':');
    ledger.handled({ id, way, sessionId, type, payload: JSON.parse(JSON.stringify(payload)), redelivered });
  };
  const of = messages.of.bind(messages);
  messages.of = (type) => {
    const handlers = of(type);
    return handlers.length === 0 ? handlers : [note, ...handlers];
  };
};

/** Hears of each promise that a test may await, by the name of the call that gave it. */
export type Awaited = <T>(name: string, promise: Promise<T>) => Promise<T>;

/** Tell what is awaited of a session. */
const watchAwaited = (awaited: Awaited, watched: Watched, session: ClientSession): void => {
  const { conversation } = session;
  if (!watched.has(session)) {
    watched.add(session);
    const signIn = session.signIn.bind(session);
    const renew = session.renew.bind(session);
    session.signIn = (options) => awaited('signIn', signIn(options));
    session.renew = () => awaited('renew', renew());
  }
  const request = conversation.request.bind(conversation);
  conversation.request = (...args) => awaited('request', request(...args));
};

/** Watch a client's sessions. Before anybody else listens to it. */
export const watchClient = (ledger: Ledger, watched: Watched, client: SessionClient, awaited: Awaited): void => {
  const look = (): void => {
    const { session } = client;
    if (session === null) return;
    if (!watched.has(session.conversation)) watchAwaited(awaited, watched, session);
    watch(ledger, watched, session.conversation, session.id, 'up');
  };
  const startSession = client.startSession.bind(client);
  const endSession = client.endSession.bind(client);
  client.startSession = (options) => awaited('startSession', startSession(options));
  client.endSession = () => awaited('endSession', endSession());
  client.on('active', look);
  client.on('resumed', look);
  client.on('gap', ({ formerSessionId }) => {
    ledger.over('up', formerSessionId);
    look();
  });
  client.on('ended', ({ sessionId }) => ledger.over('up', sessionId));
};

/** Watch a server's sessions. Before anybody else listens to it. */
export const watchServer = (ledger: Ledger, watched: Watched, server: SessionServer): void => {
  server.on('session', (session) => {
    watch(ledger, watched, (session as LiveSession).conversation, session.id, 'down');
  });
  server.on('ended', ({ id }) => ledger.over('down', id));
};
