import type { ClientFrame } from '../wire/frames.js';
import { renewalFeature } from '../wire/limits.js';
import type { ServerConnection } from './connection.js';
import type { ConnectionServer } from './connection-server.js';

export type RenewalFrame = Extract<ClientFrame, { kind: 'renewal' }>;

/** The asking for new credentials on one connection, and the judging of those that come. */
export class Renewal {
  readonly #connection: ServerConnection;
  readonly #server: ConnectionServer;
  /** One that has come. */
  #frame: RenewalFrame | null = null;
  #isJudging = false;
  /** When one was asked for last, in monotonic milliseconds; null: not on this connection, or not since there was one. */
  #askedAt: number | null = null;

  constructor(connection: ServerConnection, server: ConnectionServer) {
    this.#connection = connection;
    this.#server = server;
  }

  came(frame: RenewalFrame): void {
    // While one is judged, it stands for another.
    if (!this.#isJudging) this.#frame = frame;
  }

  /** [R61] Ask for a new credential in time, and again where nothing came of it. */
  tick(now: number): void {
    const { session } = this.#connection;
    if (session === null || this.#isJudging || session.signingIn !== null || !session.features.includes(renewalFeature)) return;
    const { expiresAt, renewAt, askEveryMs } = session.authentication;
    const wall = this.#server.clock.wall();
    if (expiresAt === null || wall < renewAt || (this.#askedAt !== null && now - this.#askedAt < askEveryMs)) return;
    this.#askedAt = now;
    this.#connection.input({ type: 'renewalDue', withinMs: Math.max(Math.floor(expiresAt - wall), 0) });
  }

  async judge(): Promise<void> {
    const { session } = this.#connection;
    const frame = this.#frame;
    // The credential has one use: nothing here keeps it.
    this.#frame = null;
    if (session === null || frame === null || this.#isJudging) return;
    this.#isJudging = true;
    const isCurrent = (): boolean => this.#connection.state === 'live' && this.#connection.session === session;
    const problem = await this.#server.identities.renew(session, frame, isCurrent);
    this.#isJudging = false;
    if (problem === null) this.#askedAt = null;
    if (isCurrent()) this.#connection.input({ type: 'renewed', failure: problem });
  }
}
