import type { Clock } from '../../machines/ports/host.js';
import type { StreamTerms } from '../../machines/ports/transport.js';
import { failure } from '../../machines/reasons.js';
import type { Welcome } from '../../machines/session/events.js';
import { Conversation } from '../stream/conversation.js';
import type { MessageHandler } from '../stream/handlers.js';
import type { ConversationOwner } from '../stream/owner.js';
import { Registry } from '../stream/registry.js';
import { termsOf } from '../stream/terms.js';
import type { Emitter } from './emitter.js';
import type { ClientEvents } from './events.js';
import { type ClientOptions, clientDefaults } from './options.js';
import type { KeptSession } from './persist/tab-keeper.js';

/** The handlers of a new session: those that the app named before there was one. */
const registryOf = (given: ClientOptions['handlers']): Registry => {
  const registry = new Registry();
  const handlers = (given ?? {}) as Record<string, MessageHandler | undefined>;
  for (const [type, handler] of Object.entries(handlers)) if (handler !== undefined) registry.messages.on(type, handler);
  return registry;
};

/**
 * The conversation of a session that begins, its streams from their start. `registry`: the handlers of a session whose place it takes.
 * `kept`: what an earlier page left of it.
 */
export const converse = (
  options: ClientOptions,
  clock: Clock,
  events: Emitter<ClientEvents>,
  owner: Pick<ConversationOwner, 'write' | 'peerEnded' | 'complete' | 'violated' | 'dropped' | 'identified' | 'changed'>,
  registry: Registry | undefined,
  { sessionId, user }: Pick<Welcome, 'sessionId' | 'user'>,
  terms: StreamTerms,
  kept?: Pick<KeptSession, 'stream'>,
): Conversation => {
  /** A failing handler is the app's error: it is heard somewhere, by the app's listener or by the platform. */
  const handlerFailed = (event: Parameters<ClientEvents['handlerFailed']>[0]): void => {
    if (events.hasListeners('handlerFailed')) events.emit('handlerFailed', event);
    else console.error(`ninelives: the handler for ${event.type} failed.`, event.error);
  };
  const settings = {
    clock,
    ownWindow: options.window ?? clientDefaults.window,
    buffer: options.buffer ?? clientDefaults.buffer,
    handlerTimeoutMs: options.handlerTimeoutMs ?? clientDefaults.handlerTimeoutMs,
  };
  const agreed = termsOf(settings, { ...terms, peerWindow: terms.window });
  return new Conversation(
    {
      ...owner,
      direction: 'up',
      tooSlow: () => owner.violated(failure('ProtocolError', 'The server leaves too much unacknowledged.')),
      reports: {
        unhandled: (event) => events.emit('unhandled', event),
        handlerFailed,
        handlerSlow: (event) => events.emit('handlerSlow', event),
        requestFailed: handlerFailed,
        handedBack: (message) => events.emit('handedBack', message),
      },
    },
    registry ?? registryOf(options.handlers),
    agreed,
    { sessionId, user, restored: kept?.stream(agreed.limits) },
  );
};
