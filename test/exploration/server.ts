/** The server's state: its connections by the shipped table, its sessions, and what it remembers of those that are over. */
import type { ConnectionState } from '../../machines/connection/connection.js';
import type { ReasonCode } from '../../machines/reasons.js';
import type { Positions } from '../../machines/stream/packets.js';
import type { LastWord } from '../../machines/stream/state.js';
import { emptyLedger, type Ledger } from './ledger.js';
import type { Doing, ResumeAsked, Token } from './network.js';
import type { Side } from './side.js';

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
  /** As its store had them one commit before, where that may be lost. */
  readonly former: readonly ServerSession[] | null;
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

export const newConnection = (id: number): ServerConnection => ({
  id,
  state: 'awaitingHello',
  start: null,
  resume: null,
  session: null,
  mismatched: null,
  positions: null,
  lastWord: null,
});

export const newServer: Server = {
  life: 1,
  connections: [],
  sessions: [],
  ended: [],
  former: null,
  sessionsMade: 0,
  saying: 0,
  ledger: emptyLedger,
  truth: [],
};
