import type { SessionClient } from '../client/client.js';
import type { ClientSession } from '../client/session.js';
import type { SessionServer } from '../server/server.js';
import type { LiveSession } from '../server/session.js';
import type { Conversation } from '../stream/conversation.js';
import type { MessageHandler } from '../stream/handlers.js';
import type { SendResult } from '../stream/sent.js';
import type { Ledger } from './ledger.js';
import type { Way } from './path.js';
import type { Actor, Story } from './story.js';

/** What is done with all that is seen. */
export interface WatchOwner {
  readonly ledger: Ledger;
  readonly story: Story;
  /** A test may await this, which a call of this name gave it. */
  awaited(name: string, promise: Promise<unknown>): void;
}

/** One end of conversations. */
interface Side {
  readonly actor: Actor;
  /** Which way it sends. */
  readonly way: Way;
  /** Is it there? What the dead still do is not seen by anybody. */
  isAlive(): boolean;
  /** The handlers of a message were called. */
  readonly handled?: () => void;
}

const copyOf = (payload: unknown): unknown => JSON.parse(JSON.stringify(payload));

/** Sees what is sent, asked and handled in a world, and the lives of its sessions. */
export class Watch {
  readonly #owner: WatchOwner;
  /** What is watched already: a session is met again with each of its links. */
  readonly #watched = new WeakSet<object>();

  constructor(owner: WatchOwner) {
    this.#owner = owner;
  }

  /** Watch a client's sessions. Before anybody else listens to it. `actor`: its number in the story. */
  client(client: SessionClient, actor: number, isAlive: () => boolean): void {
    const { ledger, story } = this.#owner;
    const side: Side = { actor, way: 'up', isAlive };
    const look = (): void => {
      const { session } = client;
      if (session === null) return;
      story.session(actor, session.id, session.user.name);
      this.#session(session);
      this.#conversation(session.conversation, session.id, side);
    };
    const note = (text: string): void => {
      if (isAlive()) story.note(actor, text);
    };
    const startSession = client.startSession.bind(client);
    const endSession = client.endSession.bind(client);
    client.startSession = (options) => {
      note('start');
      return this.#awaited('startSession', startSession(options));
    };
    client.endSession = () => this.#awaited('endSession', endSession());
    client.on('active', ({ user }) => {
      look();
      note(`active, as ${user.name}`);
    });
    client.on('resumed', () => {
      look();
      note('resumed');
    });
    client.on('gap', ({ formerSessionId, unconfirmed }) => {
      ledger.over('up', formerSessionId);
      look();
      note(`gap: another session, ${unconfirmed.length} handed back`);
    });
    client.on('identity', ({ user, former }) => note(`signed in: ${user.name}, who was ${former.name}`));
    client.on('failed', ({ error }) => note(`start failed: ${error.code}`));
    client.on('lost', ({ error }) => note(`lost: ${error.code}`));
    client.on('ended', ({ sessionId, reason, unconfirmed }) => {
      ledger.over('up', sessionId);
      note(`ended: ${reason}, ${unconfirmed.length} handed back`);
    });
  }

  /** Watch a server's sessions. Before anybody else listens to it. `handled`: the handlers of a message were called. */
  server(server: SessionServer, isAlive: () => boolean, handled: () => void): void {
    const { ledger, story } = this.#owner;
    const side: Side = { actor: 'server', way: 'down', isAlive, handled };
    server.on('session', (session) => this.#conversation((session as LiveSession).conversation, session.id, side));
    server.on('ended', ({ id, user }, { reason }) => {
      if (!isAlive()) return;
      ledger.over('down', id);
      story.note('server', `session of ${user.name} ended: ${reason}`);
    });
    server.on('unhandled', (_, { type }) => isAlive() && story.note('server', `nobody handles ${type}`));
    server.on('handlerFailed', (_, { type, error }) => isAlive() && story.note('server', `handler of ${type} failed: ${String(error)}`));
  }

  #awaited<T>(name: string, promise: Promise<T>): Promise<T> {
    this.#owner.awaited(name, promise);
    return promise;
  }

  /** Is this seen for the first time? */
  #isNew(what: object): boolean {
    if (this.#watched.has(what)) return false;
    this.#watched.add(what);
    return true;
  }

  #session(session: ClientSession): void {
    if (!this.#isNew(session)) return;
    const signIn = session.signIn.bind(session);
    const renew = session.renew.bind(session);
    session.signIn = (options) => this.#awaited('signIn', signIn(options));
    session.renew = () => this.#awaited('renew', renew());
  }

  #conversation(conversation: Conversation, sessionId: string, side: Side): void {
    if (!this.#isNew(conversation)) return;
    const { ledger, story } = this.#owner;
    const { actor, way, isAlive } = side;
    const note = (type: string, payload: unknown, isVolatile: boolean | undefined, result: SendResult): SendResult => {
      if (!result.accepted || isVolatile === true || !isAlive()) return result;
      const record = ledger.sent({ way, sessionId, type, payload }, false);
      story.sent(record);
      void result.confirmed.then(({ status }) => {
        record.status = status;
      });
      return result;
    };
    const send = conversation.send.bind(conversation);
    const sendItem = conversation.sendItem.bind(conversation);
    const request = conversation.request.bind(conversation);
    // As it is now: the app may change what it sent.
    conversation.send = (type, payload, options) => {
      const result = send(type, payload, options);
      return note(type, result.accepted ? copyOf(payload) : null, options?.volatile, result);
    };
    conversation.sendItem = (item, options) => note(item.type, JSON.parse(item.payload), options?.volatile, sendItem(item, options));
    conversation.request = (...args) => {
      const [type] = args;
      const told = (text: string): void => {
        if (isAlive()) story.note(actor, text);
      };
      told(`request ${type}`);
      const asked = request(...args);
      void asked.then(({ error }) => told(error === undefined ? `reply to ${type}` : `no reply to ${type}: ${error.code}`));
      return way === 'up' ? this.#awaited('request', asked) : asked;
    };
    this.#handlers(conversation, side);
  }

  #handlers({ registry: { messages } }: Conversation, { way, isAlive, handled }: Side): void {
    if (!this.#isNew(messages)) return;
    const { ledger, story } = this.#owner;
    const note: MessageHandler = (payload, { id, type, redelivered, volatile }) => {
      if (volatile || !isAlive()) return;
      const [sessionId = ''] = id.split(':');
      const record = { id, way: way === 'up' ? 'down' : 'up', sessionId, type, payload: copyOf(payload), redelivered } as const;
      ledger.handled(record);
      story.handled(record);
    };
    const of = messages.of.bind(messages);
    messages.of = (type) => {
      const handlers = of(type);
      if (handlers.length === 0) return handlers;
      return handled === undefined ? [note, ...handlers] : [note, ...handlers, handled];
    };
  }
}
