/** What must hold of a world, whatever happened. */
import { type Client, statusOfClient } from './client.js';
import type { Configuration, Faults } from './configuration.js';
import { type Ledger, open } from './ledger.js';
import type { Part } from './parts.js';
import { type Met, Violation } from './rules.js';
import type { Server, ServerSession } from './server.js';
import type { Side } from './side.js';

interface Parts {
  readonly client: Part<Client>;
  readonly server: Part<Server>;
  /** The faults that are left. */
  readonly faults: Part<Faults>;
}

/** In every world. */
export const assertHolds = ({ client, server, faults: left }: Parts, { ends, faults }: Configuration): void => {
  assertKept(client.value.ledger, server.value.ledger, 'client');
  // What a lost commit had shipped, its server takes for never shipped: no store that forgets can tell.
  const isRolledBack = left.value.rollbacks < faults.rollbacks;
  assertKept(isRolledBack ? { ...server.value.ledger, notHandled: 0 } : server.value.ledger, client.value.ledger, 'server');
  const { endReason } = client.value.lifecycle.value.context;
  // Its token may be gone with the commit that was lost.
  const mayBeDenied = faults.rollbacks > 0 && endReason === 'denied';
  if (endReason !== null && !mayBeDenied && (endReason !== 'ended' || !(ends.client || ends.server)))
    throw new Violation('a session ends as its apps wish', `the client's ended as ${endReason}`);
};

/** Where nothing is sure to happen any more. */
export const assertAtRest = ({ client, server, faults }: Parts, configuration: Configuration, met: Met): void => {
  const wrong = (detail: string): never => {
    throw new Violation('all comes to rest', detail);
  };
  const { status } = statusOfClient(client.value);
  const { ledger, session, saying } = client.value;
  if (open(ledger) !== 0 || open(server.value.ledger) !== 0) wrong('a message is neither confirmed nor handed back');
  met.note('came to rest');
  if (status === 'ended') {
    met.note('came to rest after the end');
    if (server.value.sessions.length > 0) wrong('the server keeps a session that is over');
    return;
  }
  const [kept, ...others] = server.value.sessions;
  if (status !== 'active' || session === null) return wrong(`the client is ${status}`);
  if (kept === undefined || others.length > 0 || kept.id !== session.id) return wrong('the server has not just this session');
  if (saying < configuration.up.length || server.value.saying < configuration.down.length) wrong('something could not be said');
  const { serverCrashes, rollbacks } = faults.value;
  const crashed = serverCrashes < configuration.faults.serverCrashes || rollbacks < configuration.faults.rollbacks;
  if (crashed || faults.value.clientReloads < configuration.faults.clientReloads) return;
  if (hasOpenRequests(session.side) || hasOpenRequests(kept.side)) wrong('a request was never answered');
};

const isOver = (client: Client): boolean => ['ended', 'idle'].includes(statusOfClient(client).status);

/** Would its client miss it? */
export const isNeeded = ({ id, token }: ServerSession, client: Client): boolean =>
  !isOver(client) && (client.session === null || client.session.id === id || client.starting === token);

export const maySpeak = (client: Client): boolean =>
  client.session !== null &&
  client.session.side.stream.value.ownEnd === 'open' &&
  ['active', 'lost'].includes(statusOfClient(client).status);

/** The session that the server's app speaks in: the latest one. */
export const speaking = ({ sessions }: Server): ServerSession | undefined =>
  sessions.filter(({ isActive, side }) => isActive && side.stream.value.ownEnd === 'open').at(-1);

const hasOpenRequests = ({ asked }: Side): boolean => asked.length > 0;

export const assertOneConnection = ({ connections, sessions }: Server): void => {
  for (const { id, owner } of sessions) {
    const having = connections.filter(({ session }) => session === id);
    if (having.length > 1)
      throw new Violation('one connection a session', `session ${id} is on ${having.map((one) => one.id).join(' and ')}`);
    if ((having[0]?.id ?? null) !== owner)
      throw new Violation('one connection a session', `session ${id} is on ${having[0]?.id ?? 'none'}, and its owner is ${owner}`);
  }
};

/** What one side was told, the other one has done. */
export const assertKept = (teller: Ledger, doer: Ledger, name: string): void => {
  if ((teller.confirmed & ~doer.handled) !== 0) throw new Violation('confirmed only when handled', `of what the ${name} sent`);
  if ((teller.notHandled & doer.started) !== 0)
    throw new Violation('handed back as not handled only when never begun', `of what the ${name} sent`);
  if ((teller.failed & ~doer.broken) !== 0) throw new Violation('told as failed only when failed', `of what the ${name} sent`);
};
