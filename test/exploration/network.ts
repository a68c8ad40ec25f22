/** Connections between the two: in order while they last, cut at either end, and never telling one end what the other one knows. */
import type { ReasonCode } from '../../machines/reasons.js';
import type { OutboundPacket, Positions } from '../../machines/stream/packets.js';
import type { LastWord } from '../../machines/stream/state.js';
import { Made, type Part, Parts } from './parts.js';

/** Tokens are their numbers, in the order in which they were drawn. */
export type Token = number;

export interface ResumeAsked {
  readonly session: number;
  readonly tokens: readonly Token[];
  readonly next: Token;
  readonly positions: Positions;
  /** Which of its lives the client is in: it counts its reloads. */
  readonly life: number;
}

export type UpFrame =
  | {
      readonly kind: 'hello';
      readonly start: Token | null;
      readonly resume: ResumeAsked | null;
      readonly abandoned: { readonly session: number; readonly tokens: readonly Token[] } | null;
    }
  | { readonly kind: 'start'; readonly token: Token }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'data'; readonly packets: readonly OutboundPacket[] };

export type DownFrame =
  | {
      readonly kind: 'welcome';
      readonly session: number;
      readonly incarnation: number;
      readonly positions: Positions | null;
    }
  | { readonly kind: 'gone'; readonly positions: LastWord | null }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'deny'; readonly code: ReasonCode }
  | { readonly kind: 'bye'; readonly code: ReasonCode; readonly positions: LastWord | null }
  | { readonly kind: 'data'; readonly packets: readonly OutboundPacket[] };

/** One connection. What a side wrote is under way until it is delivered, or until the other end is closed. */
export interface Connection {
  readonly id: number;
  readonly clientOpen: boolean;
  readonly serverOpen: boolean;
  readonly up: readonly Part<UpFrame>[];
  readonly down: readonly Part<DownFrame>[];
}

export interface Network {
  readonly connections: readonly Connection[];
  /** Hellos that were heard, where somebody may send them once more. */
  readonly heard: readonly Part<UpFrame>[];
}

/** What a side does to the network, in order. */
export type Doing =
  | { readonly type: 'open'; readonly id: number; readonly frame: UpFrame }
  | { readonly type: 'up'; readonly id: number; readonly frame: UpFrame }
  | { readonly type: 'down'; readonly id: number; readonly frame: DownFrame }
  | { readonly type: 'closeClient'; readonly id: number }
  | { readonly type: 'closeServer'; readonly id: number }
  /** The server's process is gone: whatever was not accepted is refused. */
  | { readonly type: 'closeServers' };

/** What is taken out of the network before a side reacts to it. */
export type Taking = { readonly type: 'nothing' } | { readonly type: 'up' | 'down'; readonly id: number; readonly keepHello: boolean };

export class Networks {
  readonly ups = new Parts<UpFrame>();
  readonly downs = new Parts<DownFrame>();
  readonly all = new Parts<Network>();
  readonly doings = new Parts<readonly Doing[]>();
  readonly #made = new Made<Part<Network>>();

  /** The network after something was taken from it and things were done to it. */
  after(network: Part<Network>, taking: Taking, doings: Part<readonly Doing[]>): Part<Network> {
    if (taking.type === 'nothing' && doings.value.length === 0) return network;
    const key = taking.type === 'nothing' ? `${doings.id}` : `${taking.type}${taking.id}${taking.keepHello ? 'h' : ''}:${doings.id}`;
    return this.#made.of(network.id, key, () =>
      this.all.of(doings.value.reduce((at, doing) => this.#done(at, doing), taken(network.value, taking))),
    );
  }

  #done(network: Network, doing: Doing): Network {
    switch (doing.type) {
      case 'open':
        return {
          ...network,
          connections: [
            ...network.connections,
            { id: doing.id, clientOpen: true, serverOpen: true, up: [this.ups.of(doing.frame)], down: [] },
          ],
        };
      case 'up':
        return changed(network, doing.id, (one) => (one.serverOpen ? { ...one, up: [...one.up, this.ups.of(doing.frame)] } : one));
      case 'down':
        return changed(network, doing.id, (one) => (one.clientOpen ? { ...one, down: [...one.down, this.downs.of(doing.frame)] } : one));
      case 'closeClient':
        return changed(network, doing.id, (one) => ({ ...one, clientOpen: false, down: [] }));
      case 'closeServer':
        return changed(network, doing.id, (one) => ({ ...one, serverOpen: false, up: [] }));
      case 'closeServers':
        return network.connections.reduce((at, { id }) => changed(at, id, (one) => ({ ...one, serverOpen: false, up: [] })), network);
    }
  }

  /** A former hello, on a connection of its own that nobody listens to. */
  replayed(network: Part<Network>, frame: Part<UpFrame>, id: number): Part<Network> {
    const connection: Connection = { id, clientOpen: false, serverOpen: true, up: [frame], down: [] };
    return this.all.of({ ...network.value, connections: [...network.value.connections, connection] });
  }
}

/** A connection whose two ends are closed is no more. */
const changed = (network: Network, id: number, change: (one: Connection) => Connection): Network => ({
  ...network,
  connections: network.connections.flatMap((one) => {
    if (one.id !== id) return [one];
    const next = change(one);
    return next.clientOpen || next.serverOpen ? [next] : [];
  }),
});

const taken = (network: Network, taking: Taking): Network => {
  if (taking.type === 'nothing') return network;
  const [hello] = network.connections.find(({ id }) => id === taking.id)?.up ?? [];
  const rest = changed(network, taking.id, (one) =>
    taking.type === 'up' ? { ...one, up: one.up.slice(1) } : { ...one, down: one.down.slice(1) },
  );
  return taking.keepHello && hello !== undefined && !rest.heard.includes(hello) ? { ...rest, heard: [...rest.heard, hello] } : rest;
};
