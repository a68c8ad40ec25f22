/** What one turn of the server works on: its connections, sessions and their sides, and what it does to the network. */
import type { Doing, Token } from './network.js';
import { newConnection, type Server, type ServerConnection, type ServerSession } from './server.js';
import type { Around } from './side.js';
import { SideTurn, type Told } from './side-turn.js';

type Draft<T> = { -readonly [Field in keyof T]: T[Field] };

export class ServerRecords {
  readonly around: Around;
  readonly server: Draft<Server>;
  readonly doings: Doing[] = [];
  /** The turns of sessions that this one touched. */
  readonly #sides = new Map<number, SideTurn>();
  readonly #tell: (session: number, told: Told) => void;

  /** `tell`: hears what a session's stream tells its owner. */
  constructor(around: Around, server: Server, tell: (session: number, told: Told) => void) {
    this.around = around;
    this.server = { ...server };
    this.#tell = tell;
  }

  connection(id: number): ServerConnection | undefined {
    return this.server.connections.find((one) => one.id === id);
  }

  known(id: number): ServerConnection {
    return this.connection(id) ?? { ...newConnection(id), state: 'closed' };
  }

  change(id: number, change: Partial<ServerConnection>): void {
    this.server.connections = this.server.connections.map((one) => (one.id === id ? { ...one, ...change } : one));
  }

  session(id: number): ServerSession | undefined {
    return this.server.sessions.find((one) => one.id === id);
  }

  changeSession(id: number, change: Partial<ServerSession>): void {
    this.server.sessions = this.server.sessions.map((one) => (one.id === id ? { ...one, ...change } : one));
  }

  commitToken(id: number, token: Token): void {
    this.server.truth = [...this.server.truth.filter(([one]) => one !== id), [id, token]];
  }

  turn(id: number): SideTurn | null {
    const known = this.#sides.get(id);
    if (known !== undefined) return known;
    const session = this.session(id);
    if (session === undefined) return null;
    // The ledger is the app's: one turn has it at a time.
    this.keep();
    const turn = new SideTurn(this.around, (this.session(id) ?? session).side, this.server.ledger, this.around.configuration.up);
    this.#sides.set(id, turn);
    return turn;
  }

  /** Turns are over: what they produced leaves, and what they told is heard, which may go on with it. */
  keep(): void {
    for (let [next] = this.#sides; next !== undefined; [next] = this.#sides) {
      const [id, turn] = next;
      this.#sides.delete(id);
      const side = turn.over();
      this.server.ledger = turn.ledger;
      this.changeSession(id, { side });
      const owner = this.session(id)?.owner ?? null;
      const state = owner === null ? null : this.known(owner).state;
      if (owner !== null && (state === 'live' || state === 'ending'))
        for (const packets of turn.written) this.doings.push({ type: 'down', id: owner, frame: { kind: 'data', packets } });
      for (const told of turn.told) this.#tell(id, told);
    }
  }
}
