/**
 * The page of `ninelives serve`: a session by hand, to see what it does. It shows what the client says and decides nothing itself.
 */
import { type Client, createClient, NineLivesError, type StartOptions } from '../src/client/index.browser.js';
import { Chat } from './chat.js';
import { type ChatContract, readChat } from './contract.js';
import { byId, setText } from './dom.js';
import { EventLog } from './events.js';
import { Facts } from './facts.js';
import { HandedBack } from './handed-back.js';
import { drawLifecycle } from './lifecycle.js';
import { problemNotice } from './problem.js';
import { StartForm } from './start-form.js';
import { mayStart, statusSentence, toneOf } from './words.js';

/** The server that this page came from. */
const ownServer = ({ protocol, host }: Location): string => `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/`;

class Page {
  readonly #root = document.documentElement;
  readonly #pill = byId('pill', HTMLElement);
  readonly #statusText = byId('status-text', HTMLElement);
  readonly #showProblem = problemNotice(byId('problem', HTMLElement));
  readonly #showLifecycle = drawLifecycle(byId('picture', HTMLElement));
  readonly #facts = new Facts(byId('facts', HTMLElement));
  readonly #log = new EventLog();
  readonly #chat = new Chat((text) => this.#client.session?.send('chat', { text }) ?? null);
  readonly #handedBack = new HandedBack(
    (text) => this.#chat.say(text),
    () => this.#chat.focus(),
  );
  readonly #form = new StartForm({
    start: (options, apiKey) => void this.#start(options, apiKey),
    end: () => void this.#client.endSession(),
  });
  #client: Client<ChatContract>;
  #leave: () => void;

  constructor() {
    setText(byId('host', HTMLElement), location.host);
    [this.#client, this.#leave] = this.#meet(undefined);
    this.#show();
  }

  /** A client belongs to one API key. It opens nothing before a start, so that making one costs nothing. */
  #meet(apiKey: string | undefined): readonly [Client<ChatContract>, () => void] {
    const client = createClient<ChatContract>({
      url: ownServer(location),
      apiKey,
      handlers: { chat: (payload) => this.#chat.received(readChat(payload), this.#client.session?.user.name) },
    });
    const offs = [
      client.subscribe(() => this.#show()),
      this.#log.follow(client),
      client.on('gap', ({ unconfirmed }) =>
        this.#handedBack.take(unconfirmed, 'The server no longer had the lost session, so a new one took its place.'),
      ),
      client.on('ended', ({ unconfirmed }) => this.#handedBack.take(unconfirmed, 'The session ended before the server’s word came.')),
    ];
    return [
      client,
      () => {
        for (const off of offs) off();
      },
    ];
  }

  async #start(options: StartOptions, apiKey: string | undefined): Promise<void> {
    if (apiKey !== undefined && mayStart(this.#client.getSnapshot().status)) {
      this.#leave();
      [this.#client, this.#leave] = this.#meet(apiKey);
    }
    this.#showProblem(null);
    const result = await this.#client.startSession(options);
    if (result.failed) this.#showProblem(result.error);
  }

  #show(): void {
    const snapshot = this.#client.getSnapshot();
    const { status, user, error } = snapshot;
    const tone = toneOf(snapshot);
    this.#root.dataset.status = status;
    this.#root.dataset.tone = tone;
    document.title = status === 'idle' ? 'Nine Lives' : `${user === null ? '' : `${user.name} · `}${status} · Nine Lives`;
    setText(this.#pill, status);
    setText(this.#statusText, statusSentence(snapshot));
    this.#showLifecycle(snapshot);
    this.#facts.show(snapshot);
    this.#form.show(snapshot);
    this.#chat.show(status);
    this.#handedBack.show(status);
    // What a client meets while it goes on trying is a warning; what ended the matter is an error.
    if (error !== null) this.#showProblem(new NineLivesError(error), mayStart(status) ? 'bad' : 'busy');
    else if (!mayStart(status)) this.#showProblem(null);
  }
}

new Page();
