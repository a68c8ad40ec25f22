import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { Client, Confirmation, EndReason, Session } from '../../client/index.node.js';
import type { ChatContract } from '../chat-room.js';
import { clip, count, type Palette, printable } from '../text.js';
import { messageLine, statusLine } from './words.js';

/** Where a chat's lines go. */
export interface Screen {
  /** A message that arrived. */
  arrived(line: string): void;
  /** What happened to the session, or to something that was sent. */
  told(line: string): void;
}

const Message = t.type({ from: t.string, text: t.string, at: t.number }, 'chat');

/** Lines that are sent and not yet confirmed; more wait to be read. Far below what a session holds, and plenty for a round trip. */
const IN_FLIGHT_MAX = 500;
/** Enough to recognise a line by. */
const TEXT_SHOWN_MAX = 60;

/** Why a line is not known as handled. */
const fates: Readonly<Record<Exclude<Confirmation['status'], 'handled'>, string>> = {
  failed: 'not handled, as the server refused it',
  unhandled: 'not handled, as nothing on the server takes chat messages',
  expired: 'not handled, as it came too late',
  replaced: 'not handled, as a newer one took its place',
  unknown: 'perhaps not handled, as the session was over before the server confirmed it',
};

/** One session's conversation: sends lines, shows what arrives, and keeps account of what is confirmed. */
export class Talk {
  readonly #client: Client<ChatContract>;
  readonly #session: Session<ChatContract>;
  readonly #screen: Screen;
  readonly #palette: Palette;
  readonly #inFlight = new Set<Promise<unknown>>();
  /** Own lines that were shown when they were typed: they are not shown again when they come back. */
  readonly #echoes: string[] = [];
  readonly #echo: boolean;
  #unconfirmed = 0;
  readonly over: Promise<EndReason>;

  constructor(client: Client<ChatContract>, session: Session<ChatContract>, screen: Screen, palette: Palette, echo: boolean) {
    this.#client = client;
    this.#session = session;
    this.#screen = screen;
    this.#palette = palette;
    this.#echo = echo;
    session.on('chat', (payload: unknown) => this.#arrived(payload));
    client.on('gap', () => screen.told(palette.warn('the server no longer had the session: a new one took its place')));
    this.over = new Promise((resolve) => client.on('ended', ({ reason }) => resolve(reason)));
  }

  /** How many lines are known not to have been handled, or not known to have been. */
  get unconfirmed(): number {
    return this.#unconfirmed;
  }

  /** Everything that was sent so far is confirmed, or handed back. */
  async settled(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  /** Send a line; resolves when there is room for the next. */
  async say(text: string): Promise<void> {
    while (this.#inFlight.size >= IN_FLIGHT_MAX) await Promise.race(this.#inFlight);
    const sent = this.#session.send('chat', { text });
    if (!sent.accepted) return this.#missed(text, `not sent: ${sent.error.message}`);
    if (this.#echo) {
      if (this.#echoes.push(text) > IN_FLIGHT_MAX) this.#echoes.shift();
      this.#screen.arrived(messageLine({ from: this.#session.user.name, text, at: Date.now() }, this.#session.user.name, this.#palette));
    }
    const fate = sent.confirmed.then(({ status }) => {
      this.#inFlight.delete(fate);
      if (status !== 'handled') this.#missed(text, fates[status]);
    });
    this.#inFlight.add(fate);
  }

  async whoami(): Promise<void> {
    const answer = await this.#session.request('whoami', null);
    if (answer.failed) return this.#screen.told(this.#palette.bad(printable(answer.error.message)));
    const { id, name, displayName, isGuest } = answer.reply;
    this.#screen.told(`${printable(name)} (${printable(displayName)}), user ${id}, ${isGuest ? 'a guest' : 'registered'}`);
  }

  status(url: string): void {
    const view = this.#client.getSnapshot();
    const trip = view.roundTripMs === null ? '' : `, round trip ${view.roundTripMs} ms`;
    this.#screen.told(
      `${statusLine(view, url, Date.now(), this.#palette)}, session ${this.#session.id}${trip}, ${count(view.unconfirmed, 'line')} not confirmed`,
    );
  }

  #missed(text: string, why: string): void {
    this.#unconfirmed += 1;
    this.#screen.told(this.#palette.bad(`${JSON.stringify(clip(printable(text), TEXT_SHOWN_MAX))}: ${printable(why)}`));
  }

  #arrived(payload: unknown): void {
    const message = Message.decode(payload);
    // A server with an app of its own may mean something else by it: shown as it is.
    if (E.isLeft(message)) return this.#screen.arrived(printable(JSON.stringify(payload)));
    const own = this.#session.user.name;
    const at = message.right.from === own ? this.#echoes.indexOf(message.right.text) : -1;
    if (at >= 0) this.#echoes.splice(at, 1);
    else this.#screen.arrived(messageLine(message.right, own, this.#palette));
  }
}
