import { either as E } from 'fp-ts';
import type { Mismatch } from '../../machines/stream/stream.js';
import type { HelloFields, ResumeFields, StartFields } from '../wire/frames.js';
import { StartAttempt } from './attempt.js';
import type { ServerConnection } from './connection.js';
import type { ConnectionServer, Resumption } from './connection-server.js';
import type { LiveSession } from './session.js';

/** From a connection's hello to its session, started or resumed. The connection lets go of it, and of what it knows, once the session is active. */
export class Opening {
  readonly hello: HelloFields;
  readonly #connection: ServerConnection;
  readonly #server: ConnectionServer;
  #start: StartFields | null;
  /** Who asks to enter, while that is decided. */
  #username: string | null = null;
  /** What was to be resumed and can not go on, and why. */
  #mismatched: { readonly session: LiveSession; readonly mismatch: Mismatch } | null = null;
  #attempt: StartAttempt | null = null;

  constructor(connection: ServerConnection, server: ConnectionServer, hello: HelloFields) {
    this.#connection = connection;
    this.#server = server;
    this.hello = hello;
    this.#start = hello.start ?? null;
  }

  get username(): string | null {
    return this.#username;
  }

  get mismatch(): Mismatch | null {
    return this.#mismatched?.mismatch ?? null;
  }

  /** A start instead of the resume that was not possible. */
  startCame(start: StartFields): void {
    this.#start = start;
  }

  async resume(): Promise<void> {
    const connection = this.#connection;
    const opened = await this.#server.opened();
    if (connection.state !== 'resuming') return;
    if (E.isLeft(opened)) return connection.input({ type: 'refused', failure: opened.left });
    const resumption = this.#server.keeper.resume(this.hello as HelloFields & { resume: ResumeFields }, connection);
    switch (resumption.kind) {
      case 'resumed':
        connection.session = resumption.session;
        connection.positions = resumption.positions;
        return this.#goOn(resumption);
      case 'gone':
        connection.positions = resumption.positions;
        return connection.input({ type: 'gone' });
      case 'ended':
        connection.positions = resumption.positions;
        return connection.input({ type: 'ended', failure: resumption.failure });
      case 'mismatched':
        this.#mismatched = resumption;
        return connection.input({ type: 'mismatched' });
      case 'refused':
        return connection.input({ type: 'refused', failure: resumption.failure });
    }
  }

  /** [R57] The client hears of its new token, and of where the server stands, once both are written. */
  async #goOn({ session, takeBack, goOn }: Extract<Resumption, { kind: 'resumed' }>): Promise<void> {
    const connection = this.#connection;
    const writing = this.#server.keeper.written(session);
    if (writing !== null) {
      const written = await writing;
      if (E.isLeft(written)) takeBack();
      // What closed it meanwhile has seen to the session.
      if (connection.state !== 'resuming') return;
      if (E.isLeft(written)) return connection.input({ type: 'refused', failure: written.left });
    }
    connection.input({ type: 'resumed', ...goOn() });
  }

  async admit(): Promise<void> {
    const { hello } = this;
    const connection = this.#connection;
    const { keeper } = this.#server;
    const start = this.#start as StartFields;
    // The credential has one use: nothing here keeps it.
    this.#start = null;
    this.#username = start.username;
    if (this.#mismatched !== null) {
      const { session } = this.#mismatched;
      const { resume } = hello;
      if (resume !== undefined) session.conversation.conclude(resume.positions, (resume.life ?? 0) !== session.life);
      keeper.giveUp(session);
    }
    this.#mismatched = null;
    connection.positions = null;
    const attempt = new StartAttempt(hello, start, connection.request);
    const taken = keeper.takeOver(attempt, connection);
    if (taken !== null) {
      connection.session = taken;
      return connection.input({ type: 'admitted' });
    }
    this.#attempt = attempt;
    const admitted = await this.#server.admit(attempt, connection);
    this.#attempt = null;
    if (E.isLeft(admitted)) return connection.input({ type: 'refused', failure: admitted.left });
    if (attempt.isAbandoned) return keeper.discard(admitted.right);
    const opened = keeper.open(admitted.right, attempt, connection);
    if (E.isLeft(opened)) return connection.input({ type: 'refused', failure: opened.left });
    connection.session = opened.right;
    connection.input({ type: 'admitted' });
  }

  /** Whatever admission comes to, nobody waits for it. */
  abandon(): void {
    this.#attempt?.abandon();
  }
}
