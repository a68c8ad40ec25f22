import type { Failure } from '../../machines/reasons.js';
import { failure } from '../../machines/reasons.js';
import type { ArrivedSignIn, OutboundData } from '../../machines/stream/packets.js';
import type { Entry } from '../../machines/stream/state.js';
import type { ConversationOwner, ConversationReports } from '../stream/owner.js';
import type { ServerEvents } from './api.js';
import type { DurableSession } from './durable.js';
import type { Emitter } from './emitter.js';
import type { Logger } from './logger.js';
import type { LiveSession } from './session.js';

/** What sessions need of their server: one object for all. */
export interface SessionSideParts {
  readonly log: Logger;
  /** For what strangers can make the log say. */
  readonly limited: Logger;
  readonly events: Emitter<ServerEvents>;
  /** The client of a session wants to sign in: as `signIn` of its conversation's owner. */
  signIn(session: LiveSession, item: ArrivedSignIn, number: number): ReturnType<NonNullable<ConversationOwner['signIn']>>;
}

/** What a session does for its conversation, over whichever connection it has. */
export class SessionSide implements ConversationOwner, ConversationReports {
  protected readonly parts: SessionSideParts;
  protected readonly session: LiveSession;

  constructor(parts: SessionSideParts, session: LiveSession) {
    this.parts = parts;
    this.session = session;
  }

  get direction(): 'down' {
    return 'down';
  }

  get reports(): ConversationReports {
    return this;
  }

  write(packets: readonly OutboundData[]): void {
    this.session.connection.write(packets);
  }

  peerEnded(): void {
    this.session.connection.input({ type: 'peerEnded' });
  }

  complete(): void {
    this.session.connection.input({ type: 'complete' });
  }

  violated(what: Failure): void {
    this.session.connection.input({ type: 'violated', failure: what });
  }

  tooSlow(): void {
    this.#endAsTooSlow('It leaves too much unacknowledged.');
  }

  full(): void {
    if (this.session.whenFull === 'end') this.#endAsTooSlow('It leaves the buffer full.');
  }

  signIn(item: ArrivedSignIn, number: number): ReturnType<SessionSideParts['signIn']> {
    return this.parts.signIn(this.session, item, number);
  }

  unhandled(event: Parameters<ConversationReports['unhandled']>[0]): void {
    this.parts.events.emit('unhandled', this.session, event);
  }

  handlerFailed(event: Parameters<ConversationReports['handlerFailed']>[0]): void {
    const { limited, events } = this.parts;
    limited.error({ session: this.session.id, message: event.id, type: event.type, err: event.error }, 'a handler failed');
    events.emit('handlerFailed', this.session, event);
  }

  requestFailed(event: Parameters<ConversationReports['requestFailed']>[0]): void {
    this.handlerFailed(event);
  }

  handlerSlow(event: Parameters<ConversationReports['handlerSlow']>[0]): void {
    this.parts.limited.warn({ session: this.session.id, ...event }, 'a message handler is slow');
  }

  handedBack(message: Parameters<ConversationReports['handedBack']>[0]): void {
    this.parts.events.emit('handedBack', this.session, message);
  }

  #endAsTooSlow(detail: string): void {
    this.session.connection.input({ type: 'dismissed', failure: failure('SlowConsumerError', detail) });
  }
}

/** The same where the session outlives its process: what is written in a turn leaves when that is durable, and so does all that follows from it. */
export class DurableSide extends SessionSide {
  readonly #durable: DurableSession;

  constructor(parts: SessionSideParts, session: LiveSession, durable: DurableSession) {
    super(parts, session);
    this.#durable = durable;
  }

  override write(packets: readonly OutboundData[]): void {
    // [R73] Now or never: what a failing store holds back would pile up.
    if (packets[0]?.kind === 'volatile' && this.#durable.refuses !== null) return;
    this.#durable.hold(() => super.write(packets));
  }

  override complete(): void {
    this.#durable.hold(() => super.complete());
  }

  changed(): void {
    this.#durable.changed();
  }

  dropped(entry: Entry): void {
    this.#durable.dropped(entry);
  }

  refuses(): 'StoreUnavailableError' | null {
    return this.#durable.refuses;
  }

  async again(number: number, type: string): Promise<boolean> {
    const may = await this.#durable.mayRun(number);
    if (!may) this.#poisoned({ id: `${this.session.id}:up:${number}`, type });
    return may;
  }

  /** The process died with its handler as often as it may. */
  #poisoned(event: { readonly id: string; readonly type: string }): void {
    const { log, events } = this.parts;
    log.error({ session: this.session.id, ...event }, 'the process died with this handler again and again: the message is passed over');
    events.emit('poisoned', this.session, event);
  }
}
