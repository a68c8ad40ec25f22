/** Who starts a session: a guest by name alone, or a user with a password. */
import type { ClientSnapshot, StartOptions } from '../src/client/index.browser.js';
import { dress } from './avatar.js';
import { byId, setText } from './dom.js';
import { mayStart } from './words.js';

interface Asked {
  /** Begin with these. An API key is given where the user typed one. */
  start(options: StartOptions, apiKey: string | undefined): void;
  /** End the session, or take back the start. */
  end(): void;
}

/** The form, and in its place, while there is a session, whose it is. */
export class StartForm {
  readonly #form = byId('start-form', HTMLFormElement);
  readonly #fields = byId('start-fields', HTMLFieldSetElement);
  readonly #name = byId('name', HTMLInputElement);
  readonly #password = byId('password', HTMLInputElement);
  readonly #passwordField = byId('password-field', HTMLElement);
  readonly #apiKey = byId('api-key', HTMLInputElement);
  readonly #inSession = byId('in-session', HTMLElement);
  readonly #avatar = byId('who-avatar', HTMLElement);
  readonly #who = byId('who', HTMLElement);
  readonly #end = byId('end', HTMLButtonElement);
  readonly #asked: Asked;

  constructor(asked: Asked) {
    this.#asked = asked;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#start();
    });
    this.#form.addEventListener('change', () => this.#showPassword());
    this.#end.addEventListener('click', () => asked.end());
    // A browser may bring back what was chosen before a reload.
    this.#showPassword();
  }

  show({ status, user }: ClientSnapshot): void {
    const isFree = mayStart(status);
    const hadFocus = document.activeElement?.closest('form, #in-session') != null;
    const changes = this.#fields.disabled === isFree;
    this.#fields.disabled = !isFree;
    this.#form.hidden = !isFree;
    this.#inSession.hidden = isFree;
    // Not disabled: a browser takes the focus from what is, and a keyboard would have to begin at the top again. To end twice does no harm.
    this.#end.setAttribute('aria-disabled', `${status === 'ending'}`);
    const isStarting = status === 'connecting' || status === 'authenticating';
    setText(this.#end, status === 'ending' ? 'Ending …' : isStarting ? 'Cancel' : 'End session');
    if (!isFree) {
      const name = user?.name ?? this.#name.value;
      dress(this.#avatar, name);
      setText(this.#who, user === null ? name : user.isGuest ? `${name}, a guest` : name);
    }
    // What had the focus is gone from the page: it goes to what took its place.
    const next = isFree ? (this.#wantsPassword() ? this.#password : this.#name) : this.#end;
    if (changes && hadFocus) next.focus({ preventScroll: true });
  }

  #start(): void {
    const password = this.#wantsPassword() ? this.#password.value : null;
    const apiKey = this.#apiKey.value === '' ? undefined : this.#apiKey.value;
    // From here on the client alone has them.
    this.#password.value = '';
    this.#apiKey.value = '';
    this.#asked.start({ username: this.#name.value, ...(password === null ? {} : { authParams: { password } }) }, apiKey);
  }

  #wantsPassword(): boolean {
    return new FormData(this.#form).get('as') === 'password';
  }

  #showPassword(): void {
    const isWanted = this.#wantsPassword();
    this.#passwordField.hidden = !isWanted;
    this.#password.required = isWanted;
    if (!isWanted) this.#password.value = '';
  }
}
