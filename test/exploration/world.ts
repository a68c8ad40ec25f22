/** Client, network and server together: what can happen next, and what must hold whatever happens. */
import { type Client, type ClientStep, newClient, statusOfClient } from './client.js';
import { ClientTurn } from './client-turn.js';
import type { Configuration, Faults } from './configuration.js';
import { assertAtRest, assertHolds, assertOneConnection, isNeeded, maySpeak, speaking } from './holds.js';
import { Lifecycles } from './lifecycle.js';
import { type Connection, type Doing, type Network, Networks, type Taking } from './network.js';
import { Made, type Part, Parts } from './parts.js';
import { during, Met, Violation } from './rules.js';
import type { Numbers } from './seen.js';
import { newServer, type Server, type ServerSession, type ServerStep } from './server.js';
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

const nothing: Taking = { type: 'nothing' };
/** Connections that nobody listens to are counted from here. */
const firstReplayed = 100;

export class Worlds {
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

  /** All that can happen next. What is sure comes first. */
  next(world: World): readonly Next[] {
    const nexts = [...this.#delivered(world), ...this.#noticed(world), ...this.#done(world), ...this.#said(world)];
    const last = nexts.length > 0 ? [] : this.#givenUp(world);
    return [...nexts, ...last, ...this.#ended(world), ...this.#broken(world)];
  }

  // --- What is sure ---

  *#delivered(world: World): Generator<Next> {
    const { connections } = world.network.value;
    for (const { id, clientOpen, down } of connections) {
      const [frame] = down;
      if (clientOpen && frame !== undefined)
        yield this.#byClient(world, `down ${id}`, `d${frame.id}`, (turn) => turn.received(frame.value), {
          type: 'down',
          id,
          keepHello: false,
        });
    }
    for (const { id, clientOpen, serverOpen, up } of connections) {
      const [frame] = up;
      if (!serverOpen || frame === undefined) continue;
      const isHello = frame.value.kind === 'hello';
      const keepHello = isHello && this.configuration.faults.replays > 0 && id < firstReplayed;
      const next = this.#byServer(world, `up ${id}`, `u${id}.${frame.id}`, (turn) => turn.received(id, frame.value), {
        type: 'up',
        id,
        keepHello,
      });
      if (isHello && !clientOpen && (frame.value.kind !== 'hello' || frame.value.abandoned === null))
        during(next.label, () => this.#assertSpared(world, next.to));
      yield next;
    }
  }

  /** A hello that comes late takes nothing from a session. */
  #assertSpared({ client, server }: World, after: World): void {
    const { session } = client.value;
    if (session === null || !server.value.sessions.some(({ id }) => id === session.id)) return;
    this.met.note('a hello came late');
    if (!after.server.value.sessions.some(({ id }) => id === session.id))
      throw new Violation('a late hello ends nothing', `session ${session.id} is gone after a hello that its client has given up`);
  }

  *#noticed(world: World): Generator<Next> {
    for (const { id, clientOpen, serverOpen, down } of world.network.value.connections) {
      if (clientOpen && !serverOpen && down.length === 0)
        yield this.#byClient(world, 'client: notices the loss', 'lost', (turn) => turn.lost(), nothing);
      if (!clientOpen && serverOpen)
        yield this.#byServer(world, `server: notices the loss of ${id}`, `lost${id}`, (turn) => turn.lost(id), nothing);
    }
  }

  *#done(world: World): Generator<Next> {
    const { client, server } = world;
    for (const { id, state } of server.value.connections)
      if (state === 'admitting') yield this.#byServer(world, `server: admits ${id}`, `admit${id}`, (turn) => turn.admit(id), nothing);
    const { session } = client.value;
    if (session !== null) {
      const { inbox, former, running, ackAwaited } = session.side;
      if (inbox.length > 0 || former !== null)
        yield this.#byClient(world, 'client: a handler is done', 'settle', (turn) => turn.settle(), nothing);
      if (running.length > 0) yield this.#byClient(world, 'client: answers', 'answer', (turn) => turn.answer(), nothing);
      if (ackAwaited) yield this.#byClient(world, 'client: an acknowledgement is due', 'ack', (turn) => turn.ackDue(), nothing);
    }
    for (const { id, side, isWriting } of server.value.sessions) {
      if (isWriting) yield this.#byServer(world, `server: has written ${id}`, `written${id}`, (turn) => turn.written(id), nothing);
      if (side.inbox.length > 0)
        yield this.#byServer(world, `server: a handler of ${id} is done`, `settle${id}`, (turn) => turn.settle(id), nothing);
      if (side.running.length > 0)
        yield this.#byServer(world, `server: answers in ${id}`, `answer${id}`, (turn) => turn.answer(id), nothing);
      if (side.ackAwaited)
        yield this.#byServer(world, `server: an acknowledgement of ${id} is due`, `ack${id}`, (turn) => turn.ackDue(id), nothing);
    }
    if (statusOfClient(client.value).substate === 'waiting')
      yield this.#byClient(world, 'client: tries again', 'retry', (turn) => turn.retry(), nothing);
    for (const one of server.value.sessions) if (one.owner === null && !isNeeded(one, client.value)) yield this.#expired(world, one);
  }

  *#said(world: World): Generator<Next> {
    const { up, down, batchesMax } = this.configuration;
    const client = world.client.value;
    const next = up[client.saying];
    if (next !== undefined && maySpeak(client) && this.#underWay(world, client.link?.id, 'up') < batchesMax)
      yield this.#byClient(world, `client: sends ${next} ${client.saying}`, 'send', (turn) => turn.send(next), nothing);
    const server = world.server.value;
    const said = down[server.saying];
    const session = speaking(server);
    if (said !== undefined && session !== undefined && this.#underWay(world, session.owner ?? undefined, 'down') < batchesMax)
      yield this.#byServer(world, `server: sends ${said} ${server.saying}`, 'send', (turn) => turn.send(session.id, said), nothing);
  }

  #underWay({ network }: World, id: number | undefined, way: 'up' | 'down'): number {
    return network.value.connections.find((one) => one.id === id)?.[way].length ?? 0;
  }

  /** Where nothing else is left to happen. */
  #givenUp(world: World): readonly Next[] {
    if (statusOfClient(world.client.value).status !== 'ending') return [];
    return [this.#byClient(world, 'client: waits for the goodbye no longer', 'deadline', (turn) => turn.endDeadline(), nothing)];
  }

  #expired(world: World, { id }: ServerSession): Next {
    return this.#byServer(world, `server: session ${id} has expired`, `expire${id}`, (turn) => turn.expire(id), nothing);
  }

  // --- What may be ---

  *#ended(world: World): Generator<Next> {
    const { ends } = this.configuration;
    if (ends.client && maySpeak(world.client.value)) yield may(this.#byClient(world, 'client: ends', 'end', (turn) => turn.end(), nothing));
    const session = speaking(world.server.value);
    if (ends.server && session !== undefined)
      yield may(this.#byServer(world, `server: ends ${session.id}`, 'end', (turn) => turn.end(session.id), nothing));
  }

  *#broken(world: World): Generator<Next> {
    const { faults, network, client, server } = world;
    const left = faults.value;
    const connections = network.value.connections;
    if (left.cuts > 0) {
      const cut = this.#with(world, { cuts: left.cuts - 1 });
      for (const one of connections) yield* this.#cut(cut, one);
    }
    if (left.serverCrashes > 0) {
      const crashing = this.#with(world, { serverCrashes: left.serverCrashes - 1 });
      yield may(this.#byServer(crashing, 'server: dies and comes back', 'crash', (turn) => turn.crash(false), nothing));
    }
    if (left.rollbacks > 0) {
      const losing = this.#with(world, { rollbacks: left.rollbacks - 1 });
      yield may(this.#byServer(losing, 'server: dies and has lost a commit', 'rollback', (turn) => turn.crash(true), nothing));
    }
    if (left.clientReloads > 0 && client.value.session !== null && ['active', 'lost'].includes(statusOfClient(client.value).status)) {
      const reloading = this.#with(world, { clientReloads: left.clientReloads - 1 });
      yield may(this.#byClient(reloading, 'client: reloads', 'reload', (turn) => turn.reload(), nothing));
    }
    if (left.timeouts > 0) {
      const late = this.#with(world, { timeouts: left.timeouts - 1 });
      for (const { id, state } of server.value.connections)
        if (state === 'unconfirmed' || state === 'awaitingStart')
          yield may(this.#byServer(late, `server: waits for ${id} no longer`, `timer${id}`, (turn) => turn.timer(id), nothing));
      for (const one of server.value.sessions) if (one.owner === null && isNeeded(one, client.value)) yield may(this.#expired(late, one));
    }
    if (left.replays > 0)
      for (const [index, frame] of network.value.heard.entries())
        yield {
          label: `somebody: says hello ${index} again`,
          isSure: false,
          taking: nothing,
          doings: [],
          to: {
            ...this.#with(world, { replays: left.replays - 1 }),
            network: this.networks.replayed(network, frame, firstReplayed + left.replays),
          },
        };
  }

  *#cut(world: World, { id, clientOpen, serverOpen }: Connection): Generator<Next> {
    if (!clientOpen || !serverOpen) return;
    if (this.configuration.cutsSeenBy === 'both') {
      const { to } = this.#byClient(world, '', 'lost', (turn) => turn.lost(), nothing);
      yield may(this.#byServer(to, `link ${id}: cut, and both see it`, `lost${id}`, (turn) => turn.lost(id), nothing));
      return;
    }
    yield may(this.#byClient(world, `link ${id}: cut, and the client sees it`, 'lost', (turn) => turn.lost(), nothing));
    if (world.server.value.connections.some((one) => one.id === id))
      yield may(this.#byServer(world, `link ${id}: cut, and the server sees it`, `lost${id}`, (turn) => turn.lost(id), nothing));
  }

  #with(world: World, changed: Partial<Faults>): World {
    return { ...world, faults: this.faults.of({ ...world.faults.value, ...changed }) };
  }

  // --- Steps, made once ---

  #client(from: Part<Client>, what: string, act: (turn: ClientTurn) => void): Reaction<Client> {
    return this.#ofClient.of(from.id, what, () => {
      const turn = new ClientTurn(this.#around, this.#lifecycles, from.value);
      act(turn);
      const { to, doings }: ClientStep = turn.over();
      return { to: this.clients.of(to), doings: this.networks.doings.of(doings) };
    });
  }

  #byClient(world: World, label: string, what: string, act: (turn: ClientTurn) => void, taking: Taking): Next {
    const { to, doings } = during(label, () => this.#client(world.client, what, act));
    const network = this.networks.after(world.network, taking, doings);
    return { label, isSure: true, to: { ...world, client: to, network }, taking, doings: doings.value };
  }

  #byServer(world: World, label: string, what: string, act: (turn: ServerTurn) => void, taking: Taking): Next {
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

  /** The rules of a world as it is. */
  assertHolds(world: World): void {
    assertHolds(world, this.configuration);
  }

  /** Where nothing is sure to happen any more. */
  assertAtRest(world: World): void {
    assertAtRest(world, this.configuration, this.met);
  }
}

const may = (next: Next): Next => ({ ...next, isSure: false });
