/** The client's state: the shipped machine's, its session's, and what its shell keeps beside them. */
import type { Positions } from '../../machines/stream/packets.js';
import { emptyLedger, type Ledger } from './ledger.js';
import { type Lifecycle, type Lifecycles, statusIn } from './lifecycle.js';
import type { Doing, Token } from './network.js';
import type { Part } from './parts.js';
import type { Side } from './side.js';

export interface Tokens {
  readonly session: number;
  readonly token: Token;
  readonly next: Token | null;
}

export interface Client {
  readonly lifecycle: Part<Lifecycle>;
  /** The link that the machine has. */
  readonly link: {
    readonly id: number;
    readonly asks: 'start' | 'resume';
    readonly isWelcomed: boolean;
    readonly told: Positions | null;
  } | null;
  readonly drawn: number;
  readonly starting: Token | null;
  readonly tokens: Tokens | null;
  readonly abandoned: { readonly session: number; readonly tokens: readonly Token[] } | null;
  readonly session: { readonly id: number; readonly side: Side } | null;
  /** The server's life that it heard last. */
  readonly incarnation: number;
  readonly life: number;
  /** How far its app has come with what it says. */
  readonly saying: number;
  readonly ledger: Ledger;
}

export interface ClientStep {
  readonly to: Client;
  readonly doings: readonly Doing[];
}

export const newClient = (lifecycles: Lifecycles): Client => ({
  lifecycle: lifecycles.initial(),
  link: null,
  drawn: 0,
  starting: null,
  tokens: null,
  abandoned: null,
  session: null,
  incarnation: 0,
  life: 1,
  saying: 0,
  ledger: emptyLedger,
});

export const statusOfClient = ({ lifecycle }: Client): ReturnType<typeof statusIn> => statusIn(lifecycle.value);
