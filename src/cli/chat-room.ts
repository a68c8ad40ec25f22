import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { User } from '../../machines/ports/user.js';
import type { Server } from '../server/index.js';

/** A message of the room, as everyone gets it. */
export interface ChatMessage {
  /** The sender's username. */
  readonly from: string;
  readonly text: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly at: number;
}

/** What the room and its clients say to each other. */
export interface ChatContract {
  readonly toServer: {
    readonly messages: { readonly chat: { readonly text: string } };
    readonly requests: { readonly whoami: (nothing: null) => User };
  };
  readonly toClient: { readonly messages: { readonly chat: ChatMessage } };
}

const Said = t.type({ text: t.string }, 'chat');

/**
 * The app that `ninelives serve` has where a configuration names none: what one session says as `chat`, everyone gets, the sender
 * included; `whoami` answers the user. A `chat` of another shape is acknowledged as failed.
 *
 * @example
 * chatRoom(createServer());
 */
export const chatRoom = (server: Server, wall: () => number = Date.now): void => {
  server.on('session', (session) => {
    session.on('chat', (payload: unknown) => {
      const said = Said.decode(payload);
      if (E.isLeft(said)) throw new TypeError('A chat message is { text } with a string.');
      const message: ChatMessage = { from: session.user.name, text: said.right.text, at: wall() };
      server.toEveryone().send('chat', message);
    });
    session.onRequest('whoami', () => session.user);
  });
};
