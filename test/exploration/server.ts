/** The server: the shipped table of a connection and stream, with a plain model of the shell between them (src/server/session-keeper.ts, connection.ts). */
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  reduceConnection,
} from '../../machines/connection/connection.js';
import { failure, type ReasonCode } from '../../machines/reasons.js';
import type { Positions } from '../../machines/stream/packets.js';
import type { LastWord } from '../../machines/stream/state.js';
import { mismatchOf } from '../../machines/stream/stream.js';
import { requestsIn, type Said } from './configuration.js';
import { emptyLedger, type Ledger, newStream, reborn } from './ledger.js';
import type { Doing, ResumeAsked, Token, UpFrame } from './network.js';
import { Violation } from './rules.js';
import { type Around, newSide, restoredSide, type Side, SideTurn } from './side.js';

export interface ServerConnection {
  readonly id: number;
  readonly state: ConnectionState;
  readonly start: Token | null;
  readonly resume: ResumeAsked | null;
  readonly session: number | null;
  readonly mismatched: number | null;
  /** Where the server stood when it took a resume up. */
  readonly positions: Positions | null;
  /** What is said with a goodbye. */
  readonly lastWord: LastWord | null;
}

export interface ServerSession {
  readonly id: number;
  readonly token: Token;
  /** As its store has it: a resume's next one is written before it is answered. */
  readonly stored: Token;
  readonly isWriting: boolean;
  /** All that it ever had: only for a plant. */
  readonly formerTokens: readonly Token[];
  /** Its connection; null while its link is lost. */
  readonly owner: number | null;
  /** Its client is known to have its welcome. */
  readonly isActive: boolean;
  /** The life of its client that it heard last. */
  readonly clientLife: number;
  readonly side: Side;
}

/** What is remembered of a session that is over. */
export interface EndedSession {
  readonly id: number;
  readonly token: Token;
  /** What its client is to be told; null: that it is gone. */
  readonly code: ReasonCode | null;
  readonly lastWord: LastWord;
}

export interface Server {
  readonly life: number;
  readonly connections: readonly ServerConnection[];
  readonly sessions: readonly ServerSession[];
  readonly ended: readonly EndedSession[];
  readonly sessionsMade: number;
  /** How far its app has come with what it says. */
  readonly saying: number;
  readonly ledger: Ledger;
  /** What the token of each session is by the commits that were made, whatever a process remembers. */
  readonly truth: readonly (readonly [session: number, token: Token])[];
}

export interface ServerStep {
  readonly to: Server;
  readonly doings: readonly Doing[];
}

type Draft<T> = { -readonly [Field in keyof T]: T[Field] };

const newConnection = (id: number): ServerConnection => ({
  id,
  state: 'awaitingHello',
  start: null,
  resume: null,
  session: null,
  mismatched: null,
  positions: null,
  lastWord: null,
});

/** One turn of the server. */
export class ServerTurn {
  readonly #around: Around;
  readonly #server: Draft<Server>;
  readonly #doings: Doing[] = [];
  /** The turns of sessions that this one touched. */
  readonly #sides = new Map<number, SideTurn>();
  /** Effects that wait for those before them, by connection. */
  readonly #effects = new Map<number, ConnectionEffect[]>();

  constructor(around: Around, server: Server) {
    this.#around = around;
    this.#server = { ...server };
  }

  // --- What happens ---

  received(connection: number, frame: UpFrame): void {
    if (frame.kind === 'hello') {
      this.#server.connections = [...this.#server.connections, { ...newConnection(connection), start: frame.start, resume: frame.resume }];
      if (frame.abandoned !== null) this.#abandon(frame.abandoned.session, frame.abandoned.tokens);
      return this.#input(connection, { type: 'hello', asks: frame.resume === null ? 'start' : 'resume' });
    }
    const known = this.#connection(connection);
    if (known === undefined) return;
    switch (frame.kind) {
      case 'start':
        this.#change(connection, { start: frame.token });
        return this.#input(connection, { type: 'start' });
      case 'confirm':
        return this.#input(connection, { type: 'confirm' });
      case 'data': {
        const { session } = known;
        // As the shell does it: the reducer says whether the data is delivered, here at once.
        if (known.state !== 'live' && known.state !== 'ending') return this.#input(connection, { type: 'data' });
        if (session !== null) this.#turn(session)?.received(frame.packets);
      }
    }
  }

  lost(connection: number): void {
    this.#doings.push({ type: 'closeServer', id: connection });
    this.#input(connection, { type: 'lost' });
  }

  /** The verdict on a start is there. */
  admit(connection: number): void {
    const { start } = this.#known(connection);
    const id = this.#server.sessionsMade + 1;
    const session: ServerSession = {
      id,
      token: start ?? 0,
      stored: start ?? 0,
      isWriting: false,
      formerTokens: [],
      owner: connection,
      isActive: false,
      clientLife: 1,
      side: newSide(this.#around, this.#around.configuration.durable),
    };
    this.#server.sessionsMade = id;
    this.#server.sessions = [...this.#server.sessions, session];
    this.#commitToken(id, session.token);
    this.#change(connection, { session: id });
    this.#input(connection, { type: 'admitted' });
  }

  /** What was decided on a resume is in the store: it is answered, where its client still waits on that connection. */
  written(id: number): void {
    const session = this.#session(id);
    if (session === undefined) return;
    this.#changeSession(id, { stored: session.token, isWriting: false });
    this.#commitToken(id, session.token);
    if (session.owner !== null && this.#known(session.owner).state === 'resuming') this.#goOn(session.owner, id);
  }

  timer(connection: number): void {
    this.#input(connection, { type: 'timer', timer: this.#known(connection).state === 'unconfirmed' ? 'confirm' : 'hello' });
  }

  /** A lost session's time is over. */
  expire(session: number): void {
    this.#over(session);
  }

  send(session: number, said: Said): void {
    this.#turn(session)?.send(said, this.#server.saying);
    this.#server.saying += 1;
  }

  settle(session: number): void {
    this.#turn(session)?.settle();
  }

  answer(session: number): void {
    this.#turn(session)?.answer();
  }

  ackDue(session: number): void {
    this.#turn(session)?.ackDue();
  }

  end(session: number): void {
    this.#toOwner(session, { type: 'end' });
  }

  /** The process dies, and another one finds what its store kept. */
  crash(): void {
    const { life, sessions, ledger } = this.#server;
    const { durable } = this.#around.configuration;
    this.#doings.push({ type: 'closeServers' });
    this.#server.life = life + 1;
    this.#server.connections = [];
    this.#server.ledger = reborn(ledger, requestsIn(this.#around.configuration.down));
    this.#server.sessions = [];
    this.#server.ended = [];
    for (const session of sessions) {
      // A goodbye that was under way is not taken up again: the session is over.
      if (durable && session.side.stream.value.ownEnd === 'open' && !isEndDone(session.side)) {
        this.#around.met.note('a session outlived its process');
        this.#server.sessions = [...this.#server.sessions, this.#restored(session)];
      } else {
        this.#server.ledger = this.#handedBack(session);
        this.#server.truth = this.#server.truth.filter(([one]) => one !== session.id);
      }
    }
  }

  #restored(session: ServerSession): ServerSession {
    return {
      ...session,
      token: session.stored,
      isWriting: false,
      owner: null,
      side: restoredSide(this.#around, session.side, session.isActive),
    };
  }

  over(): ServerStep {
    this.#keep();
    return { to: this.#server, doings: this.#doings };
  }

  // --- The connection's effects ---

  #input(id: number, input: ConnectionInput): void {
    const [state, effects] = reduceConnection(this.#known(id).state, input);
    this.#change(id, { state });
    const waiting = this.#effects.get(id);
    if (waiting !== undefined) {
      waiting.push(...effects);
      return;
    }
    const queue = [...effects];
    this.#effects.set(id, queue);
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) this.#perform(id, effect);
    this.#effects.delete(id);
    if (this.#connection(id)?.state === 'closed') this.#server.connections = this.#server.connections.filter((one) => one.id !== id);
  }

  #perform(id: number, effect: ConnectionEffect): void {
    const { session, start } = this.#known(id);
    switch (effect.type) {
      case 'admit':
        return this.#admit(id, start ?? 0);
      case 'resume':
        return this.#resume(id);
      case 'sayGone':
        this.#doings.push({ type: 'down', id, frame: { kind: 'gone', positions: this.#known(id).lastWord } });
        return;
      case 'sayMismatch':
        this.#doings.push({ type: 'down', id, frame: { kind: 'mismatch' } });
        return;
      case 'sayWelcome':
        if (session !== null)
          this.#doings.push({
            type: 'down',
            id,
            frame: { kind: 'welcome', session, incarnation: this.#server.life, positions: this.#known(id).positions },
          });
        return;
      case 'announce':
        if (session !== null) this.#announce(session);
        return;
      case 'sayEnd':
        if (session !== null) this.#turn(session)?.end();
        return;
      case 'deny':
      case 'sayBye':
        return this.#sayNo(id, effect);
      case 'close':
        this.#doings.push({ type: 'closeServer', id });
        return;
      case 'detach':
        if (session !== null) this.#detach(session);
        // What is not written yet is not to be told.
        return this.#left(id, session, !this.#around.configuration.durable);
      case 'forget':
        this.#change(id, { session: null });
        if (session !== null) this.#forget(session);
        return;
      case 'endSession':
        if (session !== null) this.#end(session, effect.failure?.code ?? (effect.reason === 'ended' ? 'SessionEndedError' : null));
        return this.#left(id, session, true);
      case 'startTimer':
      case 'stopTimer':
      case 'sayPong':
      case 'deliver':
      case 'abandonAdmission':
        return;
    }
  }

  #sayNo(id: number, { type, failure: what }: Extract<ConnectionEffect, { type: 'deny' | 'sayBye' }>): void {
    if (what.code === 'ProtocolError') throw new Violation('no honest side breaks a rule', what.message);
    const { code } = what;
    const frame =
      type === 'deny' ? ({ kind: 'deny', code } as const) : ({ kind: 'bye', code, positions: this.#known(id).lastWord } as const);
    this.#doings.push({ type: 'down', id, frame });
  }

  /** It is over, or goes on without this link: what is said of it from here on is where it stands now. */
  #left(id: number, session: number | null, isTold: boolean): void {
    if (session === null) return;
    const ended = this.#server.ended.find((one) => one.id === session)?.lastWord;
    const lastWord = ended ?? this.#turn(session)?.positions() ?? null;
    this.#change(id, { session: null, lastWord: isTold ? lastWord : null });
  }

  // --- The keeper ---

  #admit(id: number, token: Token): void {
    const { mismatched, resume } = this.#known(id);
    if (mismatched !== null) {
      if (resume !== null) this.#turn(mismatched)?.conclude(resume.positions);
      this.#giveUp(mismatched);
    }
    this.#change(id, { mismatched: null, lastWord: null });
    // The same token is the same start: whoever waits for a verdict on it, or has its session, no longer does.
    for (const other of this.#server.connections)
      if (other.id !== id && other.state === 'admitting' && other.start === token) this.#release(other.id);
    const session = this.#server.sessions.find((one) => !one.isActive && one.token === token);
    if (session === undefined) return;
    this.#around.met.note('a start that was repeated came to its session');
    this.#moveTo(session, id);
    this.#change(id, { session: session.id });
    this.#input(id, { type: 'admitted' });
  }

  #resume(id: number): void {
    const { resume } = this.#known(id);
    if (resume === null) return;
    const session = this.#session(resume.session);
    const owned = session ?? this.#server.ended.find((one) => one.id === resume.session);
    if (owned === undefined) return this.#input(id, { type: 'gone' });
    const { plant } = this.#around.configuration;
    const isFormer = session !== undefined && resume.tokens.some((token) => session.formerTokens.includes(token));
    if (!resume.tokens.includes(owned.token) && !(plant === 'oldTokenAccepted' && isFormer)) {
      this.#around.met.note('a token that was not current was refused');
      return this.#input(id, { type: 'refused', failure: failure('AccessDeniedError') });
    }
    if ('code' in owned) return this.#isOver(id, owned, resume);
    const side = this.#turn(owned.id);
    if (side === null) return;
    if (mismatchOf(side.state, resume.positions) !== null) {
      this.#around.met.note('positions that do not fit');
      if (plant === 'lateHelloKills') this.#giveUp(owned.id);
      this.#change(id, { mismatched: owned.id });
      return this.#input(id, { type: 'mismatched' });
    }
    this.#assertCurrent(owned, resume);
    if (owned.owner !== null) this.#around.met.note('a session was taken over');
    this.#moveTo(owned, id);
    this.#turn(owned.id)?.stop();
    const positions = { ...side.positions(), incarnation: this.#server.life };
    const formerTokens = plant === 'oldTokenAccepted' ? [...owned.formerTokens, owned.token] : [];
    this.#changeSession(owned.id, { token: resume.next, formerTokens, isWriting: true });
    this.#change(id, { session: owned.id, positions });
    // Otherwise it is answered once it is written.
    if (!this.#around.configuration.durable) this.written(owned.id);
  }

  #isOver(id: number, { code, lastWord }: EndedSession, { positions }: ResumeAsked): void {
    this.#around.met.note('a resume came to a session that is over');
    // What the client shipped to an earlier life, this one can not tell.
    this.#change(id, { lastWord: positions.incarnation === this.#server.life ? lastWord : null });
    this.#input(id, code === null ? { type: 'gone' } : { type: 'ended', failure: failure(code) });
  }

  /** The client hears of its new token, and of where the server stood. */
  #goOn(id: number, session: number): void {
    const { resume, positions } = this.#known(id);
    const side = this.#turn(session);
    const known = this.#session(session);
    if (resume === null || positions === null || side === null || known === undefined) return;
    side.resume(positions, resume.positions, resume.life !== known.clientLife);
    this.#changeSession(session, { clientLife: resume.life });
    this.#input(id, { type: 'resumed', isEnding: side.state.ownEnd !== 'open' });
  }

  /** By what was written, whatever this process remembers. */
  #assertCurrent({ id, token }: ServerSession, { tokens }: ResumeAsked): void {
    const truth = this.#server.truth.find(([one]) => one === id)?.[1];
    if (truth === undefined || !(tokens.includes(truth) || tokens.includes(token)))
      throw new Violation('only the current token resumes', `session ${id} was resumed with ${tokens.join(', ')}, its token is ${truth}`);
  }

  /** From here on its former connection is deaf. */
  #moveTo({ id, owner }: ServerSession, to: number): void {
    this.#changeSession(id, { owner: to });
    if (owner !== null && this.#around.configuration.plant !== 'formerLinkHears') this.#release(owner);
  }

  #release(connection: number): void {
    this.#change(connection, { session: null });
    this.#input(connection, { type: 'replaced' });
  }

  #announce(id: number): void {
    if (this.#session(id)?.isActive === true) return;
    this.#changeSession(id, { isActive: true });
    this.#server.ledger = newStream(this.#server.ledger);
    const turn = this.#sides.get(id);
    if (turn !== undefined) turn.ledger = newStream(turn.ledger);
  }

  #detach(id: number): void {
    const session = this.#session(id);
    if (session?.isActive === true) this.#turn(id)?.stop();
    this.#changeSession(id, { owner: null });
  }

  #abandon(id: number, tokens: readonly Token[]): void {
    const session = this.#session(id);
    if (session !== undefined && tokens.includes(session.token)) this.#toOwner(id, { type: 'left' });
  }

  #giveUp(id: number): void {
    const session = this.#session(id);
    if (session === undefined) return;
    if (session.owner !== null) this.#release(session.owner);
    this.#over(id);
  }

  /** Without its client's word: one that was never confirmed never was. */
  #over(id: number): void {
    if (this.#session(id)?.isActive === true) this.#end(id, null);
    else this.#forget(id);
  }

  /** Over, and remembered. `code`: what its client is to be told; null: that it is gone. */
  #end(id: number, code: ReasonCode | null): void {
    const token = this.#session(id)?.token;
    const lastWord = this.#turn(id)?.lastWord();
    if (token !== undefined && lastWord !== undefined) this.#server.ended = [...this.#server.ended, { id, token, code, lastWord }];
    this.#forget(id);
  }

  /** What its client had not heard of comes back to the app. */
  #forget(id: number): void {
    this.#turn(id)?.close();
    this.#keep();
    this.#server.sessions = this.#server.sessions.filter((one) => one.id !== id);
    this.#server.truth = this.#server.truth.filter(([one]) => one !== id);
  }

  #toOwner(id: number, input: Extract<ConnectionInput, { type: 'end' | 'left' | 'peerEnded' | 'complete' }>): void {
    const session = this.#session(id);
    if (session === undefined) return;
    if (session.owner === null) this.#end(id, 'SessionEndedError');
    else this.#input(session.owner, input);
  }

  #handedBack({ side }: ServerSession): Ledger {
    const turn = new SideTurn(this.#around, side, this.#server.ledger, this.#around.configuration.up);
    turn.close();
    return turn.ledger;
  }

  // --- What it is made of ---

  #connection(id: number): ServerConnection | undefined {
    return this.#server.connections.find((one) => one.id === id);
  }

  #known(id: number): ServerConnection {
    return this.#connection(id) ?? { ...newConnection(id), state: 'closed' };
  }

  #change(id: number, change: Partial<ServerConnection>): void {
    this.#server.connections = this.#server.connections.map((one) => (one.id === id ? { ...one, ...change } : one));
  }

  #session(id: number): ServerSession | undefined {
    return this.#server.sessions.find((one) => one.id === id);
  }

  #changeSession(id: number, change: Partial<ServerSession>): void {
    this.#server.sessions = this.#server.sessions.map((one) => (one.id === id ? { ...one, ...change } : one));
  }

  #commitToken(id: number, token: Token): void {
    this.#server.truth = [...this.#server.truth.filter(([one]) => one !== id), [id, token]];
  }

  #turn(id: number): SideTurn | null {
    const known = this.#sides.get(id);
    if (known !== undefined) return known;
    const session = this.#session(id);
    if (session === undefined) return null;
    // The ledger is the app's: one turn has it at a time.
    this.#keep();
    const turn = new SideTurn(this.#around, (this.#session(id) ?? session).side, this.#server.ledger, this.#around.configuration.up);
    this.#sides.set(id, turn);
    return turn;
  }

  /** Turns are over: what they produced leaves, and what they told is heard, which may go on with it. */
  #keep(): void {
    for (let [next] = this.#sides; next !== undefined; [next] = this.#sides) {
      const [id, turn] = next;
      this.#sides.delete(id);
      const side = turn.over();
      this.#server.ledger = turn.ledger;
      this.#changeSession(id, { side });
      const owner = this.#session(id)?.owner ?? null;
      const state = owner === null ? null : this.#known(owner).state;
      if (owner !== null && (state === 'live' || state === 'ending'))
        for (const packets of turn.written) this.#doings.push({ type: 'down', id: owner, frame: { kind: 'data', packets } });
      for (const told of turn.told) this.#toOwner(id, told === 'peerEnded' ? { type: 'peerEnded' } : { type: 'complete' });
    }
  }
}

export const newServer: Server = {
  life: 1,
  connections: [],
  sessions: [],
  ended: [],
  sessionsMade: 0,
  saying: 0,
  ledger: emptyLedger,
  truth: [],
};

/** Its client's goodbye is among what is done, so that the next process knows of it. */
const isEndDone = ({ stream: { value } }: Side): boolean => value.peerEnded && value.done === value.received;
