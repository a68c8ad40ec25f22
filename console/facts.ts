/** What is known of the session at this moment, fact by fact. */
import type { ClientSnapshot, CurrentUser } from '../src/client/index.browser.js';
import { make, setText } from './dom.js';
import { countdownText, millisecondsText } from './format.js';
import { mayStart } from './words.js';

/** How often a countdown is written anew, in milliseconds: often enough that no second is skipped. */
const TICK_MS = 250;

const NONE = '–';

const rows = {
  session: ['long', 'Session'],
  user: ['long', 'User'],
  roundTrip: ['short', 'Round trip'],
  unconfirmed: ['short', 'Unconfirmed'],
  attempt: ['short', 'Tries'],
  retry: ['short', 'Next try'],
} as const;
type Row = keyof typeof rows;

const userText = ({ name, displayName, isGuest }: CurrentUser): string =>
  `${displayName === name ? name : `${displayName} (${name})`}, ${isGuest ? 'a guest' : 'registered'}`;

/** The list of facts. A clock runs only while it counts down to a next try. */
export class Facts {
  readonly #values = new Map<Row, HTMLElement>();
  #tick: number | undefined;

  constructor(list: HTMLElement) {
    for (const [row, [width, label]] of Object.entries(rows) as [Row, (typeof rows)[Row]][]) {
      const value = make('dd', { text: NONE, attributes: { 'data-fact': row } });
      this.#values.set(row, value);
      list.append(make('div', { class: width }, make('dt', { text: label }), value));
    }
  }

  show({ status, sessionId, user, roundTripMs, attempt, retryAt, unconfirmed }: ClientSnapshot): void {
    this.#set('session', sessionId);
    this.#set('user', user === null ? null : userText(user));
    this.#set('roundTrip', roundTripMs === null ? null : millisecondsText(roundTripMs));
    // The client counts on until a link has proved healthy; to a person, a session that is there has come back.
    this.#set('attempt', attempt === 0 || status === 'active' || mayStart(status) ? null : `${attempt}`);
    this.#set('unconfirmed', `${unconfirmed}`);
    this.#countDown(retryAt);
  }

  #countDown(retryAt: number | null): void {
    clearInterval(this.#tick);
    this.#tick = undefined;
    if (retryAt === null) return this.#set('retry', null);
    const write = (): void => this.#set('retry', countdownText(retryAt - Date.now()));
    write();
    this.#tick = window.setInterval(write, TICK_MS);
  }

  #set(row: Row, text: string | null): void {
    const value = this.#values.get(row);
    if (value !== undefined) setText(value, text ?? NONE);
  }
}
