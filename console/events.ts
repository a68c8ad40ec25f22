/** The log: what the client told the app, newest first. */
import type { Client, ClientEvent, ClientEvents } from '../src/client/index.browser.js';
import type { ChatContract } from './contract.js';
import { byId, make, trim } from './dom.js';
import { countText, isoText, timeText } from './format.js';
import { problemOf, type Tone } from './words.js';

/** How many are kept: a day of a bad network. */
const KEPT_MAX = 200;

type Name = keyof ClientEvents;

/** How each event is shown. An event that is added to the client and not here does not compile. */
const lines: { readonly [E in Name]: (event: ClientEvent<E>) => readonly [tone: Tone, detail: string] } = {
  active: ({ user }) => ['good', `as ${user.name}${user.isGuest ? ', a guest' : ''}`],
  failed: ({ error }) => ['bad', `${error.code}: ${problemOf(error).what}`],
  lost: ({ error }) => ['bad', `${error.code}: ${problemOf(error).what}`],
  resumed: () => ['good', 'the same session goes on where it was'],
  gap: ({ unconfirmed }) => ['busy', `a new session took the lost one’s place; ${countText(unconfirmed.length, 'message')} handed back`],
  identity: ({ user, former }) => ['good', `as ${user.name}; before that as ${former.name}`],
  ended: ({ reason, error, unconfirmed }) => [
    error === null ? 'rest' : 'bad',
    [
      error === null ? (reason === 'ended' ? 'with a goodbye' : reason) : `${reason}, ${error.code}`,
      ...(unconfirmed.length === 0 ? [] : [`${countText(unconfirmed.length, 'message')} handed back`]),
    ].join('; '),
  ],
  unhandled: ({ type }) => ['busy', `a message of the type ${JSON.stringify(type)} that this page has no handler for`],
  handlerFailed: ({ type, error }) => ['bad', `the handler for ${type} threw${error instanceof Error ? `: ${error.message}` : ''}`],
  handedBack: ({ type }) => ['bad', `a message of the type ${JSON.stringify(type)} that no connection outlived is not sent any more`],
  handlerSlow: ({ type, afterMs }) => ['busy', `the handler for ${type} takes longer than ${Math.round(afterMs)} ms`],
};

const names = Object.keys(lines) as Name[];

export class EventLog {
  readonly #list = byId('events', HTMLOListElement);
  readonly #empty = byId('events-empty', HTMLElement);

  /** Write down all that this client tells. The returned function stops it. */
  follow(client: Client<ChatContract>): () => void {
    const offs = names.map((name) => this.#followOne(client, name));
    return () => {
      for (const off of offs) off();
    };
  }

  #followOne<E extends Name>(client: Client<ChatContract>, name: E): () => void {
    const listener = (event: ClientEvent<E>): void => this.#add(name, ...lines[name](event));
    return client.on(name, listener as ClientEvents[E]);
  }

  #add(name: Name, tone: Tone, detail: string): void {
    const at = new Date();
    this.#empty.hidden = true;
    this.#list.prepend(
      make(
        'li',
        { attributes: { 'data-event': name, 'data-tone': tone } },
        make('time', { text: timeText(at), attributes: { datetime: isoText(at) } }),
        make('b', { text: name }),
        make('span', { class: 'detail', text: detail }),
      ),
    );
    trim(this.#list, KEPT_MAX, 'last');
  }
}
