/** What was accepted and is not known as handled, after a gap or an end. Nothing of it is sent again but by the user. */
import type { Status, Unconfirmed } from '../src/client/index.browser.js';
import { byId, make, setText } from './dom.js';
import { countText } from './format.js';

/** How many are written out; the rest is counted. */
const LISTED_MAX = 8;
/** How many are kept over several gaps: what a client's own buffer holds by default. The oldest go first. */
const KEPT_MAX = 10_000;

interface Kept {
  readonly text: string;
  readonly handled: 'no' | 'unknown';
}

/** The messages of this page among what was handed back: it sends no others. */
const chatsOf = (unconfirmed: readonly Unconfirmed[]): readonly Kept[] =>
  unconfirmed.flatMap(({ type, payload, handled }) =>
    type === 'chat' ? [{ text: (payload as { readonly text: string }).text, handled }] : [],
  );

export class HandedBack {
  readonly #section = byId('handed-back', HTMLElement);
  readonly #title = byId('handed-back-title', HTMLElement);
  readonly #why = byId('handed-back-why', HTMLElement);
  readonly #list = byId('handed-back-list', HTMLUListElement);
  readonly #again = byId('send-again', HTMLButtonElement);
  #kept: readonly Kept[] = [];

  /** `say` sends one message; false where it was not taken. `left` is told when the list is gone, and the focus with it. */
  constructor(say: (text: string) => boolean, left: () => void) {
    this.#again.addEventListener('click', () => {
      const refusedFrom = this.#kept.findIndex(({ text }) => !say(text));
      this.#keep(refusedFrom < 0 ? [] : this.#kept.slice(refusedFrom));
      if (refusedFrom < 0) left();
    });
    byId('dismiss', HTMLButtonElement).addEventListener('click', () => {
      this.#keep([]);
      left();
    });
  }

  show(status: Status): void {
    this.#again.disabled = status !== 'active' && status !== 'lost';
  }

  take(unconfirmed: readonly Unconfirmed[], why: string): void {
    const chats = chatsOf(unconfirmed);
    if (chats.length === 0) return;
    setText(this.#why, why);
    this.#keep([...this.#kept, ...chats]);
  }

  #keep(kept: readonly Kept[]): void {
    this.#kept = kept.slice(-KEPT_MAX);
    const count = this.#kept.length;
    setText(this.#title, `${countText(count, 'message')} not confirmed`);
    const rest = count - LISTED_MAX;
    this.#list.replaceChildren(
      ...this.#kept
        .slice(0, LISTED_MAX)
        .map(({ text, handled }) =>
          make(
            'li',
            {},
            make('span', { class: 'text', text }),
            make('em', { text: handled === 'unknown' ? 'may have been handled' : 'was not handled' }),
          ),
        ),
      ...(rest > 0 ? [make('li', { text: `and ${rest} more` })] : []),
    );
    this.#section.hidden = count === 0;
  }
}
