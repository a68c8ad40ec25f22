/** One turn of the server: what happens to it, and the effects of its connections as src/server/connection.ts does them. */
import { type ConnectionEffect, type ConnectionInput, reduceConnection } from '../../machines/connection/connection.js';
import { requestsIn, type Said } from './configuration.js';
import { Keeper } from './keeper.js';
import { type Ledger, reborn, untold } from './ledger.js';
import type { UpFrame } from './network.js';
import { Violation } from './rules.js';
import { newConnection, type Server, type ServerSession, type ServerStep } from './server.js';
import { ServerRecords } from './server-records.js';
import { type Around, newSide, restoredSide, type Side } from './side.js';
import { indexesIn, SideTurn } from './side-turn.js';

export class ServerTurn {
  readonly #records: ServerRecords;
  readonly #keeper: Keeper;
  /** Effects that wait for those before them, by connection. */
  readonly #effects = new Map<number, ConnectionEffect[]>();

  readonly #before: Server;

  constructor(around: Around, server: Server) {
    this.#before = server;
    this.#records = new ServerRecords(around, server, (session, told) =>
      this.#keeper.toOwner(session, told === 'peerEnded' ? { type: 'peerEnded' } : { type: 'complete' }),
    );
    this.#keeper = new Keeper(this.#records, (connection, input) => this.#input(connection, input));
  }

  received(connection: number, frame: UpFrame): void {
    if (frame.kind === 'hello') {
      this.#records.server.connections = [
        ...this.#records.server.connections,
        { ...newConnection(connection), start: frame.start, resume: frame.resume },
      ];
      if (frame.abandoned !== null) this.#keeper.abandon(frame.abandoned.session, frame.abandoned.tokens);
      return this.#input(connection, { type: 'hello', asks: frame.resume === null ? 'start' : 'resume' });
    }
    const known = this.#records.connection(connection);
    if (known === undefined) return;
    switch (frame.kind) {
      case 'start':
        this.#records.change(connection, { start: frame.token });
        return this.#input(connection, { type: 'start' });
      case 'confirm':
        return this.#input(connection, { type: 'confirm' });
      case 'data': {
        const { session } = known;
        // As the shell does it: the reducer says whether the data is delivered, here at once.
        if (known.state !== 'live' && known.state !== 'ending') return this.#input(connection, { type: 'data' });
        if (session !== null) this.#records.turn(session)?.received(frame.packets);
      }
    }
  }

  lost(connection: number): void {
    this.#records.doings.push({ type: 'closeServer', id: connection });
    this.#input(connection, { type: 'lost' });
  }

  /** The verdict on a start is there. */
  admit(connection: number): void {
    const { start } = this.#records.known(connection);
    const id = this.#records.server.sessionsMade + 1;
    const session: ServerSession = {
      id,
      token: start ?? 0,
      stored: start ?? 0,
      isWriting: false,
      formerTokens: [],
      owner: connection,
      isActive: false,
      clientLife: 1,
      side: newSide(this.#records.around, this.#records.around.configuration.durable),
    };
    this.#records.server.sessionsMade = id;
    this.#records.server.sessions = [...this.#records.server.sessions, session];
    this.#records.commitToken(id, session.token);
    this.#records.change(connection, { session: id });
    this.#input(connection, { type: 'admitted' });
  }

  /** What was decided on a resume is in the store. */
  written(session: number): void {
    this.#keeper.written(session);
  }

  timer(connection: number): void {
    this.#input(connection, { type: 'timer', timer: this.#records.known(connection).state === 'unconfirmed' ? 'confirm' : 'hello' });
  }

  /** A lost session's time is over. */
  expire(session: number): void {
    this.#keeper.over(session);
  }

  send(session: number, said: Said): void {
    this.#records.turn(session)?.send(said, this.#records.server.saying);
    this.#records.server.saying += 1;
  }

  settle(session: number): void {
    this.#records.turn(session)?.settle();
  }

  answer(session: number): void {
    this.#records.turn(session)?.answer();
  }

  ackDue(session: number): void {
    this.#records.turn(session)?.ackDue();
  }

  end(session: number): void {
    this.#keeper.toOwner(session, { type: 'end' });
  }

  /** The process dies, and another one finds what its store kept: all, or not the last commit. */
  crash(isRolledBack: boolean): void {
    const { server, doings, around } = this.#records;
    const { sessions, former } = server;
    const { durable, down } = around.configuration;
    doings.push({ type: 'closeServers' });
    server.life += 1;
    server.connections = [];
    server.ledger = reborn(server.ledger, requestsIn(down));
    server.sessions = [];
    server.ended = [];
    const kept = isRolledBack ? (former ?? []) : sessions;
    const goOn = kept.filter(({ side }) => durable && side.stream.value.ownEnd === 'open' && !isEndDone(side));
    for (const session of sessions) if (isRolledBack || !goOn.includes(session)) server.ledger = this.#handedBack(session);
    server.truth = goOn.map(({ id, stored }) => [id, stored] as const);
    for (const session of goOn) {
      around.met.note(isRolledBack ? 'a session came back as it was before' : 'a session outlived its process');
      const restored = this.#restored(session);
      server.sessions = [...server.sessions, restored];
      // What a lost commit had told of what waits in it, it tells anew.
      if (isRolledBack) server.ledger = untold(server.ledger, indexesIn(restored.side));
    }
  }

  #restored(session: ServerSession): ServerSession {
    return {
      ...session,
      token: session.stored,
      isWriting: false,
      owner: null,
      side: restoredSide(this.#records.around, session.side, session.isActive),
    };
  }

  #handedBack({ side }: ServerSession): Ledger {
    const turn = new SideTurn(this.#records.around, side, this.#records.server.ledger, this.#records.around.configuration.up);
    turn.close();
    return turn.ledger;
  }

  over(): ServerStep {
    this.#records.keep();
    const { server, around } = this.#records;
    if (around.configuration.faults.rollbacks > 0 && server.sessions !== this.#before.sessions) server.former = this.#before.sessions;
    return { to: this.#records.server, doings: this.#records.doings };
  }

  #input(id: number, input: ConnectionInput): void {
    const [state, effects] = reduceConnection(this.#records.known(id).state, input);
    this.#records.change(id, { state });
    const waiting = this.#effects.get(id);
    if (waiting !== undefined) {
      waiting.push(...effects);
      return;
    }
    const queue = [...effects];
    this.#effects.set(id, queue);
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) this.#perform(id, effect);
    this.#effects.delete(id);
    if (this.#records.connection(id)?.state === 'closed')
      this.#records.server.connections = this.#records.server.connections.filter((one) => one.id !== id);
  }

  #perform(id: number, effect: ConnectionEffect): void {
    const { session, start } = this.#records.known(id);
    switch (effect.type) {
      case 'admit':
        return this.#keeper.admit(id, start ?? 0);
      case 'resume':
        return this.#keeper.resume(id);
      case 'sayGone':
        this.#records.doings.push({ type: 'down', id, frame: { kind: 'gone', positions: this.#records.known(id).lastWord } });
        return;
      case 'sayMismatch':
        this.#records.doings.push({ type: 'down', id, frame: { kind: 'mismatch' } });
        return;
      case 'sayWelcome':
        if (session !== null)
          this.#records.doings.push({
            type: 'down',
            id,
            frame: { kind: 'welcome', session, incarnation: this.#records.server.life, positions: this.#records.known(id).positions },
          });
        return;
      case 'announce':
        if (session !== null) this.#keeper.announce(session);
        return;
      case 'sayEnd':
        if (session !== null) this.#records.turn(session)?.end();
        return;
      case 'deny':
      case 'sayBye':
        return this.#sayNo(id, effect);
      case 'close':
        this.#records.doings.push({ type: 'closeServer', id });
        return;
      case 'detach':
        if (session !== null) this.#keeper.detach(session);
        // What is not written yet is not to be told.
        return this.#left(id, session, !this.#records.around.configuration.durable);
      case 'forget':
        this.#records.change(id, { session: null });
        if (session !== null) this.#keeper.forget(session);
        return;
      case 'endSession':
        if (session !== null) this.#keeper.end(session, effect.failure?.code ?? (effect.reason === 'ended' ? 'SessionEndedError' : null));
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
      type === 'deny' ? ({ kind: 'deny', code } as const) : ({ kind: 'bye', code, positions: this.#records.known(id).lastWord } as const);
    this.#records.doings.push({ type: 'down', id, frame });
  }

  /** It is over, or goes on without this link: what is said of it from here on is where it stands now. */
  #left(id: number, session: number | null, isTold: boolean): void {
    if (session === null) return;
    const ended = this.#records.server.ended.find((one) => one.id === session)?.lastWord;
    const lastWord = ended ?? this.#records.turn(session)?.positions() ?? null;
    this.#records.change(id, { session: null, lastWord: isTold ? lastWord : null });
  }
}

/** Its client's goodbye is among what is done, so that the next process knows of it. */
const isEndDone = ({ stream: { value } }: Side): boolean => value.peerEnded && value.done === value.received;
