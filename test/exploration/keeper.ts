/** A plain model of src/server/session-keeper.ts: who has which session, which may go on, and what becomes of those that are over. */
import type { ConnectionInput } from '../../machines/connection/connection.js';
import { failure, type ReasonCode } from '../../machines/reasons.js';
import { mismatchOf } from '../../machines/stream/stream.js';
import { newStream } from './ledger.js';
import type { ResumeAsked, Token } from './network.js';
import { Violation } from './rules.js';
import type { EndedSession, ServerSession } from './server.js';
import type { ServerRecords } from './server-records.js';

export class Keeper {
  readonly #records: ServerRecords;
  readonly #input: (connection: number, input: ConnectionInput) => void;

  /** `input`: gives a connection something to decide on. */
  constructor(records: ServerRecords, input: (connection: number, input: ConnectionInput) => void) {
    this.#records = records;
    this.#input = input;
  }

  admit(id: number, token: Token): void {
    const { mismatched, resume } = this.#records.known(id);
    if (mismatched !== null) {
      if (resume !== null) this.#records.turn(mismatched)?.conclude(resume.positions);
      this.giveUp(mismatched);
    }
    this.#records.change(id, { mismatched: null, lastWord: null });
    // The same token is the same start: whoever waits for a verdict on it, or has its session, no longer does.
    for (const other of this.#records.server.connections)
      if (other.id !== id && other.state === 'admitting' && other.start === token) this.release(other.id);
    const session = this.#records.server.sessions.find((one) => !one.isActive && one.token === token);
    if (session === undefined) return;
    this.#records.around.met.note('a start that was repeated came to its session');
    this.#moveTo(session, id);
    this.#records.change(id, { session: session.id });
    this.#input(id, { type: 'admitted' });
  }

  resume(id: number): void {
    const { resume } = this.#records.known(id);
    if (resume === null) return;
    const session = this.#records.session(resume.session);
    const owned = session ?? this.#records.server.ended.find((one) => one.id === resume.session);
    if (owned === undefined) return this.#input(id, { type: 'gone' });
    const { plant } = this.#records.around.configuration;
    const isFormer = session !== undefined && resume.tokens.some((token) => session.formerTokens.includes(token));
    if (!resume.tokens.includes(owned.token) && !(plant === 'oldTokenAccepted' && isFormer)) {
      this.#records.around.met.note('a token that was not current was refused');
      return this.#input(id, { type: 'refused', failure: failure('AccessDeniedError') });
    }
    if ('code' in owned) return this.#isOver(id, owned, resume);
    const side = this.#records.turn(owned.id);
    if (side === null) return;
    if (mismatchOf(side.state, resume.positions) !== null) {
      this.#records.around.met.note('positions that do not fit');
      if (plant === 'lateHelloKills') this.giveUp(owned.id);
      this.#records.change(id, { mismatched: owned.id });
      return this.#input(id, { type: 'mismatched' });
    }
    this.#assertCurrent(owned, resume);
    if (owned.owner !== null) this.#records.around.met.note('a session was taken over');
    this.#moveTo(owned, id);
    this.#records.turn(owned.id)?.stop();
    const positions = { ...side.positions(), incarnation: this.#records.server.life };
    const formerTokens = plant === 'oldTokenAccepted' ? [...owned.formerTokens, owned.token] : [];
    this.#records.changeSession(owned.id, { token: resume.next, formerTokens, isWriting: true });
    this.#records.change(id, { session: owned.id, positions });
    // Otherwise it is answered once it is written.
    if (!this.#records.around.configuration.durable) this.written(owned.id);
  }

  #isOver(id: number, { code, lastWord }: EndedSession, { positions }: ResumeAsked): void {
    this.#records.around.met.note('a resume came to a session that is over');
    // What the client shipped to an earlier life, this one can not tell.
    this.#records.change(id, { lastWord: positions.incarnation === this.#records.server.life ? lastWord : null });
    this.#input(id, code === null ? { type: 'gone' } : { type: 'ended', failure: failure(code) });
  }

  /** What was decided on a resume is in the store: it is answered, where its client still waits on that connection. */
  written(id: number): void {
    const session = this.#records.session(id);
    if (session === undefined) return;
    this.#records.changeSession(id, { stored: session.token, isWriting: false });
    this.#records.commitToken(id, session.token);
    if (session.owner !== null && this.#records.known(session.owner).state === 'resuming') this.#goOn(session.owner, id);
  }

  /** The client hears of its new token, and of where the server stood. */
  #goOn(id: number, session: number): void {
    const { resume, positions } = this.#records.known(id);
    const side = this.#records.turn(session);
    const known = this.#records.session(session);
    if (resume === null || positions === null || side === null || known === undefined) return;
    side.resume(positions, resume.positions, resume.life !== known.clientLife);
    this.#records.changeSession(session, { clientLife: resume.life });
    this.#input(id, { type: 'resumed', isEnding: side.state.ownEnd !== 'open' });
  }

  /** By what was written, whatever this process remembers. */
  #assertCurrent({ id, token }: ServerSession, { tokens }: ResumeAsked): void {
    const truth = this.#records.server.truth.find(([one]) => one === id)?.[1];
    if (truth === undefined || !(tokens.includes(truth) || tokens.includes(token)))
      throw new Violation('only the current token resumes', `session ${id} was resumed with ${tokens.join(', ')}, its token is ${truth}`);
  }

  /** From here on its former connection is deaf. */
  #moveTo({ id, owner }: ServerSession, to: number): void {
    this.#records.changeSession(id, { owner: to });
    if (owner !== null && this.#records.around.configuration.plant !== 'formerLinkHears') this.release(owner);
  }

  release(connection: number): void {
    this.#records.change(connection, { session: null });
    this.#input(connection, { type: 'replaced' });
  }

  announce(id: number): void {
    if (this.#records.session(id)?.isActive === true) return;
    this.#records.changeSession(id, { isActive: true });
    const turn = this.#records.turn(id);
    if (turn !== null) turn.ledger = newStream(turn.ledger);
  }

  detach(id: number): void {
    const session = this.#records.session(id);
    if (session?.isActive === true) this.#records.turn(id)?.stop();
    this.#records.changeSession(id, { owner: null });
  }

  abandon(id: number, tokens: readonly Token[]): void {
    const session = this.#records.session(id);
    if (session !== undefined && tokens.includes(session.token)) this.toOwner(id, { type: 'left' });
  }

  giveUp(id: number): void {
    const session = this.#records.session(id);
    if (session === undefined) return;
    if (session.owner !== null) this.release(session.owner);
    this.over(id);
  }

  /** Without its client's word: one that was never confirmed never was. */
  over(id: number): void {
    if (this.#records.session(id)?.isActive === true) this.end(id, null);
    else this.forget(id);
  }

  /** Over, and remembered. `code`: what its client is to be told; null: that it is gone. */
  end(id: number, code: ReasonCode | null): void {
    const token = this.#records.session(id)?.token;
    const lastWord = this.#records.turn(id)?.lastWord();
    if (token !== undefined && lastWord !== undefined)
      this.#records.server.ended = [...this.#records.server.ended, { id, token, code, lastWord }];
    this.forget(id);
  }

  /** What its client had not heard of comes back to the app. */
  forget(id: number): void {
    this.#records.turn(id)?.close();
    this.#records.keep();
    this.#records.server.sessions = this.#records.server.sessions.filter((one) => one.id !== id);
    this.#records.server.truth = this.#records.server.truth.filter(([one]) => one !== id);
  }

  toOwner(id: number, input: Extract<ConnectionInput, { type: 'end' | 'left' | 'peerEnded' | 'complete' }>): void {
    const session = this.#records.session(id);
    if (session === undefined) return;
    if (session.owner === null) this.end(id, 'SessionEndedError');
    else this.#input(session.owner, input);
  }
}
