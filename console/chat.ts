/** The messages: those of others as they come, those of this page with what becomes of them. */
import type { Confirmation, SendResult, Status } from '../src/client/index.browser.js';
import { avatarOf } from './avatar.js';
import type { ChatMessage } from './contract.js';
import { byId, make, setText, trim } from './dom.js';
import { isoText, timeText } from './format.js';
import { problemOf } from './words.js';

/** How many messages are shown: hours of a lively room, and nothing that a page feels. */
const SHOWN_MAX = 500;
/** How many own messages wait for their echo. A server that echoes nothing must not fill the page's memory. */
const ECHOES_MAX = 200;

type Fate = Confirmation['status'] | 'sending';

const fates: Readonly<Record<Fate, string>> = {
  sending: 'sending …',
  handled: '✓ handled',
  failed: '✗ failed: the server’s handler threw',
  unhandled: '✗ unhandled: the server has no handler for it',
  expired: '✗ expired before it was handled',
  replaced: '✗ replaced by a newer one before it was sent',
  unknown: '? not confirmed',
};

interface Own {
  readonly item: HTMLElement;
  readonly time: HTMLTimeElement;
  readonly text: string;
}

const showTime = (time: HTMLTimeElement, at: Date): void => {
  time.dateTime = isoText(at);
  setText(time, timeText(at));
};

export class Chat {
  readonly #send: (text: string) => SendResult | null;
  readonly #list = byId('messages', HTMLOListElement);
  readonly #scroll = byId('messages-scroll', HTMLElement);
  readonly #empty = byId('messages-empty', HTMLElement);
  readonly #invitation = this.#empty.textContent;
  readonly #fields = byId('send-fields', HTMLFieldSetElement);
  readonly #text = byId('text', HTMLInputElement);
  readonly #hint = byId('send-hint', HTMLElement);
  /** Own messages that the server has not said to everyone yet, oldest first. */
  #awaitingEcho: readonly Own[] = [];

  /** `send` answers null where there is no session. */
  constructor(send: (text: string) => SendResult | null) {
    this.#send = send;
    byId('send-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** May something be sent, and when will it go? */
  show(status: Status): void {
    const isOpen = status === 'active' || status === 'lost';
    if (this.#fields.disabled === isOpen) {
      this.#fields.disabled = !isOpen;
      if (isOpen) this.focus();
    }
    this.#hintAt(status === 'lost' ? 'It will go out when the connection is back.' : '');
    setText(this.#empty, isOpen ? 'Nobody has said anything yet.' : this.#invitation);
  }

  /** A message came: another's, or the echo of one of this page's. */
  received(message: ChatMessage, ownName: string | undefined): void {
    const own = message.from === ownName ? this.#awaitingEcho.find(({ text }) => text === message.text) : undefined;
    if (own === undefined) return void this.#add(this.#draw(message, null).item);
    this.#awaitingEcho = this.#awaitingEcho.filter((other) => other !== own);
    showTime(own.time, message.at);
    // The server's order is everybody's: an own message takes its place in it.
    if (own.item !== this.#list.lastElementChild) this.#add(own.item);
  }

  /** Say it: from the field, or again from what was handed back. False where it was not taken. */
  say(text: string): boolean {
    const sent = this.#send(text);
    if (sent === null) return false;
    if (!sent.accepted) {
      const { what, remedy } = problemOf(sent.error);
      this.#hintAt(`${sent.error.code}: ${what} ${remedy}`, 'bad');
      return false;
    }
    this.#hintAt('');
    const drawn = this.#draw({ from: '', text, at: new Date() }, 'sending');
    this.#awaitingEcho = [...this.#awaitingEcho, drawn].slice(-ECHOES_MAX);
    this.#add(drawn.item);
    void sent.confirmed.then(({ status }) => this.#confirmed(drawn, status));
    return true;
  }

  /** Put the cursor where the next message is written. */
  focus(): void {
    this.#text.focus({ preventScroll: true });
  }

  #submit(): void {
    if (this.say(this.#text.value)) this.#text.value = '';
    this.focus();
  }

  #confirmed(own: Own, fate: Fate): void {
    own.item.dataset.fate = fate;
    const line = own.item.querySelector('.fate');
    if (line !== null) setText(line, fates[fate]);
    if (fate !== 'handled') this.#awaitingEcho = this.#awaitingEcho.filter((other) => other !== own);
  }

  #draw({ from, text, at }: ChatMessage, fate: Fate | null): Own {
    const time = make('time');
    showTime(time, at);
    const body = make('p', { class: 'text', text });
    const foot = make('p', { class: 'foot' }, time, ...(fate === null ? [] : [make('span', { class: 'fate', text: fates[fate] })]));
    const bubble = make('div', { class: 'bubble' }, ...(fate === null ? [make('p', { class: 'from', text: from })] : []), body, foot);
    const item = make('li', { class: fate === null ? 'message' : 'message own' }, ...(fate === null ? [avatarOf(from)] : []), bubble);
    if (fate !== null) item.dataset.fate = fate;
    return { item, time, text };
  }

  #add(item: HTMLElement): void {
    this.#empty.hidden = true;
    this.#list.append(item);
    trim(this.#list, SHOWN_MAX, 'first');
    // The list hangs from its end (style.css): there it stays by itself, and zero is the end.
    if (item.classList.contains('own')) this.#scroll.scrollTop = 0;
  }

  #hintAt(text: string, tone = 'rest'): void {
    this.#hint.dataset.tone = tone;
    setText(this.#hint, text);
  }
}
