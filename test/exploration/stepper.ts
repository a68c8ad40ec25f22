/** Worlds, and steps from one to another, each made once. */
import { type Client, type ClientStep, newClient } from './client.js';
import { ClientTurn } from './client-turn.js';
import type { Configuration, Faults } from './configuration.js';
import { assertOneConnection } from './holds.js';
import { Lifecycles } from './lifecycle.js';
import { type Doing, type Network, Networks, type Taking } from './network.js';
import { Made, type Part, Parts } from './parts.js';
import { during, Met } from './rules.js';
import type { Numbers } from './seen.js';
import { newServer, type Server, type ServerStep } from './server.js';
import { ServerTurn } from './server-turn.js';
import { type Around, limitsFor, streamParts } from './side.js';

export interface World {
  readonly client: Part<Client>;
  readonly network: Part<Network>;
  readonly server: Part<Server>;
  /** The faults that are left. */
  readonly faults: Part<Faults>;
}

/** One thing that can happen. */
export interface Next {
  readonly label: string;
  /** Where nothing else happens, this does, sooner or later. The others are faults, and what apps are free to do. */
  readonly isSure: boolean;
  readonly to: World;
  /** What it takes from the network, and what it does there. */
  readonly taking: Taking;
  readonly doings: readonly Doing[];
}

interface Reaction<T> {
  readonly to: Part<T>;
  readonly doings: Part<readonly Doing[]>;
}

export const nothing: Taking = { type: 'nothing' };
export class Stepper {
  readonly configuration: Configuration;
  readonly met = new Met();
  readonly networks = new Networks();
  readonly clients = new Parts<Client>();
  readonly servers = new Parts<Server>();
  readonly faults = new Parts<Faults>();
  readonly #around: Around;
  readonly #lifecycles = new Lifecycles();
  readonly #ofClient = new Made<Reaction<Client>>();
  readonly #ofServer = new Made<Reaction<Server>>();

  constructor(configuration: Configuration) {
    this.configuration = configuration;
    this.#around = { configuration, limits: limitsFor(configuration), streams: streamParts(), met: this.met };
  }

  initial(): World {
    const { to, doings } = this.#client(this.clients.of(newClient(this.#lifecycles)), 'start', (turn) => turn.start());
    return {
      client: to,
      network: this.networks.after(this.networks.all.of({ connections: [], heard: [] }), nothing, doings),
      server: this.servers.of(newServer),
      faults: this.faults.of(this.configuration.faults),
    };
  }

  at([client, network, server, faults]: Numbers): World {
    return {
      client: this.clients.at(client),
      network: this.networks.all.at(network),
      server: this.servers.at(server),
      faults: this.faults.at(faults),
    };
  }

  with(world: World, changed: Partial<Faults>): World {
    return { ...world, faults: this.faults.of({ ...world.faults.value, ...changed }) };
  }

  #client(from: Part<Client>, what: string, act: (turn: ClientTurn) => void): Reaction<Client> {
    return this.#ofClient.of(from.id, what, () => {
      const turn = new ClientTurn(this.#around, this.#lifecycles, from.value);
      act(turn);
      const { to, doings }: ClientStep = turn.over();
      return { to: this.clients.of(to), doings: this.networks.doings.of(doings) };
    });
  }

  byClient(world: World, label: string, what: string, act: (turn: ClientTurn) => void, taking: Taking = nothing): Next {
    const { to, doings } = during(label, () => this.#client(world.client, what, act));
    const network = this.networks.after(world.network, taking, doings);
    return { label, isSure: true, to: { ...world, client: to, network }, taking, doings: doings.value };
  }

  byServer(world: World, label: string, what: string, act: (turn: ServerTurn) => void, taking: Taking = nothing): Next {
    const { to, doings } = during(label, () => this.#server(world.server, what, act));
    const network = this.networks.after(world.network, taking, doings);
    return { label, isSure: true, to: { ...world, server: to, network }, taking, doings: doings.value };
  }

  #server(from: Part<Server>, what: string, act: (turn: ServerTurn) => void): Reaction<Server> {
    return this.#ofServer.of(from.id, what, () => {
      const turn = new ServerTurn(this.#around, from.value);
      act(turn);
      const { to, doings }: ServerStep = turn.over();
      assertOneConnection(to);
      return { to: this.servers.of(to), doings: this.networks.doings.of(doings) };
    });
  }
}
