/** What is sure to happen in a world, where nothing is in its way. */
import type { LiveSession } from '../../../src/server/session.js';
import { Violation } from '../rules.js';
import type { Account } from './accounts.js';
import type { Said } from './configuration.js';
import type { Link } from './network.js';
import { type Kind, stepMs } from './timers.js';
import type { Choice, ShippedWorld } from './world.js';

/** What comes by itself, in the order in which a fair run takes it. */
export const movesIn = (world: ShippedWorld): readonly Choice[] => {
  const all: Choice[] = [];
  const add = (label: string, run: Choice['run']): void => void all.push({ label, isSure: true, run });
  const { network, process, client, server } = world;
  if (world.did.has('drained')) add('server: the next one starts', () => world.nextServer());
  const links = [...network.links.entries()];
  for (const [index, link] of links)
    if (link.isClientOpen && link.down.length > 0)
      add(`down ${index + 1}`, () => network.deliver(link, 'down', process.server, process.life));
  for (const [index, link] of links)
    if (link.isServerOpen && link.up.length > 0)
      add(`up ${index + 1}`, () => world.watch.arrives(link, () => network.deliver(link, 'up', process.server, process.life)));
  const [first] = process.gate.pending;
  if (first !== undefined)
    add(`store: ${first.what}`, () => {
      process.gate.pending.shift();
      return first.run();
    });
  if (client.running.length > 0) add('client: a handler is done', () => client.settle());
  if (server.running.length > 0) add('server: a handler is done', () => server.settle());
  // Behind all else: while its server is about to be another one, a client may try for ever.
  return [...all, ...timersIn(world, 'sure', true), ...saidIn(world), ...timersIn(world, 'tries', true)];
};

/** The timers of both sides. */
export const timersIn = (world: ShippedWorld, rank: Kind['rank'], isSure: boolean): readonly Choice[] => {
  const labels = new Set<string>();
  const found = (['client', 'server'] as const).flatMap((side) =>
    [...world.lifeOf(side).timers].flatMap((timer) => {
      const kind = world.kindOf(side, timer);
      if (kind.rank !== rank) return [];
      let label = `${side}: timer ${kind.name}`;
      while (labels.has(label)) label += ', the next one';
      labels.add(label);
      const run = (): void => {
        world.met.note(`a timer: ${kind.name}`);
        world.lifeOf(side).fire(timer);
      };
      return [{ label, isSure, run, delayMs: timer.delayMs }];
    }),
  );
  return found.sort((one, other) => one.delayMs - other.delayMs);
};

/** An app says what is next, where not too much is under way. */
const saidIn = (world: ShippedWorld): readonly Choice[] => {
  const {
    configuration: { up, down, batchesMax },
    client,
    server,
    process,
    network,
  } = world;
  const all: Choice[] = [];
  const next = up[client.saying];
  const link = network.links.filter(({ isClientOpen }) => isClientOpen).at(-1);
  if (next !== undefined && mayClientSpeak(world) && (link?.up.length ?? 0) < batchesMax)
    all.push({ label: `client: sends ${next} ${client.saying}`, isSure: true, run: () => clientSends(world, next) });
  const said = down[server.saying];
  const session = speakingIn(world);
  if (said === undefined || session === undefined || process.gate.pending.length > 0) return all;
  if ((linkOf(world, session)?.down.length ?? 0) < batchesMax)
    all.push({ label: `server: sends ${said} ${server.saying}`, isSure: true, run: () => serverSends(world, session, said) });
  return all;
};

const linkOf = ({ network }: ShippedWorld, session: LiveSession): Link | undefined =>
  network.links.find(({ server }) => server === (session.connection as unknown));

export const mayClientSpeak = ({ page: { client } }: ShippedWorld): boolean => {
  const { status } = client.getSnapshot();
  return client.session !== null && (status === 'active' || status === 'lost') && client.session.conversation.runner.isOpen;
};

/** The session that the server's app speaks in: the latest one. */
export const speakingIn = ({ process, did }: ShippedWorld): LiveSession | undefined =>
  did.has('drains')
    ? undefined
    : process
        .sessions()
        .filter(({ conversation, durable }) => conversation.runner.isOpen && (durable?.refuses ?? null) === null)
        .at(-1);

const clientSends = ({ page, client, signingIn }: ShippedWorld, said: Said): void => {
  const { session } = page.client;
  if (session === null) return;
  // What is sent behind a sign-in speaks for whom it is to be.
  const content = client.content(signingIn ?? session.user.name);
  if (said !== 'request') return accepted(client, session.send('m', content, optionsOf[said]));
  client.accepted(null);
  const { life } = page;
  void session.request('q', content).then(({ succeeded }) => {
    if (life.isAlive && succeeded) client.answered(content.n);
  });
};

const serverSends = ({ server }: ShippedWorld, session: LiveSession, said: Said): void => {
  accepted(server, session.send('m', server.content(session.user.name), optionsOf[said]));
};

const accepted = (account: Account, result: ReturnType<LiveSession['send']>): void => {
  if (!result.accepted) throw new Violation('what may be sent is accepted', `${account.name}: ${result.error.code}`);
  account.accepted(result.confirmed);
};

const optionsOf: Readonly<Record<Said, Parameters<LiveSession['send']>[2]>> = {
  message: undefined,
  broken: undefined,
  request: undefined,
  timed: { ttlMs: stepMs },
  newest: { replaceKey: 'newest' },
  volatile: { volatile: true },
};
