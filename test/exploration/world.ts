/** Client, network and server together: all that can happen next, in each world. */
import { statusOfClient } from './client.js';
import type { Configuration } from './configuration.js';
import { assertAtRest, assertHolds, isNeeded, maySpeak, speaking } from './holds.js';
import type { Connection } from './network.js';
import { during, Violation } from './rules.js';
import type { Numbers } from './seen.js';
import type { ServerSession } from './server.js';
import { type Next, nothing, Stepper, type World } from './stepper.js';

/** Connections that nobody listens to are counted from here. */
const firstReplayed = 100;

export class Worlds {
  readonly configuration: Configuration;
  readonly steps: Stepper;

  constructor(configuration: Configuration) {
    this.configuration = configuration;
    this.steps = new Stepper(configuration);
  }

  at(numbers: Numbers): World {
    return this.steps.at(numbers);
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
        yield this.steps.byClient(world, `down ${id}`, `d${frame.id}`, (turn) => turn.received(frame.value), {
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
      const next = this.steps.byServer(world, `up ${id}`, `u${id}.${frame.id}`, (turn) => turn.received(id, frame.value), {
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
    this.steps.met.note('a hello came late');
    if (!after.server.value.sessions.some(({ id }) => id === session.id))
      throw new Violation('a late hello ends nothing', `session ${session.id} is gone after a hello that its client has given up`);
  }

  *#noticed(world: World): Generator<Next> {
    for (const { id, clientOpen, serverOpen, down } of world.network.value.connections) {
      if (clientOpen && !serverOpen && down.length === 0)
        yield this.steps.byClient(world, 'client: notices the loss', 'lost', (turn) => turn.lost());
      if (!clientOpen && serverOpen)
        yield this.steps.byServer(world, `server: notices the loss of ${id}`, `lost${id}`, (turn) => turn.lost(id));
    }
  }

  *#done(world: World): Generator<Next> {
    const { client, server } = world;
    for (const { id, state } of server.value.connections)
      if (state === 'admitting') yield this.steps.byServer(world, `server: admits ${id}`, `admit${id}`, (turn) => turn.admit(id));
    const { session } = client.value;
    if (session !== null) {
      const { inbox, former, running, ackAwaited } = session.side;
      if (inbox.length > 0 || former !== null)
        yield this.steps.byClient(world, 'client: a handler is done', 'settle', (turn) => turn.settle());
      if (running.length > 0) yield this.steps.byClient(world, 'client: answers', 'answer', (turn) => turn.answer());
      if (ackAwaited) yield this.steps.byClient(world, 'client: an acknowledgement is due', 'ack', (turn) => turn.ackDue());
    }
    for (const { id, side, isWriting } of server.value.sessions) {
      if (isWriting) yield this.steps.byServer(world, `server: has written ${id}`, `written${id}`, (turn) => turn.written(id));
      if (side.inbox.length > 0)
        yield this.steps.byServer(world, `server: a handler of ${id} is done`, `settle${id}`, (turn) => turn.settle(id));
      if (side.running.length > 0) yield this.steps.byServer(world, `server: answers in ${id}`, `answer${id}`, (turn) => turn.answer(id));
      if (side.ackAwaited)
        yield this.steps.byServer(world, `server: an acknowledgement of ${id} is due`, `ack${id}`, (turn) => turn.ackDue(id));
    }
    if (statusOfClient(client.value).substate === 'waiting')
      yield this.steps.byClient(world, 'client: tries again', 'retry', (turn) => turn.retry());
    for (const one of server.value.sessions) if (one.owner === null && !isNeeded(one, client.value)) yield this.#expired(world, one);
  }

  *#said(world: World): Generator<Next> {
    const { up, down, batchesMax } = this.configuration;
    const client = world.client.value;
    const next = up[client.saying];
    if (next !== undefined && maySpeak(client) && this.#underWay(world, client.link?.id, 'up') < batchesMax)
      yield this.steps.byClient(world, `client: sends ${next} ${client.saying}`, 'send', (turn) => turn.send(next));
    const server = world.server.value;
    const said = down[server.saying];
    const session = speaking(server);
    if (said !== undefined && session !== undefined && this.#underWay(world, session.owner ?? undefined, 'down') < batchesMax)
      yield this.steps.byServer(world, `server: sends ${said} ${server.saying}`, 'send', (turn) => turn.send(session.id, said));
  }

  #underWay({ network }: World, id: number | undefined, way: 'up' | 'down'): number {
    return network.value.connections.find((one) => one.id === id)?.[way].length ?? 0;
  }

  /** Where nothing else is left to happen. */
  #givenUp(world: World): readonly Next[] {
    if (statusOfClient(world.client.value).status !== 'ending') return [];
    return [this.steps.byClient(world, 'client: waits for the goodbye no longer', 'deadline', (turn) => turn.endDeadline(), nothing)];
  }

  #expired(world: World, { id }: ServerSession): Next {
    return this.steps.byServer(world, `server: session ${id} has expired`, `expire${id}`, (turn) => turn.expire(id));
  }

  // --- What may be ---

  *#ended(world: World): Generator<Next> {
    const { ends } = this.configuration;
    if (ends.client && maySpeak(world.client.value)) yield may(this.steps.byClient(world, 'client: ends', 'end', (turn) => turn.end()));
    const session = speaking(world.server.value);
    if (ends.server && session !== undefined)
      yield may(this.steps.byServer(world, `server: ends ${session.id}`, 'end', (turn) => turn.end(session.id)));
  }

  *#broken(world: World): Generator<Next> {
    const { faults, network, client, server } = world;
    const left = faults.value;
    const connections = network.value.connections;
    if (left.cuts > 0) {
      const cut = this.steps.with(world, { cuts: left.cuts - 1 });
      for (const one of connections) yield* this.#cut(cut, one);
    }
    if (left.serverCrashes > 0) {
      const crashing = this.steps.with(world, { serverCrashes: left.serverCrashes - 1 });
      yield may(this.steps.byServer(crashing, 'server: dies and comes back', 'crash', (turn) => turn.crash(false)));
    }
    if (left.rollbacks > 0) {
      const losing = this.steps.with(world, { rollbacks: left.rollbacks - 1 });
      yield may(this.steps.byServer(losing, 'server: dies and has lost a commit', 'rollback', (turn) => turn.crash(true)));
    }
    if (left.clientReloads > 0 && client.value.session !== null && ['active', 'lost'].includes(statusOfClient(client.value).status)) {
      const reloading = this.steps.with(world, { clientReloads: left.clientReloads - 1 });
      yield may(this.steps.byClient(reloading, 'client: reloads', 'reload', (turn) => turn.reload()));
    }
    if (left.timeouts > 0) {
      const late = this.steps.with(world, { timeouts: left.timeouts - 1 });
      for (const { id, state } of server.value.connections)
        if (state === 'unconfirmed' || state === 'awaitingStart')
          yield may(this.steps.byServer(late, `server: waits for ${id} no longer`, `timer${id}`, (turn) => turn.timer(id)));
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
            ...this.steps.with(world, { replays: left.replays - 1 }),
            network: this.steps.networks.replayed(network, frame, firstReplayed + left.replays),
          },
        };
  }

  *#cut(world: World, { id, clientOpen, serverOpen }: Connection): Generator<Next> {
    if (!clientOpen || !serverOpen) return;
    if (this.configuration.cutsSeenBy === 'both') {
      const { to } = this.steps.byClient(world, '', 'lost', (turn) => turn.lost());
      yield may(this.steps.byServer(to, `link ${id}: cut, and both see it`, `lost${id}`, (turn) => turn.lost(id)));
      return;
    }
    yield may(this.steps.byClient(world, `link ${id}: cut, and the client sees it`, 'lost', (turn) => turn.lost()));
    if (world.server.value.connections.some((one) => one.id === id))
      yield may(this.steps.byServer(world, `link ${id}: cut, and the server sees it`, `lost${id}`, (turn) => turn.lost(id)));
  }

  /** The rules of a world as it is. */
  assertHolds(world: World): void {
    assertHolds(world, this.configuration);
  }

  /** Where nothing is sure to happen any more. */
  assertAtRest(world: World): void {
    assertAtRest(world, this.configuration, this.steps.met);
  }
}

const may = (next: Next): Next => ({ ...next, isSure: false });
